/** Networks as blocks, and aliases (language reference, "Networks as blocks, and aliases"). */
import { expect } from "chai";
import { loadProgram } from "../../src/program/load.ts";
import { buildNetwork, checkProgram, listNetworks } from "../../src/program/networks.ts";
import { lineOf } from "../support/problems.ts";
import { checkAll, layers, net, outputs, seen, shapes } from "../support/language.ts";

const any = "network Any(width: int = 8) {\n  input image: float32[B, 3, H, W]\n  c: conv(3, width, stride=2) -> r: relu\n}\n";
const fixed = "network Fixed(width: int = 8) {\n  input image: float32[N, 3, 32, 32]\n  c: conv(3, width, stride=2) -> r: relu\n}\n";
/** The text of the network `Net`, after a first one. */
const after = (first: string, second: string): string => first + second;

checkAll("networks as layers", shapes, {
  "the input is matched by shape: open sizes take what comes": [net("a: Any", "3, 20, 30", any), ["a.c [N, 8, 10, 15]", "a.r [N, 8, 10, 15]"]],
  "open sizes may be open outside as well": [net("a: Any", "3, S, 30", any), ["a.c [N, 8, ceil(S / 2), 15]", "a.r [N, 8, ceil(S / 2), 15]"]],
  "known sizes must be equal": [net("a: Fixed", "3, 32, 30", fixed), ["7:3 «a: Fixed» RN0706 `Fixed` takes 32 on axis 3 (width) and receives 30"]],
  "known sizes against open ones": [net("a: Fixed", "3, 32, W", fixed), ["7:3 «a: Fixed» RN0706 `Fixed` takes 32 on axis 3 (width) and receives W"]],
  "channels too": [net("a: Any", "4, 8, 8", any), ["7:3 «a: Any» RN0706 `Any` takes 3 on axis 1 (channels) and receives 4"]],
  "the number of axes too": [net("a: Any", "3, 8", any), ["7:3 «a: Any» RN0706 `image` has 4 dimensions [B, 3, H, W], and [N, 3, 8] has 3"]],
  "one name is one size": [
    net("a: Square", "3, 8, 9", "network Square {\n  input image: float32[N, 3, S, S]\n  relu\n}\n"),
    ["7:3 «a: Square» RN0706 `Square` takes 8 on axis 3 (width) and receives 9"],
  ],
  "its symbols stand for the outer sizes, in `require` as well": [
    net("a: Even", "3, 8, 9", "network Even {\n  input image: float32[N, 3, H, W]\n  require W % 2 == 0, \"even\"\n  relu\n}\n"),
    ["3:11 «W % 2 == 0» RN0305 even"],
  ],
  "it takes arguments as a block does": [net("a: Any(width=4)", "3, 8, 8", any), ["a.c [N, 4, 4, 4]", "a.r [N, 4, 4, 4]"]],
  "without a label it dissolves": [net("Any(4)", "3, 8, 8", any), ["c [N, 4, 4, 4]", "r [N, 4, 4, 4]"]],
  "repeated it is numbered": [net("2 x Same", "3, 8, 8", "network Same {\n  input image: float32[N, 3, 8, 8]\n  relu\n}\n"), ["0.relu1 [N, 3, 8, 8]", "1.relu1 [N, 3, 8, 8]"]],
  "an ensemble": [net("mean { a: Any -> softmax | b: Any(width=8) -> softmax }", "3, 4, 4", any),
    ["a.c [N, 8, 2, 2]", "a.r [N, 8, 2, 2]", "softmax1 [N, 8, 2, 2]", "b.c [N, 8, 2, 2]", "b.r [N, 8, 2, 2]", "softmax2 [N, 8, 2, 2]", "mean1 [N, 8, 2, 2]"]],
  "several inputs do not fit in a chain": [
    net("a: Two", "3, 8, 8", "network Two {\n  input l: float32[N, 3, 8, 8]\n  input r: float32[N, 3, 8, 8]\n  sum { from l | from r }\n}\n"),
    ["8:3 «a: Two» RN0701 `Two` has 2 inputs, and one value flows into a layer"],
  ],
  "one stated output is what flows on": [
    net("a: Early -> gelu", "3, 8, 8", "network Early {\n  input image: float32[N, 3, 8, 8]\n  conv(1, 4) -> y: relu\n  output y\n}\n"),
    ["a.conv1 [N, 4, 8, 8]", "a.y [N, 4, 8, 8]", "gelu1 [N, 4, 8, 8]"],
  ],
  "a network in itself": ["network Net {\n  input image: float32[N, 3, 8, 8]\n  Net\n}\n", ["3:3 «Net» RN0802 networks are nested deeper than 64"]],
});

