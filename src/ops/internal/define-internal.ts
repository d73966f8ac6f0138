import { defineOp, unsupported } from "../define-op.ts";
import type { OnnxLowering, OpRecord } from "../define-op.ts";
import type { TensorType } from "../../ir/tensor-type.ts";

const NO_GRADIENT = unsupported("only passes make it, after or inside a gradient; there are no gradients of gradients");
const NO_TFJS = unsupported("it occurs only in written-out training steps; TensorFlow.js trains by gradients of its own");

/** The record of an operator that only passes make. All sizes it sees are known. */
export function defineInternal<const N extends string>(
  name: N,
  summary: string,
  shape: OpRecord["shape"],
  onnx: OnnxLowering,
): OpRecord & { readonly name: N } {
  return defineOp({
    name,
    level: "internal",
    form: "layer",
    kind: name,
    summary,
    doc: summary,
    sample: "",
    attributes: [],
    shape,
    gradient: NO_GRADIENT,
    lower: { onnx, tfjs: NO_TFJS },
  });
}

/** NumPy's broadcasting of known sizes; `undefined` when they do not fit. */
export function broadcast(a: TensorType, b: TensorType): TensorType | undefined {
  const rank = Math.max(a.shape.length, b.shape.length);
  const sizeAt = (type: TensorType, axis: number) => type.shape[axis - rank + type.shape.length] ?? 1;
  const shape = Array.from({ length: rank }, (_, axis) => {
    const [left, right] = [sizeAt(a, axis), sizeAt(b, axis)];
    return left === 1 ? right : right === 1 || left === right ? left : undefined;
  });
  return shape.every((size) => size !== undefined) ? { dtype: a.dtype, shape: shape as TensorType["shape"] } : undefined;
}
