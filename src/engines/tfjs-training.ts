import type * as Tf from "@tensorflow/tfjs";
import { invariant } from "../base/assert.ts";
import { InputError } from "../base/input-error.ts";
import { loadInto } from "../backends/tfjs/build.ts";
import { lowerToLayers } from "../backends/tfjs/lower.ts";
import type { LayersModel, LayersWeight } from "../backends/tfjs/layers-model.ts";
import { weightReader } from "../backends/tfjs/read-weight.ts";
import { sizeOf } from "../backends/tfjs/shards.ts";
import type { Graph, Parameter, Value } from "../ir/graph.ts";
import { bitsKey, randomBits } from "../base/random-bits.ts";
import { isLearned } from "../passes/gradient.ts";
import { withLogits } from "../passes/training/logits.ts";
import { isFixed, refuseSingleValues } from "../passes/training/statistics.ts";
import { elementCount } from "../ir/tensor-type.ts";
import { gather } from "../weights/gather.ts";
import type { WeightSource } from "../weights/source.ts";
import { reasonOf } from "./runtime.ts";
import { channelsLast, useBackend } from "./tfjs-inference.ts";
import type { Flavour, TensorFlow } from "./tfjs-inference.ts";
import { heldWeights, momentumName } from "./tfjs-training-state.ts";
import type { HeldWeight } from "./tfjs-training-state.ts";
import { batchSymbols, checkBatch, decays, valuesPerChannel } from "./training-checks.ts";
import type { Sizes } from "./training-checks.ts";
import type { Training, TrainingBatch, TrainingOptions, TrainingResult } from "./training.ts";

/** A variable of the model, and what it holds of which parameter. */
interface Held {
  readonly weight: LayersWeight;
  readonly variable: Tf.Variable;
}

/** One that gradients change. */
interface Trained extends Held {
  /** Absent where none is kept, with a momentum of 0. */
  readonly momentum: Tf.Variable | undefined;
  readonly decays: boolean;
}

/** A running statistic that a forward pass changes, where it is not left as TensorFlow.js has it. */
interface Corrected extends Held {
  /** The value whose statistics they are. */
  readonly of: Value;
  /** Weight of the old value. */
  readonly keeps: number;
  readonly frozen: boolean;
}

/**
 * Trains a network with a TensorFlow.js: SGD with momentum on the mean softmax cross-entropy of one output, in
 * PyTorch's form (see {@link TrainingOptions}), as `model.fit` would not do it: decay is added to gradients and not to the loss,
 * and the running variance takes the unbiased variance of the batch. A batch norm whose running statistics are frozen normalises
 * by them, as where a network answers. The loss is that of what goes into a last softmax. A parameter that the loss does not
 * depend on stays as it is.
 *
 * Where the source of weights has `momentum.NAME`, as a training's own state does, momentum begins with it; else with zeros. With a momentum of 0 none is kept.
 *
 * Dropout takes its masks from the options' seed, the layer's name and the number of the step: the same in every run of a
 * TensorFlow.js, and not those of another engine.
 *
 * @throws {@link InputError} when TensorFlow.js has no exact form of a layer or cannot train it, or there are no logits
 */
