import { invariant } from "../../base/assert.ts";
import { elementCount } from "../../ir/tensor-type.ts";
import type { EmittedFile } from "../backend.ts";
import type { LayersWeight } from "./layers-model.ts";
import type { ReadWeight } from "./read-weight.ts";

/** Small enough for browsers to keep in their caches; the size that TensorFlow.js's own tools cut to. */
const SHARD_BYTES = 4 << 20;

/** Elements of a variable, four bytes each. */
export const sizeOf = (weight: LayersWeight): number => elementCount(weight.shape) * 4;

/**
 * The variables, one after the other, cut into files of 4 MB. Files that are asked for in their order share one reading of
 * the weights; any other order starts again from the first.
 */
export function shards(weights: readonly LayersWeight[], read: ReadWeight): readonly EmittedFile[] {
  const total = weights.reduce((sum, weight) => sum + sizeOf(weight), 0);
  const count = Math.ceil(total / SHARD_BYTES);
  let running: Cutter | undefined;
  return Array.from({ length: count }, (_, index): EmittedFile => {
    const start = index * SHARD_BYTES;
    const end = Math.min(total, start + SHARD_BYTES);
    return {
      path: `group1-shard${index + 1}of${count}.bin`,
      sizeInBytes: end - start,
      async *chunks() {
        const own = running?.at === start ? running : cutter(weights, read);
        running = undefined;
        let complete = false;
        try {
          yield* own.take(start, end);
          complete = true;
        } finally {
          if (complete && end < total) running = own;
          else await own.close();
        }
      },
    };
  });
}

interface Cutter {
  /** The byte that comes next. */
  readonly at: number;
  /** The bytes from `start` to `end`; those before `start` are passed over. */
  take(start: number, end: number): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

function cutter(weights: readonly LayersWeight[], read: ReadWeight): Cutter {
  const chunks = all(weights, read);
  let at = 0;
  let rest: Uint8Array = new Uint8Array(0);
  return {
    get at() {
      return at;
    },
    async *take(start, end) {
      while (at < end) {
        if (rest.length === 0) {
          const next = await chunks.next();
          invariant(next.done !== true, "the weights end before the last shard does");
          rest = next.value;
        }
        const part = rest.subarray(0, (at < start ? start : end) - at);
        rest = rest.subarray(part.length);
        const wanted = at >= start;
        at += part.length;
        if (wanted) yield part;
      }
    },
    close: async () => void (await chunks.return(undefined)),
  };
}

async function* all(weights: readonly LayersWeight[], read: ReadWeight): AsyncGenerator<Uint8Array, void, undefined> {
  for (const weight of weights) {
    let size = 0;
    for await (const chunk of read(weight)) {
      size += chunk.length;
      yield chunk;
    }
    invariant(size === sizeOf(weight), `${weight.name} came with ${size} bytes of ${sizeOf(weight)}`);
  }
}
