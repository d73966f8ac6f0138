import { countedText } from "../../base/digits.ts";
import { numberOf, operand, result } from "../../ops/families/attributes.ts";
import { defineRule } from "../rule.ts";

export const groupedWidth = defineRule({
  code: "RL33",
  name: "grouped-width",
  severity: "warning",
  summary: "A grouped convolution whose groups have fewer than 4 channels.",
  why: `Groups save multiply-adds and no memory traffic: every value is read and written as before. With 8 groups in place of one, at equal
multiply-adds, a network ran at less than half the speed on a graphics card. ResNeXt's narrowest groups have 4 channels.`,
  evidence: "Ma, Zhang, Zheng, Sun: ShuffleNet V2, arXiv 1807.11164, guideline G2 and Table 2; Xie et al., arXiv 1611.05431, for the width of 4",
  exceptions: "Depthwise convolutions, with one group for each channel: they have kernels of their own.",
  thresholds: { width: { default: 4, meaning: "least number of channels of a group" } },
  wrong: `network Narrow {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 64) -> bn -> relu
  conv(3x3, 64, groups=32) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  right: `network Wider {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 64) -> bn -> relu
  conv(3x3, 64, groups=16) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    const least = context.threshold("width");
    for (const node of context.graph.nodes) {
      if (node.op !== "conv") continue;
      const groups = numberOf(node.attributes, "groups");
      if (groups === 1) continue;
      const before = operand(node).type.shape[1];
      const after = result(node).type.shape[1];
      if (typeof before !== "number" || typeof after !== "number" || groups === before) continue;
      const width = Math.min(before, after) / groups;
      if (width >= least) continue;
      const fewer = divisors(before).filter((count) => after % count === 0 && Math.min(before, after) / count >= least).at(-1);
      context.report({
        at: node,
        message: `groups of ${countedText(width, "channel")} are too narrow to be fast`,
        label: `${groups} groups`,
        notes: [`${groups} groups of ${before / groups} channels read and ${after / groups} written.`],
        help: [
          fewer === undefined || fewer === 1 ? "use no groups" : `use ${fewer} groups, of ${Math.min(before, after) / fewer} channels`,
          `a depthwise convolution, \`groups=${before}\`, with a 1x1 behind it is fast, too`,
        ],
      });
    }
  },
});

/** The divisors of a number, in order. */
function divisors(number: number): readonly number[] {
  const low: number[] = [];
  for (let divisor = 1; divisor * divisor <= number; divisor++) if (number % divisor === 0) low.push(divisor);
  const high = low.map((divisor) => number / divisor).filter((divisor) => !low.includes(divisor));
  return [...low, ...high.reverse()];
}
