import type { Value } from "../../../ir/graph.ts";
import { elementCount, sameShape } from "../../../ir/tensor-type.ts";
import { at, indices } from "../../../ops/families/attributes.ts";
import { sizesOf } from "../../../ops/families/axes.ts";
import type { ChannelArithmetic } from "../../../ops/families/batch-norm-gradient.ts";
import { countPerChannel } from "../../../ops/families/per-channel.ts";
import type { BlockedWriter } from "./writer.ts";
import { convolutionAttributes } from "./operators.ts";

/**
 * Arithmetic with a number for each channel, on blocked maps. A depthwise convolution of 1x1 is x · scale + shift in one pass on
 * all threads; one whose kernels are another map is the sum of products over all positions.
 */

const mapSizes = (x: Value): [number, number, number, number] => sizesOf(x.type) as [number, number, number, number];

/** As many of one number as there are channels. */
export function many(e: BlockedWriter, count: number, value: number, shape: readonly number[] = [count]): Value {
  return e.raw.constant({ dtype: "float32", shape, data: indices(count).map(() => value) });
}

/** x · scale + shift with a number of each per channel; without a shift, x · scale. */
export function affine(e: BlockedWriter, x: Value, scale: Value, shift?: Value): Value {
  const channels = mapSizes(x)[1];
  const kernels = e.raw.op("reshape", [scale], { shape: [channels, 1, 1, 1] });
  const attributes = convolutionAttributes({ kernel: [1, 1], groups: channels, channels }, { bias: shift !== undefined });
  return e.mark(e.raw.op("blocked_conv", [e.map(x), kernels, ...(shift ? [shift] : [])], attributes, "affine"), "map");
}

/** Every channel of every example times a number of its own, [N, C, 1, 1]: examples stand beside channels. */
export function scaledEach(e: BlockedWriter, x: Value, scale: Value): Value {
  const [batch, channels, ...sizes] = mapSizes(x);
  const count = batch * channels;
  const beside = e.raw.op("reshape", [e.map(x)], { shape: [1, count, ...sizes] });
  const kernels = e.raw.op("reshape", [scale], { shape: [count, 1, 1, 1] });
  const scaled = e.raw.op("blocked_conv", [beside, kernels], convolutionAttributes({ kernel: [1, 1], groups: count, channels: count }));
  return e.mark(e.raw.op("reshape", [scaled], { shape: [batch, channels, ...sizes] }), "map");
}

/** Packed kernels, each times a number of its own of [K]. */
export function scaledKernels(e: BlockedWriter, kernels: Value, scale: Value | undefined): Value {
  if (!scale) return kernels;
  const shape = sizesOf(kernels.type);
  const blocks = at(shape, 0) / e.block;
  const apart = e.raw.op("reshape", [kernels], { shape: [blocks, elementCount(shape) / (blocks * e.block), e.block] });
  const scaled = e.raw.op("multiply", [apart, e.raw.op("reshape", [scale], { shape: [blocks, 1, e.block] })]);
  return e.mark(e.raw.op("reshape", [scaled], { shape }), "kernel");
}

/** More positions than this are not summed in one go: sums in float32 round less in parts, and parts go to several threads. */
const MOST_POSITIONS = 512;

/** Into how many strips of rows a map of so many rows and columns is divided for sums. */
function stripsOf(rows: number, columns: number): number {
  return indices(rows).map((index) => index + 1).find((strips) => rows % strips === 0 && (rows / strips) * columns <= MOST_POSITIONS) ?? rows;
}

/** Numbers of strips, [N, C / block, strips, block] as they stand, reduced over the strips and, where asked for, the examples: [N, C] or [C]. */
function overStrips(e: BlockedWriter, each: Value, [batch, channels, strips]: readonly [number, number, number], op: "reduce_sum" | "reduce_mean", over: "examples" | "each"): Value {
  if (strips === 1 && over === "examples") {
    // Maps of one position stand as plain ones do.
    const shape = [batch, channels, 1, 1];
    return e.raw.op(op, [sameShape(each.type.shape, shape) ? each : e.raw.op("reshape", [each], { shape })], { axes: [0, 2, 3], keep: false });
  }
  const apart = e.raw.op("reshape", [each], { shape: [batch, channels / e.block, strips, e.block] });
  const axes = [...(over === "examples" ? [0] : []), ...(strips > 1 ? [2] : [])];
  const reduced = axes.length === 0 ? apart : e.raw.op(op, [apart], { axes, keep: false });
  return e.raw.op("reshape", [reduced], { shape: over === "examples" ? [channels] : [batch, channels] });
}

function means(e: BlockedWriter, x: Value, over: "examples" | "each"): Value {
  const [batch, channels, rows, columns] = mapSizes(x);
  const strips = stripsOf(rows, columns);
  const view = strips === 1 ? e.map(x) : e.raw.op("reshape", [e.map(x)], { shape: [batch, channels * strips, rows / strips, columns] });
  return overStrips(e, e.raw.op("blocked_mean", [view]), [batch, channels, strips], "reduce_mean", over);
}

/** The mean of every channel of every example: [N, C], plain. */
export const positionMeans = (e: BlockedWriter, x: Value): Value => means(e, x, "each");

/** Σ x · y over positions and examples of every channel: [C]. x is the map, y the kernels, each strip of each channel a group. */
function sumOfProducts(e: BlockedWriter, x: Value, y: Value): Value {
  const [batch, channels, rows, columns] = mapSizes(x);
  const strips = stripsOf(rows, columns);
  const groups = batch * channels * strips;
  const kernel = [rows / strips, columns];
  const view = e.raw.op("reshape", [e.map(x)], { shape: [1, groups, ...kernel] });
  const kernels = e.raw.op("reshape", [e.map(y)], { shape: [groups, 1, ...kernel] });
  const each = e.raw.op("blocked_conv", [view, kernels], convolutionAttributes({ kernel, groups, channels: groups }), "products");
  return overStrips(e, each, [batch, channels, strips], "reduce_sum", "examples");
}

/** Σ x over positions and examples of every channel: [C]. */
export const channelSum = (e: BlockedWriter, x: Value): Value => e.raw.op("multiply", [means(e, x, "examples"), e.raw.scalar(countPerChannel(x))]);

/** A batch norm's arithmetic on blocked maps. */
export function blockedArithmetic(e: BlockedWriter): ChannelArithmetic {
  return {
    mean: (_, x) => means(e, x, "examples"),
    meanOfProduct: (_, x, y) => e.raw.op("multiply", [sumOfProducts(e, x, y), e.raw.scalar(1 / countPerChannel(x))]),
    deviation: (_, x, mean) => affine(e, x, many(e, at(sizesOf(x.type), 1), -1), mean),
    affine: (_, x, scale, shift) => affine(e, x, scale, shift),
  };
}
