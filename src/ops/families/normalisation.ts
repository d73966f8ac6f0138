import type { Initializer, Value } from "../../ir/graph.ts";
import type { Emitter } from "../contract/emitter.ts";
import type { ParameterSpec, ShapeContext } from "../define-op.ts";
import { channelsOf } from "./axes.ts";
import { sumPerChannel } from "./per-channel.ts";

/** 1 / √(variance + eps) */
export const reciprocalRoot = (e: Emitter, variance: Value, eps: number): Value => e.op("reciprocal", [e.op("sqrt", [e.op("add", [variance, e.scalar(eps)])])]);

/** What parameters begin at. */
export const ZERO: Initializer = { kind: "constant", value: 0 };
export const ONE: Initializer = { kind: "constant", value: 1 };

/** Learned scale and shift per channel: `weight`, which begins at 1, and `bias`, which begins at 0. */
export function scaleAndShift(c: ShapeContext, op: string): readonly ParameterSpec[] {
  const channels = channelsOf(c, op);
  if (channels === undefined) return [];
  return [
    { name: "weight", role: "scale", shape: [channels], initializer: ONE },
    { name: "bias", role: "shift", shape: [channels], initializer: ZERO },
  ];
}

/** What normalising some axes leaves: x̂ = (x - mean) · r with r = 1 / √(variance + eps). */
export interface Normalised {
  readonly mean: Value;
  /** The population variance: the mean of squared differences. */
  readonly variance: Value;
  readonly reciprocal: Value;
  readonly result: Value;
}

/** Normalises over `axes`. The variance is taken of the differences, never as E[x²] - mean², which loses digits. */
export function normalise(e: Emitter, x: Value, axes: readonly number[], eps: number): Normalised {
  const mean = e.op("reduce_mean", [x], { axes, keep: true }, "mean");
  const centred = e.op("subtract", [x, mean]);
  const variance = e.op("reduce_mean", [e.op("multiply", [centred, centred])], { axes, keep: true }, "variance");
  const reciprocal = reciprocalRoot(e, variance, eps);
  return { mean, variance, reciprocal, result: e.op("multiply", [centred, reciprocal]) };
}

/** dx = r · (g - mean(g) - x̂ · mean(g · x̂)), with means over `axes` and g the gradient by x̂. */
export function normaliseBackward(e: Emitter, g: Value, normalised: Value, reciprocal: Value, axes: readonly number[]): Value {
  const mean = e.op("reduce_mean", [g], { axes, keep: true });
  const along = e.op("reduce_mean", [e.op("multiply", [g, normalised])], { axes, keep: true });
  const rest = e.op("subtract", [e.op("subtract", [g, mean]), e.op("multiply", [normalised, along])]);
  return e.op("multiply", [rest, reciprocal]);
}

/** The gradients by scale and shift: sums of g · x̂ and of g over everything but the channels. */
export function scaleAndShiftBackward(e: Emitter, g: Value, normalised: Value, needs: readonly boolean[]): (Value | undefined)[] {
  return [needs[1] ? sumPerChannel(e, e.op("multiply", [g, normalised])) : undefined, needs[2] ? sumPerChannel(e, g) : undefined];
}
