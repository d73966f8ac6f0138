import { availableParallelism } from "node:os";
import { groupDigits } from "../../base/digits.ts";
import { invariant } from "../../base/assert.ts";
import { InputError } from "../../base/input-error.ts";
import { orderOfEpoch } from "../../data/order.ts";
import { CHANNELS } from "../../data/pixels.ts";
import type { Size } from "../../data/pixels.ts";
import type { Statistics } from "../../data/statistics.ts";
import { viewsOf } from "../../data/steps.ts";
import type { Step, TestPass } from "../../data/steps.ts";
import type { Chunk, ChunkResult, Failure } from "./chunk.ts";
import { imageName } from "./data-set.ts";
import type { Part } from "./data-set.ts";
import { createChunkPool } from "./pool.ts";
import type { ChunkPool } from "./pool.ts";

/** Images as a network takes them. */
export interface Batch {
  /** [images * views, 3, height, width]; the views of an image are neighbours. */
  readonly data: Float32Array;
  readonly shape: readonly [number, number, number, number];
  /** One for each image. */
  readonly labels: Int32Array;
  /** Places in the part, one for each image. */
  readonly images: Int32Array;
  readonly viewsPerImage: number;
  /** Where it stands: passes over the images, and batches in this pass, from 0. */
  readonly epoch: number;
  readonly step: number;
}

export interface SkippedImage {
  readonly name: string;
  /** Why, with the name. */
  readonly message: string;
}

/** Batches in a fixed order, prepared ahead of their use. */
export interface BatchStream {
  /** The next batch; nothing after the last. Asked for one at a time. */
  next(): Promise<Batch | undefined>;
  /** Images that could not be used so far. */
  readonly skipped: readonly SkippedImage[];
  /** Ends the workers; may be called at any time. */
  close(): Promise<void>;
}

interface StreamOptions {
  readonly part: Part;
  readonly batch: number;
  readonly statistics: Statistics | undefined;
  /** Threads that prepare images; 0 is this one. `workersFor` has a proposal. */
  readonly workers: number;
  /** How many images may be broken before the stream gives up. */
  readonly skipLimit: number;
}

export interface TrainingStreamOptions extends StreamOptions {
  /** The images that train (`Split`). */
  readonly images: Uint32Array;
  readonly steps: readonly Step[];
  /** What the network takes. */
  readonly size: Size;
  readonly seed: number;
  /** Where to begin, or to go on. */
  readonly from?: { readonly epoch: number; readonly step: number };
}

export interface TestStreamOptions extends StreamOptions {
  readonly images: Uint32Array;
  readonly pass: TestPass;
  /** What the network takes; without it every image keeps its size, and a batch is one image. */
  readonly size: Size | undefined;
}

/** A few broken images are no reason to stop: so many, or this part of a large set. */
const SKIPPED = 10;
const SKIPPED_SHARE = 0.01;
/** Batches that are prepared ahead; each may be 154 MB (256 images of 224x224). */
const AHEAD = 3;
const NAMED = 5;

/** How many threads prepare images: records in memory need none; files one for each processor but the engine's. */
export function workersFor(part: Part): number {
  return part.images.kind === "packed" ? 0 : Math.max(1, availableParallelism() - 1);
}

/** How many broken images of a part are passed over. */
export function skipLimitOf({ labels }: Part): number {
  return Math.max(SKIPPED, Math.floor(labels.length * SKIPPED_SHARE));
}

/** Whole batches in a pass over the images; the rest of them waits for the next pass, whose order is another. */
export function batchesOfEpoch(images: number, batch: number): number {
  return Math.floor(images / batch);
}

/**
 * Training batches, without end. The same seed gives the same bits whatever the number of workers, and from wherever it goes
 * on: an image that cannot be used is replaced by the next one of its epoch that can.
 *
 * @throws {@link InputError} where there are fewer images than a batch has
 */
