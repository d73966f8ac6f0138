import { numberOf, operand, result } from "../../ops/families/attributes.ts";
import { windowOfNode } from "../analysis/maps.ts";
import { kernelText } from "../analysis/words.ts";
import { defineRule } from "../rule.ts";
import type { NetworkContext } from "../rule.ts";
import type { Node } from "../../ir/graph.ts";

export const bottleneckRatio = defineRule({
  code: "RL34",
  name: "bottleneck-ratio",
  severity: "info",
  summary: "A 1x1 convolution in a residual branch that narrows or widens by more than a factor of 4.",
  why: `For the same multiply-adds a 1x1 convolution moves least memory when it reads as many channels as it writes; at a ratio of 12 it ran at
half the speed on a graphics card. The paper's bottlenecks have a ratio of 4, and a search over many networks found 1 best.`,
  evidence: "Ma et al.: ShuffleNet V2, arXiv 1807.11164, guideline G1 and Table 1; Radosavovic et al.: Designing Network Design Spaces, arXiv 2003.13678, section 4",
  exceptions: "Ratios up to the threshold; squeeze-and-excitation, which works on single positions; what a shortcut policy inserted.",
  thresholds: { ratio: { default: 4, meaning: "greatest ratio of the wider to the narrower side" } },
  wrong: `use std.shortcuts { B }

block thin(width: int) {
  residual {
    conv(1x1, width / 16) -> bn -> relu
    conv(3x3, width / 16) -> bn -> relu
    conv(1x1, width) -> bn
  }
  relu
}
network Thin {
  input image: float32[N, 3, 32, 32]
  shortcuts B
  conv(3x3, 256) -> bn -> relu
  layer1: 2 x thin(256)
  globalavgpool -> fc: linear(10)
}
`,
  right: `use std.shortcuts { B }

block thin(width: int) {
  residual {
    conv(1x1, width / 4) -> bn -> relu
    conv(3x3, width / 4) -> bn -> relu
    conv(1x1, width) -> bn
  }
  relu
}
network Thin {
  input image: float32[N, 3, 32, 32]
  shortcuts B
  conv(3x3, 256) -> bn -> relu
  layer1: 2 x thin(256)
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    for (const node of context.graph.nodes) {
      if (!isInBranch(node) || !isPointwise(context, node)) continue;
      const before = operand(node).type.shape[1];
      const after = result(node).type.shape[1];
      if (typeof before !== "number" || typeof after !== "number") continue;
      const ratio = Math.max(before, after) / Math.min(before, after);
      if (ratio <= context.threshold("ratio")) continue;
      context.report({
        at: node,
        message: `a convolution of ${kernelText(windowOfNode(node)?.kernel ?? [])} from ${before} to ${after} channels, a ratio of ${Number(ratio.toFixed(1))}`,
        notes: [`For each position it moves ${before + after} values; one from ${Math.round(Math.sqrt(before * after))} to as many has the same multiply-adds and moves ${Math.round(2 * Math.sqrt(before * after))}.`],
        help: ["bring the widths inside and outside of the branch closer together: 4 in the paper's bottlenecks, 2 in wide and grouped ones"],
      });
    }
  },
});

/** True for what somebody wrote between the two ends of a residual. */
function isInBranch({ origin }: Node): boolean {
  if (origin === undefined || origin.inserted) return false;
  for (let holder: typeof origin.instance | undefined = origin.instance; holder; holder = holder.parent) if (holder.residual) return true;
  return false;
}

function isPointwise({ nodes }: NetworkContext, node: Node): boolean {
  return node.op === "conv" && nodes[node.id]?.receptiveField !== undefined && numberOf(node.attributes, "groups") === 1 && windowOfNode(node)?.kernel.every((size) => size === 1) === true;
}
