import { defineOp } from "./define-op.ts";
import { result } from "./families/attributes.ts";
import { binaryChain, equalShapes } from "./families/joins.ts";
import { scalarOf } from "./families/lowering.ts";

export const mean = defineOp({
  name: "mean",
  level: "language",
  form: "join",
  kind: "mean",
  summary: "Averages its branches.",
  doc: "`y = (a + b + …) / n`; every branch receives the same input and all results have the same shape.",
  sample: "input image: float32[N, 3, 32, 32]\nmean { conv(3x3, 8) | conv(1x1, 8) | conv(5x5, 8) }",
  attributes: [],
  shape(c) {
    const type = equalShapes(c, "mean");
    return type && [type];
  },
  gradient: {
    backward(e, c) {
      const share = c.inputs.length === 1 ? c.gradient : e.op("multiply", [c.gradient, e.scalar(1 / c.inputs.length)]);
      return c.inputs.map((_, index) => (c.needs[index] ? share : undefined));
    },
  },
  lower: {
    onnx(b, node) {
      const count = node.inputs.length;
      if (count === 1) return binaryChain(b, node, "Add");
      binaryChain(b, node, "Add", (total) => {
        b.node("Mul", [total, scalarOf(b, 1 / count)], {}, { to: result(node) });
      });
    },
    tfjs(b, node) {
      const [first, ...others] = node.inputs;
      if (first && others.length === 0) b.alias(result(node), first);
      else b.layer("Average", {}, node.inputs.map((value) => b.of(value)), { to: result(node) });
    },
  },
});
