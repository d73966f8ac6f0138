import type { Value } from "../ir/graph.ts";
import type { Emitter } from "./contract/emitter.ts";
import { defineOp } from "./define-op.ts";
import { at, result } from "./families/attributes.ts";
import { sizesOf } from "./families/axes.ts";
import { binaryChain, stretchedShape } from "./families/joins.ts";

/** Sums a gradient over the axes on which its input was stretched from 1. */
function unstretched(e: Emitter, gradient: Value, like: Value): Value {
  const sizes = sizesOf(like.type);
  const axes = sizesOf(gradient.type).flatMap((size, axis) => (size !== sizes[axis] ? [axis] : []));
  return axes.length === 0 ? gradient : e.op("reduce_sum", [gradient], { axes, keep: true });
}

export const mul = defineOp({
  name: "mul",
  level: "language",
  form: "join",
  kind: "mul",
  summary: "Multiplies its branches; a size of 1 stretches to the other's.",
  doc: `\`y = a · b · …\`, element by element. Where one branch has size 1 on an axis its value holds for the whole axis: a gate
\`[N, C, 1, 1]\` scales the channels of \`[N, C, H, W]\` (Hu et al. 2017, arXiv 1709.01507).`,
  sample: `input image: float32[N, 8, 32, 32]
mul {
  | identity
  | globalavgpool(keep=true) -> conv(1x1, 8, bias=true) -> sigmoid
}`,
  attributes: [],
  shape(c) {
    const type = stretchedShape(c, "mul");
    return type && [type];
  },
  gradient: {
    backward(e, c) {
      return c.inputs.map((input, index) => {
        if (!c.needs[index]) return undefined;
        const others = c.inputs.filter((_, other) => other !== index);
        const gradient = others.reduce((sofar, other) => e.op("multiply", [sofar, other]), c.gradient);
        return unstretched(e, gradient, input);
      });
    },
  },
  lower: {
    onnx: (b, node) => binaryChain(b, node, "Mul"),
    tfjs(b, node) {
      if (node.inputs.length === 1) b.alias(result(node), at(node.inputs, 0));
      else b.layer("Multiply", {}, node.inputs.map((value) => b.of(value)), { to: result(node) });
    },
  },
});
