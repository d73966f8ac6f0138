import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { InputError } from "../../base/input-error.ts";
import type { CliHost } from "../host.ts";
import type { ConfigOptions } from "./config.ts";
import type { LintJob, Linted, LintManner } from "./lint-file.ts";
import { lintFile } from "./lint-file.ts";
import type { ThreadAnswer } from "./thread.ts";

/** What a thread is told when it starts. */
export interface ThreadSetup {
  readonly manner: LintManner;
  readonly config: ConfigOptions;
}

/** So many files are handed over at a time. */
const CHUNK = 16;

/**
 * Lints files in this thread and in `threads` others, and tells what comes of each in their order, as soon as that is known of
 * all before it. What a thread was doing that is lost is done here: then a mistake of ours shows as it always does.
 */
export async function lintInThreads(jobs: readonly LintJob[], threads: number, setup: ThreadSetup, host: CliHost, tell: (linted: Linted) => void): Promise<void> {
  const chunks = Array.from({ length: Math.ceil(jobs.length / CHUNK) }, (_, index) => index);
  const done = new Map<number, readonly Linted[]>();
  let told = 0;
  const finish = (chunk: number, linted: readonly Linted[]): void => {
    done.set(chunk, linted);
    for (let ready = done.get(told); ready; ready = done.get(told)) {
      done.delete(told++);
      ready.forEach(tell);
    }
  };
  const jobsOf = (chunk: number): readonly LintJob[] => jobs.slice(chunk * CHUNK, (chunk + 1) * CHUNK);

  const here = async (): Promise<void> => {
    for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
      const linted: Linted[] = [];
      for (const job of jobsOf(chunk)) linted.push(await lintFile(job, setup.manner, host));
      finish(chunk, linted);
      // Lets the other threads' answers in.
      await new Promise(setImmediate);
    }
  };
  const there = (worker: Worker): Promise<void> =>
    new Promise((resolve) => {
      let doing = chunks.shift();
      const ask = (): void => {
        if (doing === undefined) resolve();
        else worker.postMessage(jobsOf(doing).map(({ path }) => path));
      };
      worker.on("message", (answers: readonly ThreadAnswer[]) => {
        if (doing !== undefined) finish(doing, answers.map(linted));
        doing = chunks.shift();
        ask();
      });
      worker.on("error", () => {
        if (doing !== undefined) chunks.unshift(doing);
        resolve();
      });
      ask();
    });

  const workers = Array.from({ length: threads }, () => startThread(setup));
  try {
    const others = workers.map(there);
    await here();
    await Promise.all(others);
    await here();
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function linted(answer: ThreadAnswer): Linted {
  return "failure" in answer ? { path: answer.path, failure: new InputError(answer.failure.message, answer.failure) } : answer;
}

/** The program that runs here, once more, or its source, where a thread needs the loader of TypeScript once more. */
function startThread(workerData: ThreadSetup): Worker {
  const here = import.meta.filename;
  if (!here.endsWith(".ts")) return new Worker(`require(${JSON.stringify(here)}).startLintThread()`, { workerData, eval: true });
  const loader = pathToFileURL(join(dirname(createRequire(here).resolve("tsx/package.json")), "dist/esm/api/index.mjs")).href;
  const program = pathToFileURL(join(dirname(here), "thread.ts")).href;
  return new Worker(`import(${JSON.stringify(loader)}).then(({ register }) => (register(), import(${JSON.stringify(program)})))`, { workerData, eval: true });
}
