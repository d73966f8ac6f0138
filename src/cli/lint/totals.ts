import type { Severity } from "../../diagnostics/problem.ts";
import { slugOf } from "../../diagnostics/render/json.ts";
import { SEVERITIES } from "../../lint/settings.ts";
import type { LintedFile, LintTotals, RuleCount } from "./output.ts";

/** Counts what is said, so that the problems themselves need not be kept. */
export function createTotals(): { add(file: LintedFile): void; fail(): void; value(): LintTotals } {
  const counts: Record<Severity, number> = { error: 0, warning: 0, info: 0 };
  const rules = new Map<string, RuleCount>();
  let [files, filesWithProblems, failures, fixed, fixable] = [0, 0, 0, 0, 0];
  return {
    add({ problems, applied }) {
      files++;
      if (problems.length > 0) filesWithProblems++;
      fixed += applied.length;
      for (const problem of problems) {
        const { code, severity, fixes } = problem;
        counts[severity]++;
        if (fixes.some(({ isSafe, edits }) => isSafe === true && !edits.some(({ span }) => span.source.standard))) fixable++;
        const known = rules.get(code);
        const heaviest = known && SEVERITIES.indexOf(known.severity) < SEVERITIES.indexOf(severity) ? known.severity : severity;
        rules.set(code, { code, slug: slugOf(problem), severity: heaviest, count: (known?.count ?? 0) + 1 });
      }
    },
    fail: () => void failures++,
    value: () => ({ files, filesWithProblems, failures, fixed, fixable, counts, rules }),
  };
}
