import type { Parameter, Value } from "../../ir/graph.ts";

/** A symbolic tensor of a LayersModel. Rank-4 values are NHWC there, rank-3 NWC; rank 2 is unchanged. */
export interface TfjsTensor {
  readonly layer: string;
  readonly index: number;
}

/** A weight of a layer: Keras's name in the layer and the parameter transposed (NumPy's `transpose` of our shape). */
export interface TfjsWeight {
  readonly name: string;
  readonly parameter: Parameter;
  readonly axes?: readonly number[];
  /** The part of the parameter's first axis it holds, from and to (exclusive), before it is transposed; absent: all of it. */
  readonly rows?: readonly [from: number, to: number];
  /** The variable's shape where it spells the same numbers, in the same order, with other axes. */
  readonly shape?: readonly number[];
}

export type TfjsConfig = Readonly<Record<string, unknown>>;

/** What an operator's TF.js lowering speaks to: built-in Keras layers of a LayersModel, by class name. */
export interface TfjsBuilder {
  of(value: Value): TfjsTensor;
  /** Adds a layer; `to` names the value of the IR it computes, without it the layer is a helper named after `hint`. */
  layer(
    className: string,
    config: TfjsConfig,
    inputs: readonly TfjsTensor[],
    more?: { readonly to?: Value; readonly weights?: readonly TfjsWeight[]; readonly hint?: string; readonly trainable?: boolean },
  ): TfjsTensor;
  alias(value: Value, as: Value): void;
  /** Refuses this node before any file is written: LayersModel cannot say it exactly. */
  refuse(reason: string): never;
  /** Notes that TensorFlow.js runs what this node became but does not train it, or not with the right gradient. */
  untrainable(reason: string): void;
}
