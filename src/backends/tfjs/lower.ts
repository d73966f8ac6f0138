import { invariant } from "../../base/assert.ts";
import { InputError } from "../../base/input-error.ts";
import type { Dim } from "../../ir/dim.ts";
import { isSymbolic, substituteDim } from "../../ir/dim.ts";
import type { Graph, Node, Value } from "../../ir/graph.ts";
import type { TfjsBuilder, TfjsTensor, TfjsWeight } from "../../ops/contract/tfjs-builder.ts";
import type { OpRecord } from "../../ops/define-op.ts";
import { isUnsupported } from "../../ops/define-op.ts";
import { findOperator } from "../../ops/registry.ts";
import { endsInSoftmax } from "../../passes/training/logits.ts";
import type { LayersLayer, LayersModel, LayersWeight } from "./layers-model.ts";
import { groupLine, inGroups, refusal } from "./refusal.ts";
import type { Refused } from "./refusal.ts";

export interface LowerOptions {
  /** Sizes for symbols: `{ N: 8 }` fixes the batch. */
  readonly symbols?: ReadonlyMap<string, number>;
  /** Ends every output in a softmax over its last axis that does not yet. */
  readonly softmax?: boolean;
  readonly findOperator?: (name: string) => OpRecord | undefined;
}

/** What a lowering throws to leave its node; the graph is walked to its end, so that all refusals come at once. */
class RefusedNode extends Error {}

/**
 * A network as a model of built-in layers of TensorFlow.js, through the operators' records.
 *
 * @throws {@link InputError} naming every layer that a LayersModel cannot say exactly, with its line
 */
export function lowerToLayers(graph: Graph, options: LowerOptions = {}): LayersModel {
  const { symbols = new Map<string, number>(), softmax = false } = options;
  const find = options.findOperator ?? findOperator;
  const layers: LayersLayer[] = [];
  const tensors = new Map<Value, TfjsTensor>();
  const refused: Refused[] = [];
  const untrainable: Refused[] = [];
  const taken = new Set<string>();
  const ownNames = new Set([...graph.inputs, ...graph.nodes].map(({ name }) => layerName(name)));

  /** A node's own layer has the node's name; a helper steps aside. */
  const named = (wanted: string, own: boolean): string => {
    const base = layerName(wanted);
    let name = base;
    for (let copy = 2; taken.has(name) || (!own && ownNames.has(name)); copy++) name = `${base}_${copy}`;
    taken.add(name);
    return name;
  };
  const add = (layer: LayersLayer): TfjsTensor => {
    layers.push(layer);
    return { layer: layer.name, index: 0 };
  };
  const inputs = graph.inputs.map((value) => {
    if (value.type.dtype !== "float32") throw new InputError(`the input \`${value.name}\` is ${value.type.dtype}, and TensorFlow.js models are written for float32`);
    const shape = channelsLast(value, symbols);
    const config = { batch_input_shape: shape, dtype: "float32", sparse: false };
    const tensor = add({ name: named(value.name, true), className: "InputLayer", config, inputs: [], weights: [], shape });
    tensors.set(value, tensor);
    return tensor;
  });

  let running: Node | undefined;
  const of = (value: Value): TfjsTensor => {
    const known = tensors.get(value);
    invariant(known !== undefined, `${value.name} is no tensor of the LayersModel`);
    return known;
  };
  const builder: TfjsBuilder = {
    of,
    layer(className, config, from, more = {}) {
      invariant(running !== undefined, "layers are made for nodes");
      const own = more.to !== undefined;
      const name = named(own ? running.name : `${running.name}.${more.hint ?? className.toLowerCase()}`, own);
      const weights = (more.weights ?? []).map((weight) => layersWeight(name, weight));
      const layer = { name, className, config: { ...config, trainable: more.trainable ?? true, dtype: "float32" }, inputs: from, weights, node: running };
      if (more.to === undefined) return add(layer);
      const tensor = add({ ...layer, shape: channelsLast(more.to, symbols) });
      tensors.set(more.to, tensor);
      return tensor;
    },
    alias: (value, as) => void tensors.set(value, of(as)),
    refuse(reason): never {
      invariant(running !== undefined, "nodes are refused");
      refused.push({ node: running, reason });
      throw new RefusedNode(reason);
    },
    untrainable(reason) {
      invariant(running !== undefined, "nodes are what is trained");
      untrainable.push({ node: running, reason });
    },
  };
  for (const node of graph.nodes) {
    running = node;
    const lowering = find(node.op)?.lower.tfjs;
    invariant(lowering !== undefined, `there is no operator ${node.op}`);
    try {
      if (isUnsupported(lowering)) builder.refuse(lowering.unsupported);
      lowering(builder, node);
    } catch (error) {
      if (!(error instanceof RefusedNode)) throw error;
      // Any tensor does for the nodes after it: no model comes of this.
      for (const value of node.outputs) tensors.set(value, { layer: node.name, index: 0 });
    }
  }
  if (refused.length > 0) throw refusal(graph, refused);

  const finish: Finishing["add"] = (hint, className, config, from) =>
    add({ name: named(hint, false), className, config: { ...config, trainable: true, dtype: "float32" }, inputs: [from], weights: [] });
  const outputs = finishOutputs(graph, softmax, { of, add: finish });
  return { name: graph.name, layers, inputs, outputs, untrainable: inGroups(untrainable).map(groupLine) };
}

