/** Which policy a residual asks, and what (language reference, "residual"); what must be asked is worked out by hand. */
import { checkAll, flows, inserted, net, residuals, shapes } from "../support/language.ts";

const std = "use std.shortcuts { A, B, C, D }\n";
const body = (items: string, size?: string, before = ""): string => net(items, size, std + before);
/** F that changes nothing. */
const plain = "residual { relu }";
const asked = (policy: string, made: string): string => `${policy}: 3 channels, stride 1x1: ${made}`;

checkAll("policies: which one", residuals, {
  "none is named: the identity": [body(plain), [asked("identity", "identity")]],
  "its own argument": [body("residual(C) { relu }"), [asked("C", "layers")]],
  "its own argument, by name": [body("residual(shortcut=C) { relu }"), [asked("C", "layers")]],
  "its own argument before any `shortcuts`": [body("shortcuts C\n  residual(none) { relu }"), [asked("none", "none")]],
  "its own argument, with arguments": [body("residual(C(norm=identity)) { relu }"), [asked("C(norm=identity)", "layers")]],
  "the last `shortcuts` before it": [body(`shortcuts none\n  shortcuts B\n  ${plain}\n  shortcuts C`), [asked("B", "identity")]],
  "a `shortcuts` after it says nothing": [body(`${plain}\n  shortcuts C\n  relu`), [asked("identity", "identity")]],
  "outward through the instances: block, stage, trunk, network": [
    body("shortcuts C\n  trunk", undefined, `block unit { ${plain} }\nblock stage { 1 x unit }\nblock trunk { layer1: stage }\n`),
    [asked("C", "layers")],
  ],
  "the nearest of these": [
    body("shortcuts C\n  trunk", undefined, `block unit { ${plain} }\nblock stage { shortcuts none\n  unit }\nblock trunk { stage }\n`),
    [asked("none", "none")],
  ],
  "what a block says ends with it": [body(`unit -> ${plain}`, undefined, `block unit { shortcuts none\n  ${plain} }\n`), [asked("none", "none"), asked("identity", "identity")]],
  "not where the block is written, but where it is used": [body("shortcuts none\n  b(unit)", undefined, `block unit { ${plain} }\nblock b(u: block) { shortcuts B\n  u }\n`), [asked("B", "identity")]],
  "`shortcuts` in an `if` belongs to the body that holds it": [body(`if true { shortcuts none }\n  ${plain}`), [asked("none", "none")]],
  "in an `if` in an `if` too": [body(`if true { if true { shortcuts none } }\n  ${plain}`), [asked("none", "none")]],
  "in a group it ends with it": [body(`{ shortcuts none\n    ${plain} }\n  ${plain}`), [asked("none", "none"), asked("identity", "identity")]],
  "in a labelled group too": [body(`g: { shortcuts none\n    ${plain} }\n  ${plain}`), [asked("none", "none"), asked("identity", "identity")]],
  "in a pass of `for` it ends with the pass": [body(`for i in range(2) {\n    ${plain}\n    shortcuts none\n  }\n  ${plain}`), [asked("identity", "identity"), asked("identity", "identity"), asked("identity", "identity")]],
  "in a pass of `x` too": [body(`2 x { ${plain}\n    shortcuts none }\n  ${plain}`), [asked("identity", "identity"), asked("identity", "identity"), asked("identity", "identity")]],
  "in a branch it ends with it": [body(`sum { shortcuts none\n    ${plain} | ${plain} }`), [asked("none", "none"), asked("identity", "identity")]],
  "in F it holds for the residuals in F, not for this one": [body(`residual { shortcuts none\n    ${plain} }`), [asked("none", "none"), asked("identity", "identity")]],
  "a network starts afresh": [
    body("shortcuts C\n  i: Inner", undefined, `network Inner {\n  input image: float32[N, 3, 32, 32]\n  ${plain}\n}\n`),
    [asked("identity", "identity")],
  ],
  "and what it says ends with it": [
    body(`i: Inner -> ${plain}`, undefined, `network Inner {\n  input image: float32[N, 3, 32, 32]\n  shortcuts none\n  ${plain}\n}\n`),
    [asked("none", "none"), asked("identity", "identity")],
  ],
  "inside a shortcut it is the identity": [
    body("shortcuts P\n  residual { relu }", undefined, "block P(channels: int, stride: int[]) { residual { bn } }\n"),
    [asked("P", "layers"), asked("identity", "identity")],
  ],
  "unless the shortcut's own body says another": [
    body("residual(P) { relu }", undefined, "block P(channels: int, stride: int[]) { shortcuts none\n  residual { bn } }\n"),
    [asked("P", "layers"), asked("none", "none")],
  ],
  "an argument of a block carries it": [body("unit(option=none)", undefined, `block unit(option: block = B) { shortcuts option\n  ${plain} }\n`), [asked("none", "none")]],
  "`identity` says the identity": [body(`shortcuts B\n  residual(identity) { relu }`), [asked("identity", "identity")]],
  "an alias of an option is one": [body("residual(E) { relu }", undefined, "block E = C(norm=identity)\n"), [asked("E", "layers")]],
  "an alias that gives what an option still needed is one": [
    body("residual(E) { relu }", undefined, "block P(channels: int, stride: int[], width: int) { conv(1, width) -> conv(1, channels) }\nblock E = P(width=8)\n"),
    [asked("E", "layers")],
  ],
});

