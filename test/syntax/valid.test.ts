import { expect } from "chai";
import type { Expression, Module } from "../../src/syntax/ast.ts";
import { parse, parseExpression, parseTree, printCst, tokensOfCst } from "../../src/syntax/index.ts";
import { show, showModule } from "./show.ts";

const source = (text: string) => ({ path: "test.resnet", text, standard: false });

/** A body's text, what the tree must be, and that the text comes back from the concrete tree. */
function check(text: string, expected: string): void {
  checkModule(`network W {${text}}`, `network W { ${expected} }`);
}

function checkModule(text: string, expected: string): Module {
  const tree = parseTree(source(text));
  expect(tree.problems.map(({ message }) => message)).to.deep.equal([]);
  expect(showModule(tree.module)).to.equal(expected);
  expect(printCst(tree)).to.equal(text);
  expect(tokensOfCst(tree.cst).length, "tokens in the tree").to.equal(tree.tokens.length);
  expect(tree.module.broken).to.equal(undefined);
  return tree.module;
}

function checkExpression(text: string, expected: string): Expression {
  const { value, problems } = parseExpression(source(text));
  expect(problems).to.deep.equal([]);
  if (!value) throw new Error(`no value: ${text}`);
  expect(show(value)).to.equal(expected);
  return value;
}

