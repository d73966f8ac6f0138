import { expect } from "chai";
import { positionAt } from "../../src/base/source-file.ts";
import { lexical } from "../../src/diagnostics/catalogue/lexical.ts";
import type { Problem } from "../../src/diagnostics/problem.ts";
import { parse, parseExpression, parseTree, printCst } from "../../src/syntax/index.ts";
import { showModule } from "./show.ts";

const source = (text: string) => ({ path: "test.resnet", text, standard: false });
const jargon = /token|NoViable|EOF|NewLine|undefined|\bNaN\b|Identifier|parser|lexer|mismatch/i;

/** `line:column CODE text` of every problem. */
function shown(problems: readonly Problem[], text: string): string[] {
  return problems.map(({ code, primary: { span } }) => {
    const { line, column } = positionAt(source(text), span.start);
    return `${line}:${column} ${code} ${text.slice(span.start, span.end)}`;
  });
}

/** The problems of a text, and (where given) the module that is read in spite of them. */
function check(text: string, expected: readonly string[], module?: string): readonly Problem[] {
  const tree = parseTree(source(text));
  expect(shown(tree.problems, text).sort()).to.deep.equal([...expected].sort());
  if (module !== undefined) expect(showModule(tree.module)).to.equal(module);
  expect(printCst(tree)).to.equal(text);
  for (const { message, help } of tree.problems) expect([message, ...help].join(" ")).to.not.match(jargon);
  return tree.problems;
}

/** One mistake in a body: one message; with its fix applied, none. */
function checkFix(body: string, expected: string, mended: string): void {
  const text = `network W { ${body} }`;
  const problems = check(text, [expected]);
  const edits = [...(problems[0]?.fixes[0]?.edits ?? [])].sort((a, b) => b.span.start - a.span.start);
  const fixed = edits.reduce((all, { span, text: by }) => all.slice(0, span.start) + by + all.slice(span.end), text);
  expect(fixed).to.equal(`network W { ${mended} }`);
  expect(parse(source(fixed)).problems).to.deep.equal([]);
}