checkAll("policies: what an option is", residuals, {
  "a block without `channels` and `stride` is none": [body("residual(P) { relu }", undefined, "block P(channels: int) { relu }\n"), ["5:3 «residual(P)» RN0505 `P` is no shortcut option: it must take `channels` and `stride`"]],
  "nor is one that needs more": [body("residual(P) { relu }", undefined, "block P(channels: int, stride: int[], width: int) { relu }\n"), ["5:3 «residual(P)» RN0505 `P` is no shortcut option: it still needs `width`"]],
  "unless it is given": [body("residual(P(width=2)) { relu }", undefined, "block P(channels: int, stride: int[], width: int) { conv(1, width) -> conv(1, channels) }\n"), [asked("P(width=2)", "layers")]],
  "an operator is none": [body("residual(relu) { relu }"), ["4:3 «residual(relu)» RN0505 `relu` is no shortcut option: it must take `channels` and `stride`"]],
  "a network is none": [body("residual(Inner) { relu }", undefined, "network Inner(channels: int, stride: int) {\n  input image: float32[N, 3, H, W]\n  relu\n}\n"), ["8:3 «residual(Inner)» RN0505 `Inner` is no shortcut option: it must take `channels` and `stride`"]],
  "its `stride` may be an int": [body("residual(P) { conv(3, 8, stride=2) }", undefined, "block P(channels: int, stride: int) { conv(1, channels, stride=stride) }\n"), ["P: 8 channels, stride 2x2: layers"]],
  "which axes that differ do not fit": [
    body("residual(P) { conv(3, 8, stride=[2, 1]) }", undefined, "block P(channels: int, stride: int) { conv(1, channels, stride=stride) }\n"),
    ["5:3 «residual(P)» RN0302 `stride` of `P` is int, got a list of 2"],
  ],
});

