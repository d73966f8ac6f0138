import { groupDigits } from "../../base/digits.ts";
import { shortestDepth } from "../analysis/residuals.ts";
import { defineRule } from "../rule.ts";

export const deepPlain = defineRule({
  code: "RL41",
  name: "deep-plain",
  severity: "warning",
  summary: "More than 20 weighted layers in a row, with no shortcut around any of them.",
  why: `Plain networks get worse as they get deeper, in training error, too: on ImageNet the plain network of 34 layers has 28.54 % top-1 error, the one
of 18 layers 27.94 %; with shortcuts 34 layers have 25.03 %.`,
  evidence: "He et al. 2015 (arXiv 1512.03385), Table 2 and Fig. 4.",
  exceptions: `Any shortcut, dense connection or parallel branch that makes one way through the network shorter than another is taken as an answer. A plain
network that is built to be compared with is marked: \`// rnc-ignore deep-plain: the control of the experiment\`.`,
  wrong: `block unit(width: int) {
  conv(3x3, width) -> bn -> relu -> conv(3x3, width) -> bn -> relu
}
network Deep {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  layer1: 16 x unit(16)
  globalavgpool -> fc: linear(10)
}
`,
  right: `block unit(width: int) {
  residual { conv(3x3, width) -> bn -> relu -> conv(3x3, width) -> bn }
  relu
}
network Deep {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  layer1: 16 x unit(16)
  globalavgpool -> fc: linear(10)
}
`,
  thresholds: { depth: { default: 20, meaning: "Weighted layers that a network may have in a row without a shortcut." } },
  checkNetwork(context) {
    const most = context.total.depth;
    if (most <= context.threshold("depth") || !context.graph.instance) return;
    const depth = shortestDepth(context);
    // Where some way is shorter than the longest, something leads around layers.
    if (depth <= context.threshold("depth") || depth < most) return;
    const withoutPath = context.residuals.filter(({ record }) => record.made === "none").length;
    context.report({
      at: context.graph.instance,
      message: `${groupDigits(depth)} weighted layers in a row without a shortcut`,
      notes: ["On ImageNet 34 plain layers have 28.54 % error, 34 layers with shortcuts 25.03 %, 18 plain layers 27.94 % (He et al. 2015, Table 2)."],
      help: [
        withoutPath > 0
          ? `The shortcut option \`none\` takes the other path from ${groupDigits(withoutPath)} residuals: give them one.`
          : "Put every two or three layers into a `residual { … }`.",
        "For a network that is meant as the plain control: `// rnc-ignore deep-plain: the plain control`.",
      ],
    });
  },
});
