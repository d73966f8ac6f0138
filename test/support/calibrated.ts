import * as ort from "onnxruntime-node";
import type { FloatTensor } from "../../src/engines/engine.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { calibrate } from "../../src/program/calibrate.ts";
import type { WeightSource } from "../../src/weights/source.ts";
import { bytesOf } from "./compiled.ts";

/** Runs a model once, by ONNX Runtime on the CPU with its own interface: the engines of the product have no part in it. */
export async function runModel(model: Uint8Array, inputs: Readonly<Record<string, FloatTensor>>, outputs: readonly string[]): Promise<Record<string, FloatTensor>> {
  const session = await ort.InferenceSession.create(model, { executionProviders: ["cpu"], logSeverityLevel: 3 });
  const feeds = Object.fromEntries(Object.entries(inputs).map(([name, { data, shape }]) => [name, new ort.Tensor("float32", data, [...shape])]));
  const results = await session.run(feeds, [...outputs]);
  await session.release();
  return Object.fromEntries(outputs.map((name) => [name, { data: results[name]!.data as Float32Array, shape: results[name]!.dims.map(Number) }]));
}

/** Weights with which values keep an ordinary size and every batch norm does something. */
export async function calibratedWeights(graph: Graph, seed = 0): Promise<WeightSource> {
  return calibrate(graph, { version: "0.0.0", seed, run: async (file, inputs, outputs) => runModel(await bytesOf(file), inputs, outputs) });
}
