/** Contracts (language reference, "Expect"): what can be measured, of what, and when a contract holds. Quantities are counted by hand. */
import { expect } from "chai";
import { loadProgram } from "../../src/program/load.ts";
import { buildNetwork, listNetworks } from "../../src/program/networks.ts";
import type { BuildOptions } from "../../src/program/networks.ts";
import { layers, net, seen } from "../support/language.ts";

/** What is said about the contracts of a network: nothing where they hold. */
async function said(text: string, options: BuildOptions = {}): Promise<readonly string[]> {
  const result = await seen(text, layers, options);
  return result.some((line) => / RN\d{4} /.test(line)) ? result.map((line) => line.replace(/^\S+ «.*?» /, "")) : [];
}

function holding(title: string, rows: Readonly<Record<string, string>>): void {
  describe(title, () => {
    for (const [why, text] of Object.entries(rows)) {
      it(why, async () => {
        expect(await said(text), text).to.deep.equal([]);
        // A contract that is turned round must fail: what holds is measured, not skipped.
        const wrong = text.replaceAll(/^( *expect .*) == /gm, "$1 != ");
        if (wrong !== text) expect((await said(wrong)).length, wrong).to.equal([...text.matchAll(/^ *expect .* == /gm)].length);
      });
    }
  });
}

const contracts = (items: string, lines: readonly string[], size?: string, before?: string): string => net(`${items}\n${lines.map((line) => `  expect ${line}`).join("\n")}`, size, before);

holding("contracts: what is measured", {
  // conv: 3*3*3*8 = 216; bn: 2*8 learned, 2*8 running; linear: 8*10 + 10.
  "parameters and buffers": contracts("conv(3, 8) -> bn -> globalavgpool -> linear(10)", ["params == 216 + 16 + 90", "buffers == 16"]),
  // 216 per position of 16x16, and 8*10.
  "multiply-adds": contracts("conv(3, 8, stride=2) -> globalavgpool -> linear(10)", ["macs == 216 * 16 * 16 + 80"]),
  "of a grouped convolution": contracts("conv(3, 8, groups=4)", ["macs == 3 * 3 * 1 * 8 * 64", "params == 72"], "4, 8, 8"),
  "K, M and G are powers of ten": contracts("conv(1, 1000)", ["params == 3K", "macs == 3.072M", "macs == 0.003072G"]),
  "the longest path": contracts("conv(3, 8) -> sum { conv(3, 8) -> conv(3, 8) | conv(1, 8) } -> globalavgpool -> linear(4)", ["depth == 4"]),
  "a shortcut that was inserted does not count, whatever its length": contracts(
    "residual(P) { conv(3, 8, stride=2) }", ["depth == 1"], undefined,
    "block P(channels: int, stride: int[]) { conv(3, 4) -> conv(3, 4) -> conv(3, channels, stride=stride) }\n"),
  "`mul` counts its first branch": contracts("mul { identity | globalavgpool(keep=true) -> conv(1, 3) -> sigmoid } -> conv(3, 8)", ["depth == 1"]),
  "with the gate first it counts the gate": contracts("mul { globalavgpool(keep=true) -> conv(1, 3) -> sigmoid | identity } -> conv(3, 8)", ["depth == 2"]),
  // 1 + 2 + 2*2 after a stride of 2, + 6*2.
  "receptive fields": contracts("conv(3, 8) -> conv(3, 8, stride=2) -> conv(7, 8)", ["rf == 1 + 2 + 2 + 6 * 2"]),
  "along the longest and the shortest path to a layer": contracts("sum { conv(3, 8) | conv(1, 8) } -> conv(3, 8)", ["rf == 5", "rf.min == 3"]),
  "the greatest of all layers, those on a longer branch too": contracts("sum { conv(3, 8) -> conv(3, 8) | conv(1, 8) } -> conv(3, 8)", ["rf == 7", "rf.min == 5"]),
  "dilation": contracts("conv(3, 8, dilation=4)", ["rf == 9"]),
  "a list where axes differ": contracts("conv(1x3, 8)", ["rf == [1, 3]"]),
  "before global pooling": contracts("conv(3, 8) -> globalavgpool -> linear(3)", ["rf == 3"]),
  // At the convolution its input and its result live: (3 + 8) * 1024 values of 4 bytes.
  "memory: what lives at once": contracts("conv(3, 8) -> conv(3, 1)", ["memory == (3 + 8) * 32 * 32 * 4"]),
  // The image is kept for the sum: image, first, second at the second layer.
  "memory: what is needed later stays": contracts("sum { conv(3, 3) -> relu | identity }", ["memory == 3 * 3 * 32 * 32 * 4"]),
  "the shape of the output": contracts("conv(3, 8, stride=2)", ["shape == [N, 8, 16, 16]"]),
  "of the first of several": net("a: conv(3, 8)\n  b: conv(3, 4)\n  output a\n  output b\n  expect shape == [N, 8, 32, 32]"),
  "other relations": contracts("conv(3, 8)", ["params < 217", "params <= 216", "params > 215", "params >= 216", "params != 215"]),
  "any expression on the right, over parameters as well": "network Base(n: int) {\n  input image: float32[N, 3, 8, 8]\n  n x conv(3, 3)\n  expect depth == n\n  expect params == total([81, 81]) * n / 2\n}\nnetwork Net = Base(n=4)\n",
  "the left side is no value: a parameter may have its name": "network Base(depth: int) {\n  input image: float32[N, 3, 8, 8]\n  depth x conv(3, 3)\n  expect depth == depth\n}\nnetwork Net = Base(4)\n",
});

