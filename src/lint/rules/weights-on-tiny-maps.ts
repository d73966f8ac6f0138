import { countedText } from "../../base/digits.ts";
import { isWeighted } from "../analysis/layers.ts";
import { imageOf, isShort } from "../analysis/maps.ts";
import { namesText, percentText, sizeText } from "../analysis/words.ts";
import { defineRule } from "../rule.ts";

export const weightsOnTinyMaps = defineRule({
  code: "RL17",
  name: "weights-on-tiny-maps",
  severity: "warning",
  summary: "Most parameters of the network belong to convolutions on maps of one or two positions a side.",
  why: `The widest stage has most of the parameters: 72 % of ResNet-18's are in its last. On 224x224 pixels it works on a map of 7x7; on 64x64
it is left with 2x2, where every kernel of 3x3 sees the whole map and there is next to no position left to share weights over. The network is
then paid for a stage whose resolution is gone.`,
  evidence: undefined,
  exceptions: `Networks whose kernels are larger than their maps, which RL11 speaks of, and images that are themselves no larger than the
threshold. Silent while the height or the width is open; \`--input\` gives them sizes.`,
  thresholds: {
    size: { default: 2, meaning: "positions on a side up to which a map is tiny" },
    share: { default: 50, meaning: "percent of the parameters that may work on tiny maps" },
  },
  wrong: `network Wide {
  input image: float32[N, 3, 16, 16]
  conv(3x3, 16) -> bn -> relu
  conv(3x3, 32, stride=2) -> bn -> relu
  conv(3x3, 64, stride=2) -> bn -> relu
  conv(3x3, 128, stride=2) -> bn -> relu
  conv(3x3, 256) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  right: `network Wide {
  input image: float32[N, 3, 16, 16]
  conv(3x3, 16) -> bn -> relu
  conv(3x3, 64) -> bn -> relu
  conv(3x3, 128, stride=2) -> bn -> relu
  conv(3x3, 256, stride=2) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    const { graph, nodes, total } = context;
    const image = imageOf(graph);
    const size = context.threshold("size");
    if (image === undefined || image.every((side) => side <= size)) return;
    const tiny = context.mapLayers.filter(({ node, before }) => before.every((side) => side <= size) && isWeighted(node.op));
    const [first] = tiny;
    if (first === undefined) return;
    const params = tiny.reduce((sum, { node }) => sum + (nodes[node.id]?.params ?? 0), 0);
    const isMost = 100 * params > context.threshold("share") * total.params;
    if (!isMost || context.mapLayers.some((layer) => isWeighted(layer.node.op) && isShort(layer))) return;
    const macs = tiny.reduce((sum, { node }) => sum + (nodes[node.id]?.macs ?? 0), 0);
    context.report({
      at: first.node,
      message: `most of the network's parameters work on maps of ${size} positions a side or fewer`,
      label: `reads a map of ${sizeText(first.before)}`,
      notes: [
        `${percentText(params, total.params)} of the parameters, for ${total.macs === undefined ? "few" : percentText(macs, total.macs)} of the multiply-adds, in ${countedText(tiny.length, "convolution")} (${namesText(tiny.map(({ node }) => node.name))}) on an image of ${sizeText(image)}.`,
      ],
      help: ["take a stride of 2 out, at best the first one, leave the last stage out, or give the network larger images"],
    });
  },
});
