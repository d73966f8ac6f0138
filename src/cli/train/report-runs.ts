import { extname, join } from "node:path";
import { reportPage, reportPicture } from "../../report/page.ts";
import type { TrainingRun } from "../../report/run.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import { writeText } from "../write-text.ts";
import { readRun } from "./read-run.ts";
import { RUN_FILES } from "./run-folder.ts";

export interface ReportOptions {
  readonly output?: string;
}

const FORMS: Readonly<Record<string, (runs: readonly TrainingRun[]) => string>> = { ".html": reportPage, ".svg": reportPicture };

/** What `rnc report` does. */
export async function reportRuns(paths: readonly string[], { output }: ReportOptions, host: CliHost): Promise<number> {
  const path = output ?? (paths.length === 1 ? join(paths[0] ?? "", RUN_FILES.report) : RUN_FILES.report);
  const write = FORMS[extname(path).toLowerCase()];
  if (write === undefined) throw new UsageError(`\`-o ${path}\`: a report is an .html file, or an .svg picture of the curves alone`);
  const runs = toldApart(paths, paths.map(readRun));
  await writeText(path, write(runs));
  host.out.write(`wrote ${path}\n`);
  return 0;
}

/** Runs of the same name in different folders are called by their paths. */
function toldApart(paths: readonly string[], runs: readonly TrainingRun[]): readonly TrainingRun[] {
  const isAmbiguous = new Set(runs.map(({ name }) => name)).size < runs.length;
  return isAmbiguous ? runs.map((run, index) => ({ ...run, name: paths[index] ?? run.name })) : runs;
}
