import type { Attributes } from "../ir/graph.ts";
import { compareDims, formatDim } from "../ir/dim.ts";
import { axisName } from "../ir/tensor-type.ts";
import type { TfjsTensor } from "./contract/tfjs-builder.ts";
import { defineOp } from "./define-op.ts";
import { at, indices, listOf, operand, result } from "./families/attributes.ts";
import { channelsOf, mapOf, perAxis, reshaped, inputOf, sizesOf, slidingShape, spatialOf, windowOf } from "./families/axes.ts";
import { bordered, everyNth, needImage, needSizes } from "./families/layers.ts";
import { windowAttributes } from "./families/lowering.ts";
import { separableAdjoint } from "./families/separable.ts";

/** The binomial coefficients of one row of Pascal's triangle over their sum: 1 2 1 over 4 for a size of 3. */
export function binomialTaps(size: number): readonly number[] {
  let row = [1];
  for (let count = 1; count < size; count++) row = [1, ...row.slice(1).map((value, index) => value + at(row, index)), 1];
  const total = row.reduce((a, b) => a + b, 0);
  return row.map((value) => value / total);
}

/** Where a position outside the map is read: mirrored at the edge, which is not repeated. */
function mirrored(position: number, size: number): number {
  if (position < 0) return -position;
  return position < size ? position : 2 * (size - 1) - position;
}

/** Taps of all axes multiplied out, row-major. */
const outer = (axes: readonly (readonly number[])[]): number[] =>
  axes.reduce<number[]>((sofar, taps) => sofar.flatMap((value) => taps.map((tap) => value * tap)), [1]);

export const blurpool = defineOp({
  name: "blurpool",
  level: "language",
  form: "layer",
  kind: "blurpool",
  summary: "Blurs with binomial weights, then takes every stride-th position: downsampling without aliasing.",
  doc: `Every channel is filtered by the outer product of binomial weights, \`[1, 2, 1] / 4\` for a size of 3, which are constants (Zhang
2019, arXiv 1904.11486); edges are mirrored. \`[N, C, spatial…]\` becomes \`[N, C, ceil(size / stride), …]\`.`,
  sample: "input image: float32[N, 3, 32, 32]\nconv(3x3, 16) -> bn -> relu -> blurpool(stride=2)",
  attributes: [
    { name: "stride", type: "int[]", default: 2, minimum: 1, doc: "Step between the positions kept." },
    { name: "size", type: "int", default: 3, minimum: 1, maximum: 7, doc: "Number of binomial weights on every axis, 1 to 7." },
  ],
  resolve(c): Attributes | undefined {
    const input = mapOf(c, "blurpool");
    const stride = input && perAxis(c, "blurpool", "stride", c.given.stride);
    if (!input || !stride || channelsOf(c, "blurpool") === undefined) return undefined;
    const size = c.given.size as number;
    const [begin, end] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
    const small = input.shape.findIndex((dim, axis) => axis >= 2 && compareDims(dim, end + 1, c.facts) === -1);
    if (small >= 0) {
      return c.fail({
        code: "RN0403",
        message: `\`blurpool\` of size ${size} mirrors ${end} positions, but the ${axisName(small, input.shape.length)} is only ${formatDim(at(input.shape, small))}`,
        attribute: "size",
        help: ["use a smaller `size`"],
      });
    }
    return {
      kernel: stride.map(() => size),
      stride,
      dilation: stride.map(() => 1),
      pads: [...stride.map(() => begin), ...stride.map(() => end)],
      taps: binomialTaps(size),
    };
  },
  shape(c) {
    const type = inputOf(c);
    return [reshaped(type, [...type.shape.slice(0, 2), ...slidingShape(spatialOf(type), windowOf(c.attributes))])];
  },
  window: windowOf,
  vanishes: (attributes) => [...listOf(attributes, "kernel"), ...listOf(attributes, "stride")].every((number) => number === 1),
  gradient: {
    backward(e, c) {
      if (!c.needs[0]) return [undefined];
      const { stride, pads } = windowOf(c.node.attributes);
      const taps = listOf(c.node.attributes, "taps");
      const after = sizesOf(c.gradient.type).slice(2);
      const maps = sizesOf(at(c.inputs, 0).type)
        .slice(2)
        .map((before, axis) =>
          indices(at(after, axis)).map((row) => {
            const weights = indices(before).map(() => 0);
            taps.forEach((tap, index) => {
              const read = mirrored(row * at(stride, axis) - at(pads, axis) + index, before);
              weights[read] = at(weights, read) + tap;
            });
            return weights;
          }),
        );
      return [separableAdjoint(e, c.gradient, maps)];
    },
  },
  lower: {
    onnx(b, node) {
      const window = windowOf(node.attributes);
      const rank = window.kernel.length;
      const taps = listOf(node.attributes, "taps");
      const channels = at(operand(node).type.shape, 1) as number;
      const amounts = b.constant("int64", [2 * rank + 4], [0, 0, ...window.pads.slice(0, rank), 0, 0, ...window.pads.slice(rank)]);
      const padded = window.pads.every((pad) => pad === 0)
        ? b.of(operand(node))
        : b.node("Pad", [b.of(operand(node)), amounts], { mode: { string: "reflect" } }, { hint: "mirrored" });
      const filter = outer(window.kernel.map(() => taps));
      const data = indices(channels).flatMap(() => filter);
      const kernels = b.constant("float32", [channels, 1, ...window.kernel], data, "binomial");
      b.node("Conv", [padded, kernels], { ...windowAttributes(window, window.pads.map(() => 0)), group: { int: channels } }, { to: result(node) });
    },
    /** Binomial weights are averages over two, one after the other, of which the last takes the stride. */
    tfjs(b, node) {
      needImage(b, node, "blurpool");
      const sizes = needSizes(b, node, "`blurpool` in TensorFlow.js");
      const { stride, pads } = windowOf(node.attributes);
      const to = result(node);
      const borders = sizes.map((size, axis) => ({
        before: indices(at(pads, axis)).map((index) => mirrored(index - at(pads, axis), size)),
        after: indices(at(pads, axis + 2)).map((index) => mirrored(size + index, size)),
      }));
      const steps = at(listOf(node.attributes, "kernel"), 0) - 1;
      if (steps === 0) return void everyNth(b, b.of(operand(node)), stride, { to });
      const halve = (x: TfjsTensor, step: number): TfjsTensor => {
        const last = step === steps - 1;
        const config = { pool_size: [2, 2], strides: last ? stride : [1, 1], padding: "valid", data_format: "channels_last" };
        return b.layer("AveragePooling2D", config, [x], last ? { to } : { hint: `blur${step}` });
      };
      indices(steps).reduce(halve, bordered(b, b.of(operand(node)), sizes, borders));
    },
  },
  limits: { tfjs: "two spatial axes only, and their sizes are numbers" },
});