export async function openTfjsTraining(flavour: Flavour, network: Graph, weights: WeightSource, options: TrainingOptions): Promise<Training> {
  const { tf, title } = flavour;
  const output = withLogits(network, options.lossOn);
  const layers = lowerToLayers(output.graph);
  if (layers.untrainable.length > 0) {
    throw new InputError(`TensorFlow.js can run \`${network.name}\` and cannot train it`, { notes: layers.untrainable });
  }
  const frozen = options.frozen ?? (() => false);
  const trainable = (parameter: Parameter): boolean => isLearned(parameter) && !frozen(parameter);
  if (!network.parameters.some(trainable)) throw new InputError(`\`${network.name}\` has no parameter to train${network.parameters.some(isLearned) ? ": all are frozen" : ""}`);
  refuseSingleValues(output.graph.nodes, batchSymbols(network, options.batch), frozen);
  const clash = network.parameters.find(({ name }) => network.parameters.some((other) => other.name === momentumName(name)));
  if (clash) throw new InputError(`\`${momentumName(clash.name)}\` is a parameter of \`${network.name}\`, and what the momentum of \`${clash.name}\` is called`);

  await useBackend(flavour);
  const model = await loadInto(tf, layers, weights, "");
  const variables = variablesOf(network, layers, model);
  const trained: Trained[] = [];
  for (const held of variables.filter(({ weight }) => trainable(weight.parameter))) {
    const momentum = options.momentum === 0 ? undefined : await firstMomentum(tf, held.weight, weights);
    trained.push({ ...held, momentum, decays: decays(held.weight.parameter, options) });
  }
  const corrected = correctedStatistics(network, layers, variables, frozen);
  fixNorms(model, layers, frozen);
  const dropouts = dropoutsOf(model.layers).map((layer) => ({ layer, key: bitsKey(options.seed, layer.name) }));
  let steps = options.firstStep ?? 0;

  const attempt = (work: () => Tf.Tensor): Tf.Tensor => {
    try {
      return work();
    } catch (error) {
      throw new InputError(`${title} could not train \`${network.name}\``, { notes: [reasonOf(error)] });
    }
  };
  /** The mean cross-entropy with the smoothed right answers, and how many of the greatest logits are right. */
  const judge = (logits: Tf.Tensor2D, labels: Tf.Tensor1D): { readonly loss: Tf.Scalar; readonly right: Tf.Scalar } => {
    const right = tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), labels), "float32"));
    const { labelSmoothing } = options;
    // tfjs-node rounds oneHot's own values for yes and no to whole numbers.
    const answers = tf.add(tf.mul(tf.cast(tf.oneHot(labels, output.classes), "float32"), 1 - labelSmoothing), labelSmoothing / output.classes);
    const each = tf.mul(answers, tf.logSoftmax(logits));
    return { loss: tf.mul(tf.sum(each), -1 / options.batch), right: right as Tf.Scalar };
  };
  /** One step; gives [loss, right]. */
  const advance = (batch: TrainingBatch, sizes: Sizes, rate: number): Tf.Tensor =>
    tf.tidy(() => {
      const images = batch.inputs.map((input) => channelsLast(tf, tf.tensor(input.data, [...input.shape])));
      const labels = tf.tensor1d(batch.labels, "int32");
      const before = corrected.map(({ variable }) => variable.clone());
      let right: Tf.Scalar | undefined;
      try {
        const { value: loss, grads } = tf.variableGrads(
          () => {
            const results = [model.apply(images, { training: true })].flat();
            const judged = judge(results[output.index] as Tf.Tensor2D, labels);
            right = tf.keep(judged.right);
            return judged.loss;
          },
          trained.map(({ variable }) => variable),
        );
        corrected.forEach((statistic, index) => correct(tf, statistic, before[index], sizes));
        for (const one of trained) descend(tf, one, grads[one.variable.name], rate, options);
        invariant(right !== undefined, "the answers were judged");
        return tf.stack([loss, right]);
      } finally {
        right?.dispose();
      }
    });

  return {
    async step(batch, learningRate): Promise<TrainingResult> {
      const sizes = checkBatch(network, batch, options.batch, output.classes);
      await useBackend(flavour);
      for (const { layer, key } of dropouts) layer.seed = randomBits(steps, key);
      const report = attempt(() => advance(batch, sizes, learningRate));
      steps++;
      const [loss = NaN, right = NaN] = await report.data();
      report.dispose();
      return { loss, right };
    },
    async readState() {
      const now = async ({ weight, variable }: Held): Promise<HeldWeight> => ({ weight, values: (await variable.data()) as Float32Array });
      // All are asked for before any is waited for: a step must not come between.
      const parameters = Promise.all(variables.map(now));
      const momenta = Promise.all(trained.flatMap(({ weight, momentum }) => (momentum ? [now({ weight, variable: momentum })] : [])));
      return heldWeights(await parameters, await momenta, `${network.name} after ${steps} ${steps === 1 ? "step" : "steps"}`);
    },
    async close() {
      model.dispose();
      trained.forEach(({ momentum }) => momentum?.dispose());
    },
  };
}

/** The model's variables in the order of the network's parameters. */
function variablesOf(network: Graph, layers: LayersModel, model: Tf.LayersModel): readonly Held[] {
  const byName = new Map(model.weights.map((variable) => [variable.originalName, variable]));
  const order = new Map(network.parameters.map((parameter, index) => [parameter, index]));
  const held = layers.layers.flatMap(({ weights }) =>
    weights.map((weight) => {
      const variable = byName.get(weight.name);
      invariant(variable !== undefined, `the model has a variable ${weight.name}`);
      // `read` gives the variable itself; its type is that of all tensors.
      return { weight, variable: variable.read() as Tf.Variable };
    }),
  );
  return held.sort((a, b) => (order.get(a.weight.parameter) ?? 0) - (order.get(b.weight.parameter) ?? 0));
}

