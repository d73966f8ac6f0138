import { InternalError, invariant } from "../../base/assert.ts";
import { addDims, compareDims, floorDivide, formatDim, scaleDim } from "../../ir/dim.ts";
import type { Dim, Facts } from "../../ir/dim.ts";
import type { Attributes, AttributeValue } from "../../ir/graph.ts";
import { axisName, formatShape, knownShape } from "../../ir/tensor-type.ts";
import type { TensorType } from "../../ir/tensor-type.ts";
import type { ResolveContext, TypeContext, Window } from "../define-op.ts";
import { at, listOf } from "./attributes.ts";

/** The only data input of a layer. */
export function inputOf(c: TypeContext): TensorType {
  return at(c.inputs, 0);
}

/** The input of a layer that reads windows: [N, channels, one spatial axis or more]. Anything else is RN0402. */
export function mapOf(c: TypeContext, op: string): TensorType | undefined {
  const input = inputOf(c);
  if (input.shape.length >= 3) return input;
  return c.fail({
    code: "RN0402",
    message: `\`${op}\` needs a map such as [N, channels, height, width], got ${formatShape(input.shape)}`,
    input: 0,
    notes: ["After `flatten`, `globalavgpool` or `linear` there are no spatial axes left."],
    help: [`put \`${op}\` before the layer that removes the spatial axes`],
  });
}

/** The number of channels (features) of a type whose axis 1 must be known. Unknown ones are RN0405. */
export function channelsOf(c: TypeContext, op: string, input = 0): number | undefined {
  const { shape } = at(c.inputs, input);
  const channels = shape[1];
  if (typeof channels === "number") return channels;
  if (channels === undefined) {
    return c.fail({
      code: "RN0402",
      message: `\`${op}\` needs at least [N, features], got ${formatShape(shape)}`,
      input,
    });
  }
  return c.fail({
    code: "RN0405",
    message: `\`${op}\` needs a known number of ${axisName(1, shape.length)}, got ${formatDim(channels)}`,
    input,
    notes: [`Its input is ${formatShape(shape)}; the weights' sizes depend on it.`],
    help: ["use `globalavgpool` instead of `flatten`, or give the input fixed sizes"],
  });
}

/** One number per spatial axis from what a call gave; a single number holds for every axis. */
export function perAxis(c: TypeContext, op: string, name: string, value: AttributeValue | undefined): readonly number[] | undefined {
  const { shape } = inputOf(c);
  const rank = shape.length - 2;
  if (typeof value === "number") return new Array<number>(rank).fill(value);
  if (typeof value !== "object") throw new InternalError(`${op} was not given ${name}`);
  if (value.length === rank) return value;
  const count = `${value.length} number${value.length === 1 ? "" : "s"}`;
  return c.fail({
    code: "RN0403",
    message: `\`${op}\` has a ${name} of ${count} on ${rank} spatial ${rank === 1 ? "axis" : "axes"}`,
    attribute: name,
    notes: [`Its input is ${formatShape(shape)}; a list has one number for each axis after the channels.`],
    help: ["a single number such as `3` fits any number of axes"],
  });
}

/** kernel, stride, dilation and pads of a layer that reads windows, from what its call gave. */
export interface ResolvedWindow {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly pads: readonly number[];
}

/** Completes a window: the stride may default to the kernel, the pad to `dilation * (kernel - 1) / 2` rounded down. */
export function resolveWindow(c: ResolveContext, op: string): ResolvedWindow | undefined {
  const { given } = c;
  const kernel = perAxis(c, op, "kernel", given.kernel);
  if (!kernel) return undefined;
  const stride = given.stride === undefined ? kernel : perAxis(c, op, "stride", given.stride);
  const dilation = perAxis(c, op, "dilation", given.dilation ?? 1);
  if (!stride || !dilation) return undefined;
  const pad = given.pad === undefined ? halves(kernel, dilation) : perAxis(c, op, "pad", given.pad);
  return pad && { kernel, stride, dilation, pads: pad.concat(pad) };
}

const halves = (kernel: readonly number[], dilation: readonly number[]): readonly number[] => kernel.map((size, axis) => Math.floor((at(dilation, axis) * (size - 1)) / 2));

/** The window in resolved attributes. */
export function windowOf(attributes: Attributes): Window {
  return {
    kernel: listOf(attributes, "kernel"),
    stride: listOf(attributes, "stride"),
    dilation: listOf(attributes, "dilation"),
    pads: listOf(attributes, "pads"),
  };
}

/** What a kernel covers of its input with its dilation: d(k - 1) + 1. */
export const extent = (kernel: number, dilation: number): number => dilation * (kernel - 1) + 1;