describe("syntax: what is valid", () => {
  it("reads declarations", () => {
    checkModule("", "");
    checkModule("\ufeff// only a comment", "");
    checkModule("use std.blocks { basic, stage as row, }", "use std.blocks {basic, stage as row}");
    checkModule('use "a b/net.resnet" { wibble }', 'use "a b/net.resnet" {wibble}');
    checkModule("use std.shortcuts.x { A }", "use std.shortcuts.x {A}");
    checkModule("let depth = 3\nlet other = depth + 1", "let depth = 3\nlet other = (depth + 1)");
    checkModule("block w { }", "block w {}");
    checkModule("block w() { }", "block w() {}");
    checkModule("network A = B", "network A = B");
    checkModule("network A\n  = B(n=3)\nnetwork C = A", "network A = B(n=3)\nnetwork C = A");
    checkModule("network A = B(n=3) { expect params == 1 }", "network A = B(n=3) { expect params == 1 }");
    checkModule("network A = B { }\nrecipe R { }", "network A = B {}\nrecipe R {}");
    checkModule(
      "block w(n: int, stride: int[] = 1,\n   unit: block[4], s: string = \"a, b\", f: float32[N, 3, H, W],) { }",
      'block w(n: int, stride: int[] = 1, unit: block[4], s: string = "a, b", f: float32[N, 3, H, W]) {}',
    );
  });

  it("reads statements", () => {
    check("input image: float32[N, 3, 32, 32]", "input image: float32[N, 3, 32, 32]");
    check("output p3", "output p3");
    check("output c2 = layer1", "output c2 = layer1");
    check("output c2 = net.layer1.0", "output c2 = net.layer1.0");
    check("shortcuts B(norm=identity)", "shortcuts B(norm=identity)");
    check('require n >= 1, "n, the depth"', 'require (n >= 1), "n, the depth"');
    check("require H % 2 == 0 and W % 2 == 0", "require (((H % 2) == 0) and ((W % 2) == 0))");
    check("expect rf.min >= 3", "expect rf.min >= 3");
    check("expect layer1.0.1.params <= 4.1G", "expect layer1.0.1.params <= 4.1G");
    check("let grows = width * expansion != in.channels", "let grows = ((width * expansion) != in.channels)");
  });

  it("reads chains, and labels on every kind of element", () => {
    check("conv(3x3, 16) -> bn -> relu", "conv(3x3, 16) -> bn -> relu");
    check("a: relu -> b: { bn } -> c: if n { bn } -> d: for i in n { bn } -> e: 2 x bn -> f: from a -> g: sum { bn }",
      "a: relu -> b: { bn } -> c: if n { bn } -> d: for i in n { bn } -> e: 2 x ‹bn› -> f: from a -> g: sum { bn }");
    check("bn: bn", "bn: bn");
    check("if a { bn } else if b { relu } else { }", "if a { bn } else if b { relu } else {}");
    check("for s in [[24, 2], [32, 3]] { conv(3x3, s[0]) }", "for s in [[24, 2], [32, 3]] { conv(3x3, s[0]) }");
    check("for i in range(3) { unit }", "for i in range(3) { unit }");
    check("from in", "from in");
    check("from b.c5", "from b.c5");
    check("from features.16.x.0.1", "from features.16.x.0.1");
    check("unit(64) { a }", "unit(64) { a }");
    check("w if a else v { a }", "(w if a else v) { a }");
  });

  it("repeats one element with x", () => {
    check("4 x { a -> b }", "4 x ‹{ a -> b }›");
    check("3 x unit(64) -> bn", "3 x ‹unit(64)› -> bn");
    check("n - 1 x u", "(n - 1) x ‹u›");
    check("a\n(n-1) x u\nb", "a; (n - 1) x ‹u›; b");
    check("2 x 3 x u", "2 x ‹3 x ‹u››");
    check("2 x l: residual(C) { a }", "2 x ‹l: residual(C) { a }›");
    check("repeats[i] x\n { bn }", "repeats[i] x ‹{ bn }›");
    check("4x unit", "4 x ‹unit›");
  });

  it("divides a body by lines and by |", () => {
    check("residual { a \n b }", "residual { a; b }");
    check("concat { a | b -> c | }".replace("| }", "}"), "concat { a | b -> c }");
    check("mul {\n  | identity\n  | a\n    b\n}", "mul { | identity | a; b }");
    check("sum {\n  let n = 2\n  | a\n\n  | b }", "sum { let n = 2 | a | b }");
    check("a ->\n\n b\n -> c", "a -> b -> c");
    check("a\r\nb\rc\n\n\n// d\n\ne", "a; b; c; e");
    check("if a { b }\n else\n { c }", "if a { b } else { c }");
    check("a { b }\n{ c }", "a { b }; { c }");
    check("let a = b +\n c", "let a = (b + c)");
    check("conv(3x3,\n 16,\n stride=2,\n)\nrelu", "conv(3x3, 16, stride=2); relu");
    check("a(\n b\n + c\n) -> d", "a((b + c)) -> d");
    check(" // comment\n a // another -> b\n b", "a; b");
  });

  it("binds operators as arithmetic does", () => {
    checkExpression("1 + 2 * 3 - 4", "((1 + (2 * 3)) - 4)");
    checkExpression("a - b - c", "((a - b) - c)");
    checkExpression("width * base / 64 * groups", "(((width * base) / 64) * groups)");
    checkExpression("-a * b", "((- a) * b)");
    checkExpression("- - a.b[0]", "(- (- a.b[0]))");
    checkExpression("a or b and not c == d", "(a or (b and (not (c == d))))");
    checkExpression("not not a", "(not (not a))");
    checkExpression("a + 1 < b % 2", "((a + 1) < (b % 2))");
    checkExpression("stride if v1 else 1", "(stride if v1 else 1)");
    checkExpression("1 if a else 2 if b or c else 3", "(1 if a else (2 if (b or c) else 3))");
    checkExpression("(1 if a else 2) + 3", "((1 if a else 2) + 3)");
    checkExpression("f(a)(b, c=1,)[i].shape", "f(a)(b, c=1)[i].shape");
    checkExpression("[64,128][i]", "[64, 128][i]");
    checkExpression("[1, 1] == 1", "([1, 1] == 1)");
    checkExpression("unit(stride = stride if i == 0 else 1)", "unit(stride=(stride if (i == 0) else 1))");
    checkExpression("in.channels / reduction", "(in.channels / reduction)");
    checkExpression("in", "in");
    checkExpression("a.use.x", "a.use.x");
    checkExpression("[]", "[]");
    checkExpression("[1,\n2]", "[1, 2]");
    checkExpression("true\n", "true");
    for (const operator of ["==", "!=", "<", "<=", ">", ">="]) checkExpression(`a${operator}b`, `(a ${operator} b)`);
  });

  it("tells sizes, numbers and names apart", () => {
    checkExpression("3x3", "3x3");
    checkExpression("1x3x224x224", "1x3x224x224");
    checkExpression("pool(3x3,stride=2)", "pool(3x3, stride=2)");
    for (const number of ["0", "64_000", "0.1", "1e-3", "1e999999999", "4.1G", "3K", "21_797_672", "1_0.5_0E+3M"]) checkExpression(number, number);
    checkExpression("a3x3", "a3x3");
    checkExpression("x3", "x3");
    checkExpression("inner", "inner");
    checkExpression("used", "used");
  });

  it("gives every node the range it covers", () => {
    const text = "a + f(b, c=3x3)[ 0 ] * (- d)";
    const of = (e: Expression): string => text.slice(e.start, e.end);
    const sum = checkExpression(text, "(a + (f(b, c=3x3)[0] * (- d)))");
    if (sum.kind !== "binary" || sum.right.kind !== "binary" || sum.right.left.kind !== "index") throw new Error("another tree");
    expect(of(sum)).to.equal(text);
    expect(of(sum.left)).to.equal("a");
    expect(of(sum.right)).to.equal("f(b, c=3x3)[ 0 ] * (- d)");
    expect(of(sum.right.left)).to.equal("f(b, c=3x3)[ 0 ]");
    const call = sum.right.left.object;
    if (call.kind !== "call") throw new Error("another tree");
    expect(of(call)).to.equal("f(b, c=3x3)");
    expect(call.arguments.map(({ start, end }) => text.slice(start, end))).to.deep.equal(["b", "c=3x3"]);

    const whole = "/// d\nnetwork A(n: int) {\n  l: unit(n) -> {}\n | b }\n";
    const module = checkModule(whole, "network A(n: int) { l: unit(n) -> {} | b }");
    const [declaration] = module.items;
    if (declaration?.kind !== "declaration") throw new Error("no declaration");
    expect(whole.slice(declaration.start, declaration.end)).to.equal(whole.slice(6, -1));
    const body = declaration.body;
    const chain = body?.groups[0]?.[0];
    if (chain?.kind !== "chain") throw new Error("no chain");
    expect(whole.slice(chain.start, chain.end)).to.equal("l: unit(n) -> {}");
    expect(body?.bars.map(({ start, end }) => whole.slice(start, end))).to.deep.equal(["|"]);
    expect(whole.slice(body?.start, body?.end)).to.equal(whole.slice(whole.indexOf("{"), -1));
  });

  it("attaches documentation to what stands below it", () => {
    const docs = (text: string) => {
      const { doc, items } = parse(source(text)).module;
      return [doc, ...items.map((item) => (item.kind === "declaration" ? item.doc : item.kind))];
    };
    expect(docs("/// one\n///  two\nblock a { }")).to.deep.equal([undefined, "one\n two"]);
    expect(docs("/// the module\n\n/// one\nblock a { }\n/// two\r\nblock b { }")).to.deep.equal(["the module", "one", "two"]);
    expect(docs("/// the module\n\nblock a { }")).to.deep.equal(["the module", undefined]);
    expect(docs("// no\nblock a { }\n\n/// lost\n\nblock b { }")).to.deep.equal([undefined, undefined, undefined]);
    expect(docs("block a { relu } /// no\nblock b { }")).to.deep.equal([undefined, undefined, undefined]);
    expect(docs("//// no\nblock a { }")).to.deep.equal([undefined, undefined]);
    expect(docs("///\nblock a { }")).to.deep.equal([undefined, ""]);
  });

  it("makes trees that are plain JSON", () => {
    const { module } = parse(source("block w(a: int = 3) { l: 2 x conv(3x3, a) -> residual { | a | b } }"));
    expect(JSON.parse(JSON.stringify(module.items))).to.deep.equal(JSON.parse(JSON.stringify(module)).items);
    expect(showModule({ ...module, items: JSON.parse(JSON.stringify(module.items)) })).to.equal(showModule(module));
  });
});
