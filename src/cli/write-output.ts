import type { EmittedFile } from "../backends/backend.ts";
import type { CliHost } from "./host.ts";
import { Interrupted } from "./host.ts";
import { createProgress } from "./progress.ts";
import { writeEmittedFiles } from "./write-files.ts";
import type { WrittenFile } from "./write-files.ts";

/**
 * Writes files with progress on a terminal. Ctrl-C (or an order to end) takes away what was begun and rejects with
 * {@link Interrupted}; a second one ends the process at once, which takes it away, too.
 */
export async function writeOutput(files: readonly EmittedFile[], output: string, host: CliHost): Promise<readonly WrittenFile[]> {
  const total = files.reduce((sum, file) => sum + file.sizeInBytes, 0);
  const progress = createProgress(host, `writing ${output === "-" ? "standard output" : output}`, total);
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    const interrupted = new Interrupted(signal);
    if (controller.signal.aborted) process.exit(interrupted.exitCode);
    controller.abort(interrupted);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, stop);
  try {
    return await writeEmittedFiles(files, output, { signal: controller.signal, onProgress: (done) => progress.update(done) });
  } finally {
    progress.end();
    for (const signal of signals) process.off(signal, stop);
  }
}
