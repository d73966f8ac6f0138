import { defineActivation, oneLayer, sampleOf } from "./families/activation.ts";
import { operand, result } from "./families/attributes.ts";
import { scalarOf } from "./families/lowering.ts";

export const gelu = defineActivation({
  name: "gelu",
  summary: "Gaussian error linear unit, the exact form.",
  doc: `\`y = x · Φ(x) = x / 2 · (1 + erf(x / √2))\` (Hendrycks and Gimpel 2016, arXiv 1606.08415), not the approximation by tanh.`,
  sample: sampleOf("gelu"),
  /** dy/dx = Φ(x) + x · φ(x), φ the normal density. */
  backward(e, c, x) {
    const distribution = e.op("multiply", [e.op("add", [e.op("erf", [e.op("multiply", [x, e.scalar(Math.SQRT1_2)])]), e.scalar(1)]), e.scalar(0.5)]);
    const exponent = e.op("multiply", [e.op("multiply", [x, x]), e.scalar(-0.5)]);
    const density = e.op("multiply", [e.op("exp", [exponent]), e.scalar(1 / Math.sqrt(2 * Math.PI))]);
    return e.op("multiply", [c.gradient, e.op("add", [distribution, e.op("multiply", [x, density])])]);
  },
  onnx(b, node) {
    const x = b.of(operand(node));
    const { shape } = operand(node).type;
    const scaled = b.node("Div", [x, scalarOf(b, Math.SQRT2)], {}, { hint: "scaled", shape });
    const erf = b.node("Erf", [scaled], {}, { hint: "erf", shape });
    const raised = b.node("Add", [erf, scalarOf(b, 1)], {}, { hint: "raised", shape });
    const product = b.node("Mul", [x, raised], {}, { hint: "product", shape });
    b.node("Mul", [product, scalarOf(b, 0.5)], {}, { to: result(node) });
  },
  tfjs: oneLayer("Activation", () => ({ activation: "gelu" })),
});
