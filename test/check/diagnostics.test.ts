/**
 * Every mistake of the language's table of diagnostics: the program, and the one thing that is said about it: where, which
 * text is underlined, the code and the words. The words were read as their reader would; a change here is a change for users.
 */
import { expect } from "chai";
import type { Files } from "../support/problems.ts";
import { lineOf, placeOf, problemsOf } from "../support/problems.ts";

/** Items of a network, from line 3 on. */
const net = (items: string, size = "3, 32, 32"): string => `network Net {\n  input image: float32[N, ${size}]\n  ${items}\n}\n`;
/** The same under a line of imports: items begin on line 4. */
const std = (items: string, size?: string): string => `use std.blocks { basic, stage } use std.shortcuts { A, B, C }\n${net(items, size)}`;

type Row = readonly [text: string, said: string, files?: Files];

function check(rows: Readonly<Record<string, readonly Row[]>>): void {
  for (const [title, cases] of Object.entries(rows)) {
    it(title, async () => {
      for (const [text, said, files] of cases) expect((await problemsOf(text, files)).map(lineOf), text).to.deep.equal([said]);
    });
  }
}

describe("check: one mistake, one message", () => {
  check({
    "RN0101: a size without spaces, a repetition with them": [
      [net("conv(3 x 3, 16)"), "3:8 «3 x 3» RN0101 a size is written without spaces, `3x3`; a repetition with them, `4 x basic`"],
      [std("4xbasic(3)"), "4:3 «4xbasic» RN0101 a repetition is written with spaces, `4 x basic`; a size without, `3x3`"],
    ],
    "RN0102: a word of the language as a label": [
      [net("x: conv(3x3, 16)"), "3:3 «x» RN0102 `x` is a word of the language; choose another label"],
      [net("input: conv(3x3, 16)"), "3:3 «input» RN0102 `input` is a word of the language; choose another label"],
    ],
    "RN0103: colon and equals sign": [
      [net("conv1 = conv(3x3, 16)"), "3:9 «=» RN0103 to name a layer, write `conv1: …`"],
      ["recipe R {\n  batch = 8\n}\n", "2:9 «=» RN0103 to set a field, write `batch: …`"],
      [net("conv(kernel: 3x3, channels=16)"), "3:14 «:» RN0103 an argument takes `=`: `kernel=…`"],
    ],
    "RN0104: never closed; `{` on the next line": [
      [net("conv(3x3, 16\n  relu"), "3:7 «(» RN0104 this `(` is never closed"],
      [net("conv(3x3, \n}\nblock b {\n  relu"), "3:7 «(» RN0104 this `(` is never closed"],
      [net("residual\n  {\n    conv(3x3, 3)\n  }"), "3:3 «residual» RN0104 `residual` needs its `{` on this line"],
    ],
    "RN0105: signs of other languages": [
      [net("conv(3x3, 16) # first"), "3:17 «# first» RN0105 a comment begins with `//`, not with `#`"],
      [net("conv(3x3, 16);"), "3:16 «;» RN0105 no `;` is needed: a line ends where it ends"],
      [net("conv(3X3, 16)"), "3:8 «3X3» RN0105 a size is written with a small x: `3x3`"],
      [net("2×relu"), "3:4 «×» RN0105 write `x`; `×` means nothing here"],
    ],
    "RN0201: nothing has this name": [
      [std("basc(3)"), "4:3 «basc» RN0201 nothing is called `basc` here"],
      [net("a: conv(3x3, 16) -> a"), "3:23 «a» RN0201 `a` is the label of a layer, not a value"],
      [`block w(width: int) {\n  conv(3x3, in.chanels)\n}\n${net("w(3)")}`, "2:16 «chanels» RN0201 `in` has no `chanels`"],
      // Nothing uses this block, and still its names are read.
      ["block alone {\n  rlu\n}\n", "2:3 «rlu» RN0201 nothing is called `rlu` here"],
    ],
    "RN0202: a parameter hides an operator": [
      [`block tail(dropout: float) {\n  dropout(dropout)\n}\n${net("tail(0.5)")}`, "2:3 «dropout» RN0202 here `dropout` is your parameter (the number 0.5); it hides the operator"],
    ],
    "RN0203: imports": [
      [`use std.block { basic }\n${net("basic(3)")}`, "1:5 «std.block» RN0203 there is no module `std.block`"],
      [`use std.blocks { basik }\n${net("basik(3)")}`, "1:18 «basik» RN0203 `std.blocks` has no `basik`"],
      [`use "main.resnet" { Net }\n${net("relu")}`, '1:5 «"main.resnet"» RN0203 `main.resnet` imports itself'],
      [`use "other.resnet" { twice }\n${net("twice")}`, '1:5 «"other.resnet"» RN0203 there is no file `other.resnet`'],
      [
        `use "a.resnet" { a }\nblock b {\n  relu\n}\n${net("a")}`,
        '1:5 «"a.resnet"» RN0203 `main.resnet` imports itself through `a.resnet`',
        { "a.resnet": 'use "main.resnet" { b }\nblock a { b }\n' },
      ],
    ],
    "RN0204: labels, and `in`": [
      [net("enc1: conv(3x3, 8)\n  from enc5 -> relu"), "4:8 «enc5» RN0204 no layer is called `enc5` before this line"],
      [net("from later -> later: conv(3x3, 8)"), "3:8 «later» RN0204 no layer is called `later` before this line"],
      [`let c = in.channels\n${net("relu")}`, "1:9 «in.channels» RN0204 `in` has a meaning only inside a block"],
      [net("relu\n  output y = end"), "4:14 «end» RN0204 no layer is called `end` before this line"],
      [net("relu\n  expect layer1.params == 0"), "4:10 «layer1» RN0204 no layer is called `layer1` before this line"],
    ],
    "RN0301: a parameter that does not exist": [
      [std("basic(16, strid=2)"), "4:13 «strid» RN0301 `basic` has no parameter `strid`"],
      // The library calls what it was given; the user is shown where it was given.
      [std("stage(2, relu)"), "4:3 «stage(2, relu)» RN0301 `relu` has no parameter `stride`"],
    ],
    "RN0302: types": [
      ["use std.resnet { ImageNetResNet } use std.blocks { basic }\nnetwork Net = ImageNetResNet(basic, depths=[1, 2])", "2:44 «[1, 2]» RN0302 `depths` of `ImageNetResNet` is int[4], got 2 numbers"],
      [net("conv(3x3, 16, bias=1)"), "3:22 «1» RN0302 `bias` of `conv` is bool, got the number 1"],
      [std("basic([1, 2])"), "4:9 «[1, 2]» RN0302 `width` of `basic` is int, got a list of 2"],
      [net("for i in 3 { relu }"), "3:12 «3» RN0302 `for` goes through a list, this is the number 3"],
      [net("if 1 { relu }"), "3:6 «1» RN0302 a condition is true or false, this is the number 1"],
    ],
    "RN0303: whole numbers": [
      [net("conv(1x1, 100 / 16)"), "3:13 «100 / 16» RN0303 `channels` of `conv` must be whole, got 6.25 = 100 / 16"],
      [net("1.5 x relu"), "3:3 «1.5» RN0303 a layer is repeated a whole number of times, got 1.5"],
    ],
    "RN0304: arguments": [
      [net("conv(3x3)"), "3:3 «conv(3x3)» RN0304 `conv` still needs `channels`"],
      [net("conv(64, 128, 3)"), "3:17 «3» RN0304 `conv` takes 2 arguments by position (kernel, channels), and this is one more"],
      [net("conv(kernel=3x3, 16)"), "3:20 «16» RN0304 a positional argument stands after a named one"],
      [std("basic()"), "4:3 «basic()» RN0304 `basic` still needs `width`"],
    ],
    "RN0305: `require`, in its author's words": [
      ["use std.cifar { CifarResNet }\nnetwork Net = CifarResNet(n=0)", "2:9 «Net» RN0305 the depth is 6n+2, so n is at least 1"],
      [`block odd(n: int) {\n  require n % 2 == 1\n  conv(n, 8)\n}\n${net("odd(4)")}`, "2:11 «n % 2 == 1» RN0305 n % 2 == 1 does not hold"],
    ],
    "RN0306 and RN0307: types and expressions": [
      ["block b(w: integer) {\n  conv(3x3, w)\n}\n", "1:12 «integer» RN0306 there is no parameter type `integer`"],
      [net("let a = [1, 2]\n  conv(3x3, a[2])"), "4:13 «a[2]» RN0307 there is no entry 2 in a list of 2"],
      [net("conv(3x3, 8 / 0)"), "3:13 «8 / 0» RN0307 8 / 0: nothing can be divided by zero"],
    ],
    "RN0308: a condition on an open size": [
      [net("if H > 64 { maxpool(2x2) }", "3, H, W"), "3:6 «H > 64» RN0308 whether H > 64 depends on a size that is not known yet"],
    ],
    "RN0401: branches that differ": [
      [net("sum { conv(3x3, 8) | conv(3x3, 16) }"), "3:3 «sum { conv(3x3, 8) | conv(3x3, 16) }» RN0401 the branches of `sum` differ on axis 1 (channels): 8 and 16"],
      [net("concat { conv(3x3, 8, stride=2) | identity }"), "3:3 «concat { conv(3x3, 8, stride=2) | identity }» RN0401 the branches of `concat` differ on axis 2 (height): 16 and 32"],
    ],
    "RN0402: rank": [[net("conv(3x3, 16) -> linear(10)"), "3:20 «linear(10)» RN0402 `linear` needs [N, features], got [N, 16, 32, 32]"]],
    "RN0403: arguments that do not fit": [
      [net("conv([3], 16)"), "3:8 «[3]» RN0403 `conv` has a kernel of 1 number on 2 spatial axes"],
      [net("conv(3x3, 32, groups=16)", "30, 32, 32"), "3:24 «16» RN0403 groups=16 of `conv` does not divide its 30 input channels"],
      [net("conv(40x40, 16, pad=0)"), "3:8 «40x40» RN0403 the kernel of `conv` covers 40 positions, but the height is only 32"],
    ],
    "RN0404: sizes that are equal for some inputs only": [
      [
        net("enc1: conv(3x3, 64)\n  maxpool(2x2) -> upconv(2x2, 64, stride=2)\n  concat { from enc1 | identity }", "1, H, 32"),
        "5:3 «concat { from enc1 | identity }» RN0404 H and 2 * floor(H / 2) are equal only if H is a multiple of 2",
      ],
    ],
    "RN0405: features that are not known": [
      [net("flatten -> linear(10)", "3, H, W"), "3:3 «flatten» RN0405 `flatten` needs known sizes, got [N, 3, H, W]"],
    ],
    "RN0501: the identity on changed dimensions": [
      [std("conv(3x3, 16) -> basic(32, stride=2)"), "4:20 «basic(32, stride=2)» RN0501 the shortcut is the identity, and F changes channels 16 → 32, height 32 → 16, width 32 → 16"],
    ],
    "RN0502: the shortcut rounds otherwise": [
      [
        `block P(channels: int, stride: int[]) {\n  avgpool(stride) -> conv(1x1, channels)\n}\n${net("residual(P) { conv(3x3, 16, stride=2) }", "3, 7, 7")}`,
        "6:3 «residual(P) { conv(3x3, 16, stride=2) }» RN0502 the shortcut `P` gives 3x3, F gives 4x4",
      ],
    ],
    "RN0503: a border that is cut off": [
      [
        std("shortcuts B\n  residual { conv(3x3, 16, pad=0) }"),
        "5:3 «residual { conv(3x3, 16, pad=0) }» RN0503 F changes the size 32x32 to 30x30 by more than its stride: `conv1` is a 3x3 conv without full padding",
      ],
    ],
    "RN0504: no stride to follow": [
      [std("shortcuts B\n  residual { upconv(2x2, 16, stride=2) }"), "5:3 «residual { upconv(2x2, 16, stride=2) }» RN0504 F enlarges 32x32 to 64x64; no shortcut option can follow that"],
      [std("shortcuts B\n  residual { globalavgpool }"), "5:3 «residual { globalavgpool }» RN0504 F changes the rank from 4 to 2; no shortcut option can follow that"],
      [
        std("shortcuts B\n  a: conv(3x3, 16)\n  residual { from image -> conv(3x3, 8) }"),
        "6:3 «residual { from image -> conv(3x3, 8) }» RN0504 F does not start from the residual's input; no shortcut option can follow that",
      ],
    ],
    "RN0505: what is no shortcut option": [
      [std("shortcuts basic\n  basic(3)"), "4:13 «basic» RN0505 `basic` is no shortcut option: it must take `channels` and `stride`"],
      [std("residual(stage) { relu }"), "4:3 «residual(stage)» RN0505 `stage` is no shortcut option: it must take `channels` and `stride`"],
      [net("shortcuts 3\n  relu"), "3:13 «3» RN0505 a shortcut option is a block, this is 3"],
    ],
    "RN0506: zeros cannot narrow": [[std("shortcuts A\n  conv(3x3, 16) -> basic(8)"), "5:20 «basic(8)» RN0506 the shortcut option `A` cannot narrow 16 channels to 8"]],
    "RN0601: one name for two layers": [
      [`block cbr(width: int) {\n  c: conv(3x3, width) -> bn -> relu\n}\n${net("cbr(8) -> cbr(16)")}`, "6:13 «cbr(16)» RN0601 two layers are called `c`"],
      [net("for i in range(2) { c: conv(3x3, 8) }"), "3:23 «c» RN0601 two layers are called `c`"],
      [net("c: conv(3x3, 8)\n  c: conv(3x3, 8)"), "4:3 «c» RN0601 two layers are called `c`"],
    ],
    "RN0602: what is no layer; joins and branches": [
      [net("{ relu | bn }"), "3:10 «|» RN0602 only a join has branches divided by `|`"],
      [net("relu { identity | bn }"), "3:8 «{ identity | bn }» RN0602 `relu` is no join, and only joins take branches in `{ }`"],
      [net("sum"), "3:3 «sum» RN0602 `sum` joins branches and needs them in `{ }`"],
      [net("sum { conv(3x3, 8) | }"), "3:24 «}» RN0602 there is nothing in this branch"],
      [net("sum { }"), "3:7 «{ }» RN0602 this `sum` has no branch"],
      [net("relu -> 16"), "3:11 «16» RN0602 the number 16 is not a layer"],
      [net("none"), "3:3 «none» RN0602 `none` makes no path, so nothing can follow it in a chain"],
    ],
    "RN0701: which input": [
      [
        "network Net {\n  input a: float32[N, 3, 32, 32]\n  input b: float32[N, 3, 32, 32]\n  relu\n}\n",
        "4:3 «relu» RN0701 this network has several inputs; say with `from` where this chain starts",
      ],
    ],
    "RN0702: only an upper-case name declares a size": [
      [net("relu", "3, sise, sise"), "2:30 «sise» RN0702 `sise` is unknown; only an upper-case name declares a size"],
    ],
    "RN0703: several outputs": [
      [
        `use std.backbone { ResNet50Backbone }\n${net("b: ResNet50Backbone -> relu")}`,
        "4:26 «relu» RN0703 `ResNet50Backbone` has 4 outputs (c2, c3, c4, c5); say with `from` which one goes on",
      ],
    ],
    "RN0704: what is no size": [
      ["use std.shortcuts { B }\nnetwork Net {\n  input image: float32[B, 3, 32, 32]\n  relu\n}\n", "3:24 «B» RN0704 `B` is a block (imported on line 1), not a size"],
      [net("relu", "C, 32, 32"), "2:27 «C» RN0704 channels (axis 1) must be a known number"],
    ],
    "RN0705: a layer that reaches no output": [
      [net("a: conv(3x3, 8) -> relu\n  from image -> b: conv(3x3, 8)\n  output b"), "3:22 «relu» RN0705 `relu1` reaches no output of the network"],
    ],
    "RN0706 to RN0708: networks": [
      [`network Inner {\n  input image: float32[N, 3, 32, 32]\n  relu\n}\n${net("i: Inner", "3, 64, 64")}`, "7:3 «i: Inner» RN0706 `Inner` takes 32 on axis 2 (height) and receives 64"],
      [`${net("relu")}network Other = Net {\n  relu\n}\n`, "6:3 «relu» RN0707 the body of an alias adds no layers: it may restate inputs and outputs and add contracts"],
      ["block b {\n  input image: float32[N, 3, 32, 32]\n  relu\n}\n", "2:3 «input image: float32[N, 3, 32, 32]» RN0708 `input` belongs in a network, and `b` is a block"],
      ["network Net {\n  relu\n}\n", "1:9 «Net» RN0708 `Net` has no input"],
    ],
    "RN0801: the budget": [
      [std("1_000_000_000 x basic(16)"), "4:3 «1_000_000_000 x basic(16)» RN0801 1,000,000,000 repetitions; the budget of one network is 200,000 steps"],
      [net("100_000 x { relu -> relu -> relu }"), "3:23 «relu» RN0801 this network has more than 100,000 layers"],
    ],
    "RN0802: nesting without an end": [
      [`block w(b: block) {\n  b(b)\n}\n${net("w(w)")}`, "2:3 «b(b)» RN0802 blocks are nested deeper than 64: … → w → w → w → w"],
      ["network A = B\nnetwork B = A\n", "2:9 «B» RN0802 `B` is an alias of itself"],
    ],
    "RN0803: numbers too large": [
      [net("conv(3x3, 1e999999999)"), "3:13 «1e999999999» RN0803 this number is too large to compute with"],
      [net("conv(3x3, 1e15) -> conv(3x3, 1e15)"), "3:3 «conv(3x3, 1e15)» RN0803 this layer is too large to count exactly"],
      [net("3 x bn", "1e15, 1, 1"), "1:9 «Net» RN0803 this network has too many parameters to count exactly"],
      [net("11 x conv(1, 1)", "1, 3e7, 3e7"), "1:9 «Net» RN0803 this network has too many multiply-adds to count exactly"],
    ],
    "RN0901 to RN0903: contracts": [
      [
        "use std.cifar { CifarResNet } use std.shortcuts { B }\nnetwork Net = CifarResNet(n=3, option=B) {\n  expect params == 269_722\n}\n",
        "3:3 «expect params == 269_722» RN0901 expected 269,722 parameters, measured 272,474 (+2,752)",
      ],
      [net("conv(3x3, 8)\n  expect macs == 0", "3, H, W"), "4:10 «macs» RN0902 the multiply-adds are unknown while H and W are open"],
      [net("relu\n  expect parms == 0"), "4:10 «parms» RN0903 `parms` is nothing that can be measured"],
    ],
    "RN1001: recipes": [["recipe R {\n  schedul: step(at=[1])\n}\n", "2:3 «schedul» RN1001 a recipe has no field `schedul`"]],
  });
});

