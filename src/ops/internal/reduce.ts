import { listOf, flagOf, operand, result } from "../families/attributes.ts";
import { inputOf, reshaped } from "../families/axes.ts";
import type { OnnxLowering, ShapeContext } from "../define-op.ts";
import { defineInternal } from "./define-internal.ts";

function reducedShape(c: ShapeContext) {
  const type = inputOf(c);
  const axes = new Set(listOf(c.attributes, "axes"));
  const keep = flagOf(c.attributes, "keep");
  return [reshaped(type, type.shape.flatMap((size, axis) => (axes.has(axis) ? (keep ? [1] : []) : [size])))];
}

const lowering = (opType: string): OnnxLowering => (b, node) => {
  const axes = listOf(node.attributes, "axes");
  const inputs = [b.of(operand(node)), b.constant("int64", [axes.length], axes)];
  b.node(opType, inputs, { keepdims: { int: flagOf(node.attributes, "keep") ? 1 : 0 } }, { to: result(node) });
};

export const reduceMax = defineInternal("reduce_max", "The greatest element over some axes, which stay as 1 with `keep`.", reducedShape, lowering("ReduceMax"));
export const reduceMean = defineInternal("reduce_mean", "The mean over some axes, which stay as 1 with `keep`.", reducedShape, lowering("ReduceMean"));
export const reduceSum = defineInternal("reduce_sum", "The sum over some axes, which stay as 1 with `keep`.", reducedShape, lowering("ReduceSum"));
