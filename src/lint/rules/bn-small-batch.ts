import { groupDigits } from "../../base/digits.ts";
import * as rational from "../../base/rational.ts";
import type { Module, Ranged } from "../../syntax/ast.ts";
import { itemsOf } from "../../syntax/elements.ts";
import { spanOf } from "../analysis/edits.ts";
import { defineRule } from "../rule.ts";

export const bnSmallBatch = defineRule({
  code: "RL25",
  name: "bn-small-batch",
  severity: "warning",
  summary: "A recipe of the file trains few images at once, and its networks have batch norms.",
  why: `Batch norm takes the mean and variance of the batch for those of all images. Of few images they are noise, and at inference the running
statistics are others. ResNet-50 on ImageNet, error by images a device: 23.6 % with 32, 23.7 % with 16, 24.8 % with 8, 27.3 % with 4, 34.7 % with 2;
with group norm 24.1 % with 2 as with 32.`,
  evidence: "Wu and He 2018 (arXiv 1803.08494), Table 2.",
  exceptions: `Looks at recipes of the same file that state their \`batch\` in a number. A network that is trained with another recipe, or whose batch norms
keep the statistics of pretrained weights, is no case for it.`,
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
    const { graph, module } = context;
    const norms = graph.nodes.filter(({ op }) => op === "bn");
    if (norms.length === 0 || !graph.instance) return;
    const least = context.threshold("batch");
    const points = norms.filter((node) => (node.outputs[0]?.type.shape ?? []).slice(2).every((size) => size === 1)).length;
    for (const { recipe, batch, place } of batchesOf(module)) {
      if (batch >= least) continue;
      const values = `${batch === 1 ? "one value" : `${batch} values`} a channel`;
      context.report({
        at: graph.instance,
        message: `recipe \`${recipe}\` trains ${batch === 1 ? "one image" : `${batch} images`} at once, too few for batch norm`,
        label: `has ${groupDigits(norms.length)} batch norm${norms.length === 1 ? "" : "s"}`,
        secondary: [{ span: spanOf(module, place), text: "the batch" }],
        notes: [
          ...(points > 0 ? [`${groupDigits(points)} of the batch norms ${points === 1 ? "sees" : "see"} a map of one position: ${values}.`] : []),
          "ResNet-50 on ImageNet: 23.7 % error with 16 images a device, 24.8 % with 8, 27.3 % with 4, 34.7 % with 2 (arXiv 1803.08494).",
        ],
        help: [`Train with ${least} images at once or more, or put \`groupnorm\` in place of \`bn\`.`],
      });
    }
  },
});

interface Batch {
  readonly recipe: string;
  readonly batch: number;
  readonly place: Ranged;
}

/** The recipes of a file that state how many images they train at once. */
function batchesOf(module: Module): readonly Batch[] {
  return module.items.flatMap((item) => {
    if (item.kind !== "declaration" || item.keyword !== "recipe" || !item.body) return [];
    return itemsOf(item.body).flatMap((field): readonly Batch[] => {
      const element = field.kind === "chain" ? field.elements[0] : undefined;
      if (element?.kind !== "layer" || element.label?.name !== "batch" || element.callee.kind !== "number") return [];
      const batch = rational.parseRational(element.callee.text);
      return typeof batch === "number" ? [{ recipe: item.name.name, batch, place: element }] : [];
    });
  });
}
