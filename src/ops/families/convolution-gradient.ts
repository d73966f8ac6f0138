import type { Value } from "../../ir/graph.ts";
import type { Emitter } from "../contract/emitter.ts";
import type { BackwardContext, GradientRule, Window } from "../define-op.ts";
import { at, indices, numberOf } from "./attributes.ts";
import { extent, padsOn, sizesOf, windowOf } from "./axes.ts";

/**
 * The gradient by a convolution's weight as one convolution in groups.
 *
 * dW[o, c, k] = Σ_n Σ_p dY[n, o, p] · X[n, c, p · stride + k · dilation - pad] is a convolution of X by dY in which stride and
 * dilation change places. Every example (and group) is a group of its own, and the channels of a group lie side by side on the last
 * axis, so that X is [1, N·G, …, size · C/G] and dY are N·K kernels [N·K, 1, …]; the sum over the examples comes last.
 *
 * @param x what the convolution read, [N, C, spatial…]
 * @param dy the gradient by its result, [N, K, spatial…]
 * @returns [K, C / groups, kernel…]
 */
export function weightGradient(e: Emitter, x: Value, dy: Value, window: Window, groups: number): Value {
  const [batch, channels, ...sizes] = sizesOf(x.type) as [number, number, ...number[]];
  const [, kernels, ...positions] = sizesOf(dy.type) as [number, number, ...number[]];
  const { kernel, stride, dilation, pads } = window;
  const rank = kernel.length;
  const last = rank - 1;
  const perGroup = channels / groups;

  const covered = kernel.map((size, axis) => extent(size, at(dilation, axis)));
  const begin = indices(rank).map((axis) => at(pads, axis));
  const end = indices(rank).map((axis) => at(covered, axis) + at(stride, axis) * (at(positions, axis) - 1) - at(sizes, axis) - at(begin, axis));
  const unread = end.map((pad) => Math.max(0, -pad));
  const kept = sizes.map((size, axis) => size - at(unread, axis));
  let read = x;
  if (unread.some((count) => count > 0)) {
    read = e.op("slice", [x], { axes: indices(rank).map((axis) => axis + 2), starts: kept.map(() => 0), ends: kept, steps: kept.map(() => 1) });
  }

  const grouped = e.op("reshape", [read], { shape: [batch, groups, perGroup, ...kept] });
  const channelsLast = e.op("transpose", [grouped], { perm: [0, 1, ...indices(rank).map((axis) => axis + 3), 2] });
  const merged = kept.map((size, axis) => (axis === last ? size * perGroup : size));
  const rows = e.op("reshape", [channelsLast], { shape: [1, batch * groups, ...merged] });
  const asKernels = e.op("reshape", [dy], { shape: [batch * kernels, 1, ...positions] });

  const onLast = (list: readonly number[]): number[] => list.map((value, axis) => (axis === last ? value * perGroup : value));
  const all = e.op("conv", [rows, asKernels], {
    kernel: positions,
    stride: dilation.map((step, axis) => (axis === last ? 1 : step)),
    dilation: onLast(stride),
    pads: [...onLast(begin), ...onLast(end.map((pad) => Math.max(0, pad)))],
    groups: batch * groups,
    channels: batch * kernels,
    bias: false,
  });
  const before = kernel.slice(0, last);
  let perExample = e.op("reshape", [all], { shape: [batch, kernels, ...before, at(covered, last), perGroup] });
  const step = at(dilation, last);
  if (step > 1) {
    perExample = e.op("slice", [perExample], { axes: [rank + 1], starts: [0], ends: [at(covered, last)], steps: [step] });
  }
  const summed = batch === 1 ? e.op("reshape", [perExample], { shape: [kernels, ...kernel, perGroup] }) : e.op("reduce_sum", [perExample], { axes: [0], keep: false });
  return e.op("transpose", [summed], { perm: [0, rank + 1, ...indices(rank).map((axis) => axis + 1)] });
}

/** Positions at the end of the input that no window starts from: what ConvTranspose must add to give the size back. */
function remainder(sizes: readonly number[], positions: readonly number[], window: Window): readonly number[] {
  return sizes.map((size, axis) => {
    const covered = extent(at(window.kernel, axis), at(window.dilation, axis));
    return size - ((at(positions, axis) - 1) * at(window.stride, axis) + covered - padsOn(window, axis));
  });
}

const sumOverPositions = (e: Emitter, dy: Value): Value =>
  e.op("reduce_sum", [dy], { axes: indices(dy.type.shape.length).filter((axis) => axis !== 1), keep: false });

/** y = conv(x, W) + b. dx is the transposed convolution of dy by W, dW {@link weightGradient}, db the sum over all positions. */
export const convolutionGradient: GradientRule = {
  backward(e, c) {
    const { x, weight, window, groups } = parts(c);
    const sizes = sizesOf(x.type);
    const positions = sizesOf(c.gradient.type).slice(2);
    const dx = (): Value =>
      e.op("conv_transpose", [c.gradient, weight], { ...window, groups, extra: remainder(sizes.slice(2), positions, window) });
    return [
      c.needs[0] ? dx() : undefined,
      c.needs[1] ? weightGradient(e, x, c.gradient, window, groups) : undefined,
      ...(c.needs[2] ? [sumOverPositions(e, c.gradient)] : []),
    ];
  },
};

/** y = conv_transpose(x, W) + b: the roles of x and dy change places. */
export const transposedConvolutionGradient: GradientRule = {
  backward(e, c) {
    const { x, weight, window, groups } = parts(c);
    const channels = at(sizesOf(x.type), 1);
    const dx = (): Value => e.op("conv", [c.gradient, weight], { ...window, groups, channels, bias: false });
    return [
      c.needs[0] ? dx() : undefined,
      c.needs[1] ? weightGradient(e, c.gradient, x, window, groups) : undefined,
      ...(c.needs[2] ? [sumOverPositions(e, c.gradient)] : []),
    ];
  },
};

function parts(c: BackwardContext) {
  const { kernel, stride, dilation, pads } = windowOf(c.node.attributes);
  return {
    x: at(c.inputs, 0),
    weight: at(c.inputs, 1),
    window: { kernel, stride, dilation, pads },
    groups: numberOf(c.node.attributes, "groups"),
  };
}
