import { invariant } from "../../base/assert.ts";
import type { TfjsTensor } from "../../ops/contract/tfjs-builder.ts";
import type { LayersLayer, LayersModel } from "./layers-model.ts";

/**
 * TensorFlow.js 4.22 walks a model from its outputs by recursion (`buildMapOfGraph` in its engine/container): a chain of about
 * 4,000 layers overflows the usual stack of 1 MB. Deeper models than this are cut into models of this depth, which are layers
 * of the whole; a common network (ResNet-152 has 700) stays flat.
 */
const DEEPEST = 1500;

/** A tensor of a layer, or of a nested model: such a model's first node is its own making, the second its use as a layer. */
export interface NestedTensor extends TfjsTensor {
  readonly node?: 1;
}

/** Consecutive layers as a model of their own. */
interface NestedModel {
  readonly name: string;
  readonly className: "Model";
  readonly layers: readonly LayersLayer[];
  /** Where its inputs come from, and what they are called inside: input layers named after the layers outside. */
  readonly inputs: readonly NestedTensor[];
  readonly own: readonly TfjsTensor[];
  readonly outputs: readonly TfjsTensor[];
}

export type NestedLayer = LayersLayer | NestedModel;

export interface Nested {
  readonly layers: readonly NestedLayer[];
  readonly inputs: readonly TfjsTensor[];
  readonly outputs: readonly NestedTensor[];
}

/** The layers as TensorFlow.js can load them: as they are, or cut between nodes where they are too deep. */
export function nest(model: LayersModel): Nested {
  const outputs: readonly NestedTensor[] = model.outputs.map(({ tensor }) => tensor);
  const parts = cut(model.layers.filter(({ className }) => className !== "InputLayer"));
  if (parts.length <= 1) return { layers: model.layers, inputs: model.inputs, outputs };

  const layerOf = new Map(model.layers.map((layer) => [layer.name, layer]));
  const partOf = new Map(parts.flatMap((part, index) => part.map((layer) => [layer.name, index] as const)));
  // What of each part is asked for outside it, in the order of its layers.
  const asked = parts.map(() => new Set<string>());
  const ask = (tensor: TfjsTensor, by: number): void => {
    const part = partOf.get(tensor.layer);
    if (part !== undefined && part !== by) asked[part]?.add(tensor.layer);
  };
  parts.forEach((part, index) => part.forEach((layer) => layer.inputs.forEach((tensor) => ask(tensor, index))));
  outputs.forEach((tensor) => ask(tensor, -1));

  const nameOf = (index: number): string => {
    let name = `part${index + 1}`;
    while (layerOf.has(name)) name += "_";
    return name;
  };
  const outside = (tensor: TfjsTensor): NestedTensor => {
    const part = partOf.get(tensor.layer);
    return part === undefined ? tensor : { layer: nameOf(part), node: 1, index: [...(asked[part] ?? [])].indexOf(tensor.layer) };
  };
  const nested = parts.map((part, index): NestedModel => {
    const inside = new Set(part.map(({ name }) => name));
    const incoming = [...new Set(part.flatMap(({ inputs }) => inputs.map(({ layer }) => layer)))].filter((name) => !inside.has(name));
    const own = incoming.map((name) => ({ layer: name, index: 0 }));
    return {
      name: nameOf(index),
      className: "Model",
      layers: [...incoming.map((name) => entrance(layerOf.get(name))), ...part],
      inputs: own.map(outside),
      own,
      outputs: [...(asked[index] ?? [])].map((layer) => ({ layer, index: 0 })),
    };
  });
  return { layers: [...model.layers.filter(({ className }) => className === "InputLayer"), ...nested], inputs: model.inputs, outputs: outputs.map(outside) };
}

/** Runs of layers of at most {@link DEEPEST} in depth, cut where a node begins: only values of the network cross. */
function cut(layers: readonly LayersLayer[]): readonly (readonly LayersLayer[])[] {
  const parts: LayersLayer[][] = [];
  let part: LayersLayer[] = [];
  let depths = new Map<string, number>();
  let deepest = 0;
  let before: LayersLayer | undefined;
  for (const layer of layers) {
    // A node's helpers stay with it; a whole node is a few layers deep.
    if (deepest >= DEEPEST && layer.node !== before?.node) {
      parts.push(part);
      part = [];
      depths = new Map();
      deepest = 0;
    }
    const depth = 1 + Math.max(0, ...layer.inputs.map((input) => depths.get(input.layer) ?? 0));
    depths.set(layer.name, depth);
    deepest = Math.max(deepest, depth);
    part.push(layer);
    before = layer;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

/** The input layer of a nested model for a tensor from outside. */
function entrance(layer: LayersLayer | undefined): LayersLayer {
  invariant(layer?.shape !== undefined, "only values of the network cross from one part to the next");
  return { name: layer.name, className: "InputLayer", config: { batch_input_shape: layer.shape, dtype: "float32", sparse: false }, inputs: [], weights: [], shape: layer.shape };
}
