import type { Node } from "../ir/graph.ts";
import type { TfjsBuilder, TfjsTensor } from "./contract/tfjs-builder.ts";
import { defineOp } from "./define-op.ts";
import { at, indices, listOf, operand, result, wordOf } from "./families/attributes.ts";
import { enlargedShape, inputOf, mapOf, perAxis, reshaped, sizesOf, spatialOf } from "./families/axes.ts";
import { bordered, needImage, needSizes, repeatedEdge } from "./families/layers.ts";
import { separableAdjoint } from "./families/separable.ts";

/** What position `row` of an enlarged axis reads, with which weights. */
function interpolationMap(before: number, factor: number, mode: string): number[][] {
  return indices(before * factor).map((row) => {
    const weights = indices(before).map(() => 0);
    if (mode === "nearest") {
      weights[Math.floor(row / factor)] = 1;
      return weights;
    }
    const position = Math.max(0, (row + 0.5) / factor - 0.5);
    const low = Math.min(Math.floor(position), before - 1);
    const high = Math.min(low + 1, before - 1);
    weights[low] = at(weights, low) + 1 - (position - low);
    weights[high] = at(weights, high) + (position - low);
    return weights;
  });
}

/**
 * Linear between centres, by what TensorFlow.js has: its own bilinear UpSampling2D takes positions from the corners of pixels. The
 * nearest position is a box of `factor`; averaged over a box of `factor` again it is the triangle. A box of an even length has no
 * centre: there the average over two puts it back. One repeated row and column around the image is what both reach beyond the edge.
 */
function smoothed(b: TfjsBuilder, node: Node, factor: readonly number[], repeat: (x: TfjsTensor) => TfjsTensor): void {
  const sizes = needSizes(b, node, "bilinear `upsample` in TensorFlow.js");
  const average = (x: TfjsTensor, size: readonly number[], more: Parameters<typeof b.layer>[3]) =>
    b.layer("AveragePooling2D", { pool_size: size, strides: [1, 1], padding: "valid", data_format: "channels_last" }, [x], more);
  const large = repeat(bordered(b, b.of(operand(node)), sizes, sizes.map((size) => repeatedEdge(size, 1, 1))));
  const cropping = factor.map((times) => [Math.ceil(times / 2), Math.ceil(times / 2)]);
  const cut = b.layer("Cropping2D", { cropping, data_format: "channels_last" }, [large], { hint: "cut" });
  const even = factor.map((times) => (times % 2 === 0 ? 2 : 1));
  const to = result(node);
  if (even.every((size) => size === 1)) average(cut, factor, { to });
  else average(average(cut, factor, { hint: "smooth" }), even, { to });
}

export const upsample = defineOp({
  name: "upsample",
  level: "language",
  form: "layer",
  kind: "upsample",
  summary: "Enlarges the map by a whole factor, without weights.",
  doc: `\`[N, C, spatial…]\` becomes \`[N, C, factor · size, …]\`. \`nearest\` repeats every position; \`bilinear\` (linear on every axis)
takes positions at the centres of pixels and repeats the edge: PyTorch's \`align_corners=False\`.`,
  sample: "input image: float32[N, 3, 32, 32]\nconv(3x3, 8, stride=2) -> upsample(2) -> upsample(2, mode=\"bilinear\")",
  attributes: [
    { name: "factor", type: "int[]", positional: true, minimum: 1, doc: "Enlargement, for every spatial axis or for each." },
    { name: "mode", type: "string", default: "nearest", choices: ["nearest", "bilinear"], doc: "How positions in between are made." },
  ],
  resolve(c) {
    const factor = mapOf(c, "upsample") && perAxis(c, "upsample", "factor", c.given.factor);
    return factor && { factor, mode: c.given.mode as string };
  },
  shape(c) {
    const type = inputOf(c);
    return [reshaped(type, [...type.shape.slice(0, 2), ...enlargedShape(spatialOf(type), listOf(c.attributes, "factor"))])];
  },
  window(attributes) {
    const stride = listOf(attributes, "factor");
    const ones = stride.map(() => 1);
    return { kernel: ones, stride, dilation: ones, pads: [...ones, ...ones].map(() => 0), enlarges: true };
  },
  vanishes: (attributes) => listOf(attributes, "factor").every((factor) => factor === 1),
  gradient: {
    backward(e, c) {
      if (!c.needs[0]) return [undefined];
      const factor = listOf(c.node.attributes, "factor");
      const mode = wordOf(c.node.attributes, "mode");
      const sizes = sizesOf(at(c.inputs, 0).type).slice(2);
      return [separableAdjoint(e, c.gradient, sizes.map((size, axis) => interpolationMap(size, at(factor, axis), mode)))];
    },
  },
  lower: {
    onnx(b, node) {
      const factor = listOf(node.attributes, "factor");
      const scales = b.constant("float32", [factor.length + 2], [1, 1, ...factor]);
      const nearest = wordOf(node.attributes, "mode") === "nearest";
      const attributes = nearest
        ? { mode: { string: "nearest" }, coordinate_transformation_mode: { string: "asymmetric" }, nearest_mode: { string: "floor" } }
        : { mode: { string: "linear" }, coordinate_transformation_mode: { string: "half_pixel" } };
      b.node("Resize", [b.of(operand(node)), "", scales], attributes, { to: result(node) });
    },
    tfjs(b, node) {
      needImage(b, node, "upsample");
      const factor = listOf(node.attributes, "factor");
      const to = result(node);
      const repeated = (x: TfjsTensor, more: Parameters<typeof b.layer>[3]) =>
        b.layer("UpSampling2D", { size: factor, interpolation: "nearest", data_format: "channels_last" }, [x], more);
      if (wordOf(node.attributes, "mode") === "nearest") repeated(b.of(operand(node)), { to });
      else smoothed(b, node, factor, (x) => repeated(x, { hint: "repeated" }));
    },
  },
  limits: { tfjs: "two spatial axes only; `bilinear` needs sizes that are numbers" },
});
