import { emitOnnx } from "../backends/onnx/index.ts";
import type { FloatTensor, Inference } from "../engines/engine.ts";
import { runNamed } from "../engines/model-data.ts";
import type { Training, TrainingBatch, TrainingOptions } from "../engines/training.ts";
import type { Graph } from "../ir/graph.ts";
import { elementCount } from "../ir/tensor-type.ts";
import { isLearned, momentumName, trainingStep } from "../passes/gradient.ts";
import type { Sizes } from "../passes/training/tape.ts";
import { gather } from "../weights/gather.ts";
import type { WeightSource } from "../weights/source.ts";
import { uniformNumbers } from "../weights/uniform-numbers.ts";
import type { RunningEngine } from "./subject.ts";

/** What one training step gave. */
export interface StepAnswer {
  readonly loss: number;
  /** By parameters' names: gradients of what is learned, and what running statistics became. */
  readonly tensors: ReadonlyMap<string, FloatTensor>;
}

/** Something that makes training steps. */
export interface StepSubject {
  readonly name: string;
  readonly engine: Pick<RunningEngine, "name" | "version" | "device">;
  /** Sentences about how it was compared. */
  readonly remarks: readonly string[];
  /** One step from the same weights, with momenta of zero. */
  step(batch: TrainingBatch): Promise<StepAnswer>;
}

/** A step whose momentum after it is the gradient: it begins with none, and nothing decays. */
export function stepOptions(more: Pick<TrainingOptions, "batch" | "seed" | "lossOn">): TrainingOptions {
  return { momentum: 0.9, nesterov: false, weightDecay: 0, decays: "weights", labelSmoothing: 0, ...more };
}

/** What a training shows of its first step, made at a rate of 0. */
export async function answerOf(network: Graph, training: Pick<Training, "step" | "readState">, batch: TrainingBatch): Promise<StepAnswer> {
  const { loss } = await training.step(batch, 0);
  const state = await training.readState();
  const tensors = new Map<string, FloatTensor>();
  for (const parameter of network.parameters) {
    const name = isLearned(parameter) ? momentumName(parameter.name) : parameter.name;
    if (state.info(name) !== undefined) tensors.set(parameter.name, { data: await valuesOf(state, name, parameter.shape), shape: parameter.shape.map(Number) });
  }
  return { loss, tensors };
}

/**
 * The step that `rnc compile --target onnx-training` writes, on an engine that runs ONNX models.
 *
 * @throws {@link InputError} when the network cannot be trained
 */
export function portableStep(network: Graph, weights: WeightSource, engine: RunningEngine, options: TrainingOptions & { readonly sizes: Sizes; readonly version: string }): StepSubject {
  const step = trainingStep(network, options);
  return {
    name: "portable step",
    engine,
    remarks: [],
    async step({ inputs, labels }) {
      const files = emitOnnx(step.graph, weights, { version: options.version, externalData: false });
      const inference = await engine.open({ format: "onnx", files });
      try {
        const feeds = await feedsOf(inference);
        network.inputs.forEach(({ name }, index) => {
          const given = inputs[index];
          if (given) feeds[name] = given;
        });
        const { shape } = feeds[step.labels] ?? { shape: [] };
        const right = new Float32Array(elementCount(shape));
        labels.forEach((label, example) => (right[example * (shape[1] ?? 0) + label] = 1));
        feeds[step.labels] = { data: right, shape };
        const results = await runNamed(inference, feeds);
        const tensors = new Map<string, FloatTensor>();
        for (const { parameter, kind, output } of step.state) {
          const result = results[output];
          if (result && (kind === "momentum" || !isLearned(parameter))) tensors.set(parameter.name, result);
        }
        return { loss: results[step.loss]?.data[0] ?? Number.NaN, tensors };
      } finally {
        await inference.close();
      }
    },
  };

  /** Zeros for rate and momenta, the weights, and the numbers of masks. */
  async function feedsOf({ inputs }: Inference): Promise<Record<string, FloatTensor>> {
    const types = new Map(step.graph.inputs.map(({ name, type }) => [name, type.shape.map(Number)]));
    const parameters = new Map(network.parameters.map(({ name, shape }) => [name, shape]));
    const feeds: Record<string, FloatTensor> = {};
    for (const name of inputs) {
      const shape = types.get(name) ?? [];
      const count = elementCount(shape);
      const data = parameters.has(name) ? await valuesOf(weights, name, shape) : step.random.includes(name) ? uniformNumbers(options.seed, 0, name, count) : new Float32Array(count);
      feeds[name] = { data, shape };
    }
    return feeds;
  }
}

async function valuesOf(source: WeightSource, name: string, shape: readonly number[]): Promise<Float32Array> {
  return new Float32Array((await gather(source.read(name), 4 * elementCount(shape))).buffer);
}