checkAll("aliases", shapes, {
  "bind parameters": [after(fixed, "network Net = Fixed(width=4)\n"), ["c [N, 4, 16, 16]", "r [N, 4, 16, 16]"]],
  "of aliases": [after(fixed, "network Mid = Fixed(width=4)\nnetwork Net = Mid\n"), ["c [N, 4, 16, 16]", "r [N, 4, 16, 16]"]],
  "bind again what an alias has bound": [after(fixed, "network Mid = Fixed(width=4)\nnetwork Net = Mid(width=5)\n"), ["c [N, 5, 16, 16]", "r [N, 5, 16, 16]"]],
  "without parameters keep those of the target": [after(fixed, "network Mid = Fixed\nnetwork Net = Mid(6)\n"), ["c [N, 6, 16, 16]", "r [N, 6, 16, 16]"]],
  "with parameters have only those": [after(fixed, "network Mid(n: int) = Fixed(2 * n)\nnetwork Net = Mid(3, width=1)\n"), ["6:22 «width» RN0301 `Mid` has no parameter `width`"]],
  "and give them on": [after(fixed, "network Mid(n: int) = Fixed(2 * n)\nnetwork Net = Mid(3)\n"), ["c [N, 6, 16, 16]", "r [N, 6, 16, 16]"]],
  "and guard them": [after(fixed, "network Mid(n: int) = Fixed(2 * n) {\n  require n < 3, \"small\"\n}\nnetwork Net = Mid(3)\n"), ["6:11 «n < 3» RN0305 small"]],
  "do not see the parameters of their target": [after(fixed, "network Net = Fixed {\n  require width == 8\n}\n"), ["6:11 «width» RN0201 nothing is called `width` here"]],
  "add no layers": [after(fixed, "network Net = Fixed {\n  relu\n}\n"), ["6:3 «relu» RN0707 the body of an alias adds no layers: it may restate inputs and outputs and add contracts"]],
  "nor policies": [after(fixed, "network Net = Fixed {\n  shortcuts none\n}\n"), ["6:3 «shortcuts none» RN0707 the body of an alias adds no layers: it may restate inputs and outputs and add contracts"]],
  "of a block are no networks": ["block b { relu }\nnetwork Net = b\n", ["2:15 «b» RN0302 `Net` must stand for a network, and this is the block `b`"]],
  "of a block of another file are none, told at the alias": ["use std.blocks { basic }\nnetwork Net = basic(16)\n", ["2:15 «basic(16)» RN0302 `Net` must stand for a network, and this is the block `basic(width=16)`"]],
  "of an operator are none": ["network Net = relu\n", ["1:15 «relu» RN0302 `Net` must stand for a network, and this is the operator `relu`"]],
  "of a number are none": ["network Net = 3\n", ["1:15 «3» RN0302 `Net` must stand for a network, and this is no block"]],
  "of themselves": ["network Net = Net\n", ["1:9 «Net» RN0802 `Net` is an alias of itself"]],
});

