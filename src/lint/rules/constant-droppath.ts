import { countedText } from "../../base/digits.ts";
import { numberOf } from "../../ops/families/attributes.ts";
import { percentText } from "../analysis/words.ts";
import { defineRule } from "../rule.ts";

export const constantDroppath = defineRule({
  code: "RL39",
  name: "constant-droppath",
  severity: "info",
  summary: "All branches are dropped with the same probability, the first blocks as often as the last.",
  why: `Stochastic depth trains best when survival falls with depth, from 1 at the input to its least value at the last block: all later
blocks build on the first ones. The paper's linear rule drops on average as many branches as a constant halfway between, and its authors
found it better throughout.`,
  evidence: "Huang, Sun, Liu, Sedra, Weinberger: Deep Networks with Stochastic Depth, arXiv 1603.09382, section 5, sensitivity to its one parameter",
  exceptions: "Networks with fewer than 3 such branches.",
  wrong: `block dropped(width: int) {
  residual {
    conv(3x3, width) -> bn -> relu
    conv(3x3, width) -> bn
    droppath(keep=0.8)
  }
  relu
}
network Constant {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  layer1: 4 x dropped(16)
  globalavgpool -> fc: linear(10)
}
`,
  right: `block dropped(width: int, survive: float) {
  residual {
    conv(3x3, width) -> bn -> relu
    conv(3x3, width) -> bn
    droppath(keep=survive)
  }
  relu
}
network Decaying {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  layer1: for i in range(4) { dropped(16, survive = 1 - 0.4 * (i + 1) / 4) }
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork({ graph, report }) {
    const dropped = graph.nodes.filter(({ op }) => op === "droppath");
    const [first] = dropped;
    if (first === undefined || dropped.length < 3) return;
    const keep = numberOf(first.attributes, "keep");
    if (dropped.some(({ attributes }) => numberOf(attributes, "keep") !== keep)) return;
    const least = Math.max(0, 2 * keep - 1);
    report({
      at: first,
      message: "every branch survives with the same probability, the first ones as often as the last",
      notes: [
        `All ${countedText(dropped.length, "branch", "branches")} have keep=${keep}.`,
        `A linear fall from 1 to ${Number(least.toPrecision(3))} drops as many on average: ${percentText(1 - keep, 1)}.`,
      ],
      help: [`let survival fall with the number of the block: \`survive = 1 - ${Number((1 - least).toPrecision(3))} * (i + 1) / n\``],
    });
  },
});
