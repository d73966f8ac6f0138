import { resolve } from "node:path";
import { InputError } from "../../base/input-error.ts";
import type { Problem } from "../../diagnostics/problem.ts";
import { lintProgram } from "../../lint/lint.ts";
import type { LintConfig, LintSettings } from "../../lint/settings.ts";
import { loadProgram } from "../../program/load.ts";
import type { BuildOptions } from "../../program/networks.ts";
import type { CliHost } from "../host.ts";
import { messageOf } from "../input-message.ts";
import { findResnetFiles } from "../resnet-files.ts";
import type { Target } from "../target.ts";
import { openTarget } from "../target.ts";
import { createConfigs } from "./config.ts";
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
  const configs = createConfigs(host, { file: run.configFile, isOff: run.isConfigOff, given: run.given });
  const files: { readonly path: string; readonly settings: LintSettings }[] = [];
  for (const path of paths) {
    const named = path === "-" ? (run.stdinName ?? path) : path;
    const { settings, isExcluded, path: config } = await configs.of(named);
    if (!isExcluded(named)) files.push({ path, settings });
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
  const fail = (error: unknown, path?: string): void => {
    if (!(error instanceof InputError)) throw error;
    totals.fail();
    output.failure(error, path);
  };
  const isTold = createOnce(files.map(({ path }) => path));
  let changed = 0;
  for (const failure of failures) fail(failure);
  for (const { path, settings } of files) {
    try {
      const target = await openForLint(path, run, host);
      if (run.isResolution) out.write((await import("./resolution.ts")).resolutionTables(target, run.build, out.colors));
      const { file, text } = await lintOne(target, settings, run, host);
      if (text !== undefined && text !== target.program.root.source.text) {
        await deliver(path, target, text, run, host);
        changed++;
      } else if (path === "-" && run.fixes === "written") host.out.write(target.program.root.source.text);
      const told = { ...file, problems: file.problems.filter((problem) => isTold(problem, file.path)) };
      totals.add(told);
      if (run.fixes !== "shown") output.file(told);
    } catch (error) {
      fail(error, path);
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

async function openForLint(path: string, { stdinName }: LintRun, host: CliHost): Promise<Target> {
  if (path !== "-" || stdinName === undefined) return openTarget(host, path);
  const program = await loadProgram({ path: stdinName, text: await host.readText("-"), standard: false }, host.files);
  return { path: stdinName, program, network: undefined };
}

/** What is said of one file, and its new text where fixes were asked for. */
async function lintOne({ path, program, network }: Target, settings: LintSettings, run: LintRun, host: CliHost): Promise<{ readonly file: LintedFile; readonly text?: string }> {
  const { build } = run;
  if (run.fixes === "none" || program.root.source.standard) {
    const { problems } = lintProgram(program, settings, { ...(network ? { network } : {}), ...(build ? { build } : {}) });
    return { file: { path, problems, applied: [], refused: [] } };
  }
  const { fixProgram } = await import("../../lint/fix-program.ts");
  const { text, problems, applied, refused } = await fixProgram(program, settings, {
    unsafe: run.isUnsafe,
    host: host.files,
    ...(network ? { network: network.name } : {}),
    ...(build ? { build } : {}),
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
    const { writeSource } = await import("../write-text.ts");
    await writeSource(source.path, await withMark(source.path, text, host));
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
