import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import fc from "fast-check";
import { catalogue } from "../../src/diagnostics/catalogue.ts";
import { format, LINE_WIDTH } from "../../src/format/format.ts";
import { RULES } from "../../src/lint/registry.ts";
import { parseTree } from "../../src/syntax/index.ts";
import { deepestNesting, longestExpression, mostPrefixes } from "../../src/syntax/nesting.ts";
import { showModule } from "../syntax/show.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const source = (text: string) => ({ path: "test.resnet", text, standard: false });
const commentsOf = (text: string): string[] => parseTree(source(text)).comments.map(({ image }) => image.trimEnd());

/** What is documented, and how: `name: text`. */
function docsOf(text: string): string[] {
  const { module } = parseTree(source(text));
  return [`file: ${module.doc}`, ...module.items.flatMap((item) => (item.kind === "declaration" ? [`${item.name.name}: ${item.doc}`] : []))];
}

/** A tree as one line; a first `|` is layout where several branches follow (`showModule` writes it where it was written). */
const shown = (text: string): string => showModule(parseTree(source(text)).module).replaceAll("{ | ", "{ ");

/** The laws of every text without syntax errors; gives the formatted text. */
function keepsTheLaws(text: string): string {
  const { text: formatted, problems } = format(source(text));
  expect(problems.map(({ message }) => message)).to.deep.equal([]);
  if (formatted === undefined) throw new Error("a text without problems was not formatted");
  expect(shown(formatted)).to.equal(shown(text));
  expect(commentsOf(formatted)).to.deep.equal(commentsOf(text));
  expect(docsOf(formatted)).to.deep.equal(docsOf(text));
  expect(format(source(formatted)).text, "the second time").to.equal(formatted);
  for (const line of formatted.split(/\r?\n/)) expect(line).to.match(/^(?:  )*(?:\S|\| |$)/).and.not.match(/\s$|\t/);
  expect(formatted).to.not.match(/\n\n\n|^\n|\n\n$|[^\n]$/);
  return formatted;
}

/** No text comes out, and an error says where the mistake is. */
function leavesAlone(text: string, name?: string): void {
  const { text: formatted, problems } = format(source(text));
  expect(formatted, name).to.equal(undefined);
  expect(problems.some(({ severity, message, primary: { span } }) => severity === "error" && message !== "" && span.start <= span.end && span.end <= text.length), name).to.equal(true);
}

const files = execFileSync("git", ["ls-files", "--", "*.resnet"], { cwd: root, encoding: "utf8" }).trim().split("\n");
const all = files.map((name) => ({ name, text: readFileSync(`${root}/${name}`, "utf8") }));
/** Of the invalid programs some cannot be read; all others are formatted. */
const isReadable = (text: string): boolean => parseTree(source(text)).problems.length === 0;
const texts = all.filter(({ name, text }) => !name.startsWith("test/corpus/invalid/") || isReadable(text));
const unreadable = all.filter((file) => !texts.includes(file));

