import { defineOp } from "./define-op.ts";
import { at, listOf, operand, result } from "./families/attributes.ts";
import { inputOf, mapOf, perAxis, reshaped, sizesOf, slidingShape, spatialOf } from "./families/axes.ts";
import { samplingMap, separableAdjoint } from "./families/separable.ts";
import type { Attributes } from "../ir/graph.ts";
import type { Window } from "./define-op.ts";
import { everyNth, needImage } from "./families/layers.ts";
import { windowAttributes } from "./families/lowering.ts";

function windowOf(attributes: Attributes): Window {
  const stride = listOf(attributes, "stride");
  const ones = stride.map(() => 1);
  return { kernel: ones, stride, dilation: ones, pads: [...ones, ...ones].map(() => 0) };
}

export const subsample = defineOp({
  name: "subsample",
  level: "language",
  form: "layer",
  kind: "subsample",
  summary: "Keeps every stride-th position of the map.",
  doc: `\`y[n, c, p] = x[n, c, p · stride]\`: \`[N, C, spatial…]\` becomes \`[N, C, ceil(size / stride), …]\`. The identity shortcut of He et
al. 2015, section 3.3, option A, "performed with a stride of 2".`,
  sample: "input image: float32[N, 3, 32, 32]\nconv(3x3, 16) -> subsample(2) -> padchannels(32)",
  attributes: [{ name: "stride", type: "int[]", positional: true, minimum: 1, doc: "Step between the positions kept, at least 1." }],
  resolve(c) {
    const { stride } = c.given;
    // Stride 1 changes nothing, so it fits an input without spatial axes too.
    if (stride === 1 && inputOf(c).shape.length === 2) return { stride: [] };
    const steps = mapOf(c, "subsample") && perAxis(c, "subsample", "stride", stride);
    return steps && { stride: steps };
  },
  shape(c) {
    const type = inputOf(c);
    return [reshaped(type, [...type.shape.slice(0, 2), ...slidingShape(spatialOf(type), windowOf(c.attributes))])];
  },
  window: windowOf,
  vanishes: (attributes) => listOf(attributes, "stride").every((step) => step === 1),
  gradient: {
    backward(e, c) {
      if (!c.needs[0]) return [undefined];
      const stride = listOf(c.node.attributes, "stride");
      const after = sizesOf(c.gradient.type).slice(2);
      const sizes = sizesOf(at(c.inputs, 0).type).slice(2);
      return [separableAdjoint(e, c.gradient, sizes.map((size, axis) => samplingMap(size, at(after, axis), at(stride, axis))))];
    },
  },
  lower: {
    /** A max pool over windows of one: exact, and unlike Slice it runs on all threads and in blocked layouts. */
    onnx(b, node) {
      b.node("MaxPool", [b.of(operand(node))], windowAttributes(windowOf(node.attributes)), { to: result(node) });
    },
    tfjs(b, node) {
      needImage(b, node, "subsample");
      everyNth(b, b.of(operand(node)), listOf(node.attributes, "stride"), { to: result(node) });
    },
  },
  limits: { tfjs: "two spatial axes only" },
});