describe("check: what a message adds", () => {
  it("did you mean, and where the library has it", async () => {
    const [typo] = await problemsOf(std("basc(3)"));
    expect(typo?.primary.text).to.equal("did you mean `basic`?");
    const [missing] = await problemsOf(net("bottleneck(3)"));
    expect(missing?.help).to.deep.equal(["The standard library has it: `use std.blocks { bottleneck }`."]);
  });

  it("both shapes under each other, what differs marked, and where each number comes from", async () => {
    const [problem] = await problemsOf(std("conv(3x3, 16) -> basic(32, stride=2)"));
    expect(problem?.notes[0]).to.equal("x     [N, 16, 32, 32]\nF(x)  [N, 32, 16, 16]\n          ^^  ^^  ^^ channels, height, width");
    expect(problem?.notes.slice(1).map((note) => note.replace(/std\.blocks:\d+:\d+/, "std.blocks"))).to.deep.equal([
      "F's stride 2x2: `conv2` (std.blocks)",
      "F's 32 channels: `conv2` (std.blocks)",
    ]);
    expect(problem?.help).to.deep.equal(["Write `shortcuts B` before this line: B projects where dimensions change, A keeps every stride-th pixel and pads channels with zeros, C projects always."]);
    const [alone] = await problemsOf("use std.blocks { basic }\nnetwork Net {\n  input image: float32[N, 3, 32, 32]\n  basic(8)\n}\n");
    expect(alone?.help).to.deep.equal([
      "Write `shortcuts B` before this line: B projects where dimensions change, A pads channels with zeros, C projects always.",
      "They come from the library: `use std.shortcuts { A, B, C }`.",
    ]);
  });

  it("the shapes of all branches, and the line of each", async () => {
    const [problem] = await problemsOf(net("sum {\n    conv(3x3, 8)\n    | conv(3x3, 16)\n  }"));
    expect(problem?.notes).to.deep.equal(["branch 1  [N,  8, 32, 32]\nbranch 2  [N, 16, 32, 32]\n              ^^ channels"]);
    expect(problem?.secondary.map(({ span, text }) => `${placeOf(span)} ${text}`)).to.deep.equal([
      "4:5 «conv(3x3, 8)» branch 1 gives [N, 8, 32, 32]",
      "5:7 «conv(3x3, 16)» branch 2 gives [N, 16, 32, 32]",
    ]);
  });

  it("the branch as it stands in the join, where a block makes it", async () => {
    const [problem] = await problemsOf(`block unit(width: int) {\n  conv(3x3, width) -> relu\n}\n${net("sum { unit(8) | relu -> unit(61) }")}`);
    expect(problem?.secondary.map(({ span, text }) => `${placeOf(span)} ${text}`)).to.deep.equal(["6:9 «unit(8)» branch 1 gives [N, 8, 32, 32]", "6:27 «unit(61)» branch 2 gives [N, 61, 32, 32]"]);
  });

  it("the use of a block whose values or shapes do not fit", async () => {
    const [problem] = await problemsOf(`block half(n: int) {\n  conv(3x3, n / 2)\n}\n${net("half(8) -> half(9)")}`);
    expect(problem?.secondary.map(({ span, text }) => `${placeOf(span)} ${text}`)).to.deep.equal(["6:14 «half(9)» `half` is used here"]);
    expect(problem?.help[0]).to.equal("9 is no multiple of 2; the nearest are 8 and 10.");
  });

  it("which options there are, also through an alias", async () => {
    const [problem] = await problemsOf("use std.cifar { ResNet20 }\nnetwork Net = ResNet20(option=E)\n");
    expect(problem?.help).to.deep.equal(["`option` is `A` unless it is given; std.shortcuts has A, B, C, D."]);
  });

  it("the user's own line first, the library's lines and the way there after it", async () => {
    const [problem] = await problemsOf("use std.cifar { CifarResNet }\nnetwork Net = CifarResNet(n=3, option=identity)\n");
    expect(problem && placeOf(problem.primary.span)).to.equal("2:9 «Net»");
    expect(problem?.secondary.map(({ span, text }) => `${span.source.path} ${text}`)).to.deep.equal([
      "std.blocks x + F(x) has no meaning here",
      "std.blocks in `basic` (layer2.0)",
      "std.cifar in `stage` (layer2)",
    ]);
  });

  it("what was inserted, where a count differs", async () => {
    const [problem] = await problemsOf("use std.cifar { CifarResNet } use std.shortcuts { B }\nnetwork Net = CifarResNet(n=3, option=B) { expect params == 269_722 }\n");
    expect(problem?.notes).to.deep.equal(["2 inserted projections (layer2.0.downsample.0, layer3.0.downsample.0) account for 2,752 of them."]);
  });

  it("the edit that mends it", async () => {
    const text = std("residual { conv(3x3, 32) }");
    const [problem] = await problemsOf(text);
    const edit = problem?.fixes[0]?.edits[0];
    const mended = edit ? text.slice(0, edit.span.start) + edit.text + text.slice(edit.span.end) : text;
    expect(mended).to.equal(std("residual(B) { conv(3x3, 32) }"));
    expect(await problemsOf(mended)).to.deep.equal([]);
  });
});

