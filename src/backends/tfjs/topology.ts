import type { TfjsWeightPlace } from "../../weights/tfjs/places.ts";
import type { LayersModel } from "./layers-model.ts";
import { nest } from "./nest.ts";
import type { NestedLayer, NestedTensor } from "./nest.ts";

/** The Keras dialect that TensorFlow.js writes itself; see its `tfjs-layers/src/engine/container.ts`. */
const KERAS_VERSION = "tfjs-layers 4.22.0";

/** `model_topology` of a LayersModel: a Keras 2 functional model, keys in snake case; a very deep one is nested (see nest.ts). */
export function topology(model: LayersModel): Readonly<Record<string, unknown>> {
  const { layers, inputs, outputs } = nest(model);
  const config = { name: model.name, layers: layers.map(layerEntry), input_layers: inputs.map(tensorEntry), output_layers: outputs.map(tensorEntry) };
  return { class_name: "Model", config, keras_version: KERAS_VERSION, backend: "tensor_flow.js" };
}

const tensorEntry = ({ layer, node, index }: NestedTensor) => [layer, node ?? 0, index];

function layerEntry(layer: NestedLayer): Readonly<Record<string, unknown>> {
  const { name, className, inputs } = layer;
  const config =
    "layers" in layer
      ? { name, layers: layer.layers.map(layerEntry), input_layers: layer.own.map(tensorEntry), output_layers: layer.outputs.map(tensorEntry) }
      : { name, ...layer.config };
  return { class_name: className, config, name, inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [...tensorEntry(input), {}])] };
}

/** What rnc keeps beside the model, so that its weights find back; TensorFlow.js carries it through load and save. */
export interface LayersMetadata {
  readonly version: string;
  readonly network: string;
  /** The network's names of its outputs, in order. */
  readonly outputs: readonly string[];
  /** Which parameter, or which rows of its first axis, in which order of axes, a variable holds. */
  readonly weights: Readonly<Record<string, Omit<TfjsWeightPlace, "name">>>;
}

export function metadata(model: LayersModel, version: string): LayersMetadata {
  const weights = weightPlaces(model).map(({ name, ...place }) => [name, place] as const);
  return { version, network: model.name, outputs: model.outputs.map(({ name }) => name), weights: Object.fromEntries(weights) };
}

/** Where the weights of the model belong in the network's parameters; a shape is told only where axes alone do not give it. */
export function weightPlaces(model: LayersModel): TfjsWeightPlace[] {
  return model.layers.flatMap((layer) =>
    layer.weights.map(({ name, parameter, shape, axes, rows }) => {
      const own = rows === undefined ? parameter.shape : [rows[1] - rows[0], ...parameter.shape.slice(1)];
      const placed = axes === undefined ? own : axes.map((axis) => own[axis] ?? 0);
      const reshaped = placed.length !== shape.length || placed.some((size, axis) => size !== shape[axis]);
      return { name, parameter: parameter.name, ...(axes ? { axes } : {}), ...(rows ? { rows } : {}), ...(reshaped ? { shape: own } : {}) };
    }),
  );
}
