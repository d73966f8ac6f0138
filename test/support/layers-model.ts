import type { Graph, Node, Value } from "../../src/ir/graph.ts";
import { isUnsupported } from "../../src/ops/define-op.ts";
import type { TfjsBuilder, TfjsConfig, TfjsTensor, TfjsWeight } from "../../src/ops/contract/tfjs-builder.ts";
import { recordOf } from "./graphs.ts";

/** A layer as an operator's lowering asked for it. */
export interface RecordedLayer {
  readonly name: string;
  readonly className: string;
  readonly config: TfjsConfig;
  readonly inputs: readonly TfjsTensor[];
  readonly weights: readonly TfjsWeight[];
}

export interface RecordedModel {
  readonly layers: readonly RecordedLayer[];
  readonly outputs: readonly TfjsTensor[];
  /** Why TensorFlow.js does not train it. */
  readonly untrainable: readonly string[];
}

/** A node was refused, with the reason users are told. */
export class Refused extends Error {}

/** Lowers a graph to Keras layers and notes them down; images are NHWC there. */
export function recordLayers(graph: Graph): RecordedModel {
  const layers: RecordedLayer[] = [];
  const untrainable: string[] = [];
  const tensors = new Map<Value, TfjsTensor>();
  let running: Node | undefined;
  const add = (layer: Omit<RecordedLayer, "name">, hint: string): TfjsTensor => {
    const name = `${hint}_${layers.length}`;
    layers.push({ name, ...layer });
    return { layer: name, index: 0 };
  };
  for (const input of graph.inputs) {
    const [batch, channels, ...spatial] = input.type.shape;
    const shape = [batch, ...spatial, channels].map((size) => (typeof size === "number" ? size : null));
    tensors.set(input, add({ className: "InputLayer", config: { batch_input_shape: shape, dtype: "float32" }, inputs: [], weights: [] }, input.name));
  }
  const of = (value: Value): TfjsTensor => {
    const known = tensors.get(value);
    if (!known) throw new Error(`${value.name} is no tensor of the model`);
    return known;
  };
  const builder: TfjsBuilder = {
    of,
    layer(className, config, inputs, more = {}) {
      const tensor = add({ className, config, inputs, weights: more.weights ?? [] }, more.hint ?? running!.name);
      if (more.to) tensors.set(more.to, tensor);
      return tensor;
    },
    alias: (value, as) => void tensors.set(value, of(as)),
    refuse(reason) {
      throw new Refused(reason);
    },
    untrainable: (reason) => void untrainable.push(reason),
  };
  for (const node of graph.nodes) {
    const { tfjs } = recordOf(node.op).lower;
    if (isUnsupported(tfjs)) throw new Refused(tfjs.unsupported);
    running = node;
    tfjs(builder, node);
  }
  return { layers, outputs: graph.outputs.map(({ value }) => of(value)), untrainable };
}
