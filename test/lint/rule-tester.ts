import { expect } from "chai";
import type { Problem } from "../../src/diagnostics/problem.ts";
import { lintProgram } from "../../src/lint/lint.ts";
import type { LintOptions } from "../../src/lint/lint.ts";
import type { Rule } from "../../src/lint/rule.ts";
import { resolveSettings } from "../../src/lint/settings.ts";
import type { LintConfig } from "../../src/lint/settings.ts";
import { loadProgram, standardProgram } from "../../src/program/load.ts";
import type { Program } from "../../src/program/load.ts";
import { listNetworks } from "../../src/program/networks.ts";
import { standardDeclaration } from "../../src/program/standard-library.ts";
import { placeOf } from "../support/problems.ts";
import type { Files } from "../support/problems.ts";

/** A program, and every finding of the rule in it. */
export interface RuleCase {
  /** What the case is about, where the program does not say so by itself. */
  readonly why?: string;
  /** The text of a file `main.resnet`, or the name of a network of the standard library. */
  readonly program: string;
  /** Files it imports, by name. */
  readonly files?: Files;
  /** Thresholds of the rule; shapes of inputs and values of parameters. */
  readonly thresholds?: Readonly<Record<string, number>>;
  readonly build?: LintOptions["build"];
  /**
   * In the order of the text, each either the start of `3:8 «conv(3x3, 16)» the message` (place, text there, message) or
   * an expression for that line and the notes and help below it, one a line.
   */
  readonly findings: readonly (string | RegExp)[];
}

/** Everything that is said about a text called `main.resnet`, or about a network of the standard library. */
export async function lintText(program: string, config: LintConfig = {}, given: Pick<RuleCase, "files" | "build"> = {}): Promise<readonly Problem[]> {
  const { value: settings, problems } = resolveSettings(config);
  expect(problems, "settings").to.deep.equal([]);
  const declared = /^\w+$/.test(program) ? standardDeclaration(program) : undefined;
  const opened = declared ? standardProgram(declared.module) : await openText(program, given.files ?? {});
  const network = declared && listNetworks(opened).find(({ name }) => name === program);
  return lintProgram(opened, settings, { ...(network ? { network } : {}), ...(given.build ? { build: given.build } : {}) }).problems;
}

/** A text called `main.resnet` with the files beside it. */
export function openText(text: string, files: Files = {}): Promise<Program> {
  return loadProgram({ path: "main.resnet", text, standard: false }, { resolve: (_importer, path) => path, read: async (path) => files[path] });
}

/** One test for every case: the program compiles, and the findings of the rule are these and no others. */
export function checkRule(rule: Rule, cases: readonly RuleCase[]): void {
  describe(`${rule.code} ${rule.name}`, () => {
    for (const { program, why = program, thresholds, findings, ...given } of cases) {
      it(why.trim().replace(/\s+/g, " ").slice(0, 120), async () => {
        const problems = await lintText(program, { select: [rule.name], ...(thresholds ? { rules: { [rule.name]: { thresholds } } } : {}) }, given);
        const broken = problems.filter(({ severity, code }) => severity === "error" && code !== rule.code);
        expect(broken.map(line), "the program has to compile").to.deep.equal([]);
        const found = problems.filter(({ code }) => code === rule.code);
        const shown = found.map((problem, index) => {
          const expected = findings[index];
          if (expected instanceof RegExp) return expected.test(whole(problem)) ? String(expected) : whole(problem);
          return expected !== undefined && line(problem).startsWith(expected) ? expected : line(problem);
        });
        expect(shown, program).to.deep.equal(findings.map((finding) => (typeof finding === "string" ? finding : String(finding))));
      });
    }
  });
}

const line = (problem: Problem): string => `${placeOf(problem.primary.span)} ${problem.message}`;

const whole = (problem: Problem): string => [line(problem), ...problem.notes, ...problem.help].join("\n");
