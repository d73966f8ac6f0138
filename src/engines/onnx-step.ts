import type * as Onnx from "onnxruntime-node";
import type { Packing } from "../backends/onnx/blocked/index.ts";
import { findBlockedOperator, pack, unpack } from "../backends/onnx/blocked/index.ts";
import { emitOnnx } from "../backends/onnx/index.ts";
import { invariant } from "../base/assert.ts";
import { InputError } from "../base/input-error.ts";
import type { Graph } from "../ir/graph.ts";
import { elementCount, formatShape } from "../ir/tensor-type.ts";
import { momentumName, trainingStep } from "../passes/gradient.ts";
import type { TrainingStep } from "../passes/gradient.ts";
import { weightsInMemory } from "../weights/in-memory.ts";
import type { WeightSource } from "../weights/source.ts";
import { uniformNumbers } from "../weights/uniform-numbers.ts";
import { bytesOf } from "./model-data.ts";
import type { OnnxRuntime, SessionChoice } from "./onnx-session.ts";
import { linesOf } from "./onnx-session.ts";
import { batchSymbols, checkBatch } from "./training-checks.ts";
import type { Sizes } from "./training-checks.ts";
import type { Training, TrainingOptions } from "./training.ts";

/** A tensor of the state: what the next step reads and what it writes, by turns. */
interface Kept {
  readonly input: string;
  readonly output: string;
  readonly name: string;
  readonly shape: readonly number[];
  readonly buffers: readonly [Onnx.TypedTensor<"float32">, Onnx.TypedTensor<"float32">];
}

/** A training step as it is to be run. */
export interface StepForm {
  readonly step: TrainingStep;
  /** Inputs, and the outputs that replace them, whose numbers stand in another order than the parameter's. */
  readonly packed: ReadonlyMap<string, Packing>;
}

/** The step in operators that every runtime has. */
export const portableForm = (network: Graph, options: TrainingOptions): StepForm => ({
  step: trainingStep(network, { ...options, sizes: batchSizes(network, options.batch) }),
  packed: new Map(),
});

/** Where steps are run. */
export type StepProvider = Pick<SessionChoice, "title" | "options" | "explain">;

const PROCESSOR: StepProvider = { title: "ONNX Runtime", options: { executionProviders: ["cpu"] } };

/**
 * Runs the steps of a training: each is one run of one graph, and the state stays in two sets of tensors that take turns as inputs
 * and outputs, so that nothing of it is copied between steps.
 *
 * Where the source of weights has `momentum.NAME`, as a training's own state does, momentum begins with it; else with zeros.
 * Masks of dropout and stochastic depth come from (seed, step, layer).
 *
 * @throws {@link InputError} when ONNX Runtime refuses the graph
 */
