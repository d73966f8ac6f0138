import { groupDigits } from "../../base/digits.ts";
import type { Node, Value } from "../../ir/graph.ts";
import { isActivation } from "../analysis/layers.ts";
import { defineRule } from "../rule.ts";

export const activationOnShortcut = defineRule({
  code: "RL27",
  name: "activation-on-shortcut",
  severity: "warning",
  summary: "A very deep residual network has an activation after every sum, on the path of the shortcuts.",
  why: `What an activation after the sum does, every shortcut behind it must pass. In the paper's form, ReLU after the addition, 1202 layers have 7.93 %
error on CIFAR-10, more than 110 layers of the same form (6.43 %); with BN and ReLU inside the branches and a clean path, 1001 layers have
4.92 %. At 50 layers the two forms differ little.`,
  evidence: "He et al. 2015 (arXiv 1512.03385), Table 6; He et al. 2016 (arXiv 1603.05027), Table 5.",
  exceptions: "Below 100 weighted layers nothing is said. A network that reproduces the paper has its activations where the paper has them.",
  wrong: `block unit(width: int) {
  residual { conv(3x3, width) -> bn -> relu -> conv(3x3, width) -> bn }
  relu
}
network Deep {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  layer1: 54 x unit(16)
  globalavgpool -> fc: linear(10)
}
`,
  right: `block unit(width: int) {
  residual { bn -> relu -> conv(3x3, width) -> bn -> relu -> conv(3x3, width) }
}
network Deep {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16)
  layer1: 54 x unit(16)
  bn -> relu -> globalavgpool -> fc: linear(10)
}
`,
  thresholds: { depth: { default: 100, meaning: "Weighted layers from which on an activation after the sum counts as a fault." } },
  checkNetwork(context) {
    const { graph, total } = context;
    if (total.depth < context.threshold("depth") || !graph.instance) return;
    const sums = context.residuals.flatMap(({ sum }) => sum ?? []);
    const activated = sums.flatMap((sum) => onlyActivation(context.consumersOf(sum.outputs[0] as Value)) ?? []);
    if (activated.length === 0 || 2 * activated.length < sums.length) return;
    const [first] = activated;
    context.report({
      at: graph.instance,
      message: `${groupDigits(activated.length)} activations stand on the shortcut path of ${groupDigits(total.depth)} layers`,
      label: `the first is \`${first?.name ?? ""}\`, after the sum`,
      notes: ["On CIFAR-10 the form with ReLU after the sum has 7.93 % error with 1202 layers, pre-activation 4.92 % with 1001 (arXiv 1603.05027)."],
      help: ["Pre-activation: `bn -> relu` before each convolution of F, nothing after the sum, and one `bn -> relu` before the pooling."],
    });
  },
});

/** The activation that is all that reads a value. */
function onlyActivation(readers: readonly Node[]): Node | undefined {
  const [only] = readers;
  return only && readers.length === 1 && isActivation(only.op) ? only : undefined;
}
