import { findBlockedOperator } from "../backends/onnx/blocked/index.ts";
import { emitOnnx } from "../backends/onnx/index.ts";
import { InputError } from "../base/input-error.ts";
import { NO_FACTS } from "../ir/dim.ts";
import { createGraphBuilder } from "../ir/graph.ts";
import type { Graph } from "../ir/graph.ts";
import { elementCount } from "../ir/tensor-type.ts";
import { isLearned } from "../passes/gradient.ts";
import { weightsInMemory } from "../weights/in-memory.ts";
import type { WeightSource } from "../weights/source.ts";
import { uniformNumbers } from "../weights/uniform-numbers.ts";
import { openSession } from "./onnx-session.ts";
import type { OnnxRuntime } from "./onnx-session.ts";
import { openStep, portableForm, valuesOf } from "./onnx-step.ts";
import type { StepForm } from "./onnx-step.ts";
import type { TrainingBatch, TrainingOptions } from "./training.ts";

const CHANNELS = 64;
const POSITIONS = 2;

/**
 * How many channels ONNX Runtime puts in a block on this processor: 8, or 16 with AVX-512. It brings a ramp into its layout, and
 * only that layout puts every number where it is found.
 *
 * @throws {@link InputError} when it has none, or another than these
 */
export async function blockHere(runtime: OnnxRuntime): Promise<8 | 16> {
  const builder = createGraphBuilder();
  const type = { dtype: "float32", shape: [1, CHANNELS, 1, POSITIONS] } as const;
  const node = builder.node({ op: "block", name: "block", attributes: {}, inputs: [builder.input("ramp", type)], types: [type] });
  const outputs = node.outputs.map((value) => ({ name: "blocks", value }));
  const graph = builder.finish({ name: "Ramp", outputs, symbols: [], facts: NO_FACTS, assumptions: [], instance: undefined });
  const files = emitOnnx(graph, weightsInMemory("none", []), { version: "probe", findOperator: findBlockedOperator });
  const session = await openSession(runtime, { format: "onnx", files }, { title: "ONNX Runtime", options: { executionProviders: ["cpu"], graphOptimizationLevel: "disabled" } });
  try {
    const ramp = Float32Array.from({ length: CHANNELS * POSITIONS }, (_, index) => index);
    const [found] = await session.run([{ data: ramp, shape: type.shape }]);
    for (const block of [8, 16] as const) {
      const expected = ramp.map((_, index) => {
        const [inBlock, position, first] = [index % block, Math.floor(index / block) % POSITIONS, block * Math.floor(index / (block * POSITIONS))];
        return (first + inBlock) * POSITIONS + position;
      });
      if (found?.data.length === expected.length && expected.every((value, index) => found.data[index] === value)) return block;
    }
    throw new InputError("its blocks are of neither 8 nor 16 channels");
  } finally {
    await session.close();
  }
}

/**
 * Shares of the loss and of how far a parameter goes. A ReLU whose input is near 0 may take the other side, and that changes
 * gradients by some percent, in deep nets those of all parameters; what is computed wrongly differs by about as much as it is.
 */
const MOST_OF_LOSS = 1e-4;
const MOST_OF_STEP = 0.25;
const MOST_OF_MOST_STEPS = 0.1;

/**
 * Makes one step of a batch in two forms, and compares the loss and how far each parameter went.
 *
 * @returns in words what differs; nothing where both come to the same
 */
export async function differenceOf(runtime: OnnxRuntime, network: Graph, weights: WeightSource, options: TrainingOptions, form: StepForm): Promise<string | undefined> {
  const batch = sampleBatch(network, form, options.seed);
  const [expected, found] = [await stepIn(runtime, network, weights, options, portableForm(network, options), batch), await stepIn(runtime, network, weights, options, form, batch)];
  const loss = Math.abs(found.loss - expected.loss) / Math.abs(expected.loss);
  if (!(loss <= MOST_OF_LOSS)) return `its loss there is ${found.loss}, and ${expected.loss} in the portable one`;
  const names = [...expected.moved.keys()];
  const sizes = names.map((name) => distance(expected.moved.get(name) ?? NOTHING));
  // What a normalisation takes out again gets a gradient of rounding alone.
  const least = 1e-3 * Math.max(...sizes);
  const shares = names.map((name, index) => distance(expected.moved.get(name) ?? NOTHING, found.moved.get(name)) / Math.max(sizes[index] ?? 0, least));
  const worst = shares.findIndex((share) => !(share <= MOST_OF_STEP));
  if (worst >= 0) return `\`${names[worst]}\` goes another way there than in the portable one`;
  const middle = [...shares].sort((a, b) => a - b)[Math.floor(shares.length / 2)] ?? 0;
  return middle <= MOST_OF_MOST_STEPS ? undefined : "parameters go another way there than in the portable one";
}

const NOTHING = new Float32Array(1);

/** The root of the mean of squared differences, from 0 where nothing is given. */
function distance(a: Float32Array, b?: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += ((a[at] ?? 0) - (b === undefined ? 0 : (b[at] ?? Number.NaN))) ** 2;
  return Math.sqrt(sum / a.length);
}

/** Noise as images, and every class in turn, of the sizes of a step. */
function sampleBatch(network: Graph, { step }: StepForm, seed: number): TrainingBatch {
  const shapes = new Map(step.graph.inputs.map(({ name, type }) => [name, type.shape.map(Number)]));
  const inputs = network.inputs.map(({ name }) => {
    const shape = shapes.get(name) ?? [];
    return { data: uniformNumbers(seed, 0, name, elementCount(shape)).map((value) => 4 * value - 2), shape };
  });
  const [examples = 0, classes = 1] = shapes.get(step.labels) ?? [];
  return { inputs, labels: Int32Array.from({ length: examples }, (_, example) => example % classes) };
}

/** The loss, and how far a step takes each learned parameter. */
async function stepIn(runtime: OnnxRuntime, network: Graph, weights: WeightSource, options: TrainingOptions, form: StepForm, batch: TrainingBatch) {
  const training = await openStep(runtime, network, weights, options, form);
  try {
    const { loss } = await training.step(batch, 1);
    const after = await training.readState();
    const moved = new Map<string, Float32Array>();
    for (const parameter of network.parameters.filter(isLearned)) {
      const [was, is] = [await valuesOf(weights, parameter.name, parameter.shape), await valuesOf(after, parameter.name, parameter.shape)];
      for (let at = 0; at < is.length; at++) is[at] = (is[at] ?? 0) - (was[at] ?? 0);
      moved.set(parameter.name, is);
    }
    return { loss, moved };
  } finally {
    await training.close();
  }
}
