import { addDims } from "../ir/dim.ts";
import type { Dim } from "../ir/dim.ts";
import { defineOp } from "./define-op.ts";
import { at, result } from "./families/attributes.ts";
import { reshaped, sizesOf } from "./families/axes.ts";
import { equalShapes } from "./families/joins.ts";

export const concat = defineOp({
  name: "concat",
  level: "language",
  form: "join",
  kind: "concat",
  summary: "Joins its branches along axis 1: channels or features one after another.",
  doc: "The first branch's channels come first. All other axes must be equal; `[N, C₁, H, W]` and `[N, C₂, H, W]` give `[N, C₁ + C₂, H, W]`.",
  sample: "input image: float32[N, 3, 32, 32]\nconcat { identity | conv(3x3, 8) -> bn -> relu }",
  attributes: [],
  shape(c) {
    const type = equalShapes(c, "concat", 1);
    if (!type) return undefined;
    const channels = c.inputs.reduce<Dim>((sofar, { shape }) => addDims(sofar, at(shape, 1)), 0);
    return [reshaped(type, type.shape.map((size, axis) => (axis === 1 ? channels : size)))];
  },
  gradient: {
    backward(e, c) {
      let start = 0;
      return c.inputs.map((input, index) => {
        const end = start + at(sizesOf(input.type), 1);
        const part = c.needs[index] ? e.op("slice", [c.gradient], { axes: [1], starts: [start], ends: [end], steps: [1] }) : undefined;
        start = end;
        return part;
      });
    },
  },
  lower: {
    onnx(b, node) {
      if (node.inputs.length === 1) return b.alias(result(node), at(node.inputs, 0));
      b.node("Concat", node.inputs.map((value) => b.of(value)), { axis: { int: 1 } }, { to: result(node) });
    },
    tfjs(b, node) {
      if (node.inputs.length === 1) return b.alias(result(node), at(node.inputs, 0));
      b.layer("Concatenate", { axis: -1 }, node.inputs.map((value) => b.of(value)), { to: result(node) });
    },
  },
});