checkAll("aliases: inputs stated again", shapes, {
  "with other sizes": [after(fixed, "network Net = Fixed { input image: float32[N, 3, 8, 6] }\n"), ["c [N, 8, 4, 3]", "r [N, 8, 4, 3]"]],
  "with open sizes, which the body sees": [after(fixed, "network Net = Fixed {\n  input image: float32[N, 3, H, 6]\n  expect c.shape == [N, 8, ceil(H / 2), 3]\n}\n"), ["c [N, 8, ceil(H / 2), 3]", "r [N, 8, ceil(H / 2), 3]"]],
  "the body sees those of the target too": [after(any, "network Net = Any {\n  expect r.shape == [B, 8, ceil(H / 2), ceil(W / 2)]\n}\n"), ["c [B, 8, ceil(H / 2), ceil(W / 2)]", "r [B, 8, ceil(H / 2), ceil(W / 2)]"]],
  "an alias further out goes before": [
    after(fixed, "network Mid = Fixed { input image: float32[N, 3, H, W] }\nnetwork Net = Mid { input image: float32[N, 3, S, 4] }\n"),
    ["c [N, 8, ceil(S / 2), 2]", "r [N, 8, ceil(S / 2), 2]"],
  ],
  "it holds where the alias is a layer": [
    after(fixed, `network Mid = Fixed { input image: float32[N, 3, H, W] }\n${net("a: Mid", "3, 6, 4")}`),
    ["a.c [N, 8, 3, 2]", "a.r [N, 8, 3, 2]"],
  ],
  "and must fit there": [
    after(fixed, `network Mid = Fixed { input image: float32[N, 3, H, 4] }\n${net("a: Mid", "3, 6, 6")}`),
    ["8:3 «a: Mid» RN0706 `Mid` takes 4 on axis 3 (width) and receives 6"],
  ],
  "not so that one size becomes two": [
    "network Square {\n  input image: float32[N, 3, S, S]\n  relu\n}\nnetwork Net = Square { input image: float32[N, 3, H, W] }\n",
    ["2:3 «input image: float32[N, 3, S, S]» RN0706 `S` is one size, and [N, 3, H, W] gives it two: H and W"],
  ],
  "not under another name": [after(fixed, "network Net = Fixed { input picture: float32[N, 3, 8, 8] }\n"), ["5:29 «picture» RN0706 there is no input `picture` to restate"]],
  "not with another number of axes": [after(fixed, "network Net = Fixed { input image: float32[N, 3, 8] }\n"), ["2:3 «input image: float32[N, 3, 32, 32]» RN0706 `image` has 4 dimensions [N, 3, 32, 32], and [N, 3, 8] has 3"]],
  "one of several": [
    "network Two {\n  input l: float32[N, 3, 8]\n  input r: float32[N, 4, 8]\n  concat { from l | from r }\n}\nnetwork Net = Two { input r: float32[N, 5, 8] }\n",
    ["concat1 [N, 8, 8]"],
  ],
});

checkAll("aliases: outputs stated again", outputs, {
  "replace those of the target": [after(fixed, "network Net = Fixed {\n  output half = c\n  output r\n}\n"), ["half = c [N, 8, 16, 16]", "r = r [N, 8, 16, 16]"]],
  "leave nothing dead behind": [after(fixed, "network Net = Fixed { output c }\n"), ["3:34 «r: relu» RN0705 `r` reaches no output of the network"]],
  "none is stated: the target's": [
    "network Base {\n  input image: float32[N, 3, 8]\n  relu -> y: bn\n  output y\n}\nnetwork Net = Base\n",
    ["y = y [N, 3, 8]"],
  ],
});

