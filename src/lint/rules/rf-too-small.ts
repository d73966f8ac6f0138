import { at } from "../../ops/families/attributes.ts";
import { dataInputs } from "../analysis/layers.ts";
import { imageOf, windowOfNode } from "../analysis/maps.ts";
import { percentText, sizeText } from "../analysis/words.ts";
import { defineRule } from "../rule.ts";

export const rfTooSmall = defineRule({
  code: "RL13",
  name: "rf-too-small",
  severity: "info",
  summary: "A network whose greatest receptive field, before it pools over the map, is smaller than the image.",
  why: `No position of the last map sees the whole image, so what lies farther apart than the receptive field is only brought together by
averaging, which forgets where it was. In the paper's nets it is larger than the image: 435 pixels for ResNet-18 and 427 for ResNet-50 on
224, 81 for ResNet-20 on 32.`,
  evidence: "Richter et al.: (Input) Size Matters for CNN Classifiers, arXiv 2102.01582; the receptive fields are counted by rnc",
  exceptions: `Textures and small objects need no more than their own size. Silent where a flattened map goes into a linear layer, which
sees all of it, and while the height or the width is open.`,
  wrong: `network Shallow {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  conv(3x3, 32, stride=2) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  right: `network Deeper {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  conv(3x3, 32, stride=2) -> bn -> relu
  conv(3x3, 64, stride=2) -> bn -> relu
  3 x { conv(3x3, 64) -> bn -> relu }
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    const { graph, nodes, total } = context;
    const image = imageOf(graph);
    const greatest = total.receptiveField;
    if (image === undefined || greatest === undefined || greatest.length !== image.length) return;
    if (greatest.every((size, axis) => size >= at(image, axis))) return;
    if (graph.nodes.some((node) => node.op === "flatten" && dataInputs(node).some(({ producer }) => producer.kind === "node" && nodes[producer.node.id]?.receptiveField !== undefined))) return;
    const widest = graph.nodes.find((node) => windowOfNode(node) !== undefined && nodes[node.id]?.receptiveField?.greatest.join() === greatest.join());
    if (widest === undefined) return;
    const seen = greatest.reduce((share, size, axis) => share * Math.min(1, size / at(image, axis)), 1);
    context.report({
      at: widest,
      message: "no position of the last map sees the whole image",
      label: `sees ${sizeText(greatest)} pixels`,
      notes: [`The greatest receptive field is ${sizeText(greatest)} on an image of ${sizeText(image)}: ${percentText(seen, 1)} of it.`],
      help: ["more layers after the last stride widen it fastest: each 3x3 adds twice the product of all strides before it"],
    });
  },
});
