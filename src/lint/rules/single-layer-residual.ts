import { isActivation, isWeighted } from "../analysis/layers.ts";
import { defineRule } from "../rule.ts";

export const singleLayerResidual = defineRule({
  code: "RL05",
  name: "single-layer-residual",
  severity: "warning",
  summary: "F of a residual is one weighted layer and nothing that bends: y = W x + x.",
  why: `With a single layer, F(x) + x is W x + x, again a linear layer. The paper has "not observed advantages" of that form and builds F of two or
three layers.`,
  evidence: "He et al. 2015 (arXiv 1512.03385), section 3.2, in words; no table.",
  exceptions: "An activation anywhere in F makes it more than a linear layer: `bn -> relu -> conv` is left alone, as is a F of several branches with layers of their own.",
  wrong: `block unit(width: int) {
  residual { conv(3x3, width) -> bn }
  relu
}
network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  layer1: 3 x unit(16)
  globalavgpool -> fc: linear(10)
}
`,
  right: `block unit(width: int) {
  residual { conv(3x3, width) -> bn -> relu -> conv(3x3, width) -> bn }
  relu
}
network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  layer1: 3 x unit(16)
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    for (const { instance, branch, sum } of context.residuals) {
      if (sum === undefined || branch.some(({ op }) => isActivation(op))) continue;
      const weighted = branch.filter(({ op }) => isWeighted(op));
      const [only] = weighted;
      if (only === undefined || weighted.length > 1) continue;
      context.report({
        at: instance,
        message: `F is one ${only.op === "linear" ? "linear layer" : "convolution"}, so that F(x) + x is a linear layer again`,
        label: "a residual of one layer",
        notes: ["He et al. 2015, section 3.2: with a single layer y = W x + x, \"for which we have not observed advantages\"."],
        help: [`Give F a second layer, with an activation before it: \`${only.op}(…) -> bn -> relu -> ${only.op}(…) -> bn\`.`],
      });
    }
  },
});
