import type { Command } from "./command.ts";
import type { CliHost } from "./host.ts";

/** A command of `rnc`; its module is only loaded when it is asked for, or when help needs all of them. */
export interface CommandEntry {
  readonly name: string;
  /** True for what is started many times a day and ends at once: a smaller bundle holds these alone, without engines, weights and targets. */
  readonly isQuick?: true;
  load(): Promise<{ register(program: Command, host: CliHost): void }>;
}

/** Every command, in the order of `rnc --help`. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: "check", isQuick: true, load: () => import("./commands/check.ts") },
  { name: "compare", isQuick: true, load: () => import("./commands/compare.ts") },
  { name: "compile", load: () => import("./commands/compile.ts") },
  { name: "data", load: () => import("./commands/data.ts") },
  { name: "diff", load: () => import("./commands/diff.ts") },
  { name: "doctor", load: () => import("./commands/doctor.ts") },
  { name: "draw", load: () => import("./commands/draw.ts") },
  { name: "eval", load: () => import("./commands/eval.ts") },
  { name: "experiment", load: () => import("./commands/experiment.ts") },
  { name: "explain", isQuick: true, load: () => import("./commands/explain.ts") },
  { name: "fmt", isQuick: true, load: () => import("./commands/fmt.ts") },
  { name: "lint", isQuick: true, load: () => import("./commands/lint.ts") },
  { name: "list", isQuick: true, load: () => import("./commands/list.ts") },
  { name: "new", load: () => import("./commands/new.ts") },
  { name: "report", load: () => import("./commands/report.ts") },
  { name: "summary", isQuick: true, load: () => import("./commands/summary.ts") },
  { name: "train", load: () => import("./commands/train.ts") },
  { name: "verify", load: () => import("./commands/verify.ts") },
  { name: "weights", load: () => import("./commands/weights.ts") },
];
