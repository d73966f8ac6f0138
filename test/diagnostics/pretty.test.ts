import { expect } from "chai";
import type { SourceFile, Span } from "../../src/base/source-file.ts";
import type { Problem, ProblemInput } from "../../src/diagnostics/problem.ts";
import { createProblem } from "../../src/diagnostics/problem.ts";
import { applyFix } from "../../src/diagnostics/render/fixes.ts";
import { jsonProblem } from "../../src/diagnostics/render/json.ts";
import { countProblems, renderProblem } from "../../src/diagnostics/render/pretty.ts";
import { textWidth, wrap } from "../../src/diagnostics/render/text-width.ts";

/** A source whose marked pieces are spans: `«first» and «second»`. */
function marked(text: string, path = "a.resnet"): { readonly source: SourceFile; readonly spans: readonly Span[] } {
  const source: { path: string; text: string; standard: boolean } = { path, text: "", standard: false };
  const spans: Span[] = [];
  let start = 0;
  for (const part of text.split(/([«»])/)) {
    if (part === "«") start = source.text.length;
    else if (part === "»") spans.push({ source, start, end: source.text.length });
    else source.text += part;
  }
  return { source, spans };
}

function problem(span: Span | undefined, more: Partial<ProblemInput> = {}): Problem {
  if (span === undefined) throw new Error("the text has too few marks");
  return createProblem({ code: "RN0401", message: "wibble", span, ...more });
}

function check(made: Problem, expected: readonly string[], options = {}): void {
  expect(renderProblem(made, options).split("\n")).to.deep.equal(expected);
}

