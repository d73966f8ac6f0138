import { expect } from "chai";
import fc from "fast-check";
import { longestSource, parse, parseExpression, parseTree, printCst, reservedWords } from "../../src/syntax/index.ts";
import { deepestNesting, longestExpression, mostPrefixes } from "../../src/syntax/nesting.ts";
import { showModule } from "./show.ts";

const source = (text: string) => ({ path: "test.resnet", text, standard: false });
const codes = (text: string) => parse(source(text)).problems.map(({ code }) => code);
const times = (n: number, text: string) => text.repeat(n);

describe("syntax: hostile and random texts", () => {
  const n = 10_000;
  const deep: Record<string, { readonly text: string; readonly codes: readonly string[] }> = {
    "open braces": { text: `network W ${times(n, "{ ")}`, codes: ["RN0104"] },
    "braces": { text: `network W ${times(n, "{ ")}${times(n, "}")}`, codes: ["RN0802"] },
    "parentheses": { text: `let a = ${times(n, "(")}1${times(n, ")")}`, codes: ["RN0802"] },
    "square brackets": { text: `let a = ${times(n, "[")}${times(n, "]")}`, codes: ["RN0802"] },
    "calls": { text: `let a = ${times(n, "f(")}${times(n, ")")}`, codes: ["RN0802"] },
    "minuses": { text: `let a = ${times(n, "-")}1`, codes: ["RN0802"] },
    "not": { text: `let a = ${times(n, "not ")}b`, codes: ["RN0802"] },
    "else if": { text: `network W { if a { } ${times(n, "else if b { } ")}}`, codes: ["RN0802"] },
    "else in values": { text: `let a = ${times(n, "1 if b else ")}2`, codes: ["RN0802"] },
    "repetitions": { text: `network W { ${times(n, "2 x ")}relu }`, codes: ["RN0802"] },
    "terms of a sum": { text: `let a = 1${times(n, "+1")}`, codes: ["RN0802"] },
    "calls in a row": { text: `let a = f${times(n, "()")}`, codes: ["RN0802"] },
    "members in a row": { text: `let a = f${times(n, ".b")}`, codes: ["RN0802"] },
  };
  for (const [name, { text, codes: expected }] of Object.entries(deep)) {
    it(`10,000 ${name}: one message, and what stands beside is read`, () => {
      expect(codes(text)).to.deep.equal(expected);
      const { module, problems } = parse(source(`block before { a }\n${text}\nblock after { b }`));
      expect(problems.map(({ code }) => code)).to.deep.equal(expected);
      expect(module.items.map((item) => (item.kind === "declaration" ? item.name.name : item.kind))).to.include.members(["before", "after"]);
    });
  }

  it("reads what is as deep as allowed", () => {
    const texts = [
      `network W ${times(deepestNesting, "{ ")}${times(deepestNesting, "}")}`,
      `let a = ${times(deepestNesting, "(")}1${times(deepestNesting, ")")}`,
      `let a = ${times(deepestNesting, "f(")}1${times(deepestNesting, ")")}`,
      `let a = ${times(mostPrefixes, "-")}1`,
      `let a = ${times(mostPrefixes, "1 if b else ")}2`,
      `let a = 1${times(longestExpression, "+1")}`,
      `network W { ${times(mostPrefixes - 4, "2 x ")}relu }`,
    ];
    for (const text of texts) expect(codes(text), text.slice(0, 40)).to.deep.equal([]);
    expect(codes(`network W ${times(deepestNesting + 1, "{ ")}${times(deepestNesting + 1, "}")}`)).to.deep.equal(["RN0802"]);
  });

  it("does not read a file that is too long", () => {
    const { module, problems } = parse(source(times(longestSource + 1, "a")));
    expect(problems.map(({ code }) => code)).to.deep.equal(["RN0804"]);
    expect(module.items).to.deep.equal([]);
    expect(module.broken).to.equal(true);
  });

  const words = [...reservedWords, "a", "conv", "3x3", "3", "0.5", '"s"', "(", ")", "[", "]", "{", "}", ",", ":", ".", "|", "->", "==", "<", "=", "+", "-", "*", "/", "%", "\n", "\r\n", "// c\n", "/// d\n", " ", " ", ";", "#", "&&", "×", "'", '"', "가", "3X3", "4xbasic", "network A {", "}\n", "block b(n: int) {\n"];

  it("any soup of words: never throws, gives the text back, one message of a kind at a place, within the text", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 60 }), fc.constantFrom("", " "), (soup, glue) => {
        const text = soup.join(glue);
        const tree = parseTree(source(text));
        expect(printCst(tree)).to.equal(text);
        for (const { primary, message } of tree.problems) {
          expect(message).to.not.equal("");
          expect(primary.span.start).to.be.within(0, text.length);
          expect(primary.span.end).to.be.within(primary.span.start, text.length);
        }
        parseExpression(source(text));
      }),
      { numRuns: 1500, seed: 20151210 },
    );
  });

  it("any string: never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        expect(printCst(parseTree(source(text)))).to.equal(text);
      }),
      { numRuns: 500, seed: 20151210 },
    );
  });

  // Programs as `showModule` writes them: parsing must give back what was written.
  const name = fc.constantFrom("a", "b", "conv", "layer1", "x1", "inner");
  const { expression } = fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.constantFrom("1", "0.5", "3x3", '"t"', "true", "in", "a", "n"),
      fc.tuple(tie("expression"), fc.constantFrom("+", "-", "*", "/", "%", "==", "<", "and", "or"), tie("expression")).map(([l, o, r]) => `(${l} ${o} ${r})`),
      tie("expression").map((e) => `(- ${e})`),
      tie("expression").map((e) => `(not ${e})`),
      fc.tuple(tie("expression"), tie("expression"), tie("expression")).map(([t, c, e]) => `(${t} if ${c} else ${e})`),
      fc.tuple(name, fc.array(tie("expression"), { maxLength: 3 })).map(([f, list]) => `${f}(${list.join(", ")})`),
      fc.tuple(name, name, tie("expression")).map(([f, k, e]) => `${f}(${k}=${e})`),
      fc.array(tie("expression"), { maxLength: 3 }).map((list) => `[${list.join(", ")}]`),
      fc.tuple(name, tie("expression")).map(([l, e]) => `${l}[${e}]`),
      name.map((l) => `in.${l}`),
    ),
  }));
  const { body } = fc.letrec<{ body: string; element: string; item: string }>((tie) => ({
    element: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      name,
      fc.tuple(name, name).map(([l, e]) => `${l}: ${e}`),
      expression.map((e) => `unit(${e})`),
      tie("element").map((e) => `3 x ‹${e}›`),
      tie("body").map((b) => `residual ${b}`),
      tie("body"),
      fc.tuple(expression, tie("body")).map(([c, b]) => `if ${c} ${b}`),
      fc.tuple(expression, tie("body"), tie("body")).map(([c, b, e]) => `l: if ${c} ${b} else ${e}`),
      fc.tuple(name, expression, tie("body")).map(([i, e, b]) => `for ${i} in ${e} ${b}`),
      name.map((l) => `from ${l}.0.out`),
    ),
    item: fc.oneof(
      fc.array(tie("element"), { minLength: 1, maxLength: 3 }).map((chain) => chain.join(" -> ")),
      fc.tuple(name, expression).map(([l, e]) => `let ${l} = ${e}`),
      expression.map((e) => `shortcuts ${e}`),
      fc.tuple(name, expression).map(([q, e]) => `expect ${q}.params >= ${e}`),
      name.map((l) => `output ${l} = b.0`),
      expression.map((e) => `require ${e}, "text"`),
    ),
    body: fc
      .tuple(fc.constantFrom("", "| "), fc.array(fc.array(tie("item"), { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 3 }))
      .map(([bar, groups]) => `{ ${bar}${groups.map((group) => group.join("; ")).join(" | ")} }`),
  }));

  it("any valid program: no message, and the tree that was written", () => {
    fc.assert(
      fc.property(body, (written) => {
        const program = `network W(n: int = 3) ${written}`;
        const text = program.replaceAll("; ", "\n").replace(/[‹›]/g, "");
        const tree = parseTree(source(text));
        expect(tree.problems.map(({ message }) => message)).to.deep.equal([]);
        expect(showModule(tree.module)).to.equal(program);
        expect(printCst(tree)).to.equal(text);
      }),
      { numRuns: 400, seed: 20151210 },
    );
  });
});