describe("networks: what the command line sets", () => {
  it("sizes, which an alias's own symbols then are", async () => {
    const text = `${any}network Net = Any {\n  input image: float32[N, 3, P, Q]\n  require P % 2 == 0, "even"\n}\n`;
    expect(await seen(text, outputs)).to.deep.equal(["output = r [N, 8, ceil(P / 2), ceil(Q / 2)]"]);
    expect(await seen(text, outputs, { sizes: [[1, 3, 8, 7]] })).to.deep.equal(["output = r [1, 8, 4, 4]"]);
    expect(await seen(text, outputs, { sizes: [[1, 3, 7, 7]] })).to.deep.equal(["7:11 «P % 2 == 0» RN0305 even"]);
  });
  it("a parameter", async () => {
    expect(await seen(fixed.replace("Fixed", "Net"), shapes, { settings: { width: "2 * 3" } })).to.deep.equal(["c [N, 6, 16, 16]", "r [N, 6, 16, 16]"]);
  });
  it("a parameter of an alias's target", async () => {
    expect(await seen(`${fixed}network Net = Fixed(width=4)\n`, shapes, { settings: { width: "5" } })).to.deep.equal(["c [N, 5, 16, 16]", "r [N, 5, 16, 16]"]);
  });
  it("a block of the file or of the library, whether imported or not", async () => {
    const text = "block mine(channels: int, stride: int[]) { conv(1, channels, stride=stride) }\nnetwork Net(option: block = none) {\n  input image: float32[N, 3, 8, 8]\n  shortcuts option\n  residual { conv(3, 4, stride=2) }\n}\n";
    expect(await seen(text, layers)).to.deep.equal(["conv1"]);
    expect(await seen(text, layers, { settings: { option: "mine" } })).to.deep.equal(["conv1", "conv2", "residual1"]);
    expect(await seen(text, layers, { settings: { option: "B(norm=identity)" } })).to.deep.equal(["conv1", "downsample.0", "residual1"]);
  });
  it("a parameter that is not there", async () => {
    const [line] = await seen(fixed.replace("Fixed", "Net"), shapes, { settings: { widht: "5" } });
    expect(line).to.match(/^--set widht:1:1 .* RN0301 `Net` has no parameter `widht`$/);
  });
  it("a value of the wrong type", async () => {
    const [line] = await seen(fixed.replace("Fixed", "Net"), shapes, { settings: { width: "2.5" } });
    expect(line).to.match(/^--set width:1:1 «2\.5» RN0303 `width` of `Net` must be whole, got 2\.5$/);
  });
});

describe("networks: asked for after the file was looked at", () => {
  /** What is said of the network `Net`, when the names of the file have been worked out before. */
  async function later(text: string): Promise<readonly string[]> {
    const program = await loadProgram({ path: "main.resnet", text, standard: false });
    const network = listNetworks(program).find(({ name }) => name === "Net");
    if (!network) throw new Error("no network");
    const { value, problems } = buildNetwork(program, network);
    expect(value).to.equal(undefined);
    const whole = checkProgram(program).problems.map(lineOf);
    expect(checkProgram(program).problems.map(lineOf), "checked again").to.deep.equal(whole);
    expect(whole).to.include.members(problems.map(lineOf));
    return problems.map(lineOf);
  }

  it("say what is wrong with the names they use: an import, a `let`, an alias", async () => {
    const net = (use: string): string => `network Net {\n  input image: float32[N, 3, 8, 8]\n  ${use}\n}\n`;
    expect(await later(`use std.blocks { basik }\n${net("basik(4)")}`)).to.deep.equal(["1:18 «basik» RN0203 `std.blocks` has no `basik`"]);
    expect(await later(`let width = 3 + true\n${net("conv(3x3, width)")}`)).to.deep.equal(["1:17 «true» RN0307 cannot compute `+` with true"]);
    expect(await later(`network Two(n: int[2]) {\n  input image: float32[N, 3, 8, 8]\n  relu\n}\nnetwork Net = Two(n=[1])\n`)).to.deep.equal(["5:21 «[1]» RN0302 `n` of `Two` is int[2], got 1 number"]);
    expect(await later("network Net = Net\n")).to.deep.equal(["1:9 «Net» RN0802 `Net` is an alias of itself"]);
  });
});
