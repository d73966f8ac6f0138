import { countedText, groupDigits } from "../../base/digits.ts";
import { at } from "../../ops/families/attributes.ts";
import { isWeighted } from "../analysis/layers.ts";
import { isShort, paddedPositions, usedPositions, weightCount } from "../analysis/maps.ts";
import { nearestSizes } from "../analysis/sizes.ts";
import { kernelText, namesText, percentText, sizeText } from "../analysis/words.ts";
import { defineRule } from "../rule.ts";

export const spatialUnderflow = defineRule({
  code: "RL11",
  name: "spatial-underflow",
  severity: "warning",
  summary: "A convolution whose kernel is larger than its map, so that some of its weights only ever meet padding.",
  why: `A 3x3 convolution on a map of 1x1 is legal, because padding makes room for it, and 8 of its 9 weights are multiplied by zeros for
every image: they cost memory and time and learn nothing. It happens when an architecture for 224x224 pixels is given small images. The
rule counts the weights that no position of the map ever meets.`,
  evidence: undefined,
  exceptions: `Kernels of size 1, which need no room, and pools, which have no weights. Silent while the height or the width is open;
\`--input\` gives them sizes.`,
  wrong: `network Tiny {
  input image: float32[N, 3, 8, 8]
  conv(3x3, 16, stride=2) -> bn -> relu
  conv(3x3, 32, stride=2) -> bn -> relu
  conv(3x3, 64, stride=2) -> bn -> relu
  conv(3x3, 128) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  right: `network Tiny {
  input image: float32[N, 3, 8, 8]
  conv(3x3, 16) -> bn -> relu
  conv(3x3, 32, stride=2) -> bn -> relu
  conv(3x3, 64) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    const short = context.mapLayers
      .filter((layer) => isWeighted(layer.node.op) && isShort(layer))
      .map((layer) => ({ ...layer, ...paddedPositions(layer) }));
    const [first] = short;
    if (first === undefined) return;
    const idle = short.reduce((sum, { node, padded, all }) => sum + (weightCount(node) / all) * padded, 0);
    const { graph, nodes, total } = context;
    const { larger } = nearestSizes(graph, nodes, (layer, axis) => !isWeighted(layer.node.op) || usedPositions(layer, axis) === at(layer.window.kernel, axis));
    context.report({
      at: first.node,
      message: "the kernel is larger than its map: some of its weights only ever meet padding",
      label: `reads a map of ${sizeText(first.before)}`,
      notes: [
        `A kernel of ${kernelText(first.window.kernel)} on a map of ${sizeText(first.before)}: ${first.padded} of ${first.all} positions are padding for every image.`,
        `In ${countedText(short.length, "layer")} (${namesText(short.map(({ node }) => node.name))}) ${groupDigits(idle)} weights, ${percentText(idle, total.params)} of the network's parameters, are multiplied by zeros alone.`,
      ],
      help: [
        ...(larger ? [`give it images of ${sizeText(larger)} or more`] : []),
        "take a stride of 2 out, at best the first one, or leave out the layers after which the map is too small",
      ],
    });
  },
});
