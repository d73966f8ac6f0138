import { defineOp } from "./define-op.ts";
import type { OpRecord } from "./define-op.ts";
import { result } from "./families/attributes.ts";
import { binaryChain, equalShapes } from "./families/joins.ts";

/** What a sum is under any name. */
export const summation: Pick<OpRecord, "gradient" | "lower"> = {
  gradient: { backward: (_e, c) => c.inputs.map((_, index) => (c.needs[index] ? c.gradient : undefined)) },
  lower: {
    onnx: (b, node) => binaryChain(b, node, "Add"),
    tfjs(b, node) {
      const [first, ...others] = node.inputs;
      if (first && others.length === 0) b.alias(result(node), first);
      else b.layer("Add", {}, node.inputs.map((value) => b.of(value)), { to: result(node) });
    },
  },
};

export const sum = defineOp({
  name: "sum",
  level: "language",
  form: "join",
  kind: "sum",
  summary: "Adds its branches.",
  doc: "`y = a + b + …`; every branch receives the same input and all results have the same shape.",
  sample: "input image: float32[N, 3, 32, 32]\nsum { conv(3x3, 8) | conv(1x1, 8) }",
  attributes: [],
  shape(c) {
    const type = equalShapes(c, "sum");
    return type && [type];
  },
  ...summation,
});
