import { expect } from "chai";
import type { SourceFile } from "../../src/base/source-file.ts";
import type { Fix, Problem } from "../../src/diagnostics/problem.ts";
import { createProblem, hasErrors } from "../../src/diagnostics/problem.ts";
import { format } from "../../src/format/format.ts";
import { applyFixes } from "../../src/lint/fix.ts";
import { fixProgram } from "../../src/lint/fix-program.ts";
import type { FixedProgram } from "../../src/lint/fix-program.ts";
import type { Rule } from "../../src/lint/rule.ts";
import { defineRule } from "../../src/lint/rule.ts";
import type { LintConfig } from "../../src/lint/settings.ts";
import { resolveSettings } from "../../src/lint/settings.ts";
import type { Files } from "../support/problems.ts";
import { openText } from "./rule-tester.ts";

const source: SourceFile = { path: "main.resnet", text: "abcdefghij", standard: false };

/** A problem with fixes, each of edits `[start, end, text]`. */
function problem(message: string, ...fixes: readonly (readonly [isSafe: boolean, ...edits: (readonly [number, number, string])[]])[]): Problem {
  const made = fixes.map(([isSafe, ...edits]): Fix => ({ title: message, isSafe, edits: edits.map(([start, end, text]) => ({ span: { source, start, end }, text })) }));
  return createProblem({ code: "RL03", message, span: { source, start: 0, end: 1 }, fixes: made });
}

const applied = (problems: readonly Problem[], unsafe = false): readonly [string, readonly string[]] => {
  const result = applyFixes(source, problems, { unsafe });
  return [result.text, result.applied.map((one) => one.problem.message)];
};

async function fixed(text: string, config: LintConfig = {}, { unsafe = false, files }: { readonly unsafe?: boolean; readonly files?: Files } = {}): Promise<FixedProgram> {
  const { value: settings } = resolveSettings(config);
  const host = { resolve: (_importer: string, path: string) => path, read: async (path: string) => files?.[path] };
  const result = await fixProgram(await openText(text, files), settings, { unsafe, host });
  const again = await fixProgram(result.program, settings, { unsafe, host });
  expect(again.text, "a second run").to.equal(result.text);
  expect(again.applied, "a second run").to.deep.equal([]);
  return result;
}

describe("lint: applying fixes", () => {
  it("applies what is safe, and the rest only when it is asked for", () => {
    const problems = [problem("one", [true, [0, 1, "A"]]), problem("two", [false, [2, 3, "C"]]), problem("none")];
    expect(applied(problems)).to.deep.equal(["Abcdefghij", ["one"]]);
    expect(applied(problems, true)).to.deep.equal(["AbCdefghij", ["one", "two"]]);
  });

  it("takes the first fix of a problem that may be applied", () => {
    expect(applied([problem("one", [false, [0, 1, "A"]], [true, [0, 1, "1"]])])).to.deep.equal(["1bcdefghij", ["one"]]);
    expect(applied([problem("one", [false, [0, 1, "A"]], [true, [0, 1, "1"]])], true)).to.deep.equal(["Abcdefghij", ["one"]]);
  });

  it("leaves a fix that overlaps an earlier one to the next pass, all of it", () => {
    expect(applied([problem("later", [true, [2, 5, ""], [8, 9, "I"]]), problem("first", [true, [0, 3, "-"]])])).to.deep.equal(["-defghij", ["first"]]);
    expect(applied([problem("a", [true, [4, 4, "x"]]), problem("b", [true, [4, 4, "y"]])])).to.deep.equal(["abcdxefghij", ["a"]]);
    expect(applied([problem("a", [true, [2, 4, ""]]), problem("b", [true, [4, 6, "y"]])])).to.deep.equal(["abyghij", ["a", "b"]]);
    expect(applied([problem("a", [true, [0, 9, "x"]]), problem("b", [true, [3, 3, "y"]])])).to.deep.equal(["xj", ["a"]]);
  });

  it("applies once what two problems ask for", () => {
    expect(applied([problem("a", [true, [2, 4, "-"]]), problem("b", [true, [2, 4, "-"]])])).to.deep.equal(["ab-efghij", ["a", "b"]]);
  });

  it("edits the linted file alone", () => {
    const other: SourceFile = { ...source, path: "other.resnet" };
    const foreign = createProblem({ code: "RL03", message: "x", span: { source, start: 0, end: 1 }, fixes: [{ title: "x", isSafe: true, edits: [{ span: { source: other, start: 0, end: 1 }, text: "A" }, { span: { source, start: 0, end: 1 }, text: "A" }] }] });
    expect(applied([foreign, createProblem({ code: "RL03", message: "y", span: { source, start: 0, end: 1 }, fixes: [{ title: "y", isSafe: true, edits: [] }] })])).to.deep.equal(["abcdefghij", []]);
  });
});

const MESSY = `// Above all.
use std.blocks { basic, bottleneck } // imports
use std.shortcuts { B }

/// A net.
network Small {
  input image: float32[N, 3, 32, 32]
  shortcuts B
  let forgotten = 3 // of no use
  // The stem.
  conv(3x3, 16, bias=true) -> bn -> relu // with a bias
  layer1: 3 x basic(16)
  globalavgpool -> fc: linear(10)
}
`;