export function trainingBatches({ part, images, batch, steps, statistics, size, seed, workers, skipLimit, from = { epoch: 0, step: 0 } }: TrainingStreamOptions): BatchStream {
  const count = batchesOfEpoch(images.length, batch);
  if (count === 0) throw new InputError(`a batch has ${groupDigits(batch)} images, and only ${groupDigits(images.length)} train`, { help: ["Take a smaller batch: `--set batch=32` or another recipe."] });
  const pool = createChunkPool({ job: { kind: "train", steps, statistics, seed, size }, packed: part.images.kind === "packed" ? part.images : undefined }, workers);
  const skipped = createSkipped(part, skipLimit);
  let known: { readonly epoch: number; readonly order: Uint32Array } | undefined;
  const orderOf = (epoch: number): Uint32Array => {
    if (known?.epoch !== epoch) known = { epoch, order: orderOfEpoch(images, seed, epoch) };
    return known.order;
  };
  let at = { epoch: from.epoch + Math.floor(from.step / count), step: from.step % count };
  return createStream(pool, skipped.list, workers > 0 ? AHEAD : 0, () => {
    const { epoch, step } = at;
    at = step + 1 < count ? { epoch, step: step + 1 } : { epoch: epoch + 1, step: 0 };
    const order = orderOf(epoch);
    return async () => {
      const indices = [...order.subarray(step * batch, (step + 1) * batch)];
      const made = await prepareAll(pool, part, epoch, indices);
      for (const failure of made.failures) {
        skipped.add(indices[failure.slot] as number, failure);
        const { index, values } = await replacement(pool, part, epoch, order, step * batch + failure.slot, skipped);
        indices[failure.slot] = index;
        made.values.set(values, failure.slot * values.length);
      }
      return batchOf(part, indices, made, 1, epoch, step);
    };
  });
}

/**
 * Every image once, in order; the last batch may be smaller, and images that cannot be used are left out.
 */
export function testBatches({ part, images, batch, pass, statistics, size, workers, skipLimit }: TestStreamOptions): BatchStream {
  const pool = createChunkPool({ job: { kind: "test", pass, statistics, size }, packed: part.images.kind === "packed" ? part.images : undefined }, workers);
  const skipped = createSkipped(part, skipLimit);
  const views = viewsOf(pass);
  const imagesOfABatch = size === undefined ? 1 : batch;
  let step = 0;
  const stream = createStream(pool, skipped.list, workers > 0 ? AHEAD : 0, () => {
    if (step * imagesOfABatch >= images.length) return undefined;
    const place = step++;
    return async () => {
      const indices = [...images.subarray(place * imagesOfABatch, (place + 1) * imagesOfABatch)];
      const made = await prepareAll(pool, part, 0, indices);
      for (const failure of made.failures) skipped.add(indices[failure.slot] as number, failure);
      const left = leaveOut(indices, made, views);
      return batchOf(part, left.indices, left, views, 0, place);
    };
  });
  return {
    ...stream,
    async next() {
      for (;;) {
        const made = await stream.next();
        // Nothing of it could be used.
        if (made === undefined || made.labels.length > 0) return made;
      }
    },
  };
}

/** Runs the makers of batches a few ahead of their use, and gives their results in order. */
function createStream(pool: ChunkPool, skipped: readonly SkippedImage[], ahead: number, nextMaker: () => (() => Promise<Batch>) | undefined): BatchStream {
  const coming: Promise<Batch>[] = [];
  let closed = false;
  const fill = (upTo: number): void => {
    while (coming.length < upTo && !closed) {
      const make = nextMaker();
      if (make === undefined) return;
      const made = make();
      // Who waits for it gets the reason; until then it is no unhandled rejection.
      made.catch(() => undefined);
      coming.push(made);
    }
  };
  fill(ahead);
  return {
    skipped,
    async next() {
      fill(Math.max(1, ahead));
      const first = coming.shift();
      fill(ahead);
      return first;
    },
    async close() {
      closed = true;
      coming.length = 0;
      await pool.close();
    },
  };
}

interface Made extends Size {
  readonly values: Float32Array;
  /** In the order of the images. */
  readonly failures: readonly Failure[];
}

