/** Open sizes: normal forms, equality, what `require` says of them (language reference, "Open sizes"). Sizes are worked out by hand. */
import { expect } from "chai";
import type { Graph } from "../../src/ir/graph.ts";
import { checkAll, net, outputs, seen, shapes } from "../support/language.ts";

const open = (items: string, size = "3, H, W", before = ""): string => net(items, size, before);
const halved = "concat { identity | maxpool(2) -> upsample(2) }";
const notEqual = (line: number, why: string): string[] => [`${line}:3 «${halved}» RN0404 ${why}`];

checkAll("symbols: shapes of windows in normal form", shapes, {
  "a padded 3x3 with stride 2 rounds up": [open("conv(3, 8, stride=2)"), ["conv1 [N, 8, ceil(H / 2), ceil(W / 2)]"]],
  "ceil of ceil merges": [open("conv(3, 8, stride=2) -> maxpool(3, stride=2) -> conv(1, 8, stride=3)"), ["conv1 [N, 8, ceil(H / 2), ceil(W / 2)]", "maxpool1 [N, 8, ceil(H / 4), ceil(W / 4)]", "conv2 [N, 8, ceil(H / 12), ceil(W / 12)]"]],
  "floor of floor merges": [open("maxpool(2) -> maxpool(3, pad=0)"), ["maxpool1 [N, 3, floor(H / 2), floor(W / 2)]", "maxpool2 [N, 3, floor(H / 6), floor(W / 6)]"]],
  "no padding takes the border off": [open("conv(3, 8, pad=0) -> conv(5, 8, pad=0)"), ["conv1 [N, 8, H - 2, W - 2]", "conv2 [N, 8, H - 6, W - 6]"]],
  "upsampling multiplies": [open("maxpool(2) -> upsample(2) -> upsample(3)", "3, H"), ["maxpool1 [N, 3, floor(H / 2)]", "upsample1 [N, 3, 2 * floor(H / 2)]", "upsample2 [N, 3, 6 * floor(H / 2)]"]],
  "equal names are equal sizes": [open("concat { maxpool(3, stride=1) | identity }", "3, S, S"), ["maxpool1 [N, 3, S, S]", "concat1 [N, 6, S, S]"]],
  "an expression over a parameter is a known size": [`network Base(n: int) {\n  input image: float32[N, 3, 8 * n, W]\n  maxpool(2)\n}\nnetwork Net = Base(4)\n`, ["maxpool1 [N, 3, 16, floor(W / 2)]"]],
  "the batch may be known": ["network Net {\n  input image: float32[4, 3, 8, 8]\n  flatten\n}\n", ["flatten1 [4, 192]"]],
});

checkAll("symbols: equality", outputs, {
  "what is equal for every size needs no `require`": [open("concat { conv(3, 4, stride=2) -> conv(3, 4, stride=2) | maxpool(1, stride=4) }"), ["output = concat1 [N, 7, ceil(H / 4), ceil(W / 4)]"]],
  "what is equal for some sizes needs one, which is named": [open(halved), notEqual(3, "H and 2 * floor(H / 2) are equal only if H is a multiple of 2")],
  "with it, it is equal": [open(`require H % 2 == 0 and W % 2 == 0\n  ${halved}`), ["output = concat1 [N, 6, H, W]"]],
  "for one axis alone it is not enough": [open(`require H % 2 == 0\n  ${halved}`), notEqual(4, "W and 2 * floor(W / 2) are equal only if W is a multiple of 2")],
  "a multiple of a multiple": [open(`require H % 8 == 0\n  require W % 6 == 0\n  ${halved}`), ["output = concat1 [N, 6, H, W]"]],
  "two that only together suffice": [open(`require H % 2 == 0\n  require H % 3 == 0\n  concat { identity | maxpool(6, pad=0) -> upsample(6) }`, "3, H, 6"), ["output = concat1 [N, 6, H, 6]"]],
  "a remainder that is not 0": [open("require H % 2 == 1\n  concat { identity | maxpool(2, ceil=true) -> upsample(2) -> conv(2, 3, pad=0) }", "3, H"), ["output = concat1 [N, 6, H]"]],
  "the modulus may come from a parameter": [`network Base(d: int) {\n  input image: float32[N, 3, H, 32]\n  require H % (2 * d) == 0\n  ${halved}\n}\nnetwork Net = Base(3)\n`, ["output = concat1 [N, 6, H, 32]"]],
  "said from the other side": [open(`require 0 == H % 2 and 0 == W % 2\n  ${halved}`), ["output = concat1 [N, 6, H, W]"]],
  "a `require` in a block is an assumption too": [open(`b`, undefined, `block b { require in.size[0] % 2 == 0\n  require in.size[1] % 2 == 0\n  ${halved} }\n`), ["output = concat1 [N, 6, H, W]"]],
  "a `require` holds from its line on": [open(`${halved}\n  require H % 2 == 0 and W % 2 == 0`), notEqual(3, "H and 2 * floor(H / 2) are equal only if H is a multiple of 2")],
  "two that cannot both hold": [open("require H % 4 == 1\n  require H % 2 == 0\n  relu"), ["4:11 «H % 2 == 0» RN0305 H cannot satisfy this and an earlier `require`"]],
  "a `require` that makes two sizes equal is refused": [open("require H == W\n  relu"), ["3:11 «H == W» RN0308 H and W cannot be made equal by a `require`"]],
  "different names are not known to be equal": [
    "network Net {\n  input a: float32[N, 3, H]\n  input b: float32[N, 3, W]\n  sum { from a | from b }\n}\n",
    ["4:3 «sum { from a | from b }» RN0404 H and W are not equal for every size"],
  ],
  "sizes that never are equal are told as such": [open("concat { identity | conv(3, 3, pad=0) }"), ["3:3 «concat { identity | conv(3, 3, pad=0) }» RN0401 the branches of `concat` differ on axis 2 (height): H and H - 2"]],
});

