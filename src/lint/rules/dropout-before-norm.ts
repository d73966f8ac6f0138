import type { Node, Value } from "../../ir/graph.ts";
import { numberOf } from "../../ops/families/attributes.ts";
import { dataInputs, seesWholeMap } from "../analysis/layers.ts";
import { defineRule } from "../rule.ts";
import type { NetworkContext } from "../rule.ts";

export const dropoutBeforeNorm = defineRule({
  code: "RL24",
  name: "dropout-before-norm",
  severity: "warning",
  summary: "A batch norm comes after a dropout, with no sum between them.",
  why: `In training dropout enlarges the variance of what it lets through; at inference it does nothing. A batch norm behind it learns running
statistics of the one and applies them to the other. A DenseNet that is right for 77.42 % of the test images of CIFAR-100 is right for
68.55 % with a dropout of 0.5 in every bottleneck.`,
  evidence: "Li et al. 2018 (arXiv 1801.05134), Fig. 1.",
  exceptions: "A sum, a flattening or a global pool between the two ends the search: the dropout inside a wide residual block, with the sum behind it, is left alone.",
  wrong: `network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu -> dropout(0.5)
  conv(3x3, 32, stride=2) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  right: `network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  conv(3x3, 32, stride=2) -> bn -> relu
  globalavgpool -> dropout(0.5) -> fc: linear(10)
}
`,
  checkNetwork(context) {
    for (const node of context.graph.nodes) {
      if (node.op !== "dropout") continue;
      const rate = numberOf(node.attributes, "rate");
      const norm = normBehind(node, context);
      if (norm === undefined) continue;
      const factor = 1 / (1 - rate);
      context.report({
        at: node,
        message: "a batch norm behind this dropout learns a variance that inference does not have",
        label: `in training the mean square is ${factor.toFixed(2).replace(/\.?0+$/, "")} times as large`,
        notes: [`the next batch norm is \`${norm.name}\``],
        help: ["Put the dropout after the last batch norm, before the classifier, or leave it out: batch norm regularises, too."],
      });
    }
  },
});

/** The first batch norm on the way from a node, up to a join, a flattening or a global pool. */
function normBehind(from: Node, context: NetworkContext): Node | undefined {
  let value = from.outputs[0];
  while (value) {
    const readers: readonly Node[] = context.consumersOf(value as Value);
    const norm = readers.find(({ op }) => op === "bn");
    if (norm) return norm;
    const [next] = readers;
    if (next === undefined || readers.length > 1 || dataInputs(next).length > 1 || seesWholeMap(next) || next.op === "flatten") return undefined;
    value = next.outputs[0];
  }
  return undefined;
}