/** Reports a kernel that is larger than the padded input on some axis (RN0403); true when it fits or may fit. */
export function fits(c: TypeContext, op: string, window: Window): boolean {
  const { shape } = inputOf(c);
  let axis = 0;
  while (axis < window.kernel.length && fitsOn(axis, at(shape, axis + 2), window, c.facts)) axis++;
  if (axis === window.kernel.length) return true;
  const size = at(shape, axis + 2);
  const covered = extent(at(window.kernel, axis), at(window.dilation, axis));
  c.fail({
    code: "RN0403",
    message: `the kernel of \`${op}\` covers ${covered} positions, but the ${axisName(axis + 2, shape.length)} is only ${formatDim(size)}${padsOn(window, axis) === 0 ? "" : ` (${formatDim(addDims(size, padsOn(window, axis)))} with its padding)`}`,
    attribute: "kernel",
    help: ["use a smaller kernel, a larger input, or fewer strides before this layer"],
  });
  return false;
}

function fitsOn(axis: number, size: Dim, window: Window, facts: Facts): boolean {
  return compareDims(addDims(size, padsOn(window, axis)), extent(at(window.kernel, axis), at(window.dilation, axis)), facts) !== -1;
}

export const padsOn = (window: Window, axis: number): number =>
  at(window.pads, axis) + at(window.pads, axis + window.kernel.length);

/** floor((size + pads - extent) / stride) + 1 on every spatial axis. */
export function slidingShape(spatial: readonly Dim[], window: Window): readonly Dim[] {
  return spatial.map((size, axis) => slidingSize(size, window, axis));
}

function slidingSize(size: Dim, window: Window, axis: number): Dim {
  const reach = padsOn(window, axis) - extent(at(window.kernel, axis), at(window.dilation, axis));
  return addDims(floorDivide(addDims(size, reach), at(window.stride, axis)), 1);
}

/** The type that a window sliding over a map makes, with other channels. */
export function slidingType(type: TensorType, channels: number, window: Window): TensorType {
  const shape = type.shape.slice();
  shape[1] = channels;
  for (let axis = 2; axis < shape.length; axis++) shape[axis] = slidingSize(at(shape, axis), window, axis - 2);
  return reshaped(type, shape);
}

/**
 * The same rounded up, where the last window must start inside the input or its left padding (PyTorch's `ceil_mode`):
 * the least of ceil((size + begin + end - extent) / stride) + 1 and ceil((size + begin) / stride).
 * Both are floors after `min(end + stride - 1, extent - 1)` padding at the end; see {@link ceilPads}.
 */
export function ceilShape(spatial: readonly Dim[], window: Window): readonly Dim[] {
  return slidingShape(spatial, { ...window, pads: ceilPads(window) });
}

/** Pads under which rounding down gives what rounding up gives with the window's own pads, for every size. */
export function ceilPads(window: Window): readonly number[] {
  const rank = window.kernel.length;
  return window.pads.map((pad, index) => {
    if (index < rank) return pad;
    const axis = index - rank;
    const covered = extent(at(window.kernel, axis), at(window.dilation, axis));
    return Math.min(pad + at(window.stride, axis) - 1, Math.max(covered - 1, pad));
  });
}

/** size * factor on every spatial axis. */
export function enlargedShape(spatial: readonly Dim[], factor: readonly number[]): readonly Dim[] {
  return spatial.map((size, axis) => scaleDim(size, at(factor, axis)));
}

export const spatialOf = (type: TensorType): readonly Dim[] => type.shape.slice(2);

/** The same element type with other dimensions. */
export const reshaped = (type: TensorType, shape: readonly Dim[]): TensorType => ({ dtype: type.dtype, shape });

/** The sizes of a type that a pass has made sure are all known. */
export function sizesOf(type: TensorType): readonly number[] {
  const sizes = knownShape(type.shape);
  invariant(sizes, `all sizes of ${formatShape(type.shape)} are known`);
  return sizes;
}

/** True when every window is one position that is read in place: nothing changes. */
export function readsInPlace(window: Window): boolean {
  const one = (list: readonly number[]): boolean => list.every((number) => number === 1);
  return one(window.kernel) && one(window.stride) && window.pads.every((pad) => pad === 0);
}

const rows = {
  kernel: "Size of the window: `3x3`, or one number for every spatial axis.",
  stride: "Step between windows, at least 1.",
  dilation: "Step between the positions inside a window, at least 1.",
  pad: "Positions added at both ends of every spatial axis, at least 0.",
};

/** The attribute rows that windowed operators share. */
export const windowAttributes = {
  kernel: { name: "kernel", type: "int[]", positional: true, minimum: 1, doc: rows.kernel },
  strideOne: { name: "stride", type: "int[]", default: 1, minimum: 1, doc: rows.stride },
  strideKernel: { name: "stride", type: "int[]", defaultText: "the kernel", minimum: 1, doc: rows.stride },
  dilation: { name: "dilation", type: "int[]", default: 1, minimum: 1, doc: rows.dilation },
  pad: { name: "pad", type: "int[]", defaultText: "dilation * (kernel - 1) / 2, rounded down", minimum: 0, doc: rows.pad },
} as const;
