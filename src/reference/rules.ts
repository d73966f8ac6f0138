import type { Problem } from "../diagnostics/problem.ts";
import { lintProgram } from "../lint/lint.ts";
import type { Rule } from "../lint/rule.ts";
import { UNMEASURED } from "../lint/rule.ts";
import { resolveSettings } from "../lint/settings.ts";
import { loadProgram } from "../program/load.ts";
import type { Document } from "./document.ts";
import { code, document, prose, quote, table } from "./document.ts";
import { inlineCode } from "./markdown.ts";

/** A rule of the linter: why, the evidence, when it does not apply, a program with a finding, and the same program mended. */
export async function ruleDocument(rule: Rule): Promise<Document> {
  const [finding] = await findingsOf(rule);
  const isShown = rule.severity !== "info";
  return document(`${rule.code} ${rule.name}`, [
    prose(rule.summary),
    prose(rule.why),
    prose(`*Evidence:* ${rule.evidence ?? UNMEASURED}`),
    prose(`*When it does not apply:* ${rule.exceptions}`),
    prose(
      isShown
        ? `*Weighs:* ${rule.severity}. To leave it out: \`--ignore ${rule.name}\`, or in one place \`// rnc-ignore ${rule.name}: REASON\`.`
        : `*Weighs:* info. It is shown with \`--select ${rule.name}\` or \`--severity info\`.`,
    ),
    table(["threshold", "default", "meaning"], Object.entries(rule.thresholds ?? {}).map(([name, spec]) => [inlineCode(name), String(spec.default), spec.meaning])),
    code(rule.wrong, { caption: "Wrong:" }),
    finding && quote(finding.message),
    code(rule.right, { caption: "Right:" }),
  ]);
}

/** What the rule finds in its wrong program. */
export async function findingsOf(rule: Rule): Promise<readonly Problem[]> {
  const program = await loadProgram({ path: "sample.resnet", text: rule.wrong, standard: false });
  return lintProgram(program, resolveSettings({ select: [rule.name] }).value).problems;
}
