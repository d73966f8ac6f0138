/**
 * ResNet-20 as TensorFlow.js users write it, through `model.fit`, with the same answers as rnc.ts: tfjs.mjs ResNet20 32 BATCH THREADS FORM IMAGES LABELS
 *
 * The library takes no number of threads; it uses all cores.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { resnet20 } from "../peers/tfjs/resnet.mjs";

const [, , , side, batchText, , , imagesPath, labelsPath] = process.argv;
process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
const tf = createRequire(import.meta.url)("@tensorflow/tfjs-node");
await tf.ready();
const [size, batch] = [Number(side), Number(batchText)];
const all = new Float32Array(new Uint8Array(readFileSync(imagesPath)).buffer);
const images = tf.tidy(() => tf.tensor4d(all, [all.length / (3 * size * size), 3, size, size]).transpose([0, 2, 3, 1]));
const labels = tf.tidy(() => tf.oneHot(tf.tensor1d(new Int32Array(new Uint8Array(readFileSync(labelsPath)).buffer), "int32"), 10).toFloat());
const model = resnet20(tf, { classes: 10, strided: "exact" });
model.compile({ optimizer: tf.train.momentum(0.01, 0.9), loss: "categoricalCrossentropy" });
const batches = images.shape[0] / batch;
let done = 0;

async function step() {
  const at = (done++ % batches) * batch;
  const [x, y] = [images.slice([at, 0, 0, 0], [batch, -1, -1, -1]), labels.slice([at, 0], [batch, -1])];
  const begun = performance.now();
  await model.fit(x, y, { batchSize: batch, epochs: 1, verbose: 0 });
  const seconds = (performance.now() - begun) / 1000;
  tf.dispose([x, y]);
  return seconds;
}

for (let warm = 0; warm < 2; warm++) await step();
console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const seconds = [];
  for (let count = Number(line); count > 0; count--) seconds.push(await step());
  console.log(JSON.stringify({ seconds, peakKB: process.resourceUsage().maxRSS }));
}
