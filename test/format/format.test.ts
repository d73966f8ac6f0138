import { expect } from "chai";
import { format } from "../../src/format/format.ts";

function check(text: string, expected: string): void {
  const source = { path: "test.resnet", text, standard: false };
  const { text: formatted, problems } = format(source);
  expect(problems).to.deep.equal([]);
  expect(formatted).to.equal(expected);
  expect(format({ ...source, text: expected }).text, "the second time").to.equal(expected);
}

/** The items of a body; they stand two blanks in. */
const body = (items: string): string => `block b {\n${items.replace(/^(?=.)/gm, "  ")}\n}\n`;

/** What an author wrote, and what the rules of "Layout" in the reference make of it. */
const cases: Record<string, readonly [written: string, expected: string]> = {
  "an empty file": ["", ""],
  "blanks alone": ["\n \n\t\n", ""],
  "comments alone": ["\n\n//one\n\n\n// two  ", "//one\n\n// two\n"],
  "imports: one blank, no columns": ['use std.blocks    {basic,stage as row,}\nuse   "a b.resnet"{ c }', 'use std.blocks { basic, stage as row }\nuse "a b.resnet" { c }\n'],
  "many imports": [
    `use std.resnet { ${Array.from({ length: 9 }, (_, index) => `ResNet10${index}v1`).join(", ")} }`,
    `use std.resnet {\n${Array.from({ length: 9 }, (_, index) => `  ResNet10${index}v1,\n`).join("")}}\n`,
  ],
  "blank lines: one of many, none inside of braces' edges": ["let a = 1\n\n\n\nlet b = 2\nblock c {\n\n\n  relu\n\n\n  bn\n\n}", "let a = 1\n\nlet b = 2\nblock c {\n  relu\n\n  bn\n}\n"],
  "operators": ["let a=-1+ 2*(3 -b)%4<=5 and not c or d==e", "let a = -1 + 2 * (3 - b) % 4 <= 5 and not c or d == e\n"],
  "numbers stay as written": ["let a=[64_000,4.1G,1e-4,007,3x3]", "let a = [64_000, 4.1G, 1e-4, 007, 3x3]\n"],
  "calls, indices, members": ["let a=f ( n , k = 2 , ) [ 0 ] . in", "let a = f(n, k=2)[0].in\n"],
  "the sign of an argument has blanks around it where the value has": ["let a=f(k=-n,l=g(1),m=1-n,o=1 if p else q,r=not s)", "let a = f(k=-n, l=g(1), m = 1 - n, o = 1 if p else q, r = not s)\n"],
  "declarations": [
    "network A(n:int=3,m:int[ n ],u:block)=B( n ){expect params<=70M}\nrecipe R=S{batch :64}\nblock e{}",
    "network A(n: int = 3, m: int[n], u: block) = B(n) { expect params <= 70M }\nrecipe R = S { batch: 64 }\nblock e { }\n",
  ],
  "a brace and a sign on the next line come back": ["network A\n  = B\n{\n  expect depth == 3\n}", "network A = B {\n  expect depth == 3\n}\n"],
  "long parameters": [
    "block bottleneck(width: int, stride: int = 1, dilation: int = 1, groups: int = 1, base: int = 64,\n                 v1: bool = false) {\n  relu\n}",
    "block bottleneck(\n  width: int,\n  stride: int = 1,\n  dilation: int = 1,\n  groups: int = 1,\n  base: int = 64,\n  v1: bool = false,\n) {\n  relu\n}\n",
  ],
  "a body of one line stays one": ["block a{relu->bn}", "block a { relu -> bn }\n"],
  "a body of several lines stays so": ["block a {relu\n}", "block a {\n  relu\n}\n"],
  "a body too long for one line": [
    "block dropping(width: int) { conv(3x3, width) -> bn -> relu -> conv(3x3, width) -> bn -> relu -> relu }",
    "block dropping(width: int) {\n  conv(3x3, width) -> bn -> relu -> conv(3x3, width) -> bn -> relu -> relu\n}\n",
  ],
  "statements": [
    body("input  a:float32[ N,3 ]\noutput  c = layer3 . 0 .conv1\nshortcuts B( norm=identity )\nrequire n>=1,\"why\"\nexpect rf . min>=3\nfrom  in -> x1:from a . b"),
    body("input a: float32[N, 3]\noutput c = layer3.0.conv1\nshortcuts B(norm=identity)\nrequire n >= 1, \"why\"\nexpect rf.min >= 3\nfrom in -> x1: from a.b"),
  ],
  "steps stay on their lines": [body("a->b ->\n c\n->d\ne"), body("a -> b\n  -> c\n  -> d\ne")],
  "a step for which there is no room": [
    body("resize(shorter=uniform(256, 480)) -> crop(224x224) -> hflip -> pca_color(0.1) -> subtract_mean(per=pixel) -> a"),
    body("resize(shorter=uniform(256, 480)) -> crop(224x224) -> hflip -> pca_color(0.1)\n  -> subtract_mean(per=pixel) -> a"),
  ],
  "steps after a group of several lines": [body("a: {\n relu\n} -> bn\n-> b:{\n relu} -> c"), body("a: {\n  relu\n} -> bn\n  -> b: {\n    relu\n  } -> c")],
  "repetitions": [body("3 x{ relu->bn }\n(n-2)/6 x conv(3x3,16)\n2 x 3 x relu"), body("3 x { relu -> bn }\n(n - 2) / 6 x conv(3x3, 16)\n2 x 3 x relu")],
  "if and else": [body("if a{relu}else{bn}->bn"), body("if a { relu } else { bn } -> bn")],
  "one long branch makes all branches long": [body("if a {\n relu } else if b { bn }\n\nelse { bn }"), body("if a {\n  relu\n} else if b {\n  bn\n} else {\n  bn\n}")],
  "loops": [body("layer1 :for i in range( n ){ a }"), body("layer1: for i in range(n) { a }")],
  "branches on one line have no first `|`": [body("concat { |a|b }"), body("concat { a | b }")],
  "branches on several lines have one each": [body("concat { a\n b |\n c }"), body("concat {\n  | a\n    b\n  | c\n}")],
  "branches that are too long for one line": [
    body("concat { conv(1x1, 64) -> bn -> relu | conv(1x1, 64) -> bn -> relu | conv(1x1, 64) -> bn -> relu -> bn }"),
    body("concat {\n  | conv(1x1, 64) -> bn -> relu\n  | conv(1x1, 64) -> bn -> relu\n  | conv(1x1, 64) -> bn -> relu -> bn\n}"),
  ],
  "what belongs to the whole join has no `|`": [body("sum { let n = 1 | a | b }\nsum {\n let n = 1\n | a | b }"), body("sum { let n = 1 | a | b }\nsum {\n  let n = 1\n  | a\n  | b\n}")],
  "a `let` that is a branch's keeps its `|`": [body("sum { | let n = 1 | b }"), body("sum { | let n = 1 | b }")],
  "one branch keeps its `|`": [body("sum { | a }"), body("sum { | a }")],
  "a long call": [
    body("layer4: dilated_stage(depths[3], unit(512), before=16 / output_stride, dilation=32 / output_stride, n=10)"),
    body("layer4: dilated_stage(\n  depths[3],\n  unit(512),\n  before = 16 / output_stride,\n  dilation = 32 / output_stride,\n  n=10,\n)"),
  ],
  "a table has a row a line, long numbers fill their lines": [
    `let table = [${Array.from({ length: 12 }, () => "[16, 1, 2]").join(", ")}]\nlet widths = [${Array.from({ length: 40 }, () => "64").join(", ")}]`,
    `let table = [\n${"  [16, 1, 2],\n".repeat(12)}]\nlet widths = [\n  ${Array.from({ length: 24 }, () => "64").join(", ")},\n  ${Array.from({ length: 16 }, () => "64").join(", ")},\n]\n`,
  ],
  "a long sum breaks behind an operator": [
    body("expect params == features * width + width + n * (2 * width + 8 * width * width) + 2 * width * classes + classes"),
    body("expect params == features * width + width + n * (2 * width + 8 * width * width) +\n  2 * width * classes + classes"),
  ],
  "a long condition gives its text a line": [
    body('require depth >= 10 and (depth - 4) % 6 == 0, "a wide ResNet has 6n+4 layers: 10, 16, 22, 28, 34, 40, 46"'),
    body('require depth >= 10 and (depth - 4) % 6 == 0,\n  "a wide ResNet has 6n+4 layers: 10, 16, 22, 28, 34, 40, 46"'),
  ],
  "a choice that is too long breaks before `else`": [
    `let a = ${"long_name + ".repeat(5)}1 if some_condition == 3 else ${"other_name + ".repeat(3)}1`,
    `let a = ${"long_name + ".repeat(5)}1 if some_condition == 3\n  else ${"other_name + ".repeat(3)}1\n`,
  ],

  "documentation": ["///module \n\n\n///of a\n/// more\nblock a { }\n// none\n/// of b\nblock b { }", "///module\n\n///of a\n/// more\nblock a { }\n// none\n/// of b\nblock b { }\n"],
  "documentation alone, without a line's end": ["/// of the file", "/// of the file\n"],
  "documentation below a comment is not the file's": ["\n\n// top\n\n/// nothing's\n\nlet a = 1", "// top\n\n/// nothing's\n\nlet a = 1\n"],
  "documentation of nothing": ["/// above nothing\n\n\nblock a {\n/// inside\n\nrelu /// behind\n}", "/// above nothing\n\nblock a {\n  /// inside\n\n  relu /// behind\n}\n"],
  "comments at the ends of lines": [
    "use a { b, // b\n c // c\n}// use\nblock d { // open\n relu// relu\n bn   // bn\n}   // d\n// end",
    "use a {\n  b, // b\n  c, // c\n} // use\nblock d { // open\n  relu // relu\n  bn // bn\n} // d\n// end\n",
  ],
  "comments on their lines": [
    "// top\n\nlet a = 1\n// a\n\n\n// b\nblock c {\n\n// first\n\n// second\nrelu\n\n// last\n\n// very last\n\n}\n\n\n// end\n\n",
    "// top\n\nlet a = 1\n// a\n\n// b\nblock c {\n  // first\n\n  // second\n  relu\n\n  // last\n\n  // very last\n}\n\n// end\n",
  ],
  "a comment never breaks what stands before it": [body(`conv(3x3, 16, stride=2) -> bn -> relu // ${"long ".repeat(20)}end`), body(`conv(3x3, 16, stride=2) -> bn -> relu // ${"long ".repeat(20)}end`)],
  "comments in an empty body": ["block a { // none\n}\nblock b {\n\n// c\n}", "block a { // none\n}\nblock b {\n  // c\n}\n"],
  "comments in brackets": [
    body("conv( // kernel\n3x3, // channels\n// sixteen\n16 // end\n// after\n)\nf(\n// nothing\n)"),
    body("conv( // kernel\n  3x3, // channels\n  // sixteen\n  16, // end\n  // after\n)\nf(\n  // nothing\n)"),
  ],
  "comments in a list of numbers": ["let a = [1, // one\n2]", "let a = [\n  1, // one\n  2,\n]\n"],
  "comments before a comma come behind it": ["let a = [b // one\n, c]", "let a = [\n  b, // one\n  c,\n]\n"],
  "comments in a chain": [body("a // a\n-> b -> // b\n c\n// before d\n-> d"), body("a // a\n  -> b // b\n  -> c\n  // before d\n  -> d")],
  "comments between branches": [
    body("concat { // open\n | a // a\n // of b\n | // of b, too\n b\n\n // end\n }"),
    body("concat { // open\n  | a // a\n  // of b\n  // of b, too\n  | b\n\n  // end\n}"),
  ],
  "comments around else": [body("if a { relu } // then\n// otherwise\nelse { bn // bn\n}"), body("if a {\n  relu\n} // then\n// otherwise\nelse {\n  bn // bn\n}")],
  "comments before the brace of a declaration": ["network A // a\n// b\n{ relu }", "network A { // a\n  // b\n  relu\n}\n"],
  "comments in the middle of a declaration": ["let // a\n  // b\n  c // d\n  = 1", "let // a\n  // b\n  c // d\n  = 1\n"],
  "comments between operands": [body("require a and // a\n// b\nb"), body("require a and // a\n  // b\n  b")],
  "comments after `x` and `else`": [body("3 x // three\n relu\nlet a = 1 if b else // otherwise\n 2"), body("3 x // three\n  relu\nlet a = 1 if b\n  else // otherwise\n    2")],
};

describe("format: one layout", () => {
  for (const [name, [written, expected]] of Object.entries(cases)) it(name, () => check(written, expected));

  it("keeps the line ends of the first line, and writes no byte order mark", () => {
    check("let a=1\r\nblock b {\nrelu // c\r\n}", "let a = 1\r\nblock b {\r\n  relu // c\r\n}\r\n");
    check("let a=1\nlet b=2\r\n", "let a = 1\nlet b = 2\n");
    check("let a=1\rlet b=2", "let a = 1\nlet b = 2\n");
    check("\ufefflet a=1", "let a = 1\n");
  });

  it("leaves a text with syntax errors alone", () => {
    const { text, problems } = format({ path: "test.resnet", text: "block a {\n  conv(3x3, 16\n  relu\n}\n", standard: false });
    expect(text).to.equal(undefined);
    expect(problems.map(({ code }) => code)).to.deep.equal(["RN0104"]);
  });

  it("lays out what means nothing: names and types are not its business", () => {
    check("network A{nothing( 1 )->{ relu|bn }}", "network A { nothing(1) -> { relu | bn } }\n");
  });
});
