import { defineOp } from "./define-op.ts";
import { at, indices, numberOf, operand, result } from "./families/attributes.ts";
import { inputOf } from "./families/axes.ts";
import { learned, learnedNumber } from "./families/layers.ts";
import { oneNode } from "./families/lowering.ts";

export const gain = defineOp({
  name: "gain",
  level: "language",
  form: "layer",
  kind: "gain",
  summary: "Multiplies by one learned number.",
  doc: `\`y = weight · x\` with one learned number for the whole tensor. With \`init=0\` a residual branch begins as nothing: ReZero
(Bachlechner et al. 2020, arXiv 2003.04887), SkipInit (De and Smith 2020, arXiv 2002.10444).`,
  sample: "input image: float32[N, 8, 32, 32]\nresidual { conv(3x3, 8) -> bn -> gain(init=0) } -> relu",
  attributes: [{ name: "init", type: "float", default: 1, doc: "Where the number begins." }],
  parameters: (c) => [{ name: "weight", role: "scale", shape: [1], initializer: { kind: "constant", value: numberOf(c.attributes, "init") } }],
  shape: (c) => [inputOf(c)],
  gradient: {
    backward(e, c) {
      const axes = indices(c.gradient.type.shape.length);
      const total = (): ReturnType<typeof e.op> =>
        e.op("reshape", [e.op("reduce_sum", [e.op("multiply", [c.gradient, at(c.inputs, 0)])], { axes, keep: true })], { shape: [1] });
      return [c.needs[0] ? e.op("multiply", [c.gradient, at(c.inputs, 1)]) : undefined, c.needs[1] ? total() : undefined];
    },
  },
  lower: {
    onnx: oneNode("Mul"),
    tfjs(b, node) {
      const { weight } = learned(b, node);
      b.layer("Multiply", {}, [b.of(operand(node)), learnedNumber(b, node, weight)], { to: result(node) });
    },
  },
});
