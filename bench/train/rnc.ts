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
const { several } = training;
/** Makes steps as `rnc train` does, several in one go where the engine has it so: seconds of one. */
const steps = async (count: number): Promise<number[]> => {
  const given = Array.from({ length: count }, () => {
    const at = done++ % batches;
    return { inputs: [{ data: images.subarray(at * numbers, (at + 1) * numbers), shape }], labels: labels.subarray(at * Number(batch), (at + 1) * Number(batch)) };
  });
  const begun = performance.now();
  if (several) await several.steps(given, given.map(() => 0.01));
  else for (const one of given) await training.step(one, 0.01);
  return given.map(() => (performance.now() - begun) / 1000 / count);
};
const inOneGo = several?.most ?? 1;
for (let warm = 0; warm < 3; warm++) await steps(inOneGo);
console.log(`ready ${training.layout?.name}: ${training.layout?.why}`);
for await (const line of createInterface({ input: process.stdin })) {
  const seconds: number[] = [];
  for (let left = Number(line); left > 0; left -= inOneGo) seconds.push(...(await steps(Math.min(left, inOneGo))));
  console.log(JSON.stringify({ seconds, peakKB: process.resourceUsage().maxRSS }));
}
await training.close();
