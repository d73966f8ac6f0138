import type { Node, Parameter } from "../../ir/graph.ts";
import type { TfjsConfig, TfjsTensor } from "../../ops/contract/tfjs-builder.ts";

/** One variable of a LayersModel. */
export interface LayersWeight {
  /** As TensorFlow.js saves it: `layer1.0.conv1/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly parameter: Parameter;
  /** The transposition that makes it of the parameter (or of the part of it), and the part: see `TfjsWeight`. */
  readonly axes?: readonly number[];
  readonly rows?: readonly [from: number, to: number];
}

export interface LayersLayer {
  /** Unique; the name of the node whose result it computes, or of that and what it does there: `conv1.pad`. */
  readonly name: string;
  /** Keras's class: `Conv2D`. */
  readonly className: string;
  readonly config: TfjsConfig;
  readonly inputs: readonly TfjsTensor[];
  readonly weights: readonly LayersWeight[];
  /** The node it was made for; absent for inputs and for what ends an output. */
  readonly node?: Node;
  /** The shape of the network's value it computes, channels last, open sizes as null; absent for helpers. */
  readonly shape?: readonly (number | null)[];
}

/** A network as a Keras functional model of built-in layers; images are channels last in it. */
export interface LayersModel {
  readonly name: string;
  readonly layers: readonly LayersLayer[];
  /** In the order of the network's inputs and outputs. */
  readonly inputs: readonly TfjsTensor[];
  readonly outputs: readonly { readonly name: string; readonly tensor: TfjsTensor }[];
  /** What TensorFlow.js can run but not train, and why; empty: it trains. */
  readonly untrainable: readonly string[];
}