checkAll("policies: what is asked", residuals, {
  "always, also when nothing changed: C projects": [body("residual(C) { relu }"), [asked("C", "layers")]],
  "B and A make the identity then": [body("residual(B) { relu } -> residual(A) { bn }"), [asked("B", "identity"), asked("A", "identity")]],
  "the channels of F": [body("residual(B) { conv(3, 8) -> conv(1, 16) }"), ["B: 16 channels, stride 1x1: layers"]],
  "the stride of F, the product along the way": [body("residual(B) { conv(3, 3, stride=2) -> maxpool(3, stride=2) -> relu }"), ["B: 3 channels, stride 4x4: layers"]],
  "no ratio of sizes: 7 to 4 is stride 2": [body("residual(B) { conv(3, 3, stride=2) }", "3, 7, 7"), ["B: 3 channels, stride 2x2: layers"]],
  "nor 2 to 1, nor 1 to 1": [body("residual(B) { conv(3, 3, stride=2) }\n  r: residual(B) { conv(3, 3, stride=2) }", "3, 2, 2"), ["B: 3 channels, stride 2x2: layers", "B: 3 channels, stride 2x2: layers"]],
  "counted from the residual's input, not from the image": [body("conv(3, 3, stride=4) -> residual(B) { conv(3, 3, stride=2) }"), ["B: 3 channels, stride 2x2: layers"]],
  "a list where axes differ": [body("residual(B) { conv(3, 3, stride=[2, 1]) }"), ["B: 3 channels, stride 2x1: layers"]],
  "axes that become equal again": [body("residual(B) { conv(3, 3, stride=[2, 1]) -> conv(3, 3, stride=[1, 2]) }"), ["B: 3 channels, stride 2x2: layers"]],
  "one axis": [body("residual(B) { conv(3, 8, stride=2) }", "3, 33"), ["B: 8 channels, stride 2: layers"]],
  "three axes": [body("residual(B) { conv(3, 8, stride=[1, 2, 2]) }", "3, 8, 16, 16"), ["B: 8 channels, stride 1x2x2: layers"]],
  "no spatial axes: stride 1": [
    body("residual(P) { linear(8) } -> residual(P) { linear(8) -> gelu -> linear(8) }", "3", "block P(channels: int, stride: int[]) { if channels != in.features or stride != 1 { linear(channels) } }\n"),
    ["P: 8 channels, stride 1: layers", "P: 8 channels, stride 1: identity"],
  ],
  "after the global pool of a network too": [body("globalavgpool -> residual { linear(3) }"), ["identity: 3 channels, stride 1: identity"]],
  "down and up again is stride 1": [body("residual(C) { conv(3, 8, stride=2) -> upsample(2) }"), ["C: 8 channels, stride 1x1: layers"]],
  "through a map of size 1 as well": [body("residual(C) { conv(3, 8, stride=2) -> upsample(2) }", "3, 2, 2"), ["C: 8 channels, stride 1x1: layers"]],
  "squeeze and excitation in F does not count: its gate is stretched": [
    body("residual(B) { conv(3, 8, stride=2) -> mul { identity | globalavgpool(keep=true) -> conv(1, 8) -> sigmoid } }"),
    ["B: 8 channels, stride 2x2: layers"],
  ],
  "with the gate first": [body("residual(B) { conv(3, 8, stride=2) -> mul { globalavgpool(keep=true) -> sigmoid | identity } }"), ["B: 8 channels, stride 2x2: layers"]],
  "a gate that is stretched on one axis": [body("residual(B) { conv(3, 8, stride=2) -> mul { identity | avgpool(16x1) -> sigmoid } }"), ["B: 8 channels, stride 2x2: layers"]],
  "a concat of like strides in F": [body("residual(B) { concat { conv(3, 4, stride=2) | maxpool(3, stride=2) -> conv(1, 4) } }"), ["B: 8 channels, stride 2x2: layers"]],
  "several branches of F are summed": [body("residual(B) { | conv(3, 8, stride=2) | conv(1, 8, stride=2) }"), ["B: 8 channels, stride 2x2: layers"]],
  "residuals in F": [body("shortcuts B\n  residual { a: residual { conv(3, 8, stride=2) } -> residual { conv(3, 8) } }"), ["B: 8 channels, stride 2x2: layers", "B: 8 channels, stride 2x2: layers", "B: 8 channels, stride 1x1: identity"]],
  "pre-activation: the layers before the residual are not F": [
    body("conv(3, 4) -> unit(8, 2) -> unit(8)", undefined,
      "block unit(width: int, stride: int = 1) {\n  let grows = width != in.channels\n  if grows { bn -> relu }\n  residual(B(norm=identity)) {\n    if not grows { bn -> relu }\n    conv(3, width, stride=stride) -> bn -> relu -> conv(3, width)\n  }\n}\n"),
    ["B(norm=identity): 8 channels, stride 2x2: layers", "B(norm=identity): 8 channels, stride 1x1: identity"],
  ],
});

