import type { Command } from "./command.ts";
import type { CliHost } from "./host.ts";

/** A command of `rnc`; its module is only loaded when it is asked for, or when help needs all of them. */
export interface CommandEntry {
  readonly name: string;
  load(): Promise<{ register(program: Command, host: CliHost): void }>;
}

/** Every command, in the order of `rnc --help`. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: "check", load: () => import("./commands/check.ts") },
  { name: "compare", load: () => import("./commands/compare.ts") },
  { name: "compile", load: () => import("./commands/compile.ts") },
  { name: "data", load: () => import("./commands/data.ts") },
  { name: "doctor", load: () => import("./commands/doctor.ts") },
  { name: "explain", load: () => import("./commands/explain.ts") },
  { name: "fmt", load: () => import("./commands/fmt.ts") },
  { name: "lint", load: () => import("./commands/lint.ts") },
  { name: "list", load: () => import("./commands/list.ts") },
  { name: "new", load: () => import("./commands/new.ts") },
  { name: "summary", load: () => import("./commands/summary.ts") },
  { name: "train", load: () => import("./commands/train.ts") },
  { name: "verify", load: () => import("./commands/verify.ts") },
  { name: "weights", load: () => import("./commands/weights.ts") },
];
