import { groupDigits } from "../../base/digits.ts";
import { isNormalisation, isWeighted } from "../analysis/layers.ts";
import { defineRule } from "../rule.ts";

const SCALES: ReadonlySet<string> = new Set(["gain", "scale"]);

export const unnormalisedResidual = defineRule({
  code: "RL28",
  name: "unnormalised-residual",
  severity: "warning",
  summary: "A residual network has no normalisation, and nothing scales its branches.",
  why: `With the usual initialisation a branch has about the variance of its input, and the sum has twice as much: after L blocks the variance is about
2 to the power of L times that at the beginning, and training diverges or needs a very small rate. Normalisation keeps it in bounds; so do branches
that begin at 0 or are scaled (Fixup, ReZero, SkipInit).`,
  evidence: "Zhang et al. 2019 (arXiv 1901.09321), section 2: the growth, and the lower bound on the gradient that follows from it.",
  exceptions: "Few blocks do no harm; a normalisation anywhere in the network, or a `gain` or `scale` in its branches, is taken as an answer.",
  wrong: `block unit(width: int) {
  residual { conv(3x3, width, bias=true) -> relu -> conv(3x3, width, bias=true) }
  relu
}
network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16, bias=true) -> relu
  layer1: 9 x unit(16)
  globalavgpool -> fc: linear(10)
}
`,
  right: `block unit(width: int) {
  residual { conv(3x3, width, bias=true) -> relu -> conv(3x3, width, bias=true) -> gain(init=0) }
  relu
}
network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16, bias=true) -> relu
  layer1: 9 x unit(16)
  globalavgpool -> fc: linear(10)
}
`,
  thresholds: { blocks: { default: 4, meaning: "Blocks from which on a residual network needs a normalisation." } },
  checkNetwork(context) {
    const { graph } = context;
    if (!graph.instance || graph.nodes.some(({ op }) => isNormalisation(op))) return;
    const open = context.residuals.filter(({ sum, branch }) => sum && branch.some(({ op }) => isWeighted(op)) && !branch.some(({ op }) => SCALES.has(op)));
    if (open.length < context.threshold("blocks")) return;
    const growth = 2 ** open.length;
    context.report({
      at: graph.instance,
      message: `${groupDigits(open.length)} residual blocks without normalisation: every sum doubles the variance`,
      notes: [`After ${groupDigits(open.length)} blocks it is about 2^${open.length}${growth < 1e9 ? ` = ${groupDigits(growth)}` : ""} times that at the beginning (arXiv 1901.09321).`],
      help: ["Put `bn` after each convolution, or `gain(init=0)` at the end of each branch."],
    });
  },
});
