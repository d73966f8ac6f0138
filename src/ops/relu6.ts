import { operand, result } from "./families/attributes.ts";
import { defineActivation, oneLayer, sampleOf } from "./families/activation.ts";
import { scalarOf } from "./families/lowering.ts";

export const relu6 = defineActivation({
  name: "relu6",
  summary: "Rectified linear unit that stops at 6.",
  doc: "`y = min(max(x, 0), 6)`. Its derivative at 0 and 6 is taken as 0, as in PyTorch.",
  sample: sampleOf("relu6"),
  backward(e, c, _x, y) {
    const below = e.op("step", [e.op("subtract", [e.scalar(6), y])]);
    return e.op("multiply", [c.gradient, e.op("multiply", [e.op("step", [y]), below])]);
  },
  onnx(b, node) {
    b.node("Clip", [b.of(operand(node)), scalarOf(b, 0), scalarOf(b, 6)], {}, { to: result(node) });
  },
  tfjs: oneLayer("ReLU", () => ({ max_value: 6 })),
});
