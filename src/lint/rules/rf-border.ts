import { countedText } from "../../base/digits.ts";
import type { Node } from "../../ir/graph.ts";
import { at } from "../../ops/families/attributes.ts";
import { dataInputs } from "../analysis/layers.ts";
import { imageOf } from "../analysis/maps.ts";
import { coveredLayers } from "../analysis/resolution.ts";
import { namesText, percentText, sizeText } from "../analysis/words.ts";
import { defineRule } from "../rule.ts";
import type { NetworkContext } from "../rule.ts";

export const rfBorder = defineRule({
  code: "RL12",
  name: "rf-border",
  severity: "warning",
  summary: "A convolution that looks for context although its inputs, along every path, already see more than the whole image.",
  why: `A kernel larger than 1x1 is there to bring together what lies apart in the image. Where even the least receptive field of its inputs
is larger than the image there is nothing left to bring together. Richter et al. trained such networks with probes after every
layer: accuracy no longer rises in these layers, so their parameters and multiply-adds are spent for nothing.`,
  evidence: "Richter et al.: Should You Go Deeper?, arXiv 2106.12307",
  exceptions: `The least receptive field counts, through the shortest path: the greatest is larger than the image in every good residual net.
Kernels of size 1 look for no context. Left out are plain twins of residual nets (a \`residual\` whose shortcut is \`none\`), which are
experiments. Silent while the height or the width is open; \`--input\` gives them sizes.`,
  wrong: `network Deep {
  input image: float32[N, 3, 16, 16]
  conv(3x3, 16) -> bn -> relu
  conv(3x3, 32, stride=2) -> bn -> relu
  conv(3x3, 64, stride=2) -> bn -> relu
  3 x { conv(3x3, 64) -> bn -> relu }
  globalavgpool -> fc: linear(10)
}
`,
  right: `network Deep {
  input image: float32[N, 3, 16, 16]
  conv(3x3, 16) -> bn -> relu
  conv(3x3, 32, stride=2) -> bn -> relu
  conv(3x3, 64, stride=2) -> bn -> relu
  conv(3x3, 64) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    const { graph, nodes, total } = context;
    const image = imageOf(graph);
    // What every layer sees at least is no more than that: in most networks nothing is left to look for.
    const { leastReceptiveField: most } = total;
    if (image === undefined || most === undefined || most.some((size, axis) => size <= at(image, axis)) || isPlainTwin(context)) return;
    const covered = [...coveredLayers(graph, nodes, image)];
    const [first] = covered;
    if (first === undefined) return;
    const params = covered.reduce((sum, { id }) => sum + (nodes[id]?.params ?? 0), 0);
    const macs = covered.reduce((sum, { id }) => sum + (nodes[id]?.macs ?? 0), 0);
    const enough = image.map((size, axis) => Math.max(size, ...covered.map((node) => leastBefore(context, node, axis))));
    context.report({
      at: first,
      message: "convolutions look for context although their inputs already see more than the whole image",
      label: `its inputs see at least ${sizeText(image.map((_, axis) => leastBefore(context, first, axis)))} pixels`,
      notes: [
        `${countedText(covered.length, "convolution")} (${namesText(covered.map(({ name }) => name))}): the least receptive field of the inputs is larger than the image of ${sizeText(image)}.`,
        `${covered.length === 1 ? "It has" : "They have"} ${percentText(params, total.params)} of the parameters${total.macs === undefined ? "" : ` and ${percentText(macs, total.macs)} of the multiply-adds`}.`,
      ],
      help: [`give it images of ${sizeText(enough)} or more, leave these layers out, or thin the map out later in the network`],
    });
  },
});

/** True where a residual was told to make no shortcut: the plain twin of a residual network. */
function isPlainTwin({ instances }: NetworkContext): boolean {
  return instances.some(({ residual }) => residual?.made === "none");
}

/** What all inputs of a layer see at least, on one axis. */
function leastBefore({ nodes }: NetworkContext, node: Node, axis: number): number {
  return Math.min(...dataInputs(node).map(({ producer }) => (producer.kind === "node" ? at(nodes[producer.node.id]?.receptiveField?.least ?? [1, 1, 1], axis) : 1)));
}
