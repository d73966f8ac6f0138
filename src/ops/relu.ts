import { defineActivation, oneLayer, sampleOf } from "./families/activation.ts";
import { oneNode } from "./families/lowering.ts";

export const relu = defineActivation({
  name: "relu",
  summary: "Rectified linear unit.",
  doc: "`y = max(x, 0)`. Its derivative at 0 is taken as 0, as in PyTorch.",
  sample: sampleOf("relu"),
  backward: (e, c, _x, y) => e.op("multiply", [c.gradient, e.op("step", [y])]),
  onnx: oneNode("Relu"),
  tfjs: oneLayer("ReLU", () => ({})),
});
