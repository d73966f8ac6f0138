import { readdirSync } from "node:fs";
import { expect } from "chai";
import { RULES } from "../../src/lint/registry.ts";
import type { Rule } from "../../src/lint/rule.ts";
import { fixProgram } from "../../src/lint/fix-program.ts";
import { lintProgram } from "../../src/lint/lint.ts";
import { resolveSettings } from "../../src/lint/settings.ts";
import { lintText, openText } from "./rule-tester.ts";

/** What the rule alone finds; the checker must find nothing. */
async function found(rule: Rule, program: string): Promise<readonly string[]> {
  const problems = await lintText(program, { select: [rule.name] });
  expect(problems.filter(({ code }) => code !== rule.code).map(({ code, message }) => `${code} ${message}`), program).to.deep.equal([]);
  return problems.map(({ message }) => message);
}

describe("lint: the rules", () => {
  it("have codes and names of their own, in the order of their codes", () => {
    const codes = RULES.map(({ code }) => code);
    expect(codes).to.deep.equal([...new Set(codes)].sort());
    for (const code of codes) expect(code).to.match(/^RL\d\d$/);
    const names = RULES.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
    for (const name of names) expect(name).to.match(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  it("are each the file of their name, and every file is in the registry", () => {
    const files = readdirSync(new URL("../../src/lint/rules/", import.meta.url)).filter((name) => name.endsWith(".ts"));
    expect(files.sort()).to.deep.equal(RULES.map(({ name }) => `${name}.ts`).sort());
  });

  for (const rule of RULES) {
    describe(`${rule.code} ${rule.name}`, () => {
      it("says what it looks for, why, and when it does not apply", () => {
        for (const [part, text] of Object.entries({ summary: rule.summary, why: rule.why, exceptions: rule.exceptions })) {
          expect(text.trim(), part).to.equal(text).and.to.match(/\w.{15,}/s);
        }
        expect(rule.summary).to.not.include("\n");
        if (rule.evidence !== undefined) expect(rule.evidence).to.match(/\w.{9,}/s);
        for (const [name, { default: value, meaning }] of Object.entries(rule.thresholds ?? {})) {
          expect(value, name).to.satisfy(Number.isFinite).and.to.be.at.least(0);
          expect(meaning, name).to.match(/\w.{9,}/s);
        }
      });

      it("finds fault with its wrong program, and none with the mended one", async () => {
        expect(await found(rule, rule.wrong)).to.not.deep.equal([]);
        expect(await found(rule, rule.right)).to.deep.equal([]);
      });

      it("has fixes that mend its wrong program", async () => {
        const { value: settings } = resolveSettings({ select: [rule.name] });
        const program = await openText(rule.wrong);
        const before = lintProgram(program, settings).problems;
        const fixable = before.filter(({ fixes }) => fixes.length > 0);
        const { problems, applied, refused } = await fixProgram(program, settings, { unsafe: true });
        expect(refused.map(({ fix, reason }) => `${fix.title}: ${reason}`)).to.deep.equal([]);
        expect(applied.length > 0).to.equal(fixable.length > 0);
        expect(problems.length).to.be.at.most(before.length - fixable.length);
      });

      it("is mended without another warning", async () => {
        const others = await lintText(rule.right);
        expect(others.map(({ code, message }) => `${code} ${message}`)).to.deep.equal([]);
      });
    });
  }
});
