import { resolve } from "node:path";
import { InputError } from "../../base/input-error.ts";
import type { Problem } from "../../diagnostics/problem.ts";
import type { LintConfig, LintSettings } from "../../lint/settings.ts";
import type { BuildOptions } from "../../program/networks.ts";
import type { CliHost, Output } from "../host.ts";
import { messageOf } from "../input-message.ts";
import { findResnetFiles } from "../resnet-files.ts";
import type { Target } from "../target.ts";
import type { ConfigOptions } from "./config.ts";
import { createConfigs } from "./config.ts";
import type { LintJob, Linted } from "./lint-file.ts";
import { lintTarget, openForLint } from "./lint-file.ts";
import type { Format, LintedFile } from "./output.ts";
import { createLintOutput } from "./output.ts";
import { createTotals } from "./totals.ts";

/** What is asked of a run. */
export interface LintRun {
  readonly targets: readonly string[];
  readonly given: LintConfig;
  readonly build: BuildOptions | undefined;
  readonly format: Format;
  /** What becomes of fixes: nothing, a patch on standard output, or new files. */
  readonly fixes: "none" | "shown" | "written";
  /** Also those that may change what a network computes. */
  readonly isUnsafe: boolean;
  /** More warnings than this are a failure. */
  readonly mostWarnings: number;
  readonly isStatistics: boolean;
  readonly isResolution: boolean;
  readonly configFile: string | undefined;
  readonly isConfigOff: boolean;
  /** What standard input is called. */
  readonly stdinName: string | undefined;
}

/** Lints everything that was named, file by file, and gives the exit code. */
export async function runLint(run: LintRun, host: CliHost): Promise<number> {
  const { paths, failures } = await findResnetFiles(run.targets, host);
  const config: ConfigOptions = { file: run.configFile, isOff: run.isConfigOff, given: run.given };
  const configs = createConfigs(host, config);
  const jobs: LintJob[] = [];
  for (const path of paths) {
    const named = path === "-" ? (run.stdinName ?? path) : path;
    const { settings, isExcluded, path: config } = await configs.of(named);
    if (!isExcluded(named)) jobs.push({ path, settings });
    else if (run.targets.includes(path)) host.err.write(`left out: ${named} (\`exclude\` in ${config ?? ""})\n`);
  }
  if (configs.mistakes.length > 0) {
    host.err.write(configs.mistakes.map((mistake) => messageOf(mistake, host)).join("\n"));
    return 2;
  }

  // Standard output is the mended text of standard input.
  const out = run.fixes === "written" && paths.includes("-") ? host.err : host.out;
  const output = await createLintOutput(host, { format: run.format, isStatistics: run.isStatistics, out });
  const totals = createTotals();
  const fail = (error: InputError, path?: string): void => {
    totals.fail();
    output.failure(error, path);
  };
  const isTold = createOnce(jobs.map(({ path }) => path));
  const tell = (linted: Linted): void => {
    if ("failure" in linted) return fail(linted.failure, linted.path);
    const told = { ...linted, problems: linted.problems.filter((problem) => isTold(problem, linted.path)) };
    totals.add(told);
    if (run.fixes !== "shown") output.file(told);
  };
  for (const failure of failures) fail(failure);
  let changed = 0;
  const threads = run.fixes !== "none" || run.isResolution || paths.includes("-") ? 0 : threadsFor(jobs.length, host);
  if (threads > 0) {
    const { lintInThreads } = await import("./threads.ts");
    await lintInThreads(jobs, threads, { manner: { build: run.build, stdinName: run.stdinName }, config }, host, tell);
  } else {
    for (const job of jobs) {
      if (await lintAndFix(job, run, host, out, tell)) changed++;
    }
  }

  const value = totals.value();
  const isOver = value.failures > 0 || value.counts.error > 0 || value.counts.warning > run.mostWarnings;
  if (run.fixes === "shown") {
    host.err.write(`${changed} file${changed === 1 ? "" : "s"} would change, ${value.fixed} fix${value.fixed === 1 ? "" : "es"}\n`);
    return changed > 0 || value.failures > 0 ? 1 : 0;
  }
  output.end(value);
  return isOver ? 1 : 0;
}

/** A thread takes as long to start as these take to lint. */
const WORTH_A_THREAD = 64;

/** Threads beside this one that are worth starting. */
function threadsFor(files: number, { parallelism }: CliHost): number {
  return Math.max(0, Math.min(parallelism, Math.floor(files / WORTH_A_THREAD)) - 1);
}

/** Lints one file, with its maps or fixes where they are asked for; true where its text changes. */
async function lintAndFix(job: LintJob, run: LintRun, host: CliHost, out: Output, tell: (linted: Linted) => void): Promise<boolean> {
  const { path, settings } = job;
  try {
    const target = await openForLint(path, run, host);
    if (run.isResolution) out.write((await import("./resolution.ts")).resolutionTables(target, run.build, out.colors));
    const { file, text } = await fixed(target, settings, run, host);
    const isChanged = text !== undefined && text !== target.program.root.source.text;
    if (isChanged) await deliver(path, target, text, run, host);
    else if (path === "-" && run.fixes === "written") host.out.write(target.program.root.source.text);
    tell(file);
    return isChanged;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    tell({ path, failure: error });
    return false;
  }
}

/** What is said of one file, and its new text where fixes were asked for. */
async function fixed(target: Target, settings: LintSettings, run: LintRun, host: CliHost): Promise<{ readonly file: LintedFile; readonly text?: string }> {
  const { path, program, network } = target;
  if (run.fixes === "none" || program.root.source.standard) return { file: lintTarget(target, settings, run) };
  const { fixProgram } = await import("../../lint/fix-program.ts");
  const { text, problems, applied, refused } = await fixProgram(program, settings, {
    unsafe: run.isUnsafe,
    host: host.files,
    ...(network ? { network: network.name } : {}),
    ...(run.build ? { build: run.build } : {}),
  });
  return { file: { path, problems, applied, refused }, text };
}

/** The new text of a file: to the disk, to standard output, or as a patch. */
async function deliver(path: string, { program }: Target, text: string, { fixes }: LintRun, host: CliHost): Promise<void> {
  const { source } = program.root;
  const isStandard = path === "-";
  const { withMark } = await import("../byte-order-mark.ts");
  if (fixes === "shown") {
    const { patchOf } = await import("../patch.ts");
    const [before, after] = isStandard ? [source.text, text] : await Promise.all([withMark(source.path, source.text, host), withMark(source.path, text, host)]);
    host.out.write(patchOf(source.path, before, after, host.out.colors));
  } else if (isStandard) {
    host.out.write(text);
  } else {
    const { writeText } = await import("../write-text.ts");
    await writeText(source.path, await withMark(source.path, text, host));
  }
}

/**
 * A problem of a file that others import is told once: with the file itself where that is linted, else with the first that
 * imports it.
 */
function createOnce(paths: readonly string[]): (problem: Problem, path: string) => boolean {
  const linted = new Set(paths.map((path) => resolve(path)));
  const told = new Set<string>();
  return ({ code, message, primary: { span } }, path) => {
    const { source, start, end } = span;
    if (source.path === path) return true;
    if (linted.has(resolve(source.path))) return false;
    const key = `${source.path} ${start} ${end} ${code} ${message}`;
    return !told.has(key) && told.add(key) !== undefined;
  };
}