describe("format: laws", function () {
  this.timeout(120_000);

  it("every .resnet file of the repository is formatted", () => {
    expect(files.length).to.be.greaterThan(35);
    for (const { name, text } of texts) expect(keepsTheLaws(text), name).to.equal(text);
  });

  it("with the line ends of Windows, and with a byte order mark, each comes out as it is", () => {
    for (const { name, text } of texts) {
      const windows = text.replaceAll("\n", "\r\n");
      expect(keepsTheLaws(windows), name).to.equal(windows);
      expect(format(source(`\ufeff${text}`)).text, name).to.equal(text);
    }
  });

  it("the wrong and the mended programs of every diagnostic and every rule", () => {
    let count = 0;
    for (const { wrong, right } of [...Object.values(catalogue), ...RULES]) {
      for (const text of [wrong, right]) {
        if (!isReadable(text)) continue;
        keepsTheLaws(text);
        keepsTheLaws(text.replaceAll("\n", "\r\n"));
        count++;
      }
    }
    expect(count).to.be.greaterThan(120);
  });

  it("what cannot be read is left alone, and told", () => {
    expect(unreadable.length).to.be.greaterThan(10);
    for (const { name, text } of unreadable) leavesAlone(text, name);
  });

  it("a text that ends anywhere is formatted, or left alone and told", () => {
    let formatted = 0;
    let left = 0;
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.nat(), fc.nat({ max: 40 }), fc.boolean(), ({ text }, from, length, endsThere) => {
        const at = from % text.length;
        const cut = endsThere ? text.slice(0, at) : text.slice(0, at) + text.slice(at + length);
        if (isReadable(cut)) {
          keepsTheLaws(cut);
          formatted++;
        } else {
          leavesAlone(cut);
          left++;
        }
      }),
      { numRuns: 200, seed: 20151210 },
    );
    expect(Math.min(formatted, left)).to.be.greaterThan(20);
  });

  it("so are the samples of the reference and the README", () => {
    let count = 0;
    for (const page of ["grammar/LANGUAGE.md", "README.md", "CHANGELOG.md"]) {
      for (const [, info = "", sample = ""] of readFileSync(`${root}/${page}`, "utf8").matchAll(/^```resnet([^\n]*)\n([\s\S]*?)^```$/gm)) {
        // A sample of items is the body of a block. One shows where lines may end, and some what cannot be read.
        const text = info.includes("body") ? `block b {\n${sample.replace(/^(?=.)/gm, "  ")}}\n` : sample;
        if (sample.includes("conv(3x3, 16,\n") || parseTree(source(text)).problems.length > 0) continue;
        expect(keepsTheLaws(text), page).to.equal(text);
        count++;
      }
    }
    expect(count).to.be.greaterThan(25);
  });

  it("no line of them is too long, but for comments and texts", () => {
    for (const { name, text } of texts) {
      for (const line of text.split("\n")) if (!/^\s*\/\/|"[^"]{60,}"/.test(line)) expect(line.replace(/ \/\/.*$/, "").length, `${name}: ${line}`).to.be.at.most(LINE_WIDTH);
    }
  });

  it("comments and line ends anywhere between the words of a program, with either line end", () => {
    const between = fc.constantFrom(" ", " ", " ", "  ", "\n", "\n\n\n", " // c\n", "\n// c\n", "\n\n/// d\n// e\n\n");
    let valid = 0;
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.nat(), fc.infiniteStream(between), fc.array(fc.nat(), { maxLength: 6 }), fc.boolean(), ({ text }, from, gaps, places, crlf) => {
        // A few declarations of a file, and other blanks in some of the places between their tokens.
        const declarations = text.split(/\n(?=\/\/\/|(?:network|block|recipe) )/);
        const start = from % declarations.length;
        const piece = declarations.slice(start, start + 3).join("\n");
        const tree = parseTree(source(piece));
        if (tree.problems.length > 0) return;
        const at = new Set(places.map((place) => place % tree.tokens.length));
        let mixed = "";
        tree.tokens.forEach((token, index) => {
          const previous = tree.tokens[index - 1];
          const old = piece.slice(previous ? previous.startOffset + previous.image.length : 0, token.startOffset);
          mixed += (at.has(index) ? (gaps.next().value as string) + (old.includes("\n") && !old.includes("//") ? "\n" : old) : old) + token.image;
        });
        if (crlf) mixed = mixed.replaceAll("\n", "\r\n");
        if (parseTree(source(mixed)).problems.length > 0) return;
        valid++;
        keepsTheLaws(mixed);
      }),
      { numRuns: 300, seed: 20151210 },
    );
    // Most places allow no line end; enough texts must be left to show something.
    expect(valid).to.be.greaterThan(75);
  });

  it("generated programs", () => {
    const name = fc.constantFrom("a", "conv", "a_name_of_some_length", "layer1");
    const { expression } = fc.letrec<{ expression: string }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        fc.constantFrom("1", "64_000", "3x3", '"a text"', "true", "in.channels", "width", "(n)"),
        fc.tuple(tie("expression"), fc.constantFrom("+", "-", "*", "/", "==", "and", "or"), tie("expression")).map(([l, o, r]) => `(${l} ${o} ${r})*-n`),
        fc.tuple(tie("expression"), tie("expression")).map(([t, e]) => `(${t} if not n else ${e})`),
        fc.tuple(name, fc.array(tie("expression"), { maxLength: 5 })).map(([f, list]) => `${f}(${list.join(",")})`),
        fc.tuple(name, tie("expression")).map(([f, e]) => `${f}(k=${e},)`),
        fc.array(tie("expression"), { maxLength: 6 }).map((list) => `[${list.join(" , ")}]`),
      ),
    }));
    const end = fc.constantFrom("\n", "\n\n", " // comment\n", "\n// comment\n");
    const { body } = fc.letrec<{ body: string; element: string; item: string }>((tie) => ({
      element: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        name,
        expression.map((e) => `unit(${e})`),
        tie("element").map((e) => `l: 3 x ${e.replace(/^\w+: /, "")}`),
        tie("body").map((b) => `residual ${b}`),
        tie("body"),
        fc.tuple(expression, tie("body"), fc.option(tie("body"))).map(([c, b, e]) => `if ${c} ${b}${e === null ? "" : ` else ${e}`}`),
        fc.tuple(expression, tie("body")).map(([e, b]) => `for i in ${e} ${b}`),
        name.map((l) => `from ${l}.0`),
      ),
      item: fc.oneof(
        fc.tuple(fc.array(tie("element"), { minLength: 1, maxLength: 5 }), fc.constantFrom(" -> ", "\n->", "->\n", " // c\n -> ")).map(([chain, arrow]) => chain.join(arrow)),
        expression.map((e) => `let n = ${e}`),
        expression.map((e) => `require ${e}, "text"`),
      ),
      body: fc.tuple(fc.constantFrom("", " ", "\n", "|", "// c\n"), fc.array(fc.tuple(tie("item"), tie("item"), end), { minLength: 1, maxLength: 3 }), fc.constantFrom("", "\n", " // c\n")).map(([begin, groups, last]) => {
        return `{${begin}${groups.map(([a, b, between]) => (between === "\n" ? a : `${a}${between}${b}`)).join(" | ")}${last}}`;
      }),
    }));
    let formattable = 0;
    fc.assert(
      fc.property(body, (written) => {
        const text = `network W(n: int = 3) ${written}`;
        if (text.length > 3000 || parseTree(source(text)).problems.length > 0) return;
        formattable++;
        keepsTheLaws(text);
      }),
      { numRuns: 220, seed: 20151210 },
    );
    expect(formattable).to.be.greaterThan(75);
  });

  it("indentation does not decide: what is balanced stays valid, also where a `}` stands under another's line", () => {
    keepsTheLaws("block b {\n  a {\n        c {\n    d\n  }\n  }\n}\n");
    keepsTheLaws("block b {\n  for i in (1 +\n    2) * n { a\n      -> for j in 2 *\n      n {\n let k = 1\n    }\n  }\n}\n");
  });

  it("what is as deep, as long, as wide as allowed", () => {
    const times = (n: number, text: string): string => text.repeat(n);
    for (const text of [
      `network W ${times(deepestNesting, "{ ")}${times(deepestNesting, "}")}`,
      `let a = ${times(deepestNesting, "(")}1${times(deepestNesting, ")")}`,
      `let a = ${times(deepestNesting, "f(")}1${times(deepestNesting, ")")}`,
      `let a = ${times(mostPrefixes, "-")}1`,
      `let a = ${times(mostPrefixes, "1 if b else ")}2`,
      `let a = 1${times(longestExpression, "+1")}`,
      `network W { ${times(mostPrefixes - 4, "2 x ")}relu }`,
      `network W { if a { }${times(mostPrefixes - 8, " else if b { }")} }`,
      `block W(${Array.from({ length: 200 }, (_, index) => `p${index}: int = ${index}`).join(", ")}) { relu }`,
    ]) {
      keepsTheLaws(text);
    }
  });

  it("takes time in proportion to the length", () => {
    const unit = "block b(width: int) {\n  concat { conv(3x3, width, stride=2) -> bn -> relu | conv(1x1, 2 * width + 3) } // c\n  3 x { relu -> bn }\n}\n\n";
    const milliseconds = (count: number): number => {
      const text = `${unit.repeat(count).trimEnd()}\n`;
      const start = performance.now();
      expect(format(source(text)).text).to.equal(text);
      return performance.now() - start;
    };
    milliseconds(200);
    const short = Math.min(milliseconds(200), milliseconds(200));
    // 10,000 lines, ten times as long; a square would take a hundred times as long.
    expect(milliseconds(2000)).to.be.lessThan(35 * short);
    const list = `let a = [${"b + c, ".repeat(20_000)}]`;
    expect(format(source(list)).text?.split("\n").length).to.equal(20_003);
  });
});
