import { parentPort, workerData } from "node:worker_threads";
import { InputError } from "../../base/input-error.ts";
import { createChunkRunner, neededByAll } from "./chunk.ts";
import type { Chunk, ChunkResult, JobSetup } from "./chunk.ts";
import { createSharpCodec } from "./sharp-codec.ts";

// The program of a worker thread that `pool.ts` starts: it does chunks of one job, one after the other.

/** What a worker answers; `refused` concerns the whole job, `failed` is a mistake of ours. */
export type WorkerAnswer =
  | { readonly kind: "done"; readonly result: ChunkResult }
  | { readonly kind: "refused"; readonly message: string; readonly notes: readonly string[]; readonly help: readonly string[] }
  | { readonly kind: "failed"; readonly stack: string };

const run = createChunkRunner(workerData as JobSetup, neededByAll(createSharpCodec));

parentPort?.on("message", (chunk: Chunk) => {
  void run(chunk)
    .then((result): WorkerAnswer => ({ kind: "done", result }))
    .catch((error: unknown): WorkerAnswer => {
      if (error instanceof InputError) return { kind: "refused", message: error.message, notes: error.notes, help: error.help };
      return { kind: "failed", stack: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    })
    .then((answer) => {
      const values = answer.kind === "done" ? answer.result.prepared?.values : undefined;
      // Moved, not copied.
      parentPort?.postMessage(answer, values ? [values.buffer as ArrayBuffer] : []);
    });
});
