import type { Dim } from "../../ir/dim.ts";
import type { DType } from "../../ir/tensor-type.ts";
import type { Value } from "../../ir/graph.ts";

export type OnnxAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] };

/** What an operator's ONNX lowering speaks to: standard operators of the fixed opset, by name. */
export interface OnnxBuilder {
  /** The tensor name of a value of the IR. */
  of(value: Value): string;
  /**
   * Adds a node and gives the name of its first output. With `to` the outputs are those values of the IR (the last node
   * of a lowering); without, an intermediate tensor named after the running node and `hint`. An empty input name is an
   * omitted optional input. Shapes of intermediates are `type` where known, for `value_info`. `domain` is whose operator it is
   * where it is not ONNX's own; only engines write such nodes, for themselves.
   */
  node(
    opType: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    more?: { readonly to?: Value | readonly Value[]; readonly hint?: string; readonly shape?: readonly Dim[]; readonly dtype?: DType; readonly domain?: string },
  ): string;
  /** A constant tensor as an initializer; equal constants are shared. */
  constant(dtype: "int64" | "float32", shape: readonly number[], data: readonly number[], hint?: string): string;
  /** Says that `value` is the same tensor as `as`: an operator without effect in this form (dropout at inference). */
  alias(value: Value, as: Value): void;
  /** A one-dimensional int64 tensor with this shape, computed from the inputs' shapes where dimensions are symbolic. */
  shapeTensor(shape: readonly Dim[]): string;
}
