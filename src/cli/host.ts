import type { Label } from "../diagnostics/problem.ts";
import type { Colors } from "../diagnostics/render/colors.ts";
import type { ModuleHost } from "../program/load.ts";
import type { ByteSource } from "../weights/source.ts";

/** A stream for people or programs to read. */
export interface Output {
  /** Writes the text at once; throws `BrokenPipe` when nobody reads any longer. */
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Columns of the terminal; 100 where there is none. */
  readonly columns: number;
  /** Marks for a terminal; they leave the text alone everywhere else and under `NO_COLOR`. */
  readonly colors: Colors;
}

/** The reader of our output went away (`rnc list | head -1`); the command ends quietly. */
export class BrokenPipe extends Error {
  override name = "BrokenPipe";
}

/** Ctrl-C, or another order to end; what was begun has been taken away. */
export class Interrupted extends Error {
  override name = "Interrupted";
  readonly signal: string;
  readonly exitCode: number;

  /** @param then what has become of the work */
  constructor(signal: string, then = "; nothing was written") {
    super(`stopped by ${signal === "SIGINT" ? "Ctrl-C" : signal}${then}`);
    this.signal = signal;
    // As shells have it: 128 and the number of the signal.
    this.exitCode = 128 + (signal === "SIGHUP" ? 1 : signal === "SIGTERM" ? 15 : 2);
  }
}

/** A command line, or settings, that do not say what to do; printed with a pointer to `--help`, exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
  readonly notes: readonly string[];
  readonly help: readonly string[];
  /** Where it is said, when it is said in a file of settings. */
  readonly at: Label | undefined;

  constructor(message: string, more: { readonly notes?: readonly string[]; readonly help?: readonly string[]; readonly at?: Label } = {}) {
    super(message);
    this.notes = more.notes ?? [];
    this.help = more.help ?? [];
    this.at = more.at;
  }
}

export type PathKind = "file" | "folder" | "missing" | "other";

/** What commands need of the world they run in. */
export interface CliHost {
  /** Results. */
  readonly out: Output;
  /** Problems and progress. */
  readonly err: Output;
  /** How imported files are found and read. */
  readonly files: ModuleHost;
  pathKind(path: string): PathKind;
  /** Names in a folder, sorted; folders end in `/`. */
  list(folder: string): readonly string[];
  /** The text of a file or (`-`) of standard input; rejects with an `InputError` that names path and cause. */
  readText(path: string): Promise<string>;
  /** Random access to the bytes of a file; rejects with an `InputError`. */
  openBytes(path: string): Promise<ByteSource>;
}
