import { positionAt } from "../base/source-file.ts";
import type { Problem } from "../diagnostics/problem.ts";
import { compatible, edited } from "../lint/fix.ts";
import type { AppliedFix } from "../lint/fix.ts";
import { withMark } from "./byte-order-mark.ts";
import type { CliHost, Output } from "./host.ts";
import { UsageError } from "./host.ts";
import { writeSource } from "./write-text.ts";

/** A file that was checked: how the command line named it, and what is wrong with it. */
interface Checked {
  readonly path: string;
  readonly problems: readonly Problem[];
}

/**
 * Writes what was measured into the contracts that do not hold any more: in the files that were named, nothing but those
 * values. What it did, and which contracts it left alone, is told on `out`.
 *
 * @param checkFile checks what one argument of the command line stands for
 * @throws UsageError before anything is written, when an argument is no file
 */
export async function updateExpect(targets: readonly string[], checkFile: (target: string) => Promise<Checked>, host: CliHost, out: Output): Promise<void> {
  if (targets.includes("-")) throw new UsageError("`-` is standard input, and `--update-expect` writes into files", { help: ["Name the file itself."] });
  const files = new Map<string, Problem[]>();
  for (const target of targets) {
    const { path, problems } = await checkFile(target);
    if (host.pathKind(path) !== "file") {
      throw new UsageError(`\`${target}\` is of the standard library, and \`--update-expect\` writes into files of your own`, { help: [`Give it a contract in a file: \`network Mine = ${/^\w+$/.test(target) ? target : "…"} { expect params == 0 }\`.`] });
    }
    files.set(path, [...(files.get(path) ?? []), ...problems.filter(({ code }) => code === "RN0901")]);
  }
  const updated = new Set<string>();
  for (const [path, broken] of files) {
    const fixes = compatible(broken.flatMap((problem) => problem.fixes.slice(0, 1).map((fix) => ({ problem, fix }))));
    const source = fixes[0]?.fix.edits[0]?.span.source;
    if (source === undefined) continue;
    await writeSource(path, await withMark(path, edited(source, fixes), host));
    for (const applied of fixes) {
      const place = placeOf(applied.problem);
      if (!updated.has(place)) out.write(`updated: ${place}  ${changeOf(applied)}\n`);
      updated.add(place);
    }
  }
  const left = new Map([...files.values()].flat().map((problem) => [placeOf(problem), problem.message]));
  for (const place of updated) left.delete(place);
  for (const [place, told] of left) out.write(`left alone: ${place}  ${told}\n`);
  const total = `${updated.size} contract${updated.size === 1 ? "" : "s"} updated${left.size === 0 ? "" : `, ${left.size} left alone (the reasons are below)`}`;
  out.write(`${out.colors.bold(updated.size + left.size === 0 ? "no contract to update" : total)}\n`);
}

/** `net.resnet:4:3` */
function placeOf({ primary: { span } }: Problem): string {
  const { line, column } = positionAt(span.source, span.start);
  return `${span.source.path}:${line}:${column}`;
}

/** `expect params == 269_722  ->  272_474`, what was written and what stands there now. */
function changeOf({ problem: { primary: { span } }, fix }: AppliedFix): string {
  return `${span.source.text.slice(span.start, span.end).replace(/\s+/g, " ")}  ->  ${fix.title.replace(/^expect /, "")}`;
}