export async function openStep(runtime: OnnxRuntime, network: Graph, weights: WeightSource, options: TrainingOptions, { step, packed }: StepForm, provider: StepProvider = PROCESSOR): Promise<Training> {
  const { InferenceSession, Tensor } = runtime;
  const [model] = emitOnnx(step.graph, weights, { version: "step", externalData: false, findOperator: findBlockedOperator, provenance: false });
  invariant(model !== undefined, "a step is a file");
  const bytes = await bytesOf(model);
  const session = await InferenceSession.create(bytes, {
    ...provider.options,
    // The step is written as it is to be run; ONNX Runtime's passes take long on large graphs and find little in it.
    graphOptimizationLevel: "disabled",
    logSeverityLevel: 4,
    ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
  }).catch(async (error: unknown) => {
    throw (await provider.explain?.(error, bytes)) ?? new InputError(`${provider.title} refuses the training step of \`${network.name}\``, { notes: [linesOf(error)] });
  });

  const tensor = (values: Float32Array, shape: readonly number[]): Onnx.TypedTensor<"float32"> => new Tensor("float32", values, [...shape]);
  const inOrder = (input: string, values: Float32Array, order: typeof pack): Float32Array => {
    const packing = packed.get(input);
    return packing ? order(values, packing) : values;
  };
  const kept: Kept[] = [];
  for (const { parameter, kind, input, output } of step.state) {
    const { shape } = parameter;
    const name = kind === "momentum" ? momentumName(parameter.name) : parameter.name;
    const plain = kind === "momentum" && weights.info(name) === undefined ? new Float32Array(elementCount(shape)) : await valuesOf(weights, name, shape);
    const first = inOrder(input, plain, pack);
    kept.push({ input, output, name, shape, buffers: [tensor(first, shape), tensor(new Float32Array(first.length), shape)] });
  }
  const fixed: Record<string, Onnx.Tensor> = {};
  for (const { name, shape } of step.fixed) fixed[name] = tensor(inOrder(name, await valuesOf(weights, name, shape), pack), shape);

  const shapes = new Map(step.graph.inputs.map(({ name, type }) => [name, type.shape.map(Number)]));
  const [batch = 0, classes = 0] = shapes.get(step.labels) ?? [];
  const positions = step.images.map((name) => network.inputs.findIndex((input) => input.name === name));
  const right = new Float32Array(batch * classes);
  let done = options.firstStep ?? 0;
  let turn: 0 | 1 = 0;

  return {
    async step({ inputs, labels }, learningRate) {
      checkBatch(network, { inputs, labels }, options.batch, classes);
      const feeds: Record<string, Onnx.Tensor> = { ...fixed };
      const fetches: Record<string, Onnx.Tensor | null> = { [step.loss]: null, [step.right]: null };
      step.images.forEach((name, index) => {
        const given = inputs[positions[index] ?? 0];
        invariant(given !== undefined, `the batch has ${name}`);
        feeds[name] = tensor(given.data, given.shape);
      });
      right.fill(0);
      labels.forEach((label, example) => (right[example * classes + label] = 1));
      feeds[step.labels] = tensor(right, [batch, classes]);
      feeds[step.learningRate] = tensor(Float32Array.of(learningRate), []);
      for (const name of step.random) {
        const shape = shapes.get(name) ?? [];
        feeds[name] = tensor(uniformNumbers(options.seed, done, name, elementCount(shape)), shape);
      }
      for (const { input, output, buffers } of kept) {
        feeds[input] = buffers[turn];
        fetches[output] = buffers[turn === 0 ? 1 : 0];
      }
      const results = await session.run(feeds, fetches).catch((error: unknown) => {
        throw new InputError(`${provider.title} could not train \`${network.name}\``, { notes: [linesOf(error)] });
      });
      turn = turn === 0 ? 1 : 0;
      done++;
      return { loss: scalarOf(results, step.loss), right: scalarOf(results, step.right) };
    },
    async readState() {
      const now = new Map(kept.map(({ name, input, buffers }) => [name, inOrder(input, buffers[turn].data.slice(), unpack)]));
      const tensors = [];
      for (const { name, shape } of network.parameters) tensors.push({ name, shape, values: now.get(name) ?? (await valuesOf(weights, name, shape)) });
      for (const { name, shape } of kept.filter(({ input }) => isMomentum(step, input))) tensors.push({ name, shape, values: now.get(name) ?? new Float32Array() });
      return weightsInMemory(`${network.name} after ${done} ${done === 1 ? "step" : "steps"}`, tensors);
    },
    close: async () => session.release(),
  };
}

/**
 * The sizes that a step is written for: those of the batch are the only open ones.
 *
 * @throws {@link InputError} where others are open, too
 */
export function batchSizes(network: Graph, batch: number): Sizes {
  for (const { name, type } of network.inputs) {
    const others = type.shape.slice(1);
    if (others.every((dim) => typeof dim === "number")) continue;
    throw new InputError(`a training step is written for one size of images, and \`${name}\` of \`${network.name}\` is ${formatShape(type.shape)}`, {
      help: [`Give the sizes: \`--input ${[batch, ...others.map((dim) => (typeof dim === "number" ? dim : 32))].join("x")}\`.`],
    });
  }
  return batchSymbols(network, batch);
}

const isMomentum = (step: TrainingStep, input: string): boolean => step.state.some((part) => part.kind === "momentum" && part.input === input);

export async function valuesOf(weights: WeightSource, name: string, shape: readonly number[]): Promise<Float32Array> {
  const values = new Float32Array(elementCount(shape));
  const bytes = new Uint8Array(values.buffer);
  let at = 0;
  for await (const chunk of weights.read(name)) {
    if (at + chunk.length > bytes.length) throw new InputError(`${weights.description} has more values for \`${name}\` than ${formatShape(shape)} holds`);
    bytes.set(chunk, at);
    at += chunk.length;
  }
  if (at < bytes.length) throw new InputError(`${weights.description} gave ${at / 4} values for \`${name}\`, which has ${values.length}`);
  return values;
}

function scalarOf(results: Onnx.InferenceSession.OnnxValueMapType, name: string): number {
  const data = (results[name] as Onnx.Tensor | undefined)?.data;
  if (!(data instanceof Float32Array) || data.length !== 1) throw new InputError(`the training step gave no number as \`${name}\``);
  return data[0] ?? Number.NaN;
}
