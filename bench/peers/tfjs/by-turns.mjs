/**
 * Two models in one process of tfjs-node, run by turns: by-turns.mjs NETWORK forward|train AGAINST BATCH ROUNDS [WARM-UP]
 *
 * NETWORK (ResNet20, ResNet50) is built by rnc's library, as a program does that uses it. AGAINST is `exact` or `same`, the
 * model written by hand (see resnet.mjs), or the name of another network of the library. A round is ours, theirs, theirs,
 * ours; its ratio is ours over theirs, which neither the order nor a slow drift of the machine's speed moves. Prints as JSON
 * the medians of one step and of the ratio, its 95 % bootstrap interval, and how many kernels of TensorFlow one step runs.
 */
import { createRequire } from "node:module";
import { performance } from "node:perf_hooks";
import { buildLayersModel, buildNetwork, listNetworks, loadProgram, renderProblems } from "../../../dist/index.js";
import * as written from "./resnet.mjs";

const [name, work, against, batch, rounds, warmUp = 3] = process.argv.slice(2).map((word) => (/^\d+$/.test(word) ? Number(word) : word));
process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
const tf = createRequire(import.meta.url)("@tensorflow/tfjs-node");
await tf.ready();
const size = name.startsWith("ResNet20") ? 32 : 224;
const softmax = size === 32;
const classes = softmax ? 10 : 1000;

/** A network of the standard library, as `rnc` makes it: seed 0. */
async function fromLibrary(network) {
  const module = softmax ? "cifar" : "resnet";
  const program = await loadProgram({ path: "bench.resnet", text: `use std.${module} { ${network} }\nnetwork Bench = ${network}\n`, standard: false });
  const [declared] = listNetworks(program);
  const { value, problems } = buildNetwork(program, declared);
  if (value === undefined) throw new Error(renderProblems(problems));
  return buildLayersModel(value, tf, { softmax });
}

const byHand = against === "exact" || against === "same";
const ours = await fromLibrary(name);
const theirs = byHand ? written[name.toLowerCase()](tf, { classes, strided: against }) : await fromLibrary(against);

const check = (truth, message) => {
  if (!truth) throw new Error(message);
};
if (byHand) {
  check(ours.countParams() === theirs.countParams(), `${ours.countParams()} parameters against ${theirs.countParams()}`);
  // The same weights on both sides, handed over by name: every layer with weights has its twin.
  const withWeights = (model) => model.layers.filter((layer) => layer.weights.length > 0);
  check(withWeights(ours).length === withWeights(theirs).length, "as many layers with weights");
  for (const layer of withWeights(ours)) theirs.getLayer(layer.name).setWeights(layer.getWeights());
}
check(String(ours.outputs[0].shape) === String(theirs.outputs[0].shape), "one shape of output");

const image = tf.randomNormal([batch, size, size, 3], 0, 1, "float32", 1);
const labels = tf.tidy(() => tf.oneHot(tf.range(0, batch, 1, "int32").mod(tf.scalar(classes, "int32")), classes).toFloat());

/** Greatest difference of two answers over the greatest of the second. */
const apart = () => tf.tidy(() => {
  const [a, b] = [ours, theirs].map((model) => model.predictOnBatch(image));
  return a.sub(b).abs().max().div(b.abs().max()).dataSync()[0];
});
const difference = against === "same" || !byHand ? undefined : apart();
check(difference === undefined || difference < 1e-4, `the answers differ by ${difference} of the greatest`);

const forward = (model) => {
  const answer = model.predictOnBatch(image);
  answer.dataSync();
  answer.dispose();
};
if (work === "train") {
  for (const model of [ours, theirs]) model.compile({ optimizer: tf.train.momentum(0.1, 0.9), loss: "categoricalCrossentropy" });
}
const losses = [[], []];
async function step(index) {
  const model = [ours, theirs][index];
  if (work === "train") losses[index].push(await model.trainOnBatch(image, labels));
  else forward(model);
}

/** How many kernels one step runs: what the machine's noise does not touch. */
async function kernelsOf(index) {
  const { kernels } = await tf.profile(() => step(index));
  return kernels.length;
}

for (let round = 0; round < warmUp; round++) for (const index of [0, 1]) await step(index);
const kernels = [await kernelsOf(0), await kernelsOf(1)];
const { numTensors } = tf.memory();
const times = [[], []];
for (let round = 0; round < rounds; round++) {
  const spent = [0, 0];
  for (const index of round % 2 === 0 ? [0, 1, 1, 0] : [1, 0, 0, 1]) {
    const start = performance.now();
    await step(index);
    spent[index] += performance.now() - start;
  }
  times.forEach((own, index) => own.push(spent[index] / 2));
}
check(tf.memory().numTensors === numTensors, `tensors pile up: ${numTensors}, then ${tf.memory().numTensors}`);
if (work === "train") {
  const [[a], [b]] = losses;
  check(!byHand || against === "same" || Math.abs(a - b) <= 1e-3 * b, `the first losses differ: ${a} and ${b}`);
  check(losses.flat().every(Number.isFinite), "every loss is a number");
}

/** mulberry32: resampling is the same every time. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
const median = (values) => {
  const sorted = Float64Array.from(values).sort();
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};
const random = generator(1);
const ratios = times[0].map((own, round) => own / times[1][round]);
const medians = Float64Array.from({ length: 2000 }, () => median(ratios.map(() => ratios[Math.floor(random() * ratios.length)]))).sort();
console.log(JSON.stringify({
  oursMs: median(times[0]),
  theirsMs: median(times[1]),
  ratio: median(ratios),
  low: medians[50],
  high: medians[1949],
  rounds,
  kernels,
  ...(difference === undefined ? {} : { difference }),
  ...(work === "train" && byHand ? { firstLosses: losses.map(([first]) => first) } : {}),
}));
