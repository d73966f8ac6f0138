import { readFile, stat } from "node:fs/promises";
import { createHash } from "node:crypto";
import { groupDigits } from "../../base/digits.ts";
import { InputError } from "../../base/input-error.ts";
import { CIFAR10 } from "../../data/cifar10.ts";
import { CHANNELS, sizeText } from "../../data/pixels.ts";
import type { PixelImage, Size } from "../../data/pixels.ts";
import { firstSize, prepare, prepareNow, prepareViews, scalesImages, testPreparation, trainingPreparation } from "../../data/prepare.ts";
import type { Preparation, PreparedImage } from "../../data/prepare.ts";
import { createStatisticsCollector } from "../../data/statistics.ts";
import type { Measurement, Statistics, StatisticsSums } from "../../data/statistics.ts";
import { viewsOf } from "../../data/steps.ts";
import type { Step, TestPass } from "../../data/steps.ts";
import { codeOf } from "../node-host.ts";
import { packedImage } from "./data-set.ts";
import type { PackedImages } from "./data-set.ts";
import type { FileCodec, ImageFacts } from "./sharp-codec.ts";

/** What all chunks of a pool have in common; a worker gets it once. */
export type Job =
  | { readonly kind: "train"; readonly steps: readonly Step[]; readonly statistics: Statistics | undefined; readonly seed: number; readonly size: Size }
  /** Without a size every image keeps its own, and a chunk has one image. */
  | { readonly kind: "test"; readonly pass: TestPass; readonly statistics: Statistics | undefined; readonly size: Size | undefined }
  | { readonly kind: "measure"; readonly measurement: Measurement }
  | { readonly kind: "inspect" };

export interface JobSetup {
  readonly job: Job;
  readonly packed: PackedImages | undefined;
}

/** Some images of one job. */
export interface Chunk {
  readonly epoch: number;
  /** Places in the part. */
  readonly indices: readonly number[];
  /** How messages call them; where they are files, also where they are. */
  readonly names: readonly string[];
}

export interface Failure {
  /** Which of the chunk's images. */
  readonly slot: number;
  readonly message: string;
  readonly help: readonly string[];
}

export interface ChunkResult {
  readonly failures: readonly Failure[];
  /** Prepared images in order, those that failed left empty: [images * views, 3, height, width]. */
  readonly prepared?: Size & { readonly values: Float32Array };
  readonly sums?: StatisticsSums;
  readonly inspected?: readonly (Inspected | undefined)[];
}

/** What is known of an image file after all of it was decoded. */
export interface Inspected extends ImageFacts {
  /** SHA-256 of the file. */
  readonly digest: string;
}

/** Does what a chunk asks for; the same in a worker as in this thread. A codec is only made where something needs one. */
export type ChunkRunner = (chunk: Chunk) => Promise<ChunkResult>;

/** More than any image file that is fed to a network has. */
const LARGEST_FILE_IN_BYTES = 256 * 1024 * 1024;

export function createChunkRunner({ job, packed }: JobSetup, createCodec: () => FileCodec): ChunkRunner {
  let made: FileCodec | undefined;
  const codec = (): FileCodec => (made ??= createCodec());
  const load = async (chunk: Chunk, slot: number, sizeOf: ((width: number, height: number) => Size) | undefined): Promise<PixelImage> => {
    const name = chunk.names[slot] as string;
    if (packed) return packedPixels(packed, chunk.indices[slot] as number, name);
    return codec().decode(await readImageFile(name), name, sizeOf);
  };
  /** Decoding has done the first step where there is one for it. */
  const doneByDecoding = (preparation: Preparation): number => (!packed && preparation.steps[0]?.kind === "resize" ? 1 : 0);
  switch (job.kind) {
    case "train":
      return async (chunk) => {
        const preparation = trainingPreparation(job.steps, job.statistics, job.seed, chunk.epoch);
        const views = createViews(chunk, job.size, 1);
        const now = packed && !scalesImages(job.steps) ? packed : undefined;
        const failures = await eachImage(chunk, async (slot, index) => {
          if (now) return views.put(slot, [prepareNow(packedPixels(now, index, chunk.names[slot] as string), index, preparation)]);
          const image = await load(chunk, slot, firstSize(preparation, index));
          views.put(slot, [await prepare(image, index, preparation, codec(), doneByDecoding(preparation))]);
        });
        return { failures, prepared: views.prepared() };
      };
    case "test":
      return async (chunk) => {
        const preparation = testPreparation(job.pass);
        const views = createViews(chunk, job.size, viewsOf(job.pass));
        const failures = await eachImage(chunk, async (slot, index) => {
          const image = await load(chunk, slot, firstSize(preparation, index));
          const lazy = { decode: (...given: Parameters<FileCodec["decode"]>) => codec().decode(...given), resize: (...given: Parameters<FileCodec["resize"]>) => codec().resize(...given) };
          views.put(slot, await prepareViews(image, job.pass, job.statistics, lazy, doneByDecoding(preparation)));
        });
        return { failures, prepared: views.prepared() };
      };
    case "measure":
      return async (chunk) => {
        const preparation: Preparation = { steps: job.measurement.before, draws: undefined, statistics: undefined };
        const collector = createStatisticsCollector(job.measurement);
        const failures = await eachImage(chunk, async (slot, index) => {
          const image = await load(chunk, slot, firstSize(preparation, index));
          const prepared = packed && !scalesImages(preparation.steps) ? prepareNow(image, index, preparation) : await prepare(image, index, preparation, codec(), doneByDecoding(preparation));
          concerningAll(() => collector.add(prepared.values, prepared, image.name));
        });
        return { failures, sums: collector.sums() };
      };
    case "inspect":
      return async (chunk) => {
        const inspected: (Inspected | undefined)[] = [];
        const failures = await eachImage(chunk, async (slot) => {
          const name = chunk.names[slot] as string;
          const file = await readImageFile(name);
          const facts = await codec().facts(file, name);
          await codec().decode(file, name);
          inspected[slot] = { width: facts.width, height: facts.height, channels: facts.channels, format: facts.format, digest: createHash("sha256").update(file).digest("base64") };
        });
        return { failures, inspected };
      };
  }
}

