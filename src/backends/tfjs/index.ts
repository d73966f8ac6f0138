import type { Graph } from "../../ir/graph.ts";
import type { WeightSource } from "../../weights/source.ts";
import type { EmittedFile } from "../backend.ts";
import type { LayersModel } from "./layers-model.ts";
import type { LowerOptions } from "./lower.ts";
import { lowerToLayers } from "./lower.ts";
import { weightReader } from "./read-weight.ts";
import { shards } from "./shards.ts";
import { metadata, topology } from "./topology.ts";

export type { LayersModel } from "./layers-model.ts";
export { lowerToLayers } from "./lower.ts";

export interface TfjsOptions extends LowerOptions {
  /** rnc's own version, written as the maker's. */
  readonly version: string;
}

/**
 * The graph and its weights as a LayersModel of TensorFlow.js: `model.json` first, then its shards. Built-in layers alone,
 * channels last. Nothing is read from `weights` before the chunks are asked for, and the same input gives the same bytes.
 *
 * @throws {@link InputError} naming every layer that TensorFlow.js cannot say exactly
 */
export function emitTfjs(graph: Graph, weights: WeightSource, options: TfjsOptions): readonly EmittedFile[] {
  return modelFiles(lowerToLayers(graph, options), weights, options.version);
}

/** The files of a model that has been lowered. */
export function modelFiles(model: LayersModel, weights: WeightSource, version: string): readonly EmittedFile[] {
  const held = model.layers.flatMap((layer) => layer.weights);
  const parts = shards(held, weightReader(weights));
  const artifacts = modelArtifacts(model, version);
  const manifest = [{ paths: parts.map(({ path }) => path), weights: artifacts.weightSpecs }];
  const { modelTopology, format, generatedBy, convertedBy, userDefinedMetadata } = artifacts;
  const text = JSON.stringify({ modelTopology, format, generatedBy, convertedBy, userDefinedMetadata, weightsManifest: manifest });
  const bytes = new TextEncoder().encode(text);
  const file: EmittedFile = {
    path: "model.json",
    sizeInBytes: bytes.length,
    async *chunks() {
      yield bytes;
    },
  };
  return [file, ...parts];
}

/** What TensorFlow.js calls the artifacts of a model, less its weights. */
export function modelArtifacts(model: LayersModel, version: string) {
  return {
    modelTopology: topology(model),
    format: "layers-model",
    generatedBy: `rnc ${version}`,
    convertedBy: null,
    userDefinedMetadata: { rnc: metadata(model, version) },
    weightSpecs: model.layers.flatMap((layer) => layer.weights.map(({ name, shape }) => ({ name, shape, dtype: "float32" }))),
  };
}
