import { countedText } from "../../base/digits.ts";
import { imageOf, unreadPadding, unreadRows } from "../analysis/maps.ts";
import type { MapLayer } from "../analysis/maps.ts";
import { nearestSizes } from "../analysis/sizes.ts";
import { kernelText, sizeText, sizesText } from "../analysis/words.ts";
import { at } from "../../ops/families/attributes.ts";
import { defineRule } from "../rule.ts";

/** So many layers are described one by one. */
const MOST_LAYERS = 5;

export const unevenPadding = defineRule({
  code: "RL14",
  name: "uneven-padding",
  severity: "info",
  summary: "A layer with a stride whose windows do not reach the last rows and columns: (size + padding - kernel) is no multiple of the stride.",
  why: `A map of 224 padded by 3 on both sides has 230 rows; windows of 7 that move by 2 read 229 of them. The padding at the top is read and
that at the bottom is not, so the zeros lie on one side only: weights become asymmetric and small objects near that side are missed
more often. 224 does it at all five strides of a ResNet, 225 at none.`,
  evidence: "Alsallakh, Kokhlikyan, Miglani, Yuan, Reblitz-Richardson: Mind the Pad, arXiv 2010.02178, section 3",
  exceptions: `Every published ImageNet network does it at 224, so it is no mistake to do it, too. Layers whose stride is larger than
their kernel leave gaps everywhere and are RL15. Silent while the height or the width is open.`,
  wrong: `network Even {
  input image: float32[N, 3, 224, 224]
  conv(7x7, 64, stride=2) -> bn -> relu -> maxpool(3x3, stride=2)
  conv(3x3, 128) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  right: `network Odd {
  input image: float32[N, 3, 225, 225]
  conv(7x7, 64, stride=2) -> bn -> relu -> maxpool(3x3, stride=2)
  conv(3x3, 128) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    const { graph, nodes } = context;
    const image = imageOf(graph);
    if (image === undefined) return;
    const uneven = context.mapLayers.filter((layer) => layer.before.some((_, axis) => unreadRows(layer, axis) > 0));
    const [first] = uneven;
    if (first === undefined) return;
    const { smaller, larger } = nearestSizes(graph, nodes, (layer, axis) => unreadRows(layer, axis) === 0);
    const sizes = sizesText([smaller, larger]);
    context.report({
      at: first.node,
      message: "the windows do not reach the end of the map: padding is read on one side only",
      label: `reads a map of ${sizeText(first.before)}`,
      notes: [
        `On an image of ${sizeText(image)} ${countedText(uneven.length, "layer")} ${uneven.length === 1 ? "leaves" : "leave"} rows or columns unread.`,
        ...uneven.slice(0, MOST_LAYERS).map(lineOf),
        ...(uneven.length > MOST_LAYERS ? [`The other ${uneven.length - MOST_LAYERS} are alike.`] : []),
      ],
      help: [sizes === undefined ? "pad by other amounts, or give the image another size" : `images of ${sizes} leave none unread`],
    });
  },
});

/** `conv1: 224 + 3 + 3 = 230 rows, of which windows of 7x7 with stride 2 read 229; the last row and column are padding.` */
function lineOf(layer: MapLayer): string {
  const axis = layer.before.findIndex((_, index) => unreadRows(layer, index) > 0);
  const { node, window, before } = layer;
  const [begin, end] = [at(window.pads, axis), at(window.pads, axis + before.length)];
  const rows = unreadRows(layer, axis);
  const padding = unreadPadding(layer, axis);
  const size = at(before, axis);
  const unread = rows === 1 ? "the last one" : `the last ${rows}`;
  const what = padding === rows ? `${unread}, padding, ${rows === 1 ? "is" : "are"} not` : padding === 0 ? `${unread} of the map ${rows === 1 ? "is" : "are"} never seen` : `of the last ${rows}, ${padding} of them padding, none`;
  return `${node.name}: windows of ${kernelText(window.kernel)} with stride ${at(window.stride, axis)} read ${size + begin + end - rows} of ${begin + end === 0 ? size : `${size} + ${begin} + ${end} = ${size + begin + end}`} rows; ${what}.`;
}
