/**
 * Suspicious programs, each with what was expected of it before it was linted (`// expects RULE:LINE …` in the file), and the whole
 * text that people read. `NAME.info.resnet` is asked for remarks, too; the others as by default.
 */
import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { positionAt } from "../../src/base/source-file.ts";
import { renderProblems } from "../../src/diagnostics/render/pretty.ts";
import { fixProgram } from "../../src/lint/fix-program.ts";
import { lintProgram } from "../../src/lint/lint.ts";
import { RULES } from "../../src/lint/registry.ts";
import { resolveSettings } from "../../src/lint/settings.ts";
import { loadProgram } from "../../src/program/load.ts";
import type { Problem } from "../../src/diagnostics/problem.ts";

const FOLDER = new URL("../corpus/suspicious/", import.meta.url);
const NAMES = readdirSync(FOLDER).flatMap((file) => (file.endsWith(".resnet") ? [file.slice(0, -".resnet".length)] : []));
const read = (file: string): string => readFileSync(new URL(file, FOLDER), "utf8");

async function lint(name: string, text: string): Promise<readonly Problem[]> {
  const program = await loadProgram({ path: `${name}.resnet`, text, standard: false });
  return lintProgram(program, resolveSettings(name.endsWith(".info") ? { severity: "info" } : {}).value).problems;
}

const placed = ({ code, primary: { span } }: Problem): string => `${code}:${positionAt(span.source, span.start).line}`;
const expected = (text: string): readonly string[] => /^\/\/\/? expects(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/).filter(Boolean) ?? ["nothing is expected of it"];

describe("lint: suspicious programs", () => {
  for (const name of NAMES) {
    it(name, async () => {
      const text = read(`${name}.resnet`);
      const problems = await lint(name, text);
      expect(problems.map(placed).sort()).to.deep.equal([...expected(text)].sort());
      expect(renderProblems(problems)).to.equal(read(`${name}.txt`));
    });
  }

  it("are at least forty, and every rule is in one of them", () => {
    expect(NAMES.length).to.be.at.least(40);
    const found = new Set(NAMES.flatMap((name) => expected(read(`${name}.resnet`)).map((finding) => finding.replace(/:.*/, ""))));
    expect(RULES.map(({ code }) => code).filter((code) => !found.has(code))).to.deep.equal([]);
  });

  it("and every text is that of a program", () => {
    const texts = readdirSync(FOLDER).flatMap((file) => (file.endsWith(".txt") ? [file.slice(0, -".txt".length)] : []));
    expect(texts.sort()).to.deep.equal([...NAMES].sort());
  });

  it("fixes, safe and unsafe, all hold, and a second run changes nothing", async () => {
    for (const name of NAMES) {
      const text = read(`${name}.resnet`);
      const { value: settings } = resolveSettings(name.endsWith(".info") ? { severity: "info" } : {});
      for (const unsafe of [false, true]) {
        const fixed = await fixProgram(await loadProgram({ path: `${name}.resnet`, text, standard: false }), settings, { unsafe });
        expect(fixed.problems.filter(({ severity }) => severity === "error").map(({ message }) => message), fixed.text).to.deep.equal([]);
        expect(fixed.refused.map(({ problem, reason }) => `${problem.message}: ${reason}`), fixed.text).to.deep.equal([]);
        const again = await fixProgram(fixed.program, settings, { unsafe });
        expect(again.text).to.equal(fixed.text);
      }
    }
  });
});
