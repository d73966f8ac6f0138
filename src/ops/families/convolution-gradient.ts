import type { Value } from "../../ir/graph.ts";
import { elementCount } from "../../ir/tensor-type.ts";
import type { Emitter } from "../contract/emitter.ts";
import type { BackwardContext, GradientRule, Window } from "../define-op.ts";
import { at, indices, numberOf, product } from "./attributes.ts";
import { extent, padsOn, sizesOf, windowOf } from "./axes.ts";
import { inputFormula, weightFormula } from "./convolution-formulas.ts";
import type { ConvolutionSizes } from "./convolution-formulas.ts";
import { sumPerChannel } from "./per-channel.ts";

/** A convolution whose gradients are wanted: what it read, and the gradient by its result. */
interface Convolution extends ConvolutionSizes {
  /** [N, C, spatial…] */
  readonly x: Value;
  /** [N, K, spatial…] */
  readonly dy: Value;
}

function convolutionOf(x: Value, dy: Value, window: Window, groups: number): Convolution {
  const [batch, channels, ...sizes] = sizesOf(x.type) as [number, number, ...number[]];
  const [, kernels, ...positions] = sizesOf(dy.type) as [number, number, ...number[]];
  return { x, dy, batch, channels, kernels, groups, sizes, positions, window };
}

/** The elements of `x`, laid out as `sizes`, with its axes in another order. Axes of size 1 are left out of the result. */
function rearranged(e: Emitter, x: Value, sizes: readonly number[], perm: readonly number[]): Value {
  const kept = indices(sizes.length).filter((axis) => at(sizes, axis) !== 1);
  const order = perm.filter((axis) => at(sizes, axis) !== 1).map((axis) => kept.indexOf(axis));
  if (order.every((axis, index) => axis === index)) return x;
  return e.op("transpose", [e.op("reshape", [x], { shape: kept.map((axis) => at(sizes, axis)) })], { perm: order });
}

/** The gradient by a convolution's weight, [K, C / groups, kernel…]: dW[o, c, k] = Σ_n Σ_p dY[n, o, p] · X[n, c, p · stride + k · dilation - pad]. */
function weightGradient(e: Emitter, c: Convolution): Value {
  const formula = weightFormula(c);
  if (formula.kind === "correlation") return correlation(e, c, formula.parts);
  const { stride } = c.window;
  const read = stride.every((step) => step === 1) ? c.x : e.op("subsample", [c.x], { stride });
  const product_ = formula.kind === "one product" ? oneProduct(e, read, c) : productForEach(e, read, c);
  return e.op("reshape", [product_], { shape: [c.kernels, c.channels / c.groups, ...c.window.kernel] });
}

/** For kernels of 1: dW = Σ_n dY[n] · X[n]ᵀ, a product of matrices for every example and group. */
function productForEach(e: Emitter, read: Value, { dy, batch, channels, kernels, groups, positions }: Convolution): Value {
  const matrices = (value: Value, count: number): Value => e.op("reshape", [value], { shape: [batch * groups, count / groups, product(positions)] });
  const right = e.op("transpose", [matrices(read, channels)], { perm: [0, 2, 1] });
  const each = e.op("matmul", [matrices(dy, kernels), right]);
  if (batch === 1) return each;
  return e.op("reduce_sum", [e.op("reshape", [each], { shape: [batch, kernels, channels / groups] })], { axes: [0], keep: false });
}

/** For kernels of 1 without groups: the examples' positions side by side, and one product of matrices. */
function oneProduct(e: Emitter, read: Value, { dy, batch, channels, kernels, positions }: Convolution): Value {
  const matrix = (value: Value, count: number): Value => {
    const channelsFirst = rearranged(e, value, [batch, count, product(positions)], [1, 0, 2]);
    return e.op("reshape", [channelsFirst], { shape: [count, batch * product(positions)] });
  };
  return e.op("gemm", [matrix(dy, kernels), matrix(read, channels)], { transA: false, transB: true });
}

/**
 * One convolution in groups for any window: X by dY, in which stride and dilation change places. The batch is divided into
 * `parts`; a part's examples are the input channels of a group, and the channels of X lie side by side on the last axis, so that
 * X is [1, N·G, …, size · C/G] and dY are parts·K kernels [parts·K, N / parts, …]. The sum over the parts comes last.
 */
