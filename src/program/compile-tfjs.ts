import type { LayersApi } from "../backends/tfjs/build.ts";
import { loadInto } from "../backends/tfjs/build.ts";
import { modelFiles } from "../backends/tfjs/index.ts";
import { lowerToLayers } from "../backends/tfjs/lower.ts";
import type { Graph } from "../ir/graph.ts";
import type { Compiled } from "./compile.ts";
import { prepare } from "./prepare.ts";
import type { PrepareOptions } from "./prepare.ts";

export interface CompileTfjsOptions extends PrepareOptions {
  /** rnc's own version, for the file's metadata. */
  readonly version: string;
  /** Ends every output in a softmax that does not yet. */
  readonly softmax?: boolean;
}

/**
 * A network as a LayersModel of TensorFlow.js: `model.json` and shards of weights, built-in layers alone.
 *
 * @throws {@link InputError} when a layer has no exact form there, the weights do not fit or the batch is not open
 */
export function compileTfjs(graph: Graph, options: CompileTfjsOptions): Compiled {
  const { graph: written, weights, symbols, remarks } = prepare(graph, options);
  const model = lowerToLayers(written, { symbols, softmax: options.softmax ?? false });
  return { files: modelFiles(model, weights, options.version), remarks: [...remarks, ...model.untrainable.map((reason) => `TensorFlow.js runs this model and cannot train it: ${reason}`)] };
}

/**
 * The same model in memory, for a program that has TensorFlow.js loaded: it can be compiled with an optimizer and trained.
 *
 * ```ts
 * import * as tf from "@tensorflow/tfjs-node-gpu";
 * const model = await buildLayersModel(network, tf);
 * model.compile({ optimizer: tf.train.momentum(0.1, 0.9), loss: (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits) });
 * ```
 *
 * Images are channels last ([N, H, W, C]), as everywhere in TensorFlow.js.
 *
 * @throws {@link InputError} as {@link compileTfjs} does
 */
export async function buildLayersModel<M>(graph: Graph, tf: LayersApi<M>, options: Partial<CompileTfjsOptions> = {}): Promise<M> {
  const { graph: written, weights, symbols } = prepare(graph, options);
  return loadInto(tf, lowerToLayers(written, { symbols, softmax: options.softmax ?? false }), weights, options.version ?? "");
}
