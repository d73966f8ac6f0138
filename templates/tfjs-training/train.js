// Trains NETWORK by the recipe RECIPE_NAME: `node train.js DATA` (see README.md).
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadTensorFlow, readModel, saveModel } from "./tensorflow.js";
import { openImages } from "./images.js";
import { batchesOfEpoch, createBatches, measure, splitImages } from "./batches.js";
import { createSchedule } from "./schedule.js";
import { bitsKey, randomBits } from "./random.js";

// Change what you like. Rates are those of PyTorch's SGD, which TensorFlow.js's momentum optimizer follows.
const RECIPE = {};

// Names of variables, as model/model.json has them, that stay as they are.
const FROZEN = new Set([]);
// Batch norms that normalise with their running statistics, which stay as they are.
const FIXED_NORMS = new Set([]);

const { values: options, positionals: [data] } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: "string" }, // end after so many steps
    every: { type: "string", default: "100" }, // steps between two lines
    out: { type: "string", default: "trained" }, // where the trained model is written
    tensorflow: { type: "string" }, // take this package: @tensorflow/tfjs-node
  },
});
const isCount = (text) => Number.isInteger(Number(text)) && Number(text) >= 1;
const wrong = ["steps", "every"].find((name) => options[name] !== undefined && !isCount(options[name]));
if (data === undefined || wrong !== undefined) {
  if (wrong !== undefined) console.error(`--${wrong} ${options[wrong]}: a whole number of at least 1 is needed`);
  console.error("usage: node train.js DATA [--steps N] [--every N] [--out FOLDER] [--tensorflow PACKAGE]");
  process.exit(2);
}

const { tf, name: tensorflow } = await loadTensorFlow(options.tensorflow);
const images = openImages(data);
const model = await readModel(tf, fileURLToPath(new URL("model", import.meta.url)));
const [, height, width] = model.inputs[0].shape;
const classes = model.outputs[0].shape[1];
if (images.classes.length !== classes) throw new Error(`the network tells ${classes} classes apart, and ${data} has ${images.classes.length}`);

const { train, validation } = splitImages(images, RECIPE.split, RECIPE.seed);
const statistics = await measure(train, RECIPE.augment);
const stepsPerEpoch = batchesOfEpoch(train, RECIPE.batch);
const totalSteps = Number(options.steps ?? RECIPE.steps ?? RECIPE.epochs * stepsPerEpoch);
const batches = createBatches({ part: train, recipe: RECIPE, statistics, height, width });
const schedule = createSchedule(RECIPE, stepsPerEpoch, RECIPE.steps ?? RECIPE.epochs * stepsPerEpoch);
console.log(`${tensorflow}; ${train.indices.length} images train, ${validation?.indices.length ?? 0} validate; ${totalSteps} steps of ${RECIPE.batch}`);

const weights = model.trainableWeights.filter(({ originalName }) => !FROZEN.has(originalName));
const variables = weights.map((weight) => weight.read());
const kernels = weights.filter(({ originalName }) => RECIPE.weightDecay > 0 && (RECIPE.decays === "all" || originalName.endsWith("kernel"))).map((weight) => weight.read());
const optimizer = RECIPE.momentum > 0 ? tf.train.momentum(RECIPE.rate, RECIPE.momentum, RECIPE.nesterov) : tf.train.sgd(RECIPE.rate);
// Its gradient is 2 · l2 · w, and weight decay adds decay · w.
const decay = tf.regularizers.l2({ l2: RECIPE.weightDecay / 2 });
const dropouts = layersOf(model).filter((layer) => layer.getClassName() === "Dropout");
for (const layer of layersOf(model)) if (FIXED_NORMS.has(layer.name)) keepStatistics(layer);