describe("check: several mistakes in one run", () => {
  it("each independent one is reported, in the order of the text", async () => {
    const text = [
      "block a(n: int) {",
      "  conv(3x3,",
      "}",
      "block b(n: int) {",
      "  conv(3x3, m)",
      "}",
      "network One {",
      "  input image: float32[N, 3, 32, 32]",
      "  a(3) -> b(3) -> cnv(3x3, 8)",
      "  conv(3x3, 8, strid=2)",
      "}",
      "network Two {",
      "  input image: float32[N, 3, 32, 32]",
      "  first: conv(3x3, 16) -> linear(10)",
      "  from first -> sum { conv(3x3, 8) | identity }",
      "}",
    ].join("\n");
    expect((await problemsOf(text)).map((problem) => `${placeOf(problem.primary.span)} ${problem.code}`)).to.deep.equal([
      "2:7 «(» RN0104",
      "5:13 «m» RN0201",
      "9:19 «cnv» RN0201",
      "10:16 «strid» RN0301",
      "14:27 «linear(10)» RN0402",
      "15:17 «sum { conv(3x3, 8) | identity }» RN0401",
    ]);
  });

  it("the same library line is one mistake, however often it is used", async () => {
    const [problem, ...more] = await problemsOf(std("sum { basic(32) | basic(64) }"));
    expect(more).to.deep.equal([]);
    expect(problem && placeOf(problem.primary.span)).to.equal("4:9 «basic(32)»");
    expect(problem?.notes.at(-1)).to.equal("The same holds for one more instance of this line.");
  });
});
