import { invariant } from "../../base/assert.ts";
import { createStatisticsCollector, measurementFor } from "../../data/statistics.ts";
import type { Statistics } from "../../data/statistics.ts";
import type { Step } from "../../data/steps.ts";
import { imageName } from "./data-set.ts";
import type { Part } from "./data-set.ts";
import { createChunkPool } from "./pool.ts";

/** Images that a worker measures at a time: a chunk's sums are as large as eight images. */
const CHUNK = 64;

export interface MeasureOptions {
  readonly part: Part;
  /** The images that train: the mean of images for tests is nothing that a network may know. */
  readonly images: Uint32Array;
  readonly steps: readonly Step[];
  readonly workers: number;
  /** Called with the images done. */
  readonly onProgress?: (done: number) => void;
}

/**
 * What the steps need to know of the training images, from one pass over them; nothing where they need nothing. Images that
 * cannot be used are left out: the stream that trains names them. The result does not depend on the number of workers.
 *
 * @throws {@link InputError} where images have several sizes and a mean of every pixel is asked for
 */
export async function measureStatistics({ part, images, steps, workers, onProgress }: MeasureOptions): Promise<Statistics | undefined> {
  const measurement = measurementFor(steps);
  if (measurement === undefined) return undefined;
  const pool = createChunkPool({ job: { kind: "measure", measurement }, packed: part.images.kind === "packed" ? part.images : undefined }, workers);
  const collector = createStatisticsCollector(measurement);
  try {
    let begun = 0;
    let done = 0;
    const lane = async (): Promise<void> => {
      while (begun < images.length) {
        const indices = [...images.subarray(begun, (begun += CHUNK))];
        const { sums } = await pool.run({ epoch: 0, indices, names: indices.map((index) => imageName(part.images, index)) });
        invariant(sums !== undefined, "a chunk came back without sums");
        collector.merge(sums);
        done += indices.length;
        onProgress?.(done);
      }
    };
    await Promise.all(Array.from({ length: pool.width }, lane));
    return collector.result();
  } finally {
    await pool.close();
  }
}
