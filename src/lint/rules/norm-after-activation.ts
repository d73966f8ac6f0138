import type { Fix } from "../../diagnostics/problem.ts";
import type { Node, Value } from "../../ir/graph.ts";
import { elementAt } from "../../syntax/elements.ts";
import { replaced, textOf } from "../analysis/edits.ts";
import { isActivation, isNormalisation, isWeighted, nodeBefore } from "../analysis/layers.ts";
import { defineRule } from "../rule.ts";
import type { NetworkContext } from "../rule.ts";

export const normAfterActivation = defineRule({
  code: "RL22",
  name: "norm-after-activation",
  severity: "warning",
  summary: "Convolution, activation, then normalisation: the order is the other way about.",
  why: `Normalisation stands between a convolution and its activation: what a convolution gives is nearly symmetric and gets a stable
distribution, what a ReLU gives is not, and normalising it leaves half of the negative side to the next layer again. The paper follows
"BN right after each convolution and before activation".`,
  evidence: "Ioffe and Szegedy 2015 (arXiv 1502.03167), section 3.2, and He et al. 2015, section 3.4, in words; no table.",
  exceptions: `Pre-activation blocks (normalisation, activation, convolution) are recognised by the activation that follows the normalisation, and are left
alone; so is a normalisation that does not come directly after the activation.`,
  wrong: `network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> relu -> bn
  conv(3x3, 32, stride=2) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  right: `network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  conv(3x3, 32, stride=2) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    for (const node of context.graph.nodes) {
      const activation = isNormalisation(node.op) ? nodeBefore(node) : undefined;
      const layer = activation && isActivation(activation.op) ? nodeBefore(activation) : undefined;
      if (!activation || !layer || !isWeighted(layer.op)) continue;
      const value = activation.outputs[0] as Value;
      if (context.consumersOf(value).length > 1 || context.consumersOf(node.outputs[0] as Value).some(({ op }) => isActivation(op))) continue;
      context.report({
        at: node,
        message: `\`${node.op}\` stands behind the activation: ${layer.op}, ${activation.op}, ${node.op}`,
        label: `normalises what \`${activation.op}\` gives`,
        help: [`The usual order is \`${layer.op}(…) -> ${node.op} -> ${activation.op}\`. Weights that were trained in the other order do not fit.`],
        fixes: exchange(context, activation, node),
      });
    }
  },
});

/** The two layers in each other's place, where the file has both in one chain. */
function exchange({ module }: NetworkContext, first: Node, second: Node): readonly Fix[] {
  const [a, b] = [first, second].map((node) => (node.origin ? elementAt(module, node.origin.span) : undefined));
  if (!a?.chain || !b || a.chain !== b.chain || a.chain.elements.indexOf(b.element) !== a.chain.elements.indexOf(a.element) + 1) return [];
  const { source } = module;
  return [{ title: `put \`${second.op}\` before \`${first.op}\``, edits: [replaced(source, a.element, textOf(module, b.element)), replaced(source, b.element, textOf(module, a.element))] }];
}
