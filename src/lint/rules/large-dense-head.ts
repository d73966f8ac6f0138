import { groupDigits } from "../../base/digits.ts";
import type { Fix } from "../../diagnostics/problem.ts";
import type { Node } from "../../ir/graph.ts";
import { knownShape } from "../../ir/tensor-type.ts";
import { operand, product, result } from "../../ops/families/attributes.ts";
import { replaced } from "../analysis/edits.ts";
import { calledName } from "../../syntax/elements.ts";
import { dataInputs } from "../analysis/layers.ts";
import { hidesOperator } from "../analysis/names.ts";
import { stepOf } from "../analysis/steps.ts";
import { percentText, sizeText } from "../analysis/words.ts";
import { defineRule } from "../rule.ts";
import type { NetworkContext } from "../rule.ts";

export const largeDenseHead = defineRule({
  code: "RL38",
  name: "large-dense-head",
  severity: "info",
  summary: "A linear layer on a flattened map that has most of the network's parameters.",
  why: `A flattened map gives a linear layer one weight for every position of every channel: 74 % of VGG-16's 138 million parameters are in its
first one. Averaging over the map before it (global average pooling) leaves one per channel, fits images of any size and overfits less;
every network of the paper but VGG does so.`,
  evidence: "Lin, Chen, Yan: Network In Network, arXiv 1312.4400, section 4.6: 10.41 % error on CIFAR-10 with global average pooling, 11.59 % with a linear layer, 10.88 % with dropout before it",
  exceptions: "Tasks in which the place in the image is part of the answer. Information only, as VGG is a network one compares with.",
  thresholds: { share: { default: 50, meaning: "percent of the parameters that a linear layer on a flattened map may have" } },
  wrong: `network Dense {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 32) -> bn -> relu -> maxpool(2x2)
  conv(3x3, 64) -> bn -> relu -> maxpool(2x2)
  flatten -> linear(512) -> relu -> fc: linear(10)
}
`,
  right: `network Pooled {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 32) -> bn -> relu -> maxpool(2x2)
  conv(3x3, 64) -> bn -> relu -> maxpool(2x2)
  globalavgpool -> linear(512) -> relu -> fc: linear(10)
}
`,
  checkNetwork(context) {
    const { graph, nodes, total } = context;
    for (const node of graph.nodes) {
      const params = nodes[node.id]?.params ?? 0;
      const flatten = node.op === "linear" && 100 * params > context.threshold("share") * total.params ? flattenBefore(node) : undefined;
      const shape = flatten && knownShape(operand(flatten).type.shape.slice(1));
      const [channels, ...map] = shape ?? [];
      const features = result(node).type.shape[1];
      if (flatten === undefined || channels === undefined || typeof features !== "number" || product(map) === 1) continue;
      const fix = fixOf(context, flatten);
      context.report({
        at: node,
        message: "a linear layer on a flattened map has most of the network's parameters",
        label: `${groupDigits(channels * product(map))} features`,
        notes: [
          `${groupDigits(params)} of ${groupDigits(total.params)} parameters (${percentText(params, total.params)}): ${groupDigits(features)} for each of ${channels} channels at ${sizeText(map)} positions.`,
          `Behind \`globalavgpool\` it would have ${groupDigits(params - channels * (product(map) - 1) * features)}.`,
        ],
        help: ["write `globalavgpool` in place of `flatten`"],
        ...(fix ? { fixes: [fix] } : {}),
      });
    }
  },
});

/** The `flatten` whose features a linear layer reads, through what changes none of them. */
function flattenBefore(node: Node): Node | undefined {
  let value = dataInputs(node)[0];
  while (value?.producer.kind === "node") {
    const { node: before } = value.producer;
    if (before.op === "flatten") return before;
    if (dataInputs(before).length !== 1 || before.op === "linear") return undefined;
    value = dataInputs(before)[0];
  }
  return undefined;
}

function fixOf({ module }: NetworkContext, flatten: Node): Fix | undefined {
  const step = stepOf(module, flatten);
  if (step?.element.kind !== "layer" || calledName(step.element) !== "flatten" || hidesOperator(module, "globalavgpool")) return undefined;
  return { title: "Average over the map", edits: [replaced(module.source, step.element.callee, "globalavgpool")] };
}
