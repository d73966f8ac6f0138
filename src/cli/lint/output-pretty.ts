import { groupDigits } from "../../base/digits.ts";
import { positionAt } from "../../base/source-file.ts";
import { renderProblems } from "../../diagnostics/render/pretty.ts";
import type { AppliedFix } from "../../lint/fix.ts";
import type { CliHost } from "../host.ts";
import { messageOf } from "../input-message.ts";
import { renderTable } from "../table.ts";
import type { LintOutput, LintTotals, OutputOptions } from "./output.ts";

/** For people: every problem with its code frame, what was fixed, and a last line that counts. */
export function createPrettyOutput(host: CliHost, { out, isStatistics }: OutputOptions): LintOutput {
  const { colors, columns } = out;
  const { bold, green, yellow } = colors;
  return {
    file({ path, problems, applied, refused }) {
      for (const fix of applied) out.write(`${green("fixed")} ${placeOf(path, fix)}: ${fix.fix.title} ${nameOf(fix)}\n`);
      for (const fix of refused) out.write(`${yellow("not fixed")} ${placeOf(path, fix)}: ${fix.fix.title} ${nameOf(fix)}: ${fix.reason}\n`);
      if (applied.length + refused.length > 0 && problems.length > 0 && !isStatistics) out.write("\n");
      if (problems.length > 0 && !isStatistics) out.write(`${renderProblems(problems, { colors, width: columns })}\n`);
    },
    failure: (error) => host.err.write(messageOf(error, host)),
    end(totals) {
      if (isStatistics && totals.rules.size > 0) out.write(`${statistics(totals, bold)}\n`);
      if (totals.files > 0) out.write(`${bold(summary(totals))}\n`);
      if (totals.fixable > 0) out.write(`${groupDigits(totals.fixable)} of them can be mended by \`rnc lint --fix\`; \`--diff\` shows how.\n`);
    },
  };
}

function placeOf(path: string, { fix }: AppliedFix): string {
  const [first] = fix.edits;
  return first ? `${path}:${positionAt(first.span.source, first.span.start).line}` : path;
}

const nameOf = ({ problem: { code, rule } }: AppliedFix): string => `(${rule === undefined ? code : `${code} ${rule}`})`;

/**
 *   count  code    name                   severity
 *       3  RL05    single-layer-residual  warning
 */
function statistics({ rules }: LintTotals, title: (text: string) => string): string {
  const rows = [...rules.values()].sort((a, b) => b.count - a.count || a.code.localeCompare(b.code, "en"));
  return renderTable(
    { columns: [{ title: "count", align: "right" }, { title: "code" }, { title: "name" }, { title: "severity" }], rows: rows.map(({ count, code, slug, severity }) => ({ cells: [groupDigits(count), code, slug, severity] })) },
    { title, rule: (text) => text },
  );
}

/** `2 errors, 1 warning in 2 of 14 files; 3 fixed`. */
function summary({ files, filesWithProblems, failures, fixed, counts }: LintTotals): string {
  const many = (count: number, word: string): string => `${groupDigits(count)} ${word}${count === 1 ? "" : "s"}`;
  const found = [counts.error > 0 && many(counts.error, "error"), counts.warning > 0 && many(counts.warning, "warning"), counts.info > 0 && many(counts.info, "remark")].filter((part) => part !== false);
  const where = filesWithProblems === files ? many(files, "file") : `${groupDigits(filesWithProblems)} of ${many(files, "file")}`;
  return [
    found.length > 0 ? `${found.join(", ")} in ${where}` : `no problems in ${many(files, "file")}`,
    ...(fixed > 0 ? [`${groupDigits(fixed)} fixed`] : []),
    ...(failures > 0 ? [`${groupDigits(failures)} could not be read`] : []),
  ].join("; ");
}
