import { groupDigits } from "../../base/digits.ts";
import type { Fix } from "../../diagnostics/problem.ts";
import type { Node, Value } from "../../ir/graph.ts";
import { findOperator } from "../../ops/registry.ts";
import type { Element } from "../../syntax/ast.ts";
import { callOf, elementAt } from "../../syntax/elements.ts";
import { inserted, replaced, withoutArgument } from "../analysis/edits.ts";
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
        help: [`${isOwnDefault(node) ? "Write `bias=false`" : "Leave out the bias"}: the shift of the batch norm does what it was for.`],
        fixes: element ? fixOf(context, node, element) : [],
      });
    }
  },
});

function isCancelled(node: Node, context: NetworkContext): boolean {
  if (!isWeighted(node.op) || node.attributes["bias"] !== true) return false;
  const readers = context.consumersOf(node.outputs[0] as Value);
  return readers.length > 0 && readers.every(({ op }) => op === "bn") && context.graph.outputs.every(({ value }) => value !== node.outputs[0]);
}

/** True for an operator that has a bias unless it is told otherwise. */
const isOwnDefault = (node: Node): boolean => findOperator(node.op)?.attributes.some(({ name, default: value }) => name === "bias" && value === true) ?? false;

/** The edit, where the layer's own line decides: a bias that comes from a parameter is not this line's to take away. */
function fixOf({ module: { source } }: NetworkContext, node: Node, element: Element): readonly Fix[] {
  const call = callOf(element);
  if (call === undefined) return [];
  const index = call.arguments.findIndex(({ name }) => name?.name === "bias");
  const value = call.arguments[index]?.value;
  if (value !== undefined && value.kind !== "boolean") return [];
  if (!isOwnDefault(node)) return value === undefined ? [] : [{ title: "remove `bias=true`", isSafe: true, edits: [withoutArgument(source, call, index)] }];
  const last = call.arguments.at(-1);
  const edits = value ? [replaced(source, value, "false")] : last ? [inserted(source, last.end, ", bias=false")] : [];
  return edits.length === 0 ? [] : [{ title: "write `bias=false`", isSafe: true, edits }];
}