async function firstMomentum(tf: TensorFlow, weight: LayersWeight, weights: WeightSource): Promise<Tf.Variable> {
  const known = weights.info(momentumName(weight.parameter.name)) !== undefined;
  const momenta: WeightSource = { ...weights, read: (name, axes) => weights.read(momentumName(name), axes) };
  const values = known ? new Float32Array((await gather(weightReader(momenta)(weight), sizeOf(weight))).buffer) : new Float32Array(elementCount(weight.shape));
  return tf.tidy(() => tf.variable(tf.tensor(values, [...weight.shape]), false));
}

/** Variances, which TensorFlow.js has as those of the batch alone, and whatever a forward pass would change and must not. */
function correctedStatistics(network: Graph, layers: LayersModel, variables: readonly Held[], frozen: (parameter: Parameter) => boolean): readonly Corrected[] {
  const measured = new Map<Parameter, Value>();
  for (const { inputs: [of, ...others] } of network.nodes) {
    for (const { producer } of others) if (of && producer.kind === "parameter" && !isLearned(producer.parameter)) measured.set(producer.parameter, of);
  }
  const keeps = new Map(layers.layers.flatMap(({ weights, config }) => weights.map(({ parameter }) => [parameter, Number(config["momentum"])] as const)));
  return variables.flatMap((held) => {
    const { parameter } = held.weight;
    const of = measured.get(parameter);
    if (of === undefined || (parameter.role !== "running_var" && !frozen(parameter))) return [];
    return [{ ...held, of, keeps: keeps.get(parameter) ?? 1, frozen: frozen(parameter) }];
  });
}

/**
 * TensorFlow.js made `keeps · before + (1 - keeps) · variance` with the population variance of the batch; the unbiased one of M
 * values is M / (M - 1) times it. A single value has no other, and stays.
 */
function correct(tf: TensorFlow, { variable, of, keeps, frozen }: Corrected, before: Tf.Tensor | undefined, sizes: Sizes): void {
  invariant(before !== undefined, "what was before is kept");
  const count = valuesPerChannel(of, sizes);
  if (frozen) variable.assign(before);
  else if (count > 1 && keeps < 1) {
    tf.tidy(() => {
      const taken = keeps === 0 ? variable : tf.sub(variable, tf.mul(before, keeps));
      variable.assign(tf.add(variable, tf.mul(taken, 1 / (count - 1))));
    });
  }
}

function descend(tf: TensorFlow, { variable, momentum, decays: decayed }: Trained, gradient: Tf.Tensor | undefined, rate: number, options: TrainingOptions): void {
  if (gradient === undefined) return;
  tf.tidy(() => {
    const whole = decayed ? tf.add(gradient, tf.mul(variable, options.weightDecay)) : gradient;
    momentum?.assign(tf.add(tf.mul(momentum, options.momentum), whole));
    const direction = momentum === undefined ? whole : options.nesterov ? tf.add(whole, tf.mul(momentum, options.momentum)) : momentum;
    variable.assign(tf.sub(variable, tf.mul(direction, rate)));
  });
}

/** Batch norms whose running statistics are all frozen take their form for answers: TensorFlow.js knows no such layer. */
function fixNorms(model: Tf.LayersModel, layers: LayersModel, frozen: (parameter: Parameter) => boolean): void {
  const fixed = new Set(layers.layers.flatMap(({ name, node }) => (node && isFixed(node, frozen) ? [name] : [])));
  for (const layer of layersIn(model.layers)) {
    if (!fixed.has(layer.name)) continue;
    const call = layer.call.bind(layer);
    layer.call = (inputs, how) => call(inputs, { ...how, training: false });
  }
}

/** Also those in models that are layers of this one. */
function layersIn(layers: readonly Tf.layers.Layer[]): readonly Tf.layers.Layer[] {
  return layers.flatMap((layer) => ("layers" in layer ? layersIn(layer.layers as readonly Tf.layers.Layer[]) : [layer]));
}

/** A layer whose masks depend on its seed, which it reads in every forward pass. */
interface DropoutLayer {
  readonly name: string;
  seed?: number;
}

function dropoutsOf(layers: readonly Tf.layers.Layer[]): readonly DropoutLayer[] {
  return layersIn(layers).filter((layer) => layer.getClassName() === "Dropout");
}