/** Shares images out among the workers and puts what comes back together. */
async function prepareAll(pool: ChunkPool, part: Part, epoch: number, indices: readonly number[]): Promise<Made> {
  const share = Math.ceil(indices.length / pool.width);
  const starts = Array.from({ length: Math.ceil(indices.length / share) }, (_, place) => place * share);
  const results = await Promise.all(starts.map((start) => pool.run(chunkOf(part, epoch, indices.slice(start, start + share)))));
  const failures = results.flatMap((result, place) => result.failures.map((failure) => ({ ...failure, slot: failure.slot + (starts[place] as number) })));
  const parts = results.map(preparedOf);
  const [first] = parts;
  if (parts.length === 1 && first) return { ...first, failures };
  const { width, height } = parts.find((prepared) => prepared.width > 0) ?? { width: 0, height: 0 };
  const values = new Float32Array(parts.reduce((sum, prepared) => sum + prepared.values.length, 0));
  let at = 0;
  for (const prepared of parts) {
    values.set(prepared.values, at);
    at += prepared.values.length;
  }
  return { width, height, values, failures };
}

function chunkOf(part: Part, epoch: number, indices: readonly number[]): Chunk {
  return { epoch, indices, names: indices.map((index) => imageName(part.images, index)) };
}

function preparedOf({ prepared }: ChunkResult): Size & { readonly values: Float32Array } {
  invariant(prepared !== undefined, "a chunk came back without images");
  return prepared;
}

/** The next image of the epoch that can be used, from a place on. */
async function replacement(pool: ChunkPool, part: Part, epoch: number, order: Uint32Array, place: number, skipped: Skipped): Promise<{ readonly index: number; readonly values: Float32Array }> {
  for (let further = 1; further < order.length; further++) {
    const index = order[(place + further) % order.length] as number;
    if (skipped.has(index)) continue;
    const result = await pool.run(chunkOf(part, epoch, [index]));
    const [failure] = result.failures;
    if (failure === undefined) return { index, values: preparedOf(result).values };
    skipped.add(index, failure);
  }
  throw new InputError("no image of the data set can be used", { notes: skipped.list.slice(0, NAMED).map(({ message }) => message) });
}

function leaveOut(indices: readonly number[], made: Made, views: number): Made & { readonly indices: readonly number[] } {
  if (made.failures.length === 0) return { ...made, indices };
  const out = new Set(made.failures.map(({ slot }) => slot));
  const kept = indices.map((_, slot) => slot).filter((slot) => !out.has(slot));
  const each = views * CHANNELS * made.width * made.height;
  const values = new Float32Array(kept.length * each);
  kept.forEach((slot, place) => values.set(made.values.subarray(slot * each, (slot + 1) * each), place * each));
  return { ...made, values, indices: kept.map((slot) => indices[slot] as number) };
}

function batchOf({ labels }: Part, indices: readonly number[], { values, width, height }: Made, viewsPerImage: number, epoch: number, step: number): Batch {
  return {
    data: values,
    shape: [indices.length * viewsPerImage, CHANNELS, height, width],
    labels: Int32Array.from(indices, (index) => labels[index] as number),
    images: Int32Array.from(indices),
    viewsPerImage,
    epoch,
    step,
  };
}

interface Skipped {
  readonly list: readonly SkippedImage[];
  has(index: number): boolean;
  add(index: number, failure: Failure): void;
}

function createSkipped(part: Part, limit: number): Skipped {
  const list: SkippedImage[] = [];
  const places = new Set<number>();
  return {
    list,
    has: (index) => places.has(index),
    add(index, { message, help }) {
      if (places.has(index)) return;
      places.add(index);
      list.push({ name: imageName(part.images, index), message });
      if (list.length <= limit) return;
      const more = list.length > NAMED ? [`and ${list.length - NAMED} more`] : [];
      throw new InputError(limit === 0 ? "an image cannot be used" : `${list.length} images cannot be used; up to ${limit} are passed over`, {
        notes: [...list.slice(0, NAMED).map((skippedImage) => skippedImage.message), ...more],
        help: [...help, "`rnc data check DIR` names every image that is broken."],
      });
    },
  };
}