/** Runs the work for every image; a mistake in an image is a failure of that image alone. */
async function eachImage(chunk: Chunk, work: (slot: number, index: number) => Promise<void>): Promise<Failure[]> {
  const failures: Failure[] = [];
  for (const [slot, index] of chunk.indices.entries()) {
    try {
      await work(slot, index);
    } catch (error) {
      if (!(error instanceof InputError) || error instanceof ConcernsAll) throw error;
      failures.push({ slot, message: error.message, help: error.help });
    }
  }
  return failures;
}

/** A mistake that leaving a single image out does not mend: no codec, images of several sizes. */
class ConcernsAll extends InputError {}

/** The same codec, whose absence is no failure of a single image. */
export function neededByAll(create: () => FileCodec): () => FileCodec {
  return () => concerningAll(create);
}

function concerningAll<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof InputError) throw new ConcernsAll(error.message, error);
    throw error;
  }
}

function packedPixels(packed: PackedImages, index: number, name: string): PixelImage {
  return { name, width: CIFAR10.side, height: CIFAR10.side, layout: "planar", bytes: packedImage(packed, index) };
}

/** @throws {@link InputError} that names the file and says why it cannot be read */
async function readImageFile(path: string): Promise<Uint8Array> {
  try {
    const stats = await stat(path);
    // A pipe would be waited for, perhaps for ever.
    if (!stats.isFile()) throw new InputError(`\`${path}\` is no file`);
    if (stats.size > LARGEST_FILE_IN_BYTES) throw new InputError(`\`${path}\` has ${groupDigits(stats.size)} bytes; that is no image for a network`);
    return await readFile(path);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const code = codeOf(error);
    if (code === "EACCES" || code === "EPERM") throw new InputError(`\`${path}\` may not be read by this user`);
    if (code === "ENOENT") throw new InputError(`\`${path}\` is not there any more, or is a link that leads nowhere`);
    throw new InputError(`\`${path}\` cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Where prepared images are put together; each has `count` views of one size. */
function createViews(chunk: Chunk, expected: Size | undefined, count: number): { put(slot: number, images: readonly PreparedImage[]): void; prepared(): Size & { values: Float32Array } } {
  let size = expected;
  let values: Float32Array | undefined = size && new Float32Array(chunk.indices.length * count * CHANNELS * size.width * size.height);
  return {
    put(slot, images) {
      for (const [view, image] of images.entries()) {
        size ??= { width: image.width, height: image.height };
        values ??= new Float32Array(chunk.indices.length * count * CHANNELS * size.width * size.height);
        if (image.width !== size.width || image.height !== size.height) {
          throw new InputError(`\`${chunk.names[slot]}\` comes out of the recipe's steps with ${sizeText(image)} pixels, and the network takes ${sizeText(size)}`, {
            help: [
              ...(image.width < size.width || image.height < size.height ? [`Begin the recipe's steps with \`resize(shorter=${Math.max(size.width, size.height)})\`: the image is too small.`] : []),
              `End the recipe's steps with \`crop(${size.height}x${size.width})\`, or give all images this size.`,
            ],
          });
        }
        values.set(image.values, (slot * count + view) * image.values.length);
      }
    },
    prepared: () => ({ width: size?.width ?? 0, height: size?.height ?? 0, values: values ?? new Float32Array() }),
  };
}
