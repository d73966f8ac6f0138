import { write } from "node:fs";
import { promisify } from "node:util";
import { setTimeout as wait } from "node:timers/promises";
import { codeOf } from "./node-host.ts";

/** Takes some of the bytes and says how many. */
export type ByteSink = (bytes: Uint8Array) => Promise<number>;

const BUFFER_IN_BYTES = 1 << 20;

/**
 * Sends chunks to a sink and gives their sum. Chunks are only valid until the next is asked for, so they are copied into
 * two buffers that take turns: one is filled while the other is written.
 */
export async function writeStream(
  chunks: AsyncIterable<Uint8Array>,
  sink: ByteSink,
  options: { readonly signal?: AbortSignal; readonly onProgress?: (doneInBytes: number) => void } = {},
): Promise<number> {
  let filling = new Uint8Array(BUFFER_IN_BYTES);
  let waiting = new Uint8Array(BUFFER_IN_BYTES);
  let filled = 0;
  let done = 0;
  // A failed write is kept until it is asked for: it must not become an unhandled rejection meanwhile.
  let running: Promise<unknown> = Promise.resolve();

  const flush = async (): Promise<void> => {
    const failure = await running;
    if (failure !== undefined) throw failure;
    options.signal?.throwIfAborted();
    options.onProgress?.(done);
    if (filled === 0) return;
    const bytes = filling.subarray(0, filled);
    done += filled;
    filled = 0;
    [filling, waiting] = [waiting, filling];
    running = writeAll(sink, bytes).then(
      () => undefined,
      (error: unknown) => error,
    );
  };

  try {
    for await (const chunk of chunks) {
      for (let start = 0; start < chunk.length; ) {
        const part = chunk.subarray(start, start + BUFFER_IN_BYTES - filled);
        filling.set(part, filled);
        filled += part.length;
        start += part.length;
        if (filled === BUFFER_IN_BYTES) await flush();
      }
    }
    await flush();
    await flush();
  } finally {
    // The sink's file is closed next; a write under way must have ended.
    await running;
  }
  return done;
}

async function writeAll(sink: ByteSink, bytes: Uint8Array): Promise<void> {
  for (let start = 0; start < bytes.length; ) start += await sink(bytes.subarray(start));
}

const writeDescriptor = promisify(write);

/** Standard output, at the pace of its reader. A pipe that is not ready is asked again. */
export function standardOutputSink(): ByteSink {
  return async (bytes) => {
    for (;;) {
      try {
        return (await writeDescriptor(1, bytes)).bytesWritten;
      } catch (error) {
        if (codeOf(error) !== "EAGAIN") throw error;
        await wait(2);
      }
    }
  };
}
