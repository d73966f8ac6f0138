import { expect } from "chai";
import fc from "fast-check";
import { commentsOf, parseTree } from "../../src/syntax/index.ts";

const source = (text: string) => ({ path: "test.resnet", text, standard: false });
const found = (text: string): readonly string[] => commentsOf(source(text)).map(({ start, end }) => text.slice(start, end));

describe("syntax: comments of a text", () => {
  const rows: readonly (readonly [string, string, readonly string[]])[] = [
    ["in the order of the text, both kinds", "/// a\nlet b = 1 // c\r\n//// d\n//", ["/// a", "// c", "//// d", "//"]],
    ["none in strings", 'use "http://a" { b } // c\nlet d = "// e', ["// c"]],
    ["none in what other languages call comments", "# // a\n/* // b\n// c */ // d", ["// d"]],
    ["none without slashes", "let a = 4 / 2", []],
  ];
  for (const [title, text, comments] of rows) it(title, () => expect(found(text)).to.deep.equal(comments));

  it("are those that the parser sees", () => {
    const pieces = ["//", "///", "/", "*", "/*", "*/", '"', "'", "“", "”", "#", "!", "=", "==", ">", "<", "&&", "|", "-", "\n", "\r", "\r\n", " ", "a", "1", "$", "\\", "{", "}"];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 30 }), (parts) => {
        const text = parts.join("");
        expect(found(text), JSON.stringify(text)).to.deep.equal(parseTree(source(text)).comments.map(({ image }) => image));
      }),
      { numRuns: 1_000 },
    );
  });
});