describe("code frames", () => {
  it("draw one label", () => {
    const { spans } = marked("one\n  «two» three\n");
    check(problem(spans[0], { label: "here" }), ["error[RN0401]: wibble", "   ┌─ a.resnet:2:3", "   │", " 2 │   two three", "   │   ^^^ here"]);
  });

  it("draw several labels on a line and on others, and what is between them", () => {
    const { spans } = marked("«one» «two»\nx\n«three»\nx\nx\n«four»\n");
    const [one, two, three, four] = spans as [Span, Span, Span, Span];
    check(problem(two, { label: "second", secondary: [{ span: one, text: "first" }, { span: four, text: "last" }, { span: three, text: "" }] }), [
      "error[RN0401]: wibble",
      "   ┌─ a.resnet:1:5",
      "   │",
      " 1 │ one two",
      "   │ --- first",
      "   │     ^^^ second",
      " 2 │ x",
      " 3 │ three",
      "   │ -----",
      "   ·",
      " 6 │ four",
      "   │ ---- last",
    ]);
  });

  it("draw places of other files below, with their own heads", () => {
    const mine = marked("«basic(32)»\n").spans[0] as Span;
    const theirs = marked(`${"\n".repeat(99)}  «residual» {\n`, "std.blocks").spans[0] as Span;
    check(problem(mine, { secondary: [{ span: theirs, text: "the library line" }] }), [
      "error[RN0401]: wibble",
      "     ┌─ a.resnet:1:1",
      "     │",
      "   1 │ basic(32)",
      "     │ ^^^^^^^^^",
      "     ┌─ std.blocks:100:3",
      "     │",
      " 100 │   residual {",
      "     │   -------- the library line",
    ]);
  });

  it("write notes and help below, broken at the width", () => {
    const { spans } = marked("«x»");
    const said = "four words and then some that do not fit on the line";
    check(
      problem(spans[0], { notes: ["x     [N, 16]\nF(x)  [N, 32]", said], help: ["Do it"] }),
      [
        "error[RN0401]: wibble",
        "   ┌─ a.resnet:1:1",
        "   │",
        " 1 │ x",
        "   │ ^",
        "   │",
        "   = x     [N, 16]",
        "     F(x)  [N, 32]",
        "   = four words and then some that do not fit",
        "     on the line",
        "   help: Do it",
      ],
      { width: 45 },
    );
  });

  it("show what a fix changes", () => {
    const { spans } = marked("a\nconv(3«: »3x3)\nb\n");
    const span = spans[0] as Span;
    const made = problem(span, { fixes: [{ title: "write `=`", edits: [{ span, text: "=" }] }] });
    check(made, ["error[RN0401]: wibble", "   ┌─ a.resnet:2:7", "   │", " 2 │ conv(3: 3x3)", "   │       ^^", "   │", "   fix: write `=`", " 2 - conv(3: 3x3)", " 2 + conv(3=3x3)"]);
    expect(applyFix(span.source, made.fixes[0] as Problem["fixes"][number])).to.equal("a\nconv(3=3x3)\nb\n");
  });

  it("show only the new line of a fix that adds one", () => {
    const { spans } = marked("a\n«»b\n");
    const span = spans[0] as Span;
    const shown = renderProblem(problem(span, { fixes: [{ title: "add it", edits: [{ span, text: "new\n" }] }] })).split("\n");
    expect(shown.slice(-2)).to.deep.equal(["   fix: add it", " 2 + new"]);
  });

  const texts: readonly (readonly [title: string, text: string, line: string, marks: string])[] = [
    ["wide letters", "신경 «망»", " 1 │ 신경 망", "   │      ^^"],
    ["combining marks", "e\u0301 «x»", " 1 │ e\u0301 x", "   │   ^"],
    ["tabs", "\t«x»", " 1 │     x", "   │     ^"],
    ["an empty place", "ab«»", " 1 │ ab", "   │   ^"],
    ["control characters and marks that reorder a line", "\u001b[2J\u202e «x»", " 1 │ �[2J� x", "   │       ^"],
    ["the end of the file, behind the last thing", "ab\n\n«»", " 1 │ ab", "   │   ^"],
    ["an empty file", "«»", " 1 │", "   │ ^"],
    ["several lines", "«ab {\n}»", " 1 │ ab {", "   │ ^^^^ (to line 2)"],
    ["the ends of Windows' lines", "«ab»\r\n", " 1 │ ab", "   │ ^^"],
  ];
  for (const [title, text, line, marks] of texts) {
    it(`stand right under ${title}`, () => {
      const shown = renderProblem(problem(marked(text).spans[0])).split("\n");
      expect(shown.slice(3)).to.deep.equal([line, marks]);
    });
  }

  it("cut a line of a megabyte around what is marked", () => {
    const { spans } = marked(`${"a ".repeat(250_000)}«here»${" b".repeat(250_000)}`);
    const [line = "", marks = ""] = renderProblem(problem(spans[0])).split("\n").slice(3);
    expect(line.length).to.be.lessThan(130);
    expect(line.slice(marks.indexOf("^"), marks.lastIndexOf("^") + 1)).to.equal("here");
  });

  it("count what there is", () => {
    const { spans } = marked("«x»");
    const error = problem(spans[0]);
    expect(countProblems([error, error, { ...error, severity: "warning" }, { ...error, severity: "info" }])).to.equal("2 errors, 1 warning, 1 remark");
    expect(countProblems([])).to.equal("");
  });

  it("say the same as data", () => {
    const { spans } = marked("one\n  «two»\n");
    const span = spans[0] as Span;
    const place = { path: "a.resnet", start: { line: 2, column: 3, offset: 6 }, end: { line: 2, column: 6, offset: 9 } };
    const made = problem(span, { label: "here", notes: ["n"], help: ["H"], secondary: [{ span, text: "there" }], fixes: [{ title: "t", edits: [{ span, text: "e" }] }] });
    expect(jsonProblem(made)).to.deep.include({ code: "RN0401", severity: "error", message: "wibble", span: place, label: "here", related: [{ span: place, label: "there" }], notes: ["n"], help: ["H"], fixes: [{ title: "t", isSafe: false, edits: [{ span: place, text: "e" }] }] });
  });
});

describe("text for terminals", () => {
  it("is as wide as its letters", () => {
    // East Asian Width (UAX #11): Hangul syllables, kana and CJK are W, ASCII and accents Na or N, combining marks take no column.
    for (const [text, width] of [["abc", 3], ["한글", 4], ["漢字かな", 8], ["é", 1], ["e\u0301", 1], ["→", 1], ["😀", 2]] as const) expect(textWidth(text), text).to.equal(width);
  });

  it("breaks at spaces, never inside a word", () => {
    expect(wrap("a bb ccc dddddddddd e", 6)).to.deep.equal(["a bb", "ccc", "dddddddddd", "e"]);
    expect(wrap("short\nlines stay", 20)).to.deep.equal(["short", "lines stay"]);
  });
});