const stage = "block unit { conv(3, 3) -> bn }\nblock stage(n: int) { n x unit }\n";
holding("contracts: of a part", {
  "a layer": contracts("a: conv(3, 8) -> conv(3, 8)", ["a.params == 216", "a.macs == 216 * 1024", "a.depth == 1", "a.shape == [N, 8, 32, 32]"]),
  "a block": contracts("conv(3, 3) -> s: stage(2)", ["s.params == 2 * (81 + 6)", "s.buffers == 12", "s.depth == 2", "s.shape == [N, 3, 32, 32]"], undefined, stage),
  "a part of a block": contracts("conv(3, 3) -> s: stage(2)", ["s.1.params == 81 + 6", "s.1.bn1.params == 6", "s.0.conv1.depth == 1"], undefined, stage),
  "a labelled group and what is numbered in it": contracts("f: { conv(3, 8) -> relu -> conv(3, 4) }", ["f.params == 216 + 288", "f.2.params == 288", "f.1.params == 0", "f.2.shape == [N, 4, 32, 32]"]),
  "a join": contracts("s: sum { conv(3, 8) | conv(1, 8) }", ["s.params == 216 + 24", "s.depth == 1"]),
  "a residual, with what was inserted": `use std.shortcuts { C }\n${contracts("r: residual(C) { conv(3, 8) }", ["r.params == 216 + 24 + 16", "r.depth == 1"])}`,
  "a receptive field is that of the whole way from the image": contracts("conv(3, 8) -> a: conv(3, 8) -> conv(3, 8)", ["a.rf == 5", "a.rf.min == 5", "rf == 7"]),
  "a label in a dissolved block": contracts("b", ["a.params == 216"], undefined, "block b { a: conv(3, 8) -> conv(3, 8) }\n"),
  "an inner network and its output": contracts("b: Inner -> relu", ["b.params == 24 + 64", "b.a.params == 24"], undefined, "network Inner {\n  input image: float32[N, 3, H, W]\n  a: conv(1, 8) -> conv(1, 8)\n}\n"),
  "something without effect has nothing": contracts("conv(3, 8) -> a: identity", ["a.params == 0", "a.depth == 0", "a.shape == [N, 8, 32, 32]"]),
});

