import type { Problem } from "../diagnostics/problem.ts";
import { hasErrors } from "../diagnostics/problem.ts";
import { jsonProblem } from "../diagnostics/render/json.ts";
import { countProblems, renderProblems } from "../diagnostics/render/pretty.ts";
import type { CliHost } from "./host.ts";

/** More problems than this are counted, not printed. */
const MOST_PRINTED = 50;

/** Prints problems on standard error and gives the exit code they mean: 1 when one is an error, else 0. */
export function reportProblems(host: CliHost, problems: readonly Problem[]): 0 | 1 {
  if (problems.length > 0) {
    const { colors, columns } = host.err;
    const shown = problems.slice(0, MOST_PRINTED);
    const left = problems.length - shown.length;
    const total = left > 0 ? `${countProblems(problems)} in all; the first ${MOST_PRINTED} are printed` : countProblems(problems);
    host.err.write(`${renderProblems(shown, { colors, width: columns })}\n${colors.bold(total)}\n`);
  }
  return hasErrors(problems) ? 1 : 0;
}

/** Prints a result as JSON on standard output. */
export function writeJson(host: CliHost, value: unknown): void {
  host.out.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Problems for `--json` output. */
export function jsonProblems(problems: readonly Problem[]): object[] {
  return problems.map(jsonProblem);
}