const where = "4:3 «residual(B)";
checkAll("policies: what no option can follow", residuals, {
  "joins of unlike strides": [body("residual(B) { concat { avgpool(2) -> upsample(2) | conv(1, 4, stride=2) -> upconv(2x2, 4, stride=2) } }"), ["B: 7 channels, stride 1x1: layers"]],
  "joins of strides that only sizes hide": [
    body("residual(B) { concat { conv(3, 4, stride=2) | conv(3, 4, stride=3) } }", "3, 2, 2"),
    [`${where} { concat { conv(3, 4, stride=2) | conv(3, 4, stride=3) } }» RN0504 the branches in F have unlike strides, or see the whole map; no shortcut option can follow that`],
  ],
  "F that starts elsewhere": [body("a: relu\n  residual(B) { from image -> conv(3, 8) }"), [`5:3 «residual(B) { from image -> conv(3, 8) }» RN0504 F does not start from the residual's input; no shortcut option can follow that`]],
  "F that starts elsewhere with the same shape is added all the same (where the reference is silent)": [body("a: relu -> bn -> residual(B) { from a -> gelu }"), [asked("B", "identity")]],
  "F that enlarges": [body("residual(B) { upsample(2) }"), [`${where} { upsample(2) }» RN0504 F enlarges 32x32 to 64x64; no shortcut option can follow that`]],
  "F that changes the rank": [body("residual(B) { flatten }"), [`${where} { flatten }» RN0504 F changes the rank from 4 to 2; no shortcut option can follow that`]],
  "F that sees the whole map": [body("residual(B) { globalavgpool(keep=true) }"), [`${where} { globalavgpool(keep=true) }» RN0504 the branches in F have unlike strides, or see the whole map; no shortcut option can follow that`]],
  "`none` makes no path, so nothing must meet": [body("residual(none) { upsample(2) }"), ["none: 3 channels, stride 0.5x0.5: none"]],
});

checkAll("policies: what is made", flows, {
  "none: y = F(x)": [body("residual(none) { relu -> bn } -> gelu"), ["relu1 = relu(image)", "bn1 = bn(relu1)", "gelu1 = gelu(bn1)"]],
  "identity: y = F(x) + x": [body("residual { relu -> bn }"), ["relu1 = relu(image)", "bn1 = bn(relu1)", "residual1 = sum(bn1, image)"]],
  "a projection: y = F(x) + P(x)": [body("residual(C(norm=identity)) { conv(3, 8) }"), ["conv1 = conv(image)", "downsample.0 = conv(image)", "residual1 = sum(conv1, downsample.0)"]],
  "the sum of F's branches first": [body("residual { | relu | bn }"), ["relu1 = relu(image)", "bn1 = bn(image)", "residual1.sum = sum(relu1, bn1)", "residual1 = sum(residual1.sum, image)"]],
  "`shortcuts` before a leading `|` belongs to the whole join, this residual too (where the reference is silent)": [
    body("residual { shortcuts none | relu | bn } -> gelu"),
    ["relu1 = relu(image)", "bn1 = bn(image)", "residual1.sum = sum(relu1, bn1)", "gelu1 = gelu(residual1.sum)"],
  ],
});

checkAll("policies: what is made is marked, all of it and nothing else", inserted, {
  "a projection": [body("residual(B) { conv(3, 8) -> bn } -> residual(B) { bn }"), ["downsample.0", "downsample.1"]],
  "what blocks in it make": [body("residual(P) { relu }", undefined, "block P(channels: int, stride: int[]) { inner -> residual { relu } }\nblock inner { s: conv(1, 3) }\n"), ["s", "relu2", "residual2"]],
});

/** ceil(n / s) is the size of a padded 3x3; an option that rounded otherwise would fit some sizes only. */
checkAll("policies: the library's options fit a padded 3x3 at every size", shapes, Object.fromEntries(
  ["A", "B", "C", "D"].flatMap((option) => [2, 3].map((stride): [string, readonly [string, readonly string[]]] => [
    `${option}, stride ${stride}`,
    [body(`r: residual(${option}) { conv(3, 8, stride=${stride}) }\n  expect shape == [N, 8, ceil(H / ${stride}), ceil(W / ${stride})]`, "3, H, W"), madeBy(option, stride)],
  ])),
));

function madeBy(option: string, stride: number): readonly string[] {
  const small = `ceil(H / ${stride}), ceil(W / ${stride})]`;
  const made: Readonly<Record<string, readonly string[]>> = {
    A: [`r.subsample1 [N, 3, ${small}`, `r.padchannels1 [N, 8, ${small}`],
    B: [`r.downsample.0 [N, 8, ${small}`, `r.downsample.1 [N, 8, ${small}`],
    C: [`r.downsample.0 [N, 8, ${small}`, `r.downsample.1 [N, 8, ${small}`],
    D: [`r.downsample.0 [N, 3, ${small}`, `r.downsample.1 [N, 8, ${small}`, `r.downsample.2 [N, 8, ${small}`],
  };
  return [`r.conv1 [N, 8, ${small}`, ...(made[option] ?? []), `r [N, 8, ${small}`];
}