describe("contracts: what is said", () => {
  const rows: Readonly<Record<string, readonly [string, readonly string[]]>> = {
    "both numbers and the difference": [contracts("conv(3, 8)", ["params == 200"]), ["RN0901 expected 200 parameters, measured 216 (+16)"]],
    "below what was expected": [contracts("conv(3, 8)", ["params == 1_216"]), ["RN0901 expected 1,216 parameters, measured 216 (−1,000)"]],
    "of a part": [contracts("a: conv(3, 8)", ["a.macs < 1"]), ["RN0901 expected < 1 multiply-add of a, measured 221,184 (+221,183)"]],
    "of a shape": [contracts("a: conv(3, 8)", ["a.shape == [N, 8, 16, 16]"]), ["RN0901 expected [N, 8, 16, 16] of a, measured [N, 8, 32, 32]"]],
    "every contract that fails": [contracts("conv(3, 8)", ["params == 1", "depth == 1", "depth == 2"]), ["RN0901 expected 1 parameter, measured 216 (+215)", "RN0901 expected 2 weighted layers, measured 1 (−1)"]],
    "multiply-adds while a size is open": [contracts("conv(3, 8)", ["macs == 1"], "3, H, 8"), ["RN0902 the multiply-adds are unknown while H is open"]],
    "memory while sizes are open": [contracts("conv(3, 8)", ["memory == 1"], "3, H, W"), ["RN0902 the bytes are unknown while H and W are open"]],
    "an unknown quantity": [contracts("conv(3, 8)", ["weights == 1"]), ["RN0903 `weights` is nothing that can be measured"]],
    "an unknown part": [contracts("a: conv(3, 8)", ["b.params == 1"]), ["RN0204 no layer is called `b` before this line"]],
    "a part that is not there": [contracts("a: conv(3, 8)", ["a.b.params == 1"]), ["RN0204 `a` has no part `b`"]],
    "what cannot be compared": [contracts("conv(3, 8)", ["params < true"]), ["RN0302 `params` is the number 216 and cannot be compared with true"]],
    "in a block": [net("b", undefined, "block b {\n  relu\n  expect params == 0\n}\n"), ["RN0708 `expect` belongs in a network, and `b` is a block"]],
  };
  for (const [why, [text, expected]] of Object.entries(rows)) {
    it(why, async () => {
      expect(await said(text), text).to.deep.equal(expected);
    });
  }
});

describe("contracts: when they hold", () => {
  const full = "network Base(n: int = 2) {\n  input image: float32[N, 3, 8, 8]\n  n x conv(3, 3)\n  expect params == 81 * 2\n}\n";
  const alias = "network Base(n: int = 2) {\n  input image: float32[N, 3, 8, 8]\n  n x conv(3, 3)\n}\nnetwork Net = Base(n=3) {\n  expect params == 81 * 3\n}\n";
  const broken = ["RN0901 expected 162 parameters, measured 243 (+81)"];

  it("those of a full network hold for every instance of it on top: as it stands, for aliases, and for what is set", async () => {
    expect(await said(full.replace("Base", "Net"))).to.deep.equal([]);
    expect(await said(`${full}network Net = Base(3)\n`)).to.deep.equal(broken);
    expect(await said(full.replace("Base", "Net"), { settings: { n: "3" } })).to.deep.equal(broken);
  });
  it("not where it is a layer of another", async () => {
    expect(await said(`${full}${net("Base(3)", "3, 8, 8")}`)).to.deep.equal([]);
  });
  it("those of an alias hold for it as it stands", async () => {
    expect(await said(alias)).to.deep.equal([]);
    expect(await said(alias.replace("81 * 3", "81"))).to.deep.equal(["RN0901 expected 81 parameters, measured 243 (+162)"]);
  });
  it("not with further arguments, set or given by another alias", async () => {
    expect(await said(alias, { settings: { n: "4" } })).to.deep.equal([]);
    expect(await said(`${alias.replace("Net", "Mid")}network Net = Mid(n=4)\n`)).to.deep.equal([]);
    expect(await said(`${alias.replace("Net", "Mid")}network Net = Mid\n`)).to.deep.equal([]);
  });
  it("multiply-adds of an open network are known when sizes are given", async () => {
    const open = contracts("conv(1, 8)", ["macs == 24 * 16"], "3, H, W");
    expect(await seenBuilt(open, [[1, 3, 4, 4]])).to.deep.equal([]);
    expect(await seenBuilt(open, [[1, 3, 4, 5]])).to.deep.equal(["RN0901 expected 384 multiply-adds, measured 480 (+96)"]);
  });
});

/** What is said when only the network is built, with these sizes. */
async function seenBuilt(text: string, sizes: readonly (readonly number[])[]): Promise<readonly string[]> {
  const program = await loadProgram({ path: "main.resnet", text, standard: false });
  const [network] = listNetworks(program);
  if (network === undefined) throw new Error("no network");
  return buildNetwork(program, network, { sizes }).problems.map(({ code, message }) => `${code} ${message}`);
}
