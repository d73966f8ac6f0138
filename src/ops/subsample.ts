import { defineOp } from "./define-op.ts";
import { at, indices, listOf, operand, product, result } from "./families/attributes.ts";
import { inputOf, mapOf, perAxis, reshaped, sizesOf, slidingShape, spatialOf } from "./families/axes.ts";
import type { Attributes, Value } from "../ir/graph.ts";
import type { Emitter } from "./contract/emitter.ts";
import type { Window } from "./define-op.ts";
import { everyNth, needImage } from "./families/layers.ts";
import { windowAttributes } from "./families/lowering.ts";

function windowOf(attributes: Attributes): Window {
  const stride = listOf(attributes, "stride");
  const ones = stride.map(() => 1);
  return { kernel: ones, stride, dilation: ones, pads: [...ones, ...ones].map(() => 0) };
}

/**
 * The adjoint: position p goes to p · stride, zeros between. On the last axis a product by a matrix of zeros and ones, since a
 * Pad of single numbers is slow; on the others zeros after every row.
 */
function spread(e: Emitter, dy: Value, stride: readonly number[], before: readonly number[]): Value {
  const [batch, channels, ...after] = sizesOf(dy.type) as [number, number, ...number[]];
  const last = after.length - 1;
  const width = at(before, last + 2);
  const sampled = indices(at(after, last)).map((row) => indices(width).map((column) => (column === row * at(stride, last) ? 1 : 0)));
  let value = at(stride, last) === 1 ? dy : e.op("matmul", [dy, e.constant({ dtype: "float32", shape: [sampled.length, width], data: sampled.flat() })]);
  const full = [...after.map((size, axis) => size * at(stride, axis)).slice(0, last), width];
  for (let axis = last - 1; axis >= 0; axis--) {
    const zeros = at(stride, axis) - 1;
    if (zeros === 0) continue;
    const row = product(full.slice(axis + 1));
    const rows = e.op("reshape", [value], { shape: [batch * channels * product(after.slice(0, axis + 1)), row] });
    value = e.op("pad", [rows], { pads: [0, 0, 0, zeros * row], value: 0 });
  }
  const whole = e.op("reshape", [value], { shape: [batch, channels, ...full] });
  const cut = indices(full.length).map((axis) => axis + 2).filter((axis) => at(full, axis - 2) > at(before, axis));
  if (cut.length === 0) return whole;
  return e.op("slice", [whole], { axes: cut, starts: cut.map(() => 0), ends: cut.map((axis) => at(before, axis)), steps: cut.map(() => 1) });
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
      return [spread(e, c.gradient, listOf(c.node.attributes, "stride"), sizesOf(at(c.inputs, 0).type))];
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
