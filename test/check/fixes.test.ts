/** Fixes of the checker: the text after them is the one that a reader of the message would write, and it checks clean. */
import { expect } from "chai";
import { applyFixes } from "../../src/lint/fix.ts";
import { loadProgram } from "../../src/program/load.ts";
import { checkProgram } from "../../src/program/networks.ts";
import type { Problem } from "../../src/diagnostics/problem.ts";

async function problemsIn(text: string): Promise<{ readonly problems: readonly Problem[]; readonly source: Problem["primary"]["span"]["source"] }> {
  const source = { path: "main.resnet", text, standard: false };
  return { problems: checkProgram(await loadProgram(source)).problems, source };
}

/** The text after the first fix of every problem, which must then be clean. */
async function mended(text: string, unsafe = true): Promise<string> {
  const { problems, source } = await problemsIn(text);
  expect(problems.length, text).to.be.at.least(1);
  const { text: after } = applyFixes(source, problems, { unsafe });
  const left = await problemsIn(after);
  expect(left.problems.map(({ code, message }) => `${code} ${message}`), after).to.deep.equal([]);
  return after;
}

/** A network with these lines from line 3 on. */
const net = (lines: string, before = "", size = "3, 32, 32"): string => `${before}network Net {\n  input image: float32[N, ${size}]\n  ${lines}\n}\n`;
const OPTIONS = "use std.shortcuts { B }\n";

type Row = readonly [before: string, after: string];

function check(rows: Readonly<Record<string, Row>>): void {
  for (const [title, [before, after]] of Object.entries(rows)) {
    it(title, async () => {
      expect(await mended(before)).to.equal(after);
    });
  }
}

describe("fixes: names", () => {
  check({
    "a misspelt block": ["use std.blocks { basic }\n" + net("conv(3x3, 8) -> basc(8)"), "use std.blocks { basic }\n" + net("conv(3x3, 8) -> basic(8)")],
    "a misspelt parameter": [net("conv(3x3, 8, strid=2)"), net("conv(3x3, 8, stride=2)")],
    "a misspelt type": ["block b(n: imt) { conv(3x3, n) }\n" + net("b(3)"), "block b(n: int) { conv(3x3, n) }\n" + net("b(3)")],
    "a misspelt label": [net("stem: conv(3x3, 8)\n  sum { relu | from stm }"), net("stem: conv(3x3, 8)\n  sum { relu | from stem }")],
    "a misspelt name in an import": ["use std.blocks { basik as unit }\n" + net("conv(3x3, 8) -> unit(8)"), "use std.blocks { basic as unit }\n" + net("conv(3x3, 8) -> unit(8)")],
    "a misspelt module": ["use std.block { basic }\n" + net("conv(3x3, 8) -> basic(8)"), "use std.blocks { basic }\n" + net("conv(3x3, 8) -> basic(8)")],
    "a misspelt quantity": [net("conv(3x3, 8)\n  expect parms == 216"), net("conv(3x3, 8)\n  expect params == 216")],
    "a misspelt field of a recipe": ["recipe R {\n  batsh: 32\n}\n", "recipe R {\n  batch: 32\n}\n"],
    "1 for true": [net("conv(3x3, 8, bias=1)"), net("conv(3x3, 8, bias=true)")],
    "a network of the library, misspelt and not imported": ["network Mine = SEResnet50\n", "use std.se { SEResNet50 }\n\nnetwork Mine = SEResNet50\n"],
  });
});

