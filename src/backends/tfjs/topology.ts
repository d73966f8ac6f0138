import type { TfjsTensor } from "../../ops/contract/tfjs-builder.ts";
import type { LayersModel } from "./layers-model.ts";

/** The Keras dialect that TensorFlow.js writes itself; see its `tfjs-layers/src/engine/container.ts`. */
const KERAS_VERSION = "tfjs-layers 4.22.0";

/** `model_topology` of a LayersModel: a Keras 2 functional model, keys in snake case. */
export function topology(model: LayersModel): Readonly<Record<string, unknown>> {
  const tensor = ({ layer, index }: TfjsTensor) => [layer, 0, index];
  const layers = model.layers.map(({ name, className, config, inputs }) => ({
    class_name: className,
    config: { name, ...config },
    name,
    inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [...tensor(input), {}])],
  }));
  return {
    class_name: "Model",
    config: { name: model.name, layers, input_layers: model.inputs.map(tensor), output_layers: model.outputs.map((output) => tensor(output.tensor)) },
    keras_version: KERAS_VERSION,
    backend: "tensor_flow.js",
  };
}

/** What rnc keeps beside the model, so that its weights find back; TensorFlow.js carries it through load and save. */
export interface LayersMetadata {
  readonly version: string;
  readonly network: string;
  /** The network's names of its outputs, in order. */
  readonly outputs: readonly string[];
  /** Which parameter, or which rows of its first axis, in which order of axes, a variable holds. */
  readonly weights: Readonly<Record<string, { readonly parameter: string; readonly axes?: readonly number[]; readonly rows?: readonly [number, number] }>>;
}

export function metadata(model: LayersModel, version: string): LayersMetadata {
  const weights = model.layers.flatMap((layer) =>
    layer.weights.map(({ name, parameter, axes, rows }) => [name, { parameter: parameter.name, ...(axes ? { axes } : {}), ...(rows ? { rows } : {}) }] as const),
  );
  return { version, network: model.name, outputs: model.outputs.map(({ name }) => name), weights: Object.fromEntries(weights) };
}
