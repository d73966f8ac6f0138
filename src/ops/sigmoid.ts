import { defineActivation, oneLayer, sampleOf } from "./families/activation.ts";
import { oneNode } from "./families/lowering.ts";

export const sigmoid = defineActivation({
  name: "sigmoid",
  summary: "Logistic function.",
  doc: "`y = 1 / (1 + exp(-x))`.",
  sample: sampleOf("sigmoid"),
  backward: (e, c, _x, y) => e.op("multiply", [c.gradient, e.op("multiply", [y, e.op("subtract", [e.scalar(1), y])])]),
  onnx: oneNode("Sigmoid"),
  tfjs: oneLayer("Activation", () => ({ activation: "sigmoid" })),
});
