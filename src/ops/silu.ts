import { defineActivation, oneLayer, sampleOf } from "./families/activation.ts";
import { operand, result } from "./families/attributes.ts";

export const silu = defineActivation({
  name: "silu",
  summary: "Sigmoid linear unit, also called swish.",
  doc: "`y = x · sigmoid(x)` (Hendrycks and Gimpel 2016, arXiv 1606.08415; Ramachandran et al. 2017, arXiv 1710.05941).",
  sample: sampleOf("silu"),
  /** dy/dx = s + y · (1 - s) with s = sigmoid(x). */
  backward(e, c, x, y) {
    const s = e.op("sigmoid", [x]);
    const slope = e.op("add", [s, e.op("multiply", [y, e.op("subtract", [e.scalar(1), s])])]);
    return e.op("multiply", [c.gradient, slope]);
  },
  onnx(b, node) {
    const x = b.of(operand(node));
    const gate = b.node("Sigmoid", [x], {}, { hint: "gate", shape: operand(node).type.shape });
    b.node("Mul", [x, gate], {}, { to: result(node) });
  },
  tfjs: oneLayer("Activation", () => ({ activation: "swish" })),
});
