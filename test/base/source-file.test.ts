/** Lines and columns as editors count them; expected positions come from splitting the text. */
import { expect } from "chai";
import fc from "fast-check";
import { lineStarts, lineText, positionAt, spanLocation } from "../../src/base/source-file.ts";
import type { SourceFile } from "../../src/base/source-file.ts";

const file = (text: string, path = "net.resnet"): SourceFile => ({ path, text, standard: false });

function check(rows: Readonly<Record<string, readonly [text: string, starts: readonly number[], lines: readonly string[]]>>): void {
  for (const [why, [text, starts, lines]] of Object.entries(rows)) {
    it(why, () => {
      const source = file(text);
      expect(lineStarts(source)).to.deep.equal(starts);
      expect(starts.map((_, index) => lineText(source, index + 1))).to.deep.equal(lines);
    });
  }
}

describe("source files: lines", () => {
  check({
    "an empty text has one line": ["", [0], [""]],
    "a text without a line end has one": ["relu", [0], ["relu"]],
    "after a last line end an empty line begins": ["a\nb\n", [0, 2, 4], ["a", "b", ""]],
    "a carriage return with a line feed is one end": ["a\r\nb\r\n\r\nc", [0, 3, 6, 8], ["a", "b", "", "c"]],
    "a lone carriage return is one": ["a\rb", [0, 2], ["a", "b"]],
    "a line feed before a carriage return is two": ["a\n\rb", [0, 2, 3], ["a", "", "b"]],
    "other separators of Unicode are none: editors do not count them": ["a\u2028b", [0], ["a\u2028b"]],
  });

  it("there is no text on a line that is not there", () => {
    expect(lineText(file("a\nb"), 0)).to.equal("");
    expect(lineText(file("a\nb"), 3)).to.equal("");
  });
});

describe("source files: positions", () => {
  it("line and column count from 1, columns in UTF-16 units", () => {
    const source = file("ab\n😀c\n");
    expect([0, 1, 2, 3, 5, 6].map((offset) => positionAt(source, offset))).to.deep.equal([
      { line: 1, column: 1 }, { line: 1, column: 2 }, { line: 1, column: 3 }, { line: 2, column: 1 }, { line: 2, column: 3 }, { line: 2, column: 4 },
    ]);
  });

  it("past the end is the end", () => {
    expect(positionAt(file("ab\nc"), 99)).to.deep.equal({ line: 2, column: 2 });
    expect(positionAt(file(""), 5)).to.deep.equal({ line: 1, column: 1 });
  });

  it("is what splitting the text before it says, for any text", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "\n", "\r", "\r\n", "é", "😀"), { maxLength: 30 }).map((parts) => parts.join("")), fc.nat(60), (text, wanted) => {
        const offset = Math.min(wanted, text.length);
        // Between the two characters of one line end the line has not ended yet.
        fc.pre(!(text[offset - 1] === "\r" && text[offset] === "\n"));
        const before = text.slice(0, offset).split(/\r\n|\n|\r/);
        expect(positionAt(file(text), offset)).to.deep.equal({ line: before.length, column: (before.at(-1) ?? "").length + 1 });
      }),
      { numRuns: 500, seed: 1512 },
    );
  });

  it("a span is told by where it begins", () => {
    expect(spanLocation({ source: file("a\n  bn", "nets/mine.resnet"), start: 4, end: 6 })).to.equal("nets/mine.resnet:2:3");
  });
});
