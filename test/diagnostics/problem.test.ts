/** Problems as data: what a site may leave out, the order they are told in, each once. */
import { expect } from "chai";
import fc from "fast-check";
import type { SourceFile } from "../../src/base/source-file.ts";
import { createProblem, hasErrors, sortProblems } from "../../src/diagnostics/problem.ts";
import type { Problem } from "../../src/diagnostics/problem.ts";

const file = (path: string): SourceFile => ({ path, text: "x".repeat(100), standard: false });
const [one, two] = [file("one.resnet"), file("two.resnet")];

const at = (source: SourceFile, start: number, code: Problem["code"] = "RN0201", message = "m", end = start + 1): Problem =>
  createProblem({ code, message, span: { source, start, end } });
const told = (problems: readonly Problem[]): string[] => problems.map(({ code, message, primary: { span } }) => `${span.source.path}:${span.start}-${span.end} ${code} ${message}`);

describe("problems: what a site gives", () => {
  it("code, message and place are enough: an error without anything else", () => {
    expect(at(one, 3)).to.deep.equal({
      code: "RN0201", severity: "error", message: "m", primary: { span: { source: one, start: 3, end: 4 }, text: "" }, secondary: [], notes: [], help: [], fixes: [],
    });
  });
  it("the rest is kept as it is", () => {
    const span = { source: one, start: 0, end: 1 };
    const rest = { severity: "warning" as const, secondary: [{ span, text: "s" }], notes: ["n"], help: ["Help."], fixes: [{ title: "f", edits: [{ span, text: "t" }] }] };
    const { label, ...others } = { label: "here", ...rest };
    expect(createProblem({ code: "RN0201", message: "m", span, label, ...others })).to.deep.equal({ code: "RN0201", message: "m", primary: { span, text: "here" }, ...rest });
  });
});

describe("problems: errors", () => {
  const warning = { ...at(one, 1), severity: "warning" as const };
  const info = { ...at(one, 1), severity: "info" as const };
  it("one among others is enough", () => expect(hasErrors([warning, at(one, 2), info])).to.equal(true));
  it("warnings and notices are none", () => expect(hasErrors([warning, info])).to.equal(false));
  it("nothing is none", () => expect(hasErrors([])).to.equal(false));
});

describe("problems: order", () => {
  const rows: Readonly<Record<string, readonly [readonly Problem[], readonly string[]]>> = {
    "by place in a file": [[at(one, 9), at(one, 1), at(one, 5)], ["one.resnet:1-2 RN0201 m", "one.resnet:5-6 RN0201 m", "one.resnet:9-10 RN0201 m"]],
    "files in the order in which they are first spoken of": [[at(two, 9), at(one, 1), at(two, 2)], ["two.resnet:2-3 RN0201 m", "two.resnet:9-10 RN0201 m", "one.resnet:1-2 RN0201 m"]],
    "by code at one place": [[at(one, 1, "RN0304"), at(one, 1, "RN0201")], ["one.resnet:1-2 RN0201 m", "one.resnet:1-2 RN0304 m"]],
    "one message at one place once": [[at(one, 1), at(one, 4), at(one, 1)], ["one.resnet:1-2 RN0201 m", "one.resnet:4-5 RN0201 m"]],
    "another message there is another problem": [[at(one, 1), at(one, 1, "RN0201", "other")], ["one.resnet:1-2 RN0201 m", "one.resnet:1-2 RN0201 other"]],
    "another end too": [[at(one, 1), at(one, 1, "RN0201", "m", 7)], ["one.resnet:1-2 RN0201 m", "one.resnet:1-7 RN0201 m"]],
    "the same place in another file too": [[at(one, 1), at(two, 1)], ["one.resnet:1-2 RN0201 m", "two.resnet:1-2 RN0201 m"]],
    "two files of one path are two files": [[at(one, 1), at(file("one.resnet"), 1)], ["one.resnet:1-2 RN0201 m", "one.resnet:1-2 RN0201 m"]],
    "nothing": [[], []],
  };
  for (const [why, [problems, expected]] of Object.entries(rows)) {
    it(why, () => expect(told(sortProblems(problems))).to.deep.equal(expected));
  }

  it("the first of equal ones is kept, with its notes", () => {
    const [kept] = sortProblems([{ ...at(one, 1), notes: ["first"] }, { ...at(one, 1), notes: ["second"] }]);
    expect(kept?.notes).to.deep.equal(["first"]);
  });
  it("what is given is left as it is", () => {
    const given = [at(one, 9), at(one, 1)];
    sortProblems(given);
    expect(given.map(({ primary }) => primary.span.start)).to.deep.equal([9, 1]);
  });

  const problem = fc.tuple(fc.constantFrom(one, two), fc.nat(6), fc.constantFrom("RN0201" as const, "RN0304" as const), fc.constantFrom("a", "b")).map(([source, start, code, message]) => at(source, start, code, message));
  it("sorting again changes nothing, nothing is lost, nothing is there twice", () => {
    fc.assert(
      fc.property(fc.array(problem), (problems) => {
        const sorted = sortProblems(problems);
        expect(sortProblems(sorted)).to.deep.equal(sorted);
        expect(new Set(told(sorted))).to.deep.equal(new Set(told(problems)));
        expect(new Set(told(sorted)).size).to.equal(sorted.length);
      }),
      { numRuns: 300, seed: 1512 },
    );
  });
});