interface Finishing {
  of(value: Value): TfjsTensor;
  add(hint: string, className: string, config: LayersLayer["config"], from: TfjsTensor): TfjsTensor;
}

/** A tensor is an output once, and an input is none: TensorFlow.js wants a layer for each. */
function finishOutputs(graph: Graph, softmax: boolean, at: Finishing): LayersModel["outputs"] {
  const seen = new Set<string>(graph.inputs.map((value) => at.of(value).layer));
  return graph.outputs.map(({ name, value }) => {
    const tensor = at.of(value);
    if (softmax && !endsInSoftmax(value)) return { name, tensor: at.add(`${name}.softmax`, "Softmax", { axis: -1 }, tensor) };
    const key = tensor.layer;
    const copy = seen.has(key);
    seen.add(key);
    return { name, tensor: copy ? at.add(`${name}.output`, "Activation", { activation: "linear" }, tensor) : tensor };
  });
}

function layersWeight(layer: string, weight: TfjsWeight): LayersWeight {
  const { name, parameter, axes, rows } = weight;
  const [first = 1, ...rest] = parameter.shape;
  const shape = rows ? [rows[1] - rows[0], ...rest] : [first, ...rest];
  const placed = parameter.shape.length === 0 ? [] : axes ? axes.map((axis) => shape[axis] ?? 1) : shape;
  return { name: `${layer}/${name}`, shape: weight.shape ?? placed, parameter, ...(axes ? { axes } : {}), ...(rows ? { rows } : {}) };
}

/** [N, C, H, W] as TensorFlow.js declares it: [N, H, W, C], open sizes as null. */
function channelsLast({ type }: Value, symbols: ReadonlyMap<string, number>): readonly (number | null)[] {
  const [batch, channels, ...spatial] = type.shape.map((dim) => substituteDim(dim, symbols));
  const known = (dim: Dim): number | null => (isSymbolic(dim) ? null : dim);
  return [batch, ...spatial, channels].flatMap((dim) => (dim === undefined ? [] : [known(dim)]));
}

/**
 * TensorFlow.js takes letters, digits, `-`, `.`, `_` and `/` in a name, the first a letter or digit. It keeps layers in plain
 * objects, by name, so that it cannot load a layer called `constructor`.
 */
export function layerName(name: string): string {
  const clean = name.replace(/[^-A-Za-z0-9._]/g, "-");
  if (!/^[A-Za-z0-9]/.test(clean)) return `n${clean}`;
  return clean in {} ? `${clean}_` : clean;
}
