import { parentPort, workerData } from "node:worker_threads";
import { createNodeHost } from "../node-host.ts";
import { createConfigs } from "./config.ts";
import { lintFile } from "./lint-file.ts";
import type { LintedFile } from "./output.ts";
import type { ThreadSetup } from "./threads.ts";

// The program of a thread that `threads.ts` starts: it lints the files whose names come, and answers with what is said of them.

/** What is said of a file, or why nothing can be, as threads can tell each other. */
export type ThreadAnswer = LintedFile | { readonly path: string; readonly failure: { readonly message: string; readonly notes: readonly string[]; readonly help: readonly string[] } };

const { manner, config } = workerData as ThreadSetup;
const host = createNodeHost();
const configs = createConfigs(host, config);

// What is thrown here ends the thread, and the one that started it takes over.
parentPort?.on("message", async (paths: readonly string[]) => {
  const answers: ThreadAnswer[] = [];
  for (const path of paths) {
    const { settings } = await configs.of(path);
    const linted = await lintFile({ path, settings }, manner, host);
    answers.push("failure" in linted ? { path, failure: { message: linted.failure.message, notes: linted.failure.notes, help: linted.failure.help } } : linted);
  }
  parentPort?.postMessage(answers);
});