describe("syntax: mistakes", () => {
  it("RN0101: sizes and repetitions", () => {
    checkFix("conv(3 x 3, 16)", "1:18 RN0101 3 x 3", "conv(3x3, 16)");
    checkFix("conv(1 x 3 x 3, 16)", "1:18 RN0101 1 x 3 x 3", "conv(1x3x3, 16)");
    checkFix("let k = 3 x 3", "1:21 RN0101 3 x 3", "let k = 3x3");
    checkFix("conv(3 x3, 16)", "1:18 RN0101 3 x3", "conv(3x3, 16)");
    checkFix("conv(3xk, 16)", "1:18 RN0101 3xk", "conv([3, k], 16)");
    checkFix("4xbasic(16)", "1:13 RN0101 4xbasic", "4 x basic(16)");
    checkFix("a -> 4 xbasic(16)", "1:18 RN0101 4 xbasic", "a -> 4 x basic(16)");
    check("network W { conv(3 x k, 16) }", ["1:20 RN0101 x"]);
  });

  it("RN0102: words of the language as names", () => {
    check("network W { x: conv(3x3, 16) }", ["1:13 RN0102 x"], "network W { x: conv(3x3, 16) }");
    check("network W { a -> input: relu }", ["1:18 RN0102 input"]);
    check("network W { x = conv(3x3, 16) }", ["1:13 RN0102 x"], "network W { x: conv(3x3, 16) }");
    check("block use { let from = 3 }", ["1:7 RN0102 use", "1:17 RN0102 from"]);
    check("block w(in: int, x: int = 3) { f(in=3) }", ["1:9 RN0102 in", "1:18 RN0102 x", "1:34 RN0102 in"]);
    check("use std.a { use, b as x }", ["1:13 RN0102 use", "1:23 RN0102 x"]);
    check("network W { for x in range(3) { a }\n output expect\n input from: int }", ["1:17 RN0102 x", "2:9 RN0102 expect", "3:8 RN0102 from"]);
    check("network W { f(1, x) }", ["1:18 RN0102 x"]);
  });

  it("RN0103: `=` and `:`", () => {
    checkFix("conv1 = conv(3x3, 16)", "1:19 RN0103 =", "conv1: conv(3x3, 16)");
    checkFix("a -> b = relu", "1:20 RN0103 =", "a -> b: relu");
    checkFix("conv(kernel: 3x3)", "1:24 RN0103 :", "conv(kernel=3x3)");
    checkFix("conv(3x3,\n  width: 16)", "2:8 RN0103 :", "conv(3x3,\n  width=16)");
    checkFix("let a: 3", "1:18 RN0103 :", "let a = 3");
    checkFix("let a: int = 3", "1:18 RN0103 :", "let a = 3");
    checkFix("output c2: layer1", "1:22 RN0103 :", "output c2 = layer1");
    check("block w(n int) { relu }", ["1:11 RN0103 int"], "block w(n: int) { relu }");
    check("block w(n: int, unit block) { relu }", ["1:22 RN0103 block"], "block w(n: int, unit: block) { relu }");
    check("recipe R { batch = 256 }", ["1:18 RN0103 ="], "recipe R { batch: 256 }");
    check("n = 3\nnetwork W { a }", ["1:1 RN0103 n"], "let n = 3\nnetwork W { a }");
  });

  it("RN0100: what other languages begin with", () => {
    check("def unit(width: int):\n  relu\nblock v { a }", ["1:1 RN0100 def"]);
    check("import std.blocks\nblock v { a }", ["1:1 RN0100 import"], "block v { a }");
    check("network W { input: float32[N, 3] }", ["1:13 RN0100 input"], "network W { input : float32[N, 3] }");
    check("network W { if a then b else c }", ["1:18 RN0100 then"]);
  });

  it("RN0104: what is never closed", () => {
    checkFix("conv(3x3, 16 -> bn", "1:17 RN0104 (", "conv(3x3, 16) -> bn");
    checkFix("let a = [1, 2", "1:21 RN0104 [", "let a = [1, 2]");
    checkFix("if a\n { bn }", "2:2 RN0104 {", "if a { bn }");
    checkFix("for i in range(3)\n{ bn }", "2:1 RN0104 {", "for i in range(3) { bn }");
    check("network W {\n  conv(3x3, 16\n  relu\n}\nblock v { a }", ["2:7 RN0104 ("], "network W { conv(3x3, 16); relu }\nblock v { a }");
    check("network W {\n  conv(3x3,\n  l: relu\n}\nblock v { a }", ["2:7 RN0104 ("], "network W { conv(3x3); l: relu }\nblock v { a }");
    check("network W {\n  f(1, g(2)\n  let b = 3\n}", ["2:4 RN0104 ("], "network W { f(1, g(2)); let b = 3 }");
    check("block w(n: int {\n  relu\n}", ["1:8 RN0104 ("], "block w(n: int) { relu }");
    check("network W { f(a] -> b }", ["1:14 RN0104 ("], "network W { f(a) -> b }");
    check("network W { f([a) -> b }", ["1:15 RN0104 ["], "network W { f([a]) -> b }");
    check("network W = V(n=3", ["1:14 RN0104 ("], "network W = V(n=3)");
    check('network W { require a, "text\n relu }', ['1:24 RN0104 "text'], 'network W { require a, "text"; relu }');
    check('network W { f("mode)\n relu }', ['1:15 RN0104 "mode)']);
    check("network W {\n  relu\n\nblock v { a }", ["1:11 RN0104 {"], "network W { relu }\nblock v { a }");
    // The indentation tells which `{` it is.
    check("network W {\n  residual {\n    a\n  b\n}\nblock v { a }", ["2:12 RN0104 {"]);
    check("network W {", ["1:11 RN0104 {"], "network W {}");
  });

  it("RN0105: signs of other languages", () => {
    check("# a comment { (\nnetwork W { a }", ["1:1 RN0105 # a comment { ("], "network W { a }");
    check("network W { a /* b\n c */ -> d }", ["1:15 RN0105 /*"], "network W { a -> d }");
    checkFix("a; b; c;", "1:14 RN0105 ;", "a\n b\n c");
    checkFix("if a && b { c }", "1:18 RN0105 &&", "if a and b { c }");
    checkFix("if a || b { c }", "1:18 RN0105 ||", "if a or b { c }");
    checkFix("if !b { c }", "1:16 RN0105 !", "if not b { c }");
    checkFix("if a === b { c }", "1:18 RN0105 ===", "if a == b { c }");
    checkFix("if a !== b { c }", "1:18 RN0105 !==", "if a != b { c }");
    checkFix("if a ≥ b { c }", "1:18 RN0105 ≥", "if a >= b { c }");
    checkFix("a → b", "1:15 RN0105 →", "a -> b");
    checkFix("conv(3X3, 16)", "1:18 RN0105 3X3", "conv(3x3, 16)");
    checkFix("conv(3×3, 16)", "1:19 RN0105 ×", "conv(3x3, 16)");
    checkFix("2×u", "1:14 RN0105 ×", "2 x u");
    checkFix("2 X u", "1:15 RN0105 X", "2 x u");
    checkFix("f('a')", "1:15 RN0105 'a'", 'f("a")');
    check("network W { f(a ** b) }", ["1:17 RN0105 **"]);
    check("network W { 가나: a -> b@ }", ["1:13 RN0105 가나", "1:23 RN0105 @"]);
    check("network W { a \u0000 }", ["1:15 RN0105 \u0000"]);
    check("network W {\n\ta\u00a0-> b\n}", [], "network W { a -> b }");
  });

  it("RN0100: everything else, in words", () => {
    checkFix("conv(3x3 16)", "1:22 RN0100 16", "conv(3x3, 16)");
    checkFix("a bn", "1:15 RN0100 bn", "a -> bn");
    checkFix("a)", "1:14 RN0100 )", "a");
    check("use std.a { a b }\nnetwork W { a }", ["1:15 RN0100 b"], "use std.a {a, b}\nnetwork W { a }");
    check("use std.blocks\nnetwork W { a }", ["1:9 RN0100 blocks"]);
    check("block w(n) { a }", ["1:9 RN0100 n"]);
    check("block w(n = 3) { a }", ["1:9 RN0100 n"]);
    check("network W { f(stem={ a -> b }) }", ["1:20 RN0100 {"]);
    check("network W { { | a | } }", ["1:21 RN0602 }"]);
    check("network W { else { a } }", ["1:13 RN0100 else"]);
    check("network W { 2nd: a }", ["1:13 RN0100 2nd"]);
    check("network W { expect 3 == params }", ["1:20 RN0100 3"]);
    check("network W { a } }", ["1:17 RN0100 }"], "network W { a }");
    check("netwrk W { a -> b\n c }\nnetwork V { a }", ["1:1 RN0100 netwrk"], "network V { a }");
    check("network W { a -> }", ["1:18 RN0100 }"]);
    check("network W {\n let a = 3 +\n input b: int }", ["2:13 RN0100 \n"], "network W { input b: int }");
    check("network", ["1:8 RN0100 "]);
  });

  it("goes on after every fault: one message for each, and the rest is read", () => {
    const text = `use std.blocks { basic bottleneck }
network One(n: int, m int) {
  input image float32[N, 3, 32, 32]
  conv(3 x 3, 16)
  good1: relu
  conv1 = conv(3x3, 16)
  shortcuts
  good2: { a -> -> b }
  residual { conv(3x3,, 16)
    inner: bn
  }
  expect params = 3
}
block two(n: int) {
  good3: relu
  conv(3x3, 16
  let = 3
}
recipe Three { batch: 1 2
  good4: a }
network Four { good5: relu }
`;
    check(text, [
      "1:24 RN0100 bottleneck", "2:23 RN0103 int", "3:15 RN0100 float32", "4:8 RN0101 3 x 3", "6:9 RN0103 =",
      "7:12 RN0100 \n", "8:17 RN0100 ->", "9:23 RN0100 ,", "12:17 RN0100 =", "16:7 RN0104 (", "17:7 RN0100 =", "19:25 RN0100 2",
    ]);
    const { module } = parse(source(text));
    expect(module.items.map((item) => (item.kind === "declaration" ? item.name.name : item.kind))).to.deep.equal(["use", "One", "two", "Three", "Four"]);
    const read = showModule(module);
    for (const label of ["good1: relu", "inner: bn", "good3: relu", "good4: a", "good5: relu", "conv1: conv(3x3, 16)"]) expect(read).to.include(label);
    expect(module.items.map((item) => "broken" in item)).to.deep.equal([false, true, true, true, false]);
  });

  it("tells when something outside of the declarations is missing from the tree", () => {
    const broken = (text: string) => parse(source(text)).module.broken ?? false;
    expect(broken("network W { a b }")).to.equal(false);
    expect(broken("use std.a { }\nnetwork W { a }")).to.equal(true);
    expect(broken("network W { a }\nblok v { a }")).to.equal(true);
    expect(broken(`network W ${"{ ".repeat(100)}${"} ".repeat(100)}`)).to.equal(true);
  });

  it("reports at most one fault of a line that it could not read, and never more than a hundred", () => {
    check("network W { a b -> -> c d }", ["1:15 RN0100 b"]);
    expect(parse(source(`network W {\n${"a b\n".repeat(5000)}}`)).problems).to.have.length(100);
  });

  it("parseExpression gives a value or problems", () => {
    const of = (text: string) => {
      const { value, problems } = parseExpression(source(text));
      return [value?.kind, ...shown(problems, text)];
    };
    expect(of("")).to.deep.equal([undefined, "1:1 RN0100 "]);
    expect(of("a b")).to.deep.equal([undefined, "1:3 RN0100 b"]);
    expect(of("3 x 3")).to.deep.equal(["size", "1:1 RN0101 3 x 3"]);
    expect(of("[1, 2")).to.deep.equal(["list", "1:1 RN0104 ["]);
  });

  for (const [code, { wrong, right }] of Object.entries(lexical)) {
    it(`${code}: the catalogue's wrong program is reported with it alone, the right one not`, () => {
      expect(parse(source(wrong)).problems.map((problem) => problem.code)).to.deep.equal([code]);
      expect(parse(source(right)).problems).to.deep.equal([]);
    });
  }
});
