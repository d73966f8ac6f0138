import { emitOnnx } from "../../src/backends/onnx/index.ts";
import { emitTfjs } from "../../src/backends/tfjs/index.ts";
import type { FloatTensor, ModelFiles } from "../../src/engines/engine.ts";
import type { Graph } from "../../src/ir/graph.ts";
import type { WeightSource } from "../../src/weights/source.ts";
import { feedsFor, netBuilder } from "./graphs.ts";
import { evaluate } from "./interpreter/evaluate.ts";
import { generate, read } from "./interpreter/tensor.ts";
import type { Tensor } from "./interpreter/tensor.ts";

/** A network in both formats, something to give it, and what the interpreter answers to that. */
export interface SmallModel {
  readonly graph: Graph;
  readonly inputs: readonly FloatTensor[];
  readonly expected: readonly FloatTensor[];
  files(format: ModelFiles["format"]): ModelFiles;
}

/** Convolution, batch norm, a join, a flattened image before a linear layer, an output of rank 2 and one of rank 4. */
export function smallModel(seed: number): SmallModel {
  const net = netBuilder();
  const image = net.input([2, 3, 8, 6]);
  const first = net.op("relu", net.op("bn", net.op("conv", image, { kernel: [3, 3], channels: 4, stride: [2, 2] })));
  const features = net.op("sum", [first, net.op("conv", first, { kernel: [3, 3], channels: 4 })]);
  const graph = net.finish(net.op("linear", net.op("flatten", features), { features: 5 }), features);
  const feeds = feedsFor(graph, seed);
  const answers = evaluate(graph, feeds);
  const weights = tensorsAsWeights(feeds);
  return {
    graph,
    inputs: graph.inputs.map(({ name }) => floats(feeds[name])),
    expected: graph.outputs.map(({ name }) => floats(answers[name])),
    files: (format) => ({ format, files: (format === "onnx" ? emitOnnx : emitTfjs)(graph, weights, { version: "1.2.3" }) }),
  };
}

/** Tensors of a test as weights that can be read in any order of axes. */
function tensorsAsWeights(tensors: Readonly<Record<string, Tensor>>): WeightSource {
  return {
    description: "the test's tensors",
    names: () => Object.keys(tensors),
    info: (name) => tensors[name] && { name, dtype: "F32", shape: tensors[name].shape },
    async *read(name, axes) {
      const whole = tensors[name]!;
      const wanted = axes ? generate(axes.map((axis) => whole.shape[axis]!), (place) => read(whole, axes.map((_, axis) => place[axes.indexOf(axis)]!))) : whole;
      yield new Uint8Array(Float32Array.from(wanted.data).buffer);
    },
  };
}

function floats(found: Tensor | undefined): FloatTensor {
  if (!found) throw new Error("no such tensor");
  return { data: Float32Array.from(found.data), shape: found.shape };
}
