import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { InternalError } from "../../base/assert.ts";
import { InputError } from "../../base/input-error.ts";
import { createChunkRunner, neededByAll } from "./chunk.ts";
import type { Chunk, ChunkResult, JobSetup } from "./chunk.ts";
import { createSharpCodec } from "./sharp-codec.ts";
import type { WorkerAnswer } from "./worker.ts";

/** Does the chunks of one job, as many at a time as there are workers. */
export interface ChunkPool {
  /** How many chunks are worth asking for at a time. */
  readonly width: number;
  /**
   * @throws {@link InputError} for what concerns every image: the decoder is not installed, a worker was lost
   */
  run(chunk: Chunk): Promise<ChunkResult>;
  /** Ends the workers; chunks that are still waited for are refused. */
  close(): Promise<void>;
}

interface Waiting {
  readonly chunk: Chunk;
  readonly resolve: (result: ChunkResult) => void;
  readonly reject: (error: unknown) => void;
}

/** @param workers threads to start; 0 does the work in this thread, when it is asked for */
export function createChunkPool(setup: JobSetup, workers: number): ChunkPool {
  if (workers === 0) return { width: 1, run: createChunkRunner(setup, neededByAll(createSharpCodec)), close: async () => undefined };
  // Decoding runs on the threads that Node shares among all workers; it has four unless it is told before the first is used.
  process.env.UV_THREADPOOL_SIZE ??= String(workers + 4);
  const queue: Waiting[] = [];
  const threads: Thread[] = [];
  let lost: unknown;
  const lose = (error: unknown): void => {
    lost ??= error;
    for (const { reject } of queue.splice(0)) reject(lost);
    for (const thread of threads) thread.giveUp(lost);
  };
  const next = (thread: Thread): void => {
    const waiting = queue.shift();
    if (waiting) thread.start(waiting);
  };
  for (let i = 0; i < workers; i++) threads.push(createThread(setup, next, lose));
  return {
    width: workers,
    run: (chunk) =>
      new Promise((resolve, reject) => {
        if (lost !== undefined) return reject(lost);
        const waiting = { chunk, resolve, reject };
        const idle = threads.find(({ isIdle }) => isIdle());
        if (idle) idle.start(waiting);
        else queue.push(waiting);
      }),
    async close() {
      lose(new InputError("the data set was closed"));
      await Promise.all(threads.map((thread) => thread.end()));
    },
  };
}

interface Thread {
  isIdle(): boolean;
  start(waiting: Waiting): void;
  giveUp(error: unknown): void;
  end(): Promise<void>;
}

function createThread(setup: JobSetup, idle: (thread: Thread) => void, lose: (error: unknown) => void): Thread {
  const worker = startWorker(setup);
  let doing: Waiting | undefined;
  let ending = false;
  const thread: Thread = {
    isIdle: () => doing === undefined,
    start(waiting) {
      doing = waiting;
      worker.ref();
      worker.postMessage(waiting.chunk);
    },
    giveUp(error) {
      doing?.reject(error);
      doing = undefined;
    },
    async end() {
      ending = true;
      await worker.terminate();
    },
  };
  worker.on("message", (answer: WorkerAnswer) => {
    const done = doing;
    doing = undefined;
    // A worker without work does not keep the process alive; one that is being ended must, until it is.
    if (!ending) worker.unref();
    if (answer.kind === "done") done?.resolve(answer.result);
    else if (answer.kind === "refused") done?.reject(new InputError(answer.message, answer));
    else done?.reject(new InternalError(`in a worker that prepares images: ${answer.stack}`));
    idle(thread);
  });
  worker.on("error", (error) => lose(isOutOfMemory(error) ? new InputError("a worker that prepares images ran out of memory", { help: ["Take fewer workers: `--workers 2`."] }) : error));
  worker.on("exit", (code) => {
    if (!ending) lose(new InputError(`a worker that prepares images ended with exit code ${code}`, { help: ["Prepare images without workers (`--workers 0`) to see what it was."] }));
  });
  worker.unref();
  return thread;
}

function isOutOfMemory(error: Error): boolean {
  return "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
}

/** The program beside this one: bundled, or as source, where a worker needs the loader of TypeScript once more. */
function startWorker(workerData: JobSetup): Worker {
  const here = import.meta.filename;
  if (!here.endsWith(".ts")) return new Worker(join(dirname(here), "data-worker.cjs"), { workerData });
  const loader = pathToFileURL(join(dirname(createRequire(here).resolve("tsx/package.json")), "dist/esm/api/index.mjs")).href;
  const program = pathToFileURL(join(dirname(here), "worker.ts")).href;
  return new Worker(`import(${JSON.stringify(loader)}).then(({ register }) => (register(), import(${JSON.stringify(program)})))`, { workerData, eval: true });
}
