import { defineOp } from "./define-op.ts";
import { at, indices, listOf, operand, result, wordOf } from "./families/attributes.ts";
import { enlargedShape, inputOf, mapOf, perAxis, reshaped, sizesOf, spatialOf } from "./families/axes.ts";
import { needImage } from "./families/lowering.ts";
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
      if (wordOf(node.attributes, "mode") !== "nearest") {
        b.refuse("TensorFlow.js's UpSampling2D interpolates from the corners of pixels, `bilinear` here from their centres");
      }
      const config = { size: listOf(node.attributes, "factor"), interpolation: "nearest", data_format: "channels_last" };
      b.layer("UpSampling2D", config, [b.of(operand(node))], { to: result(node) });
    },
  },
});
