import type { Fix } from "../../diagnostics/problem.ts";
import type { Node, Value } from "../../ir/graph.ts";
import { elementAt } from "../../syntax/elements.ts";
import { inserted } from "../analysis/edits.ts";
import { dataInputs, isActivation, isNormalisation, isWeighted, seesWholeMap } from "../analysis/layers.ts";
import type { ResidualUnit } from "../analysis/residuals.ts";
import { defineRule } from "../rule.ts";
import type { NetworkContext } from "../rule.ts";

export const missingFinalNorm = defineRule({
  code: "RL23",
  name: "missing-final-norm",
  severity: "warning",
  summary: "The last sum of a pre-activation network is pooled without normalisation and activation.",
  why: `In a pre-activation network every block normalises its own input, and nothing normalises a sum. The last sum has no block after it: its
scale, which has grown with every block, reaches the classifier, and its last convolution has no activation. The authors put one more BN
and ReLU before the pooling.`,
  evidence: "He et al. 2016 (arXiv 1603.05027), appendix: \"an extra activation right after its element-wise addition\"; no table without it.",
  exceptions: "Only where blocks begin with a normalisation and an activation, and their sums go on without one. A last block whose F ends with a normalisation is no exception.",
  wrong: `block unit(width: int) {
  residual { bn -> relu -> conv(3x3, width) -> bn -> relu -> conv(3x3, width) }
}
network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16)
  layer1: 3 x unit(16)
  globalavgpool -> fc: linear(10)
}
`,
  right: `block unit(width: int) {
  residual { bn -> relu -> conv(3x3, width) -> bn -> relu -> conv(3x3, width) }
}
network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16)
  layer1: 3 x unit(16)
  bn -> relu -> globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    const units = context.residuals.filter(({ sum }) => sum !== undefined);
    const isPreactivation = units.length > 0 && 2 * units.filter((unit) => beginsWithNorm(unit) && sumGoesOn(unit, context)).length > units.length;
    const last = units.at(-1)?.sum?.outputs[0];
    if (!isPreactivation || last === undefined) return;
    for (const reader of context.consumersOf(last)) {
      if (!seesWholeMap(reader) && !isWeighted(reader.op) && reader.op !== "flatten") continue;
      if (isWeighted(reader.op) && !leadsToOutput(reader, context)) continue;
      context.report({
        at: reader,
        message: "the last sum of a pre-activation network gets here without normalisation and activation",
        notes: [`${units.length} blocks normalise their own input; none comes after the last sum.`],
        help: ["Put a last pair before it: `bn -> relu -> globalavgpool`."],
        fixes: fixOf(context, reader),
      });
    }
  },
});

/** F begins with a normalisation, and an activation follows it. */
function beginsWithNorm({ branch }: ResidualUnit): boolean {
  const [first, second] = branch;
  return first !== undefined && second !== undefined && isNormalisation(first.op) && isActivation(second.op);
}

/** Nothing activates the sum itself. */
function sumGoesOn({ sum }: ResidualUnit, context: NetworkContext): boolean {
  return sum !== undefined && context.consumersOf(sum.outputs[0] as Value).every(({ op }) => !isActivation(op));
}

/** True for a classifier without pooling: no weighted layer comes after it. */
function leadsToOutput(node: Node, context: NetworkContext): boolean {
  return !context.graph.nodes.some((other) => other.id > node.id && isWeighted(other.op)) && dataInputs(node).length === 1;
}

function fixOf({ module }: NetworkContext, reader: Node): readonly Fix[] {
  const placed = reader.origin && elementAt(module, reader.origin.span);
  return placed?.chain ? [{ title: "normalise and activate the last sum", edits: [inserted(module.source, placed.element.start, "bn -> relu -> ")] }] : [];
}
