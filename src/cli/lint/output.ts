import type { InputError } from "../../base/input-error.ts";
import type { Problem, Severity } from "../../diagnostics/problem.ts";
import type { AppliedFix } from "../../lint/fix.ts";
import type { RefusedFix } from "../../lint/fix-program.ts";
import type { CliHost, Output } from "../host.ts";

/** The forms of what `rnc lint` says. */
export const FORMATS = ["pretty", "json", "sarif", "github"] as const;
export type Format = (typeof FORMATS)[number];

/** What became of one file. */
export interface LintedFile {
  /** As it was named. */
  readonly path: string;
  /** What is to be said about it now, after fixes. */
  readonly problems: readonly Problem[];
  readonly applied: readonly AppliedFix[];
  readonly refused: readonly RefusedFix[];
}

/** Numbers of the whole run; everything else is written as files are done, and not kept. */
export interface LintTotals {
  readonly files: number;
  readonly filesWithProblems: number;
  /** Files that could not be read. */
  readonly failures: number;
  readonly fixed: number;
  /** Problems with a safe fix that was not asked for. */
  readonly fixable: number;
  readonly counts: Readonly<Record<Severity, number>>;
  /** By code. */
  readonly rules: ReadonlyMap<string, RuleCount>;
}

export interface RuleCount {
  readonly code: string;
  readonly slug: string;
  /** The heaviest that it was reported with. */
  readonly severity: Severity;
  readonly count: number;
}

/** Writes results while they come. */
export interface LintOutput {
  file(file: LintedFile): void;
  /** A file that could not be read, or a place that could not be searched. */
  failure(error: InputError, path: string | undefined): void;
  end(totals: LintTotals): void;
}

export interface OutputOptions {
  readonly format: Format;
  /** A table of counts in place of the problems. */
  readonly isStatistics: boolean;
  /** Where results go. */
  readonly out: Output;
}

/** The output of a form; only its own code is loaded. */
export async function createLintOutput(host: CliHost, options: OutputOptions): Promise<LintOutput> {
  switch (options.format) {
    case "pretty":
      return (await import("./output-pretty.ts")).createPrettyOutput(host, options);
    case "json":
      return (await import("./output-json.ts")).createJsonOutput(options.out);
    case "sarif":
      return (await import("./output-sarif.ts")).createSarifOutput(options.out);
    case "github":
      return (await import("./output-github.ts")).createGithubOutput(options.out);
  }
}
