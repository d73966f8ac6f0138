import { InputError } from "../../base/input-error.ts";
import { lintProgram } from "../../lint/lint.ts";
import type { LintSettings } from "../../lint/settings.ts";
import { loadProgram } from "../../program/load.ts";
import type { BuildOptions } from "../../program/networks.ts";
import type { CliHost } from "../host.ts";
import type { Target } from "../target.ts";
import { openTarget } from "../target.ts";
import type { LintedFile } from "./output.ts";

/** A file, and what is asked of it. */
export interface LintJob {
  readonly path: string;
  readonly settings: LintSettings;
}

/** What is said of a file, or why nothing can be. */
export type Linted = LintedFile | { readonly path: string; readonly failure: InputError };

/** How files are opened and built; plain data, so that threads can be told. */
export interface LintManner {
  readonly build: BuildOptions | undefined;
  /** What standard input is called. */
  readonly stdinName: string | undefined;
}

/** Lints one file as it is. */
export async function lintFile(job: LintJob, manner: LintManner, host: CliHost): Promise<Linted> {
  try {
    return lintTarget(await openForLint(job.path, manner, host), job.settings, manner);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { path: job.path, failure: error };
  }
}

export function lintTarget({ path, program, network }: Target, settings: LintSettings, { build }: LintManner): LintedFile {
  const { problems } = lintProgram(program, settings, { ...(network ? { network } : {}), ...(build ? { build } : {}) });
  return { path, problems, applied: [], refused: [] };
}

/** @throws {@link InputError} where it cannot be read */
export async function openForLint(path: string, { stdinName }: LintManner, host: CliHost): Promise<Target> {
  if (path !== "-" || stdinName === undefined) return openTarget(host, path);
  const program = await loadProgram({ path: stdinName, text: await host.readText("-"), standard: false }, host.files);
  return { path: stdinName, program, network: undefined };
}