/** One step on a batch; gives the loss without decay, and how many answers were right. */
function trainStep({ pixels, labels }, rate, step) {
  // The masks of a step are always the same ones, whenever it is made.
  for (const layer of dropouts) layer.seed = randomBits(step, bitsKey(RECIPE.seed, layer.name));
  optimizer.setLearningRate(rate);
  return tf.tidy(() => {
    const x = tf.tensor4d(pixels, [RECIPE.batch, height, width, 3]);
    const y = tf.tensor1d(labels, "int32");
    const answers = tf.oneHot(y, classes).toFloat();
    let loss, right;
    optimizer.minimize(
      () => {
        const logits = model.apply(x, { training: true });
        loss = tf.keep(tf.losses.softmaxCrossEntropy(answers, logits, undefined, RECIPE.labelSmoothing));
        right = tf.keep(logits.argMax(1).equal(y).sum());
        return kernels.reduce((sum, kernel) => sum.add(decay.apply(kernel)), loss.clone());
      },
      false,
      variables,
    );
    const result = { loss: loss.dataSync()[0], right: right.dataSync()[0] };
    tf.dispose([loss, right]);
    return result;
  });
}

/** Loss and error on the images for validation, one view of each. */
async function validate() {
  let [loss, wrong] = [0, 0];
  for await (const { pixels, labels } of batches.forTest(validation)) {
    const [sum, right] = tf.tidy(() => {
      const logits = model.predict(tf.tensor4d(pixels, [labels.length, height, width, 3]), { batchSize: labels.length });
      const y = tf.tensor1d(labels, "int32");
      const mean = tf.losses.softmaxCrossEntropy(tf.oneHot(y, classes).toFloat(), logits);
      return [mean.dataSync()[0] * labels.length, logits.argMax(1).equal(y).sum().dataSync()[0]];
    });
    loss += sum;
    wrong += labels.length - right;
  }
  return { loss: loss / validation.indices.length, error: wrong / validation.indices.length };
}

const recent = [];
let best = Infinity;
let told = { steps: 0, loss: 0, right: 0, begun: performance.now() };
for (let step = 0; step < totalSteps; step++) {
  const rate = schedule.rate(step);
  const { loss, right } = trainStep(await batches.next(), rate, step);
  if (!Number.isFinite(loss)) throw new Error(`the loss of step ${step + 1} is ${loss} at a rate of ${rate}: take a lower one, or begin gently`);
  recent.push({ loss, error: 1 - right / RECIPE.batch });
  if (recent.length > 100) recent.shift();
  const metrics = recent.length < 100 ? {} : { train_loss: mean(recent, "loss"), train_error: mean(recent, "error") };
  schedule.stepDone(step, metrics);

  told = { ...told, steps: told.steps + 1, loss: told.loss + loss, right: told.right + right };
  if ((step + 1) % Number(options.every) === 0 || step + 1 === totalSteps) {
    const examples = told.steps * RECIPE.batch;
    const speed = (1000 * examples) / (performance.now() - told.begun);
    console.log(`step ${step + 1} of ${totalSteps}  loss ${(told.loss / told.steps).toFixed(5)}  error ${percent(1 - told.right / examples)}  ${speed.toFixed(0)} images/s  rate ${Number(rate.toPrecision(6))}`);
    told = { steps: 0, loss: 0, right: 0, begun: performance.now() };
  }
  const epochDone = (step + 1) % stepsPerEpoch === 0;
  if (!epochDone && step + 1 < totalSteps) continue;
  const found = validation && (await validate());
  if (epochDone) schedule.epochDone({ ...metrics, ...(found ? { val_loss: found.loss, val_error: found.error } : {}) });
  await saveModel(model, options.out);
  if (found && found.error < best) await saveModel(model, `${options.out}/best`);
  if (found) best = Math.min(best, found.error);
  if (found) console.log(`after step ${step + 1}: validation error ${percent(found.error)}, loss ${found.loss.toFixed(4)}; the best so far is ${percent(best)}`);
}
console.log(`the trained model is in ${options.out}`);

function mean(list, key) {
  return list.reduce((sum, entry) => sum + entry[key], 0) / list.length;
}

function percent(fraction) {
  return `${(100 * fraction).toFixed(2)} %`;
}

/** Also those in models that are layers of this one. */
function layersOf({ layers }) {
  return layers.flatMap((layer) => (layer.layers ? layersOf(layer) : [layer]));
}

/** A batch norm as it is when a network answers. */
function keepStatistics(layer) {
  const call = layer.call.bind(layer);
  layer.call = (inputs, how) => call(inputs, { ...how, training: false });
}
