import { defineOp } from "./define-op.ts";
import { indices, numberOf, operand, result } from "./families/attributes.ts";
import { inputOf } from "./families/axes.ts";
import { learned, learnedNumber } from "./families/layers.ts";
import { oneNode } from "./families/lowering.ts";

export const shift = defineOp({
  name: "shift",
  level: "language",
  form: "layer",
  kind: "shift",
  summary: "Adds one learned number.",
  doc: "`y = x + bias` with one learned number for the whole tensor: the scalar bias of Fixup (Zhang et al. 2019, arXiv 1901.09321), the companion of `gain`.",
  sample: "input image: float32[N, 8, 32, 32]\nresidual { shift -> conv(3x3, 8) -> shift -> relu -> shift -> conv(3x3, 8) -> gain -> shift } -> relu",
  attributes: [{ name: "init", type: "float", default: 0, doc: "Where the number begins." }],
  parameters: (c) => [{ name: "bias", role: "shift", shape: [1], initializer: { kind: "constant", value: numberOf(c.attributes, "init") } }],
  shape: (c) => [inputOf(c)],
  gradient: {
    backward(e, c) {
      const axes = indices(c.gradient.type.shape.length);
      const total = (): ReturnType<typeof e.op> => e.op("reshape", [e.op("reduce_sum", [c.gradient], { axes, keep: true })], { shape: [1] });
      return [c.needs[0] ? c.gradient : undefined, c.needs[1] ? total() : undefined];
    },
  },
  lower: {
    onnx: oneNode("Add"),
    tfjs(b, node) {
      const { weight } = learned(b, node);
      b.layer("Add", {}, [b.of(operand(node)), learnedNumber(b, node, weight)], { to: result(node) });
    },
  },
});