describe("fixes: missing imports", () => {
  check({
    "beside what comes from the same module": ["use std.blocks { basic }\n" + net("conv(3x3, 8) -> stage(2, basic(8))"), "use std.blocks { basic, stage }\n" + net("conv(3x3, 8) -> stage(2, basic(8))")],
    "on a line of its own": ["use std.blocks { basic }\n" + net("shortcuts B\n  conv(3x3, 8) -> basic(8)"), "use std.blocks { basic }\nuse std.shortcuts { B }\n" + net("shortcuts B\n  conv(3x3, 8) -> basic(8)")],
    "the first of a file, above the documentation of its first declaration": [
      "// A file.\n\n/// A network.\n" + net("conv(3x3, 8) -> basic(8)"),
      "// A file.\n\nuse std.blocks { basic }\n\n/// A network.\n" + net("conv(3x3, 8) -> basic(8)"),
    ],
  });

  it("is safe: the name had no other meaning", async () => {
    const text = net("conv(3x3, 8) -> basic(8)");
    expect(await mended(text, false)).to.equal(`use std.blocks { basic }\n\n${text}`);
  });

  it("is not safe where the name is another", async () => {
    const { problems, source } = await problemsIn("network Mine = GoogLeNett\n");
    expect(problems[0]?.fixes.map(({ title }) => title)).to.deep.equal(["import `GoogLeNet`"]);
    expect(applyFixes(source, problems, { unsafe: false }).applied).to.deep.equal([]);
  });

  it("of several that are as near none is chosen", async () => {
    const { problems } = await problemsIn("network Mine = ResNet19\n");
    expect(problems[0]?.primary.text).to.match(/^did you mean `ResNet\d+` or `ResNet\d+` or `ResNet\d+` of the standard library\?$/);
    expect(problems[0]?.fixes).to.deep.equal([]);
  });
});

describe("fixes: shapes", () => {
  check({
    "unlike channels: the second branch gets those of the first": [net("sum { conv(3x3, 64) | conv(1x1, 46) -> bn }"), net("sum { conv(3x3, 64) | conv(1x1, 64) -> bn }")],
    "unlike strides: the branch without one gets it": [net("sum { conv(3x3, 8, stride=2) -> bn | conv(1x1, 8) }"), net("sum { conv(3x3, 8, stride=2) -> bn | conv(1x1, 8, stride=2) }")],
    "a stride that is written out": [net("concat { conv(3x3, 8, stride=2) | maxpool(3x3, stride=1) }"), net("concat { conv(3x3, 8, stride=2) | maxpool(3x3, stride=2) }")],
    "a linear layer after a map": [net("conv(3x3, 8) -> fc: linear(10)"), net("conv(3x3, 8) -> globalavgpool -> fc: linear(10)")],
    "flatten on open sizes": [net("conv(3x3, 8) -> flatten -> linear(10)", "", "3, H, W"), net("conv(3x3, 8) -> globalavgpool -> linear(10)", "", "3, H, W")],
    "sizes that are equal for some images only": [
      net("concat { identity | maxpool(2x2) -> upsample(2) }", "", "3, H, 32"),
      net("require H % 2 == 0\n  concat { identity | maxpool(2x2) -> upsample(2) }", "", "3, H, 32"),
    ],
    // 60 = 4 * 15 and 64 = 4 * 16: of the numbers up to 32 only 4, 2 and 1 divide both.
    "groups that do not divide the channels": [net("conv(3x3, 60) -> conv(3x3, 64, groups=32)"), net("conv(3x3, 60) -> conv(3x3, 64, groups=4)")],
    "groups that a block was given": [
      "block g(width: int, groups: int) { conv(3x3, width, groups=groups) }\n" + net("conv(3x3, 12) -> g(12, groups=5)"),
      "block g(width: int, groups: int) { conv(3x3, width, groups=groups) }\n" + net("conv(3x3, 12) -> g(12, groups=4)"),
    ],
  });
});