checkAll("symbols: conditions", outputs, {
  "an `if` that hangs on an open size": [open("if H > 64 { maxpool(2) }"), ["3:6 «H > 64» RN0308 whether H > 64 depends on a size that is not known yet"]],
  "is decided by a `require`": [open("require H > 64\n  if H > 64 { conv(1, 4) }"), ["output = conv1 [N, 4, H, W]"]],
  "by a stronger one": [open("require H >= 100\n  if H > 64 { conv(1, 4) }"), ["output = conv1 [N, 4, H, W]"]],
  "by one that says just this": [open("require H >= 64 and W > 9\n  if H >= 64 and not W <= 9 { conv(1, 4) }"), ["output = conv1 [N, 4, H, W]"]],
  "by a remainder": [open("require H % 4 == 1\n  if H % 2 == 1 { conv(1, 4) } else { relu }"), ["output = conv1 [N, 4, H, W]"]],
  "a size is at least 1": [open("if H >= 1 and H + 1 > 1 { conv(1, 4) }"), ["output = conv1 [N, 4, H, W]"]],
  "the same expression on both sides needs nothing": [open("if ceil(H / 4) == ceil(ceil(H / 2) / 2) { conv(1, 4) }"), ["output = conv1 [N, 4, H, W]"]],
  "what cannot be the same for any size needs nothing": [open("if H + 1 == H { relu } else { conv(1, 4) }"), ["output = conv1 [N, 4, H, W]"]],
  "an open size among known ones": [open("if in.size == [8, 8] { relu }"), ["3:6 «in.size == [8, 8]» RN0308 whether [H, W] == [8, 8] depends on a size that is not known yet"]],
  "unless a known one decides": [open("if in.size == [8, 9] { relu } else { conv(1, 4) }", "3, H, 8"), ["output = conv1 [N, 4, H, 8]"]],
  "an `or` that its left side decides": [open("if in.rank == 4 or H > 64 { conv(1, 4) }"), ["output = conv1 [N, 4, H, W]"]],
  "an `or` that its right side decides (where the reference is silent: the left is asked first)": [open("if H > 64 or true { relu }"), ["3:6 «H > 64» RN0308 whether H > 64 depends on a size that is not known yet"]],
  "an `expect` of a shape with open sizes": [open("conv(3, 4, stride=2)\n  expect shape == [N, 4, ceil(H / 2), ceil(W / 2)]"), ["output = conv1 [N, 4, ceil(H / 2), ceil(W / 2)]"]],
  "that does not hold": [open("conv(3, 4, stride=2)\n  expect shape == [N, 4, H / 2, W / 2]"), ["4:3 «expect shape == [N, 4, H / 2, W / 2]» RN0901 expected [N, 4, H / 2, W / 2], measured [N, 4, ceil(H / 2), ceil(W / 2)]"]],
  "but does under a `require`": [open("require H % 2 == 0 and W % 2 == 0\n  conv(3, 4, stride=2)\n  expect shape == [N, 4, H / 2, W / 2]"), ["output = conv1 [N, 4, ceil(H / 2), ceil(W / 2)]"]],
});

