import { defineActivation, oneLayer } from "./families/activation.ts";
import { numberOf } from "./families/attributes.ts";
import { oneNode } from "./families/lowering.ts";

export const leakyrelu = defineActivation({
  name: "leakyrelu",
  summary: "Rectified linear unit with a small slope below zero.",
  doc: "`y = x` where x > 0, else `slope · x`. Its derivative at 0 is `slope`, as in PyTorch.",
  sample: "input image: float32[N, 3, 32, 32]\nconv(3x3, 16) -> bn -> leakyrelu(slope=0.1)",
  attributes: [{ name: "slope", type: "float", default: 0.01, doc: "The slope below zero." }],
  backward(e, c, x) {
    const slope = numberOf(c.node.attributes, "slope");
    const above = e.op("multiply", [e.op("step", [x]), e.scalar(1 - slope)]);
    return e.op("multiply", [c.gradient, e.op("add", [above, e.scalar(slope)])]);
  },
  onnx: oneNode("LeakyRelu", ({ attributes }) => ({ alpha: { float: numberOf(attributes, "slope") } })),
  tfjs: oneLayer("LeakyReLU", ({ attributes }) => ({ alpha: numberOf(attributes, "slope") })),
});