describe("fixes: shortcuts", () => {
  const F = "conv(3x3, 16, stride=2) -> bn -> relu -> conv(3x3, 16) -> bn";
  check({
    "no option: one that the file has": [net(`conv(3x3, 8)\n  residual { ${F} }`, OPTIONS), net(`conv(3x3, 8)\n  residual(B) { ${F} }`, OPTIONS)],
    "no option and none imported": [net(`conv(3x3, 8)\n  residual { ${F} }`), `use std.shortcuts { B }\n\n${net(`conv(3x3, 8)\n  shortcuts B\n  residual { ${F} }`)}`],
    "in a block of the library: a line in the user's body": [
      `use std.blocks { basic }\n${OPTIONS}${net("conv(3x3, 8)\n  layer1: basic(16, stride=2)")}`,
      `use std.blocks { basic }\n${OPTIONS}${net("conv(3x3, 8)\n  shortcuts B\n  layer1: basic(16, stride=2)")}`,
    ],
    "a window without padding": [net("residual { conv(3x3, 3, pad=0) -> relu -> conv(3x3, 3) }"), net("residual { conv(3x3, 3) -> relu -> conv(3x3, 3) }")],
    "a pool that rounds down": [
      net("residual { conv(3x3, 3, stride=2) -> relu -> conv(3x3, 3) }", "block pooled(channels: int, stride: int[]) {\n  avgpool(stride)\n}\n", "3, 33, 33").replace("  residual", "  shortcuts pooled\n  residual"),
      net("residual { conv(3x3, 3, stride=2) -> relu -> conv(3x3, 3) }", "block pooled(channels: int, stride: int[]) {\n  avgpool(stride, ceil=true)\n}\n", "3, 33, 33").replace("  residual", "  shortcuts pooled\n  residual"),
    ],
    "an option that forgets the stride": [
      net(`residual(mine) { ${F} }`, "block mine(channels: int, stride: int[]) {\n  conv(1x1, channels) -> bn\n}\n"),
      net(`residual(mine) { ${F} }`, "block mine(channels: int, stride: int[]) {\n  conv(1x1, channels, stride=stride) -> bn\n}\n"),
    ],
    "an option that does not do what it is told": [
      net(`residual(mine) { ${F} }`, "block mine(channels: int, stride: int[]) {\n  conv(1x1, 32, stride=stride)\n}\n"),
      net(`residual(mine) { ${F} }`, "block mine(channels: int, stride: int[]) {\n  conv(1x1, channels, stride=stride)\n}\n"),
    ],
  });

  it("a width that was mistyped: the second fix", async () => {
    const { problems, source } = await problemsIn(net("conv(3x3, 16)\n  residual { conv(3x3, 16) -> relu -> conv(3x3, 61) }"));
    const [, second] = problems[0]?.fixes ?? [];
    const only = problems.map((problem) => ({ ...problem, fixes: second ? [second] : [] }));
    expect(applyFixes(source, only, { unsafe: true }).text).to.equal(net("conv(3x3, 16)\n  residual { conv(3x3, 16) -> relu -> conv(3x3, 16) }"));
  });
});

