import { emitOnnx } from "../backends/onnx/index.ts";
import type { FloatTensor } from "../engines/engine.ts";
import { runNamed } from "../engines/model-data.ts";
import type { Graph, Value } from "../ir/graph.ts";
import { elementCount } from "../ir/tensor-type.ts";
import { expose } from "../passes/expose.ts";
import { trainingForward } from "../passes/gradient.ts";
import { substituteDim } from "../ir/dim.ts";
import type { Sizes } from "../passes/training/tape.ts";
import type { WeightSource } from "../weights/source.ts";
import type { RunningEngine } from "./subject.ts";

/** Where activations have a kink: on one side of it the gradient is another. */
const KINKS: Readonly<Record<string, readonly number[]>> = { relu: [0], leakyrelu: [0], relu6: [0, 6] };
/** What rounding may move a value by, as a part of the root of the mean square of its tensor. */
export const NEAR = 4e-6;
const TURN_IN_BYTES = 128 * 2 ** 20;

/** How many values an activation takes so near to its kink that rounding decides on which side they are, and of how many. */
export interface NearKinks {
  readonly near: number;
  readonly all: number;
}

/** Counts them in the training form of a network, on an engine that runs ONNX models. */
export async function nearKinks(network: Graph, weights: WeightSource, inputs: readonly FloatTensor[], about: { readonly engine: RunningEngine; readonly sizes: Sizes; readonly version: string }): Promise<NearKinks> {
  const values = new Map<Value, readonly number[]>();
  for (const { op, inputs: [of] } of network.nodes) if (of && KINKS[op]) values.set(of, KINKS[op]);
  let near = 0;
  let all = 0;
  for (const turn of inTurns([...values.keys()], about.sizes)) {
    const { graph, at } = expose(network, turn);
    const [model] = emitOnnx(trainingForward(graph, about.sizes).graph, weights, { version: about.version, externalData: false });
    if (model === undefined) continue;
    const inference = await about.engine.open({ format: "onnx", files: [model] });
    try {
      const results = await runNamed(inference, Object.fromEntries(network.inputs.map(({ name }, index) => [name, inputs[index] ?? { data: new Float32Array(0), shape: [] }])));
      for (const value of turn) {
        const { data } = results[graph.outputs[at.get(value) ?? -1]?.name ?? ""] ?? { data: new Float32Array(0) };
        const limit = NEAR * Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
        for (const kink of values.get(value) ?? []) {
          // What is exactly there is so in every engine: a sum of nothing.
          for (const x of data) if (x !== kink && Math.abs(x - kink) < limit) near++;
        }
        all += data.length;
      }
    } finally {
      await inference.close();
    }
  }
  return { near, all };
}

/** Values in groups that are small enough to be kept. */
function inTurns(values: readonly Value[], sizes: Sizes): readonly (readonly Value[])[] {
  const turns: Value[][] = [];
  let sum = Infinity;
  for (const value of values) {
    const size = 4 * elementCount(value.type.shape.map((dim) => substituteDim(dim, sizes)).map((dim) => (typeof dim === "number" ? dim : 1)));
    if (sum + size > TURN_IN_BYTES) {
      turns.push([]);
      sum = 0;
    }
    turns[turns.length - 1]?.push(value);
    sum += size;
  }
  return turns;
}
