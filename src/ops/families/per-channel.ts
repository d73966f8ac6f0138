import type { Value } from "../../ir/graph.ts";
import type { Emitter } from "../contract/emitter.ts";
import { at, indices, product } from "./attributes.ts";
import { sizesOf } from "./axes.ts";

/** A parameter of one number per channel in the form that stretches over [N, C, …]. */
export function perChannel(e: Emitter, parameter: Value, rank: number): Value {
  const channels = at(sizesOf(parameter.type), 0);
  return e.op("reshape", [parameter], { shape: [1, channels, ...indices(rank - 2).map(() => 1)] });
}

/** The sum of every channel of [N, C, …] over the batch and all positions: [C]. */
export const sumPerChannel = (e: Emitter, x: Value): Value => reducePerChannel(e, x, "reduce_sum");

/** The mean of every channel of [N, C, …] over the batch and all positions: [C]. */
export const meanPerChannel = (e: Emitter, x: Value): Value => reducePerChannel(e, x, "reduce_mean");

/** Positions as one axis first, then the batch: over all axes at once ONNX Runtime takes twice the time, and rounds more. */
function reducePerChannel(e: Emitter, x: Value, op: "reduce_sum" | "reduce_mean"): Value {
  const [batch, channels, ...sizes] = sizesOf(x.type) as [number, number, ...number[]];
  if (sizes.length === 0) return e.op(op, [x], { axes: [0], keep: false });
  const rows = e.op("reshape", [x], { shape: [batch, channels, product(sizes)] });
  return e.op(op, [e.op(op, [rows], { axes: [2], keep: false })], { axes: [0], keep: false });
}

/** The number of values of one channel: batch times positions. */
export const countPerChannel = (x: Value): number => product(sizesOf(x.type).filter((_, axis) => axis !== 1));