describe("fixes: contracts and conditions", () => {
  check({
    "the number that was measured": [net("conv(3x3, 64)\n  expect params == 1_729"), net("conv(3x3, 64)\n  expect params == 1_728")],
    "a bound that was passed": [net("conv(3x3, 64)\n  expect params <= 1_000"), net("conv(3x3, 64)\n  expect params <= 1_728")],
    "a strict bound, which today's value cannot meet": [net("conv(3x3, 64)\n  expect params < 1_000 // small"), net("conv(3x3, 64)\n  expect params <= 1_728 // small")],
    "a bound from below": [net("conv(3x3, 64)\n  expect depth>2"), net("conv(3x3, 64)\n  expect depth>=1")],
    "digits without groups": [net("conv(3x3, 64)\n  expect params == 1729"), net("conv(3x3, 64)\n  expect params == 1728")],
    // 27 * 64 * 32 * 32 = 1,769,472: not to be said in millions with one decimal; 27 * 1000 = 27.0 thousand is.
    "a number with a suffix": [net("conv(3x3, 64)\n  expect macs <= 1.5M"), net("conv(3x3, 64)\n  expect macs <= 1_769_472")],
    "a number with a suffix that says it exactly": [net("conv(3x3, 1000)\n  expect params == 2.5K"), net("conv(3x3, 1000)\n  expect params == 27K")],
    "an entry of a shape, the others as they are written": [net("c: conv(3x3, 8 * 8)\n  let w = 64\n  expect c.shape == [N, w, 16, 2 * 16]"), net("c: conv(3x3, 8 * 8)\n  let w = 64\n  expect c.shape == [N, w, 32, 2 * 16]")],
    "a shape in symbols": [net("c: conv(3x3, 8, stride=2)\n  expect c.shape == [N, 8, H / 2, W]", "", "3, H, W"), net("c: conv(3x3, 8, stride=2)\n  expect c.shape == [N, 8, ceil(H / 2), ceil(W / 2)]", "", "3, H, W")],
    "a shape of another rank": [net("c: conv(3x3, 8) -> globalavgpool\n  expect shape == [N, 8, 1, 1]"), net("c: conv(3x3, 8) -> globalavgpool\n  expect shape == [N, 8]")],
    "a size": [net("conv(3x5, 8)\n  expect rf == 3x3"), net("conv(3x5, 8)\n  expect rf == 3x5")],
    "a shape": [net("c: conv(3x3, 64)\n  expect c.shape == [N, 46, 32, 32]"), net("c: conv(3x3, 64)\n  expect c.shape == [N, 64, 32, 32]")],
    "the nearest depth that fits": ["use std.cifar { CifarResNetOfDepth }\nnetwork Mine = CifarResNetOfDepth(depth=21)\n", "use std.cifar { CifarResNetOfDepth }\nnetwork Mine = CifarResNetOfDepth(depth=20)\n"],
  });

  it("a formula is the author's to change, and no value meets `!=`", async () => {
    const formula = "The value is a formula: change it, or what it is made of.";
    for (const [line, help] of [["params == 27 * 63", [formula]], ["shape == [N, 32 * 4, 32, 32]", [formula]], ["shape == [N, 8 * 8]", [formula]], ["params != 1_728", []]] as const) {
      const { problems } = await problemsIn(net(`conv(3x3, 64)\n  expect ${line}`));
      expect(problems.map(({ code, fixes, help: said }) => [code, fixes.length, said]), line).to.deep.equal([["RN0901", 0, help]]);
    }
  });

  it("what a network's body expects of every alias is not written after one of them", async () => {
    const base = net("n x conv(3x3, 3)\n  expect params == 81").replace("Net", "Net(n: int = 1)");
    const { problems } = await problemsIn(`${base}network Twice = Net(n=2)\n`);
    expect(problems.map(({ message, fixes }) => [message, fixes.length])).to.deep.equal([["expected 81 parameters, measured 162 (+81)", 0]]);
    expect(problems[0]?.help[0]).to.match(/^This was measured of `Twice`: what `Net` expects in its body holds for every alias of it\./);
  });

  it("both sides of a depth that does not fit", async () => {
    const { problems } = await problemsIn("use std.cifar { CifarResNetOfDepth }\nnetwork Mine = CifarResNetOfDepth(42)\n");
    expect(problems[0]?.help).to.deep.equal(["The nearest that hold are depth = 44 and depth = 38."]);
    expect(problems[0]?.fixes.map(({ title }) => title)).to.deep.equal(["depth = 44", "depth = 38"]);
  });
});

describe("fixes: where there is none to give", () => {
  it("a block that others use, too, is not changed for the sake of one join", async () => {
    const { problems } = await problemsIn("block unit(width: int) { conv(3x3, width) -> relu }\n" + net("unit(8) -> sum { unit(8) | conv(3x3, 8, stride=2) }"));
    expect(problems.map(({ code, fixes }) => [code, fixes.length])).to.deep.equal([["RN0401", 0]]);
  });

  it("the library is nobody's to edit, and a number that is worked out has no place", async () => {
    const lines = ["conv(3x3, 2 * 30) -> conv(3x3, 64, groups=16 * 2)", "3 x linear(10)"];
    for (const line of lines) {
      const { problems } = await problemsIn(net(line));
      expect(problems.flatMap(({ fixes }) => fixes), line).to.deep.equal([]);
    }
  });
});