checkAll("symbols: what declares one", outputs, {
  "an upper-case name that is nothing else": [open("relu", "3, Height, W2"), ["output = relu1 [N, 3, Height, W2]"]],
  "a lower-case name declares none": [open("relu", "3, height, W"), ["2:30 «height» RN0702 `height` is unknown; only an upper-case name declares a size"]],
  "an upper-case `let` is its number": [open("relu", "3, S, S", "let S = 8\n"), ["output = relu1 [N, 3, 8, 8]"]],
  "a block is no size": [open("relu", "3, P, P", "block P { relu }\n"), ["3:30 «P» RN0704 `P` is a block (declared in this file), not a size"]],
  "channels are a known number": [open("relu", "C, 8, 8"), ["2:27 «C» RN0704 channels (axis 1) must be a known number"]],
  "a size is from 1": [open("relu", "3, 0, 8"), ["2:30 «0» RN0303 a size is a whole number from 1, got 0"]],
  "a size is whole": [open("relu", "3, 7 / 2, 8"), ["2:30 «7 / 2» RN0303 a size is a whole number from 1, got 3.5"]],
  "its value in an expression": [open("conv(3, 4, stride = 2 if ceil(H / 2) == ceil(H / 2) else 1)", "3, H, 8"), ["output = conv1 [N, 4, ceil(H / 2), 4]"]],
  "channels cannot hang on it": [open("conv(3, H)"), ["3:11 «H» RN0303 `channels` of `conv` must be a known number, and H depends on the input"]],
  "`linear` after `flatten` needs known sizes": [open("flatten -> linear(4)"), ["3:3 «flatten» RN0405 `flatten` needs known sizes, got [N, 3, H, W]"]],
  "two sizes cannot be multiplied": [open("let a = H * W\n  relu"), ["3:11 «H * W» RN0307 cannot compute H * W while both sizes are open"]],
});

describe("symbols: sizes that are given, and assumptions", () => {
  const text = open("require H % 2 == 0 and W >= 4, \"even, please\"\n  maxpool(2)");
  const facts = (graph: Graph): string[] => [...outputs(graph), `symbols ${graph.symbols.join(" ")}`, `assumptions ${graph.assumptions.join("; ")}`];

  it("open: the assumptions are recorded as they were written", async () => {
    expect(await seen(text, facts)).to.deep.equal(["output = maxpool1 [N, 3, floor(H / 2), floor(W / 2)]", "symbols N H W", "assumptions H % 2 == 0; W >= 4"]);
  });
  it("a comparison that proves nothing is recorded too", async () => {
    expect(await seen(open("require H <= 1024\n  maxpool(2)"), facts)).to.deep.equal(["output = maxpool1 [N, 3, floor(H / 2), floor(W / 2)]", "symbols N H W", "assumptions H <= 1024"]);
  });
  it("given sizes replace them, and are held against the `require`s", async () => {
    expect(await seen(text, facts, { sizes: [[1, 3, 8, 6]] })).to.deep.equal(["output = maxpool1 [1, 3, 4, 3]", "symbols ", "assumptions "]);
    expect(await seen(text, facts, { sizes: [[1, 3, 7, 6]] })).to.deep.equal(["3:11 «H % 2 == 0» RN0305 even, please"]);
  });
  it("given sizes replace known ones too, but not another number of axes", async () => {
    expect(await seen(net("maxpool(2)"), outputs, { sizes: [[2, 3, 10, 10]] })).to.deep.equal(["output = maxpool1 [2, 3, 5, 5]"]);
    expect(await seen(net("maxpool(2)"), outputs, { sizes: [[2, 3, 10]] })).to.deep.equal(["2:3 «input image: float32[N, 3, 32, 32]» RN0706 `image` has 4 dimensions [N, 3, 32, 32], and [2, 3, 10] has 3"]);
  });
  it("more sizes than inputs", async () => {
    expect(await seen(net("relu"), outputs, { sizes: [[1, 3, 8, 8], [1, 3, 8, 8]] })).to.deep.equal(["1:9 «Net» RN0706 2 input sizes are given, and `Net` has 1 input"]);
  });
  it("a name that stands for two sizes must be given one", async () => {
    expect(await seen(open("relu", "3, S, S"), outputs, { sizes: [[1, 3, 8, 9]] })).to.deep.equal([
      "2:3 «input image: float32[N, 3, S, S]» RN0706 `S` is one size, and [1, 3, 8, 9] gives it two: 8 and 9",
    ]);
  });
});
