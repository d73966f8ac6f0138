import { groupDigits } from "../../base/digits.ts";
import { defineRule } from "../rule.ts";

export const bnSmallBatch = defineRule({
  code: "RL25",
  name: "bn-small-batch",
  severity: "warning",
  summary: "A recipe beside the network trains few images at once, and the network has batch norms.",
  why: `Batch norm takes the mean and variance of the batch for those of all images. Of few images they are noise, and at inference the running
statistics are others. ResNet-50 on ImageNet, error by images a device: 23.6 % with 32, 23.7 % with 16, 24.8 % with 8, 27.3 % with 4, 34.7 % with 2;
with group norm 24.1 % with 2 as with 32.`,
  evidence: "Wu and He 2018 (arXiv 1803.08494), Table 2.",
  exceptions: `Looks at the recipes that the file declares or imports, each of which may train any of its networks. A network that is trained with another
recipe, or whose batch norms keep the statistics of pretrained weights, is no case for it.`,
  wrong: `network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
recipe Mine {
  batch: 4
  steps: 64_000
}
`,
  right: `network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
recipe Mine {
  batch: 128
  steps: 64_000
}
`,
  thresholds: { batch: { default: 16, meaning: "Images at once; fewer than these are too few for batch norm." } },
  checkNetwork(context) {
    const { graph } = context;
    const least = context.threshold("batch");
    const small = context.recipes.filter(({ batch }) => batch < least);
    if (small.length === 0 || !graph.instance) return;
    const norms = graph.nodes.filter(({ op }) => op === "bn");
    if (norms.length === 0) return;
    const points = norms.filter((node) => (node.outputs[0]?.type.shape ?? []).slice(2).every((size) => size === 1)).length;
    for (const { name, batch, batchAt } of small) {
      const values = `${batch === 1 ? "one value" : `${batch} values`} a channel`;
      context.report({
        at: graph.instance,
        message: `recipe \`${name}\` trains ${batch === 1 ? "one image" : `${batch} images`} at once, too few for batch norm`,
        label: `has ${groupDigits(norms.length)} batch norm${norms.length === 1 ? "" : "s"}`,
        secondary: [{ span: batchAt, text: "the batch" }],
        notes: [
          ...(points > 0 ? [`${groupDigits(points)} of the batch norms ${points === 1 ? "sees" : "see"} a map of one position: ${values}.`] : []),
          "ResNet-50 on ImageNet: 23.7 % error with 16 images a device, 24.8 % with 8, 27.3 % with 4, 34.7 % with 2 (arXiv 1803.08494).",
        ],
        help: [`Train with ${least} images at once or more, or put \`groupnorm\` in place of \`bn\`.`],
      });
    }
  },
});