describe("lint: fixing a program", () => {
  it("fixes until nothing is left, and keeps every comment", async () => {
    const { text, problems, applied: done, refused } = await fixed(MESSY);
    expect(problems).to.deep.equal([]);
    expect(refused).to.deep.equal([]);
    expect([...new Set(done.map((one) => one.problem.rule))].sort()).to.deep.equal(["bias-before-norm", "unused"]);
    expect(text).to.not.match(/bottleneck|bias=true|let forgotten/);
    for (const comment of ["// Above all.", "// imports", "/// A net.", "// of no use", "// The stem.", "// with a bias"]) expect(text).to.include(comment);
    expect(hasErrors(problems)).to.equal(false);
  });

  it("leaves a file in the one layout in it, and another as it was", async () => {
    expect(format({ ...source, text: MESSY }).text).to.equal(MESSY);
    const { text } = await fixed(MESSY);
    expect(format({ ...source, text }).text).to.equal(text);
    const wide = await fixed(MESSY.replace("shortcuts B", "shortcuts    B"));
    expect(wide.text).to.include("  shortcuts    B\n");
  });

  it("keeps line ends", async () => {
    const { text, problems } = await fixed(MESSY.replaceAll("\n", "\r\n"));
    expect(problems).to.deep.equal([]);
    expect(text.replaceAll("\r\n", "")).to.not.include("\n");
  });

  it("fixes what a fix brings to light", async () => {
    const chain = "block none_of_use(width: int) {\n  let a = width\n  let b = a + 1\n  let c = b + 1\n  conv(3x3, width)\n}\n";
    const { text, applied: done } = await fixed(chain);
    expect(done).to.have.length(3);
    expect(text).to.equal("block none_of_use(width: int) {\n  conv(3x3, width)\n}\n");
  });

  it("does not touch imported files", async () => {
    const files = { "blocks.resnet": "block unit(width: int) {\n  conv(3x3, width, bias=true) -> bn -> relu\n}\n" };
    const text = 'use "blocks.resnet" { unit }\nnetwork Small {\n  input image: float32[N, 3, 32, 32]\n  unit(16)\n  globalavgpool -> fc: linear(10)\n}\n';
    const result = await fixed(text, {}, { unsafe: true, files });
    expect(result.text).to.equal(text);
    expect(result.problems.map(({ rule }) => rule)).to.deep.equal(["bias-before-norm"]);
  });

  it("mends errors of the checker when that is asked for, and says what is left", async () => {
    const broken = "network Small {\n  input image: float32[N, 3, 32, 32]\n  conv(3 x 3, 16, strid=2) -> bn -> relu\n  wait_and_see -> linear(10)\n}\n";
    expect((await fixed(broken)).text).to.equal(broken);
    const { text, problems } = await fixed(broken, {}, { unsafe: true });
    expect(text).to.equal(broken.replace("3 x 3", "3x3").replace("strid=", "stride="));
    expect(problems.map(({ code }) => code)).to.deep.equal(["RN0201"]);
  });
});

const PLAIN = `// A comment.
network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu // behind
  conv(3x3, 24) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`;

/** A rule that says `message` where the text has `wrong`, and would write `right` there. */
function replacing(message: string, wrong: string, right: string): Rule {
  return defineRule({
    code: "RL99",
    name: "replacing",
    severity: "warning",
    summary: "",
    why: "",
    evidence: undefined,
    exceptions: "",
    wrong: "",
    right: "",
    checkModule({ module, report }) {
      for (let start = module.source.text.indexOf(wrong); start >= 0; start = module.source.text.indexOf(wrong, start + 1)) {
        const span = { source: module.source, start, end: start + wrong.length };
        report({ at: span, message, fixes: [{ title: `write ${right}`, isSafe: true, edits: [{ span, text: right }] }] });
      }
    },
  });
}

describe("lint: fixes that are not what they promise", () => {
  /** What became of the text, and why what was refused was. */
  async function outcome(...rules: readonly Rule[]): Promise<readonly [text: string, refused: readonly string[]]> {
    const { text, refused } = await fixProgram(await openText(PLAIN), resolveSettings().value, { unsafe: false, rules });
    return [text, refused.map(({ fix, reason }) => `${fix.title}: ${reason}`)];
  }
  const good = replacing("fine", "24", "32");

  it("are taken back, and the others are applied", async () => {
    const rows: readonly (readonly [rule: Rule, refused: string])[] = [
      [replacing("breaks the text", "globalavgpool ->", "globalavgpool -> ->"), "write globalavgpool -> ->: something else would be wrong: "],
      [replacing("breaks a name", "bn ->", "bm ->"), "write bm ->: something else would be wrong: nothing is called `bm`"],
      [replacing("breaks a shape", "globalavgpool -> ", ""), "write : something else would be wrong: `linear` needs [N, features], got [N, "],
      [replacing("mends nothing", "Small", "SmallSmall"), "write SmallSmall: the same would still be wrong"],
      [replacing("changes nothing", "Small", "Small"), "write Small: it changes nothing"],
      [replacing("loses a comment", " // behind", ""), "write : the comment `behind` would be lost"],
    ];
    for (const [rule, expected] of rows) {
      const [text, refused] = await outcome(rule, good);
      expect(text).to.equal(PLAIN.replace("24", "32"));
      expect(refused.join("; ")).to.include(expected);
    }
  });

  it("do not go round in circles", async () => {
    const [text, refused] = await outcome(replacing("too small", "24", "32"), replacing("too large", "32)", "24)"));
    expect([PLAIN, PLAIN.replace("24", "32")]).to.include(text);
    expect(refused).to.deep.equal(["write 24): it would undo another fix"]);
  });
});
