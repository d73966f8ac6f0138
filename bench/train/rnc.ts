/**
 * Trains as `rnc train` does, in the default engine: rnc.ts NETWORK SIDE BATCH THREADS LAYOUT IMAGES LABELS
 *
 * LAYOUT is `chosen` or `portable`. Prints `ready` and what was chosen, then for every line on standard input, a number of steps,
 * their seconds and the process's peak memory in kB. IMAGES and LABELS are raw files of float32 and int32, batch after batch.
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { onnxruntime } from "../../src/engines/onnxruntime.ts";
import { seededWeights } from "../../src/weights/seeded.ts";
import { standardNetwork } from "../../test/support/networks.ts";

const [, , name = "", side = "", batch = "", threads = "", layout, imagesPath = "", labelsPath = ""] = process.argv;
const network = standardNetwork(name, {}, [[Number(batch), 3, Number(side), Number(side)]]);
const images = new Float32Array(new Uint8Array(readFileSync(imagesPath)).buffer);
const labels = new Int32Array(new Uint8Array(readFileSync(labelsPath)).buffer);
const shape = [Number(batch), 3, Number(side), Number(side)];
const numbers = shape.reduce((product, size) => product * size, 1);
const batches = images.length / numbers;

const training = await onnxruntime.openTraining?.(network, seededWeights(network.parameters, { seed: 0 }), {
  batch: Number(batch), momentum: 0.9, nesterov: false, weightDecay: 1e-4, decays: "weights", labelSmoothing: 0, seed: 0, threads: Number(threads),
  ...(layout === "portable" ? { layout } : {}),
});
if (training === undefined) throw new Error("the engine trains");
let done = 0;
const step = async (): Promise<number> => {
  const at = done++ % batches;
  const input = { data: images.subarray(at * numbers, (at + 1) * numbers), shape };
  const begun = performance.now();
  await training.step({ inputs: [input], labels: labels.subarray(at * Number(batch), (at + 1) * Number(batch)) }, 0.01);
  return (performance.now() - begun) / 1000;
};
for (let warm = 0; warm < 3; warm++) await step();
console.log(`ready ${training.layout?.name}: ${training.layout?.why}`);
for await (const line of createInterface({ input: process.stdin })) {
  const seconds: number[] = [];
  for (let count = Number(line); count > 0; count--) seconds.push(await step());
  console.log(JSON.stringify({ seconds, peakKB: process.resourceUsage().maxRSS }));
}
await training.close();
