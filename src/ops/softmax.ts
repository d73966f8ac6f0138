import { defineActivation, oneLayer } from "./families/activation.ts";
import { oneNode } from "./families/lowering.ts";

export const softmax = defineActivation({
  name: "softmax",
  summary: "Softmax over axis 1: the features, or the channels at every position.",
  doc: "`y[c] = exp(x[c]) / Σ exp(x)`, computed from differences to the greatest x.",
  sample: "input image: float32[N, 3, 32, 32]\nglobalavgpool -> linear(10) -> softmax",
  /** dx = y · (dy - Σ dy · y). */
  backward(e, c, _x, y) {
    const along = e.op("reduce_sum", [e.op("multiply", [c.gradient, y])], { axes: [1], keep: true });
    return e.op("multiply", [y, e.op("subtract", [c.gradient, along])]);
  },
  onnx: oneNode("Softmax", () => ({ axis: { int: 1 } })),
  tfjs: oneLayer("Softmax", () => ({ axis: -1 })),
});
