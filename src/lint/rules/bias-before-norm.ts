import { groupDigits } from "../../base/digits.ts";
import type { Fix } from "../../diagnostics/problem.ts";
import type { Node, Value } from "../../ir/graph.ts";
import { callOf, elementAt } from "../../syntax/elements.ts";
import { withoutArgument } from "../analysis/edits.ts";
import { channelsOf, isWeighted } from "../analysis/layers.ts";
import { defineRule } from "../rule.ts";
import type { NetworkContext } from "../rule.ts";

export const biasBeforeNorm = defineRule({
  code: "RL21",
  name: "bias-before-norm",
  severity: "warning",
  summary: "A convolution or linear layer has a bias, and a batch norm directly after it.",
  why: `Batch norm subtracts the mean of every channel, and with it any constant that was added before: the bias changes nothing, gets a gradient of
zero, and is stored, loaded and updated all the same. Batch norm's own shift does what the bias was for. Keras's ResNet-50 has 26,560 such weights.`,
  evidence: "Ioffe and Szegedy 2015 (arXiv 1502.03167), section 3.2: \"the bias b can be ignored\".",
  exceptions: "Where something beside the batch norm reads the layer, nothing is said. Weights that were trained with the bias still need it, or it must be folded into the running mean.",
  wrong: `network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16, bias=true) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  right: `network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    const wasteful = context.graph.nodes.filter((node) => isCancelled(node, context));
    if (wasteful.length === 0) return;
    const wasted = wasteful.reduce((sum, node) => sum + channelsOf(node), 0);
    for (const node of wasteful) {
      const element = node.origin && elementAt(context.module, node.origin.span)?.element;
      context.report({
        at: node,
        message: `the batch norm after this ${node.op === "linear" ? "linear layer" : "convolution"} takes its bias away again`,
        notes: [`Biases that a batch norm cancels: ${groupDigits(wasted)} of ${context.graph.name}'s ${groupDigits(context.total.params)} parameters.`],
        help: ["Leave out `bias=true`: the shift of the batch norm does what the bias was for."],
        fixes: element ? fixOf(context, element) : [],
      });
    }
  },
});

function isCancelled(node: Node, context: NetworkContext): boolean {
  if (!isWeighted(node.op) || node.attributes["bias"] !== true) return false;
  const readers = context.consumersOf(node.outputs[0] as Value);
  return readers.length > 0 && readers.every(({ op }) => op === "bn") && context.graph.outputs.every(({ value }) => value !== node.outputs[0]);
}

function fixOf({ module }: NetworkContext, element: NonNullable<ReturnType<typeof elementAt>>["element"]): readonly Fix[] {
  const call = callOf(element);
  const index = call?.arguments.findIndex(({ name, value }) => name?.name === "bias" && value.kind === "boolean") ?? -1;
  return call === undefined || index < 0 ? [] : [{ title: "remove `bias=true`", isSafe: true, edits: [withoutArgument(module.source, call, index)] }];
}
