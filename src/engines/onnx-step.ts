import type * as Onnx from "onnxruntime-node";
import type { Packing } from "../backends/onnx/blocked/index.ts";
import { findBlockedOperator, pack, unpack } from "../backends/onnx/blocked/index.ts";
import { emitOnnx, repeatedNames } from "../backends/onnx/index.ts";
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
import type { Training, TrainingBatch, TrainingOptions, TrainingResult } from "./training.ts";

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
export interface StepProvider extends Pick<SessionChoice, "title" | "options" | "explain"> {
  /** A state of more bytes than this makes the step the body of a loop. Absent: it never is. */
  readonly loopedFromBytes?: number;
}

/**
 * ONNX Runtime for Node copies what it gives back, also into tensors that it was given for that: of a large state a loop gives
 * back once what several steps have made of it.
 */
export const PROCESSOR: StepProvider = { title: "ONNX Runtime", options: { executionProviders: ["cpu"] }, loopedFromBytes: 2 ** 25 };
const STEPS_OF_A_LOOP = 8;

/** Names of a step that is no loop. */
const AS_IT_IS = { first: (name: string) => name, last: (name: string) => name, each: (name: string) => name } as const;

/**
 * Runs the steps of a training: each is one run of one graph, or several are one where the state is large. The state stays in two
 * sets of tensors that take turns as inputs and outputs.
 *
 * Where the source of weights has `momentum.NAME`, as a training's own state does, momentum begins with it; else with zeros.
 * Masks of dropout and stochastic depth come from (seed, step, layer).
 *
 * @throws {@link InputError} when ONNX Runtime refuses the graph
 */
export async function openStep(runtime: OnnxRuntime, network: Graph, weights: WeightSource, options: TrainingOptions, { step, packed }: StepForm, provider: StepProvider = PROCESSOR): Promise<Training> {
  const { InferenceSession, Tensor } = runtime;
  const stateBytes = step.state.reduce((bytes, { parameter }) => bytes + 4 * elementCount(parameter.shape), 0);
  const isLooped = stateBytes > (provider.loopedFromBytes ?? Infinity);
  const own = [...step.images, step.labels, step.learningRate, ...step.random];
  const repetition = { carried: step.state, each: own, results: [step.loss, step.right] };
  const [model] = emitOnnx(step.graph, weights, { version: "step", externalData: false, findOperator: findBlockedOperator, provenance: false, ...(isLooped ? { repetition } : {}) });
  const named = isLooped ? repeatedNames : AS_IT_IS;
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
  let done = options.firstStep ?? 0;
  let turn: 0 | 1 = 0;

  const run = async (batches: readonly TrainingBatch[], rates: readonly number[]): Promise<readonly TrainingResult[]> => {
    for (const given of batches) checkBatch(network, given, options.batch, classes);
    const times = batches.length;
    const feeds: Record<string, Onnx.Tensor> = { ...fixed, ...(isLooped ? { [repeatedNames.count]: new Tensor("int64", BigInt64Array.of(BigInt(times)), []) } : {}) };
    const results = [step.loss, step.right].map(named.each);
    const fetches: Record<string, Onnx.Tensor | null> = Object.fromEntries(results.map((name) => [name, null]));
    const give = (name: string, parts: readonly Float32Array[]): void => {
      const shape = shapes.get(name) ?? [];
      feeds[named.each(name)] = tensor(joined(parts), isLooped ? [times, ...shape] : shape);
    };
    step.images.forEach((name, index) => give(name, batches.map(({ inputs }) => inputs[positions[index] ?? 0]?.data ?? new Float32Array())));
    give(step.labels, batches.map(({ labels }) => {
      const right = new Float32Array(batch * classes);
      labels.forEach((label, example) => (right[example * classes + label] = 1));
      return right;
    }));
    give(step.learningRate, rates.map((rate) => Float32Array.of(rate)));
    for (const name of step.random) give(name, rates.map((_, index) => uniformNumbers(options.seed, done + index, name, elementCount(shapes.get(name) ?? []))));
    for (const { input, output, buffers } of kept) {
      feeds[named.first(input)] = buffers[turn];
      fetches[named.last(output)] = buffers[turn === 0 ? 1 : 0];
    }
    const given = await session.run(feeds, fetches).catch((error: unknown) => {
      throw new InputError(`${provider.title} could not train \`${network.name}\``, { notes: [linesOf(error)] });
    });
    turn = turn === 0 ? 1 : 0;
    done += times;
    const [losses, right] = results.map((name) => numbersOf(given, name, times));
    return rates.map((_, index) => ({ loss: losses?.[index] ?? Number.NaN, right: right?.[index] ?? Number.NaN }));
  };

  return {
    async step(given, learningRate) {
      const [result] = await run([given], [learningRate]);
      invariant(result, "a step has a result");
      return result;
    },
    ...(isLooped ? { several: { most: STEPS_OF_A_LOOP, steps: run } } : {}),
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

function numbersOf(results: Onnx.InferenceSession.OnnxValueMapType, name: string, count: number): Float32Array {
  const data = (results[name] as Onnx.Tensor | undefined)?.data;
  if (!(data instanceof Float32Array) || data.length !== count) throw new InputError(`the training step gave no ${count === 1 ? "number" : "numbers"} as \`${name}\``);
  return data;
}

/** One after another; a single one as it is. */
function joined(parts: readonly Float32Array[]): Float32Array {
  const [first = new Float32Array()] = parts;
  if (parts.length === 1) return first;
  const all = new Float32Array(parts.length * first.length);
  parts.forEach((part, index) => all.set(part, index * first.length));
  return all;
}
