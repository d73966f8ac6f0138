import { numberOf, operand, wordOf } from "../../ops/families/attributes.ts";
import { residualOf } from "../../program/stages.ts";
import { defineRule } from "../rule.ts";

export const optionACost = defineRule({
  code: "RL36",
  name: "option-a-cost",
  severity: "info",
  summary: "A shortcut that fills new channels with zeros: these channels have no residual path.",
  why: `Where a block widens the map, option A of the paper pads the shortcut with channels of zeros. It costs nothing, and in the new channels the
block learns everything from scratch: zero plus F(x) is F(x), no residual. ResNet-34 has 25.03 % top-1 error with A, 24.52 % with B, whose
projections cost 0.8 % more parameters.`,
  evidence: "He et al. 2015, arXiv 1512.03385, section 4.1 and Table 3",
  exceptions: "The paper's own networks for CIFAR-10 use it everywhere, so that plain and residual nets have equal parameters.",
  wrong: `use std.blocks { basic }
use std.shortcuts { A }

network Padded {
  input image: float32[N, 3, 32, 32]
  shortcuts A
  conv(3x3, 16) -> bn -> relu
  layer1: 2 x basic(16)
  layer2: { basic(32, stride=2) -> basic(32) }
  globalavgpool -> fc: linear(10)
}
`,
  right: `use std.blocks { basic }
use std.shortcuts { B }

network Projected {
  input image: float32[N, 3, 32, 32]
  shortcuts B
  conv(3x3, 16) -> bn -> relu
  layer1: 2 x basic(16)
  layer2: { basic(32, stride=2) -> basic(32) }
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork({ graph, report }) {
    for (const node of graph.nodes) {
      const residual = node.op === "padchannels" && node.origin?.inserted === true ? residualOf(node) : undefined;
      const before = operand(node).type.shape[1];
      if (residual === undefined || typeof before !== "number") continue;
      const after = numberOf(node.attributes, "channels");
      const inFront = wordOf(node.attributes, "where") === "split" ? Math.floor((after - before) / 2) : 0;
      report({
        at: residual,
        message: "the new channels have no residual path: their shortcut is zeros",
        notes: [`channels ${[rangeText(0, inFront), rangeText(inFront + before, after)].filter((text) => text !== "").join(" and ")} of ${after} come from F alone`],
        help: ["a projection where the width changes (option B of the paper) gives every channel a path"],
      });
    }
  },
});

/** `64 to 127`, `64`, or nothing. */
function rangeText(first: number, end: number): string {
  if (end <= first) return "";
  return end - first === 1 ? String(first) : `${first} to ${end - 1}`;
}