function correlation(e: Emitter, c: Convolution, parts: number): Value {
  const { batch, channels, kernels, groups, sizes, positions } = c;
  const { kernel, stride, dilation, pads } = c.window;
  const rank = kernel.length;
  const last = rank - 1;
  const perGroup = channels / groups;
  const examples = batch / parts;

  const covered = kernel.map((size, axis) => extent(size, at(dilation, axis)));
  const begin = indices(rank).map((axis) => at(pads, axis));
  const end = indices(rank).map((axis) => at(covered, axis) + at(stride, axis) * (at(positions, axis) - 1) - at(sizes, axis) - at(begin, axis));
  const unread = end.map((pad) => Math.max(0, -pad));
  const kept = sizes.map((size, axis) => size - at(unread, axis));
  let read = c.x;
  if (unread.some((count) => count > 0)) {
    read = e.op("slice", [read], { axes: indices(rank).map((axis) => axis + 2), starts: kept.map(() => 0), ends: kept, steps: kept.map(() => 1) });
  }

  const channelsLast = rearranged(e, read, [parts, examples, groups, perGroup, product(kept)], [0, 2, 1, 4, 3]);
  const merged = kept.map((size, axis) => (axis === last ? size * perGroup : size));
  const rows = e.op("reshape", [channelsLast], { shape: [1, batch * groups, ...merged] });
  const examplesInside = rearranged(e, c.dy, [parts, examples, kernels, product(positions)], [0, 2, 1, 3]);
  const asKernels = e.op("reshape", [examplesInside], { shape: [parts * kernels, examples, ...positions] });

  const onLast = (list: readonly number[]): number[] => list.map((value, axis) => (axis === last ? value * perGroup : value));
  const all = e.op("conv", [rows, asKernels], {
    kernel: positions,
    stride: dilation.map((step, axis) => (axis === last ? 1 : step)),
    dilation: onLast(stride),
    pads: [...onLast(begin), ...onLast(end.map((pad) => Math.max(0, pad)))],
    groups: parts * groups,
    channels: parts * kernels,
    bias: false,
  });
  const taps = [...kernel.slice(0, last), at(covered, last)];
  let each = all;
  const step = at(dilation, last);
  if (step > 1) {
    const apart = e.op("reshape", [all], { shape: [parts, kernels, ...taps, perGroup] });
    each = e.op("slice", [apart], { axes: [rank + 1], starts: [0], ends: [at(covered, last)], steps: [step] });
  }
  // The sum is over one long row for each part: reductions of many axes are slow.
  const length = kernels * product(kernel) * perGroup;
  const summed = parts === 1 ? each : e.op("reduce_sum", [e.op("reshape", [each], { shape: [parts, length] })], { axes: [0], keep: false });
  const channelsFirst = rearranged(e, summed, [kernels, product(kernel), perGroup], [0, 2, 1]);
  return e.op("reshape", [channelsFirst], { shape: [kernels, perGroup, ...kernel] });
}

/** Positions at the end of the input that no window starts from: what ConvTranspose must add to give the size back. */
function remainder({ sizes, positions, window }: Convolution): readonly number[] {
  return sizes.map((size, axis) => {
    const covered = extent(at(window.kernel, axis), at(window.dilation, axis));
    return size - ((at(positions, axis) - 1) * at(window.stride, axis) + covered - padsOn(window, axis));
  });
}

/** The gradient by what a convolution read. */
function inputGradient(e: Emitter, c: Convolution, weight: Value): Value {
  const { groups, window } = c;
  if (inputFormula(c) === "transposed") return e.op("conv_transpose", [c.dy, weight], { ...window, groups, extra: remainder(c) });
  const reach = window.kernel.map((size, axis) => extent(size, at(window.dilation, axis)) - 1);
  const begin = reach.map((length, axis) => length - at(window.pads, axis));
  const end = c.sizes.map((size, axis) => size + at(reach, axis) - at(c.positions, axis) - at(begin, axis));
  const pads = [...begin, ...end];
  return e.op("conv", [c.dy, flippedKernels(e, c, weight)], { ...window, pads, groups, channels: c.channels, bias: false });
}

/** W [K, C / G, kernel…] with its taps in reverse order and inputs and outputs changed: [C, K / G, kernel…]. */
function flippedKernels(e: Emitter, { channels, kernels, groups, window }: Convolution, weight: Value): Value {
  const taps = product(window.kernel);
  const perGroup = channels / groups;
  const rows = e.op("reshape", [weight], { shape: [kernels, perGroup, taps] });
  const flipped = taps === 1 ? weight : e.op("take", [rows], { axis: 2, places: indices(taps).map((tap) => taps - 1 - tap) });
  const changed = rearranged(e, flipped, [groups, kernels / groups, perGroup, taps], [0, 2, 1, 3]);
  return e.op("reshape", [changed], { shape: [channels, kernels / groups, ...window.kernel] });
}

/**
 * y = conv(x, W) + b. dx and dW have formulas for different sizes ({@link inputFormula}, {@link weightFormula}), db is the sum over
 * all positions. A number for each channel of dy is as well one for each kernel: of W in dx, of the results in dW and db.
 */
export const convolutionGradient = {
  backward(e: Emitter, c: BackwardContext) {
    const { x, weight, window, groups } = parts(c);
    const convolution = convolutionOf(x, c.gradient, window, groups);
    const scaled = (value: Value): Value => {
      if (!c.scale) return value;
      const [, ...others] = sizesOf(value.type);
      return e.op("multiply", [value, e.op("reshape", [c.scale], { shape: [convolution.kernels, ...others.map(() => 1)] })], {}, "scaled");
    };
    return [
      c.needs[0] ? inputGradient(e, convolution, scaled(weight)) : undefined,
      c.needs[1] ? scaled(weightGradient(e, convolution)) : undefined,
      ...(c.needs[2] ? [scaled(sumPerChannel(e, c.gradient))] : []),
    ];
  },
  // W is scaled for dx, and dW as well.
  takesScale: ([, weight]: readonly Value[], dy: Value) => weight !== undefined && 2 * elementCount(sizesOf(weight.type)) <= elementCount(sizesOf(dy.type)),
} satisfies GradientRule;

/** y = conv_transpose(x, W) + b: the roles of x and dy change places. */
export const transposedConvolutionGradient: GradientRule = {
  backward(e, c) {
    const { x, weight, window, groups } = parts(c);
    const channels = at(sizesOf(x.type), 1);
    const dx = (): Value => e.op("conv", [c.gradient, weight], { ...window, groups, channels, bias: false });
    return [
      c.needs[0] ? dx() : undefined,
      c.needs[1] ? weightGradient(e, convolutionOf(c.gradient, x, window, groups)) : undefined,
      ...(c.needs[2] ? [sumPerChannel(e, c.gradient)] : []),
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
