import { defineOp } from "./define-op.ts";
import { numberOf, operand, result } from "./families/attributes.ts";
import { inputOf } from "./families/axes.ts";
import { scalarOf } from "./families/lowering.ts";

export const scale = defineOp({
  name: "scale",
  level: "language",
  form: "layer",
  kind: "scale",
  summary: "Multiplies by a constant.",
  doc: "`y = factor · x`: the scaled residual of Inception-ResNet (Szegedy et al. 2016, arXiv 1602.07261). For a learned factor see `gain`.",
  sample: "input image: float32[N, 8, 32, 32]\nresidual { conv(3x3, 8) -> scale(0.1) } -> relu",
  attributes: [{ name: "factor", type: "float", positional: true, doc: "The constant." }],
  shape: (c) => [inputOf(c)],
  vanishes: (attributes) => attributes.factor === 1,
  gradient: {
    backward: (e, c) => [c.needs[0] ? e.op("multiply", [c.gradient, e.scalar(numberOf(c.node.attributes, "factor"))]) : undefined],
  },
  lower: {
    onnx(b, node) {
      b.node("Mul", [b.of(operand(node)), scalarOf(b, numberOf(node.attributes, "factor"))], {}, { to: result(node) });
    },
    tfjs(b, node) {
      b.layer("Rescaling", { scale: numberOf(node.attributes, "factor"), offset: 0 }, [b.of(operand(node))], { to: result(node) });
    },
  },
});
