import { countedText } from "../../base/digits.ts";
import type { Fix } from "../../diagnostics/problem.ts";
import { at, product, result } from "../../ops/families/attributes.ts";
import { replaced, textOf, withoutArgument } from "../analysis/edits.ts";
import { dataInputs, isWeighted } from "../analysis/layers.ts";
import { imageOf } from "../analysis/maps.ts";
import type { MapLayer } from "../analysis/maps.ts";
import { argumentNamed, stepOf, withoutStep } from "../analysis/steps.ts";
import { sizeText } from "../analysis/words.ts";
import { defineRule } from "../rule.ts";
import type { NetworkContext } from "../rule.ts";

/** A stem has no more convolutions than this: the deep stems of ImageNet nets have three. */
const MOST_STEM_LAYERS = 3;

export const stemVsInput = defineRule({
  code: "RL16",
  name: "stem-vs-input",
  severity: "warning",
  summary: "A convolution with a stride, then a pool with a stride, on a small image: the stem of ImageNet networks where it does not belong.",
  why: `A 7x7 with stride 2 and a pool with stride 2 leave one position of sixteen. Of 224x224 pixels 56x56 remain; of 32x32 only 8x8, before
the first block has seen anything, and the last stage works on a single position. The paper's networks for 32x32 begin with one 3x3 of
stride 1 and no pool.`,
  evidence: "He et al. 2015, arXiv 1512.03385, section 4.2: the networks for CIFAR-10; no measurement of this stem on small images is known to us",
  exceptions: "Images that are larger than the threshold on some axis; pools alone, as VGG has them; inputs with one spatial axis or three. Silent while the height or the width is open; `--input` gives them sizes.",
  thresholds: { pixels: { default: 64, meaning: "height and width, in pixels, up to which an image is small" } },
  wrong: `use std.blocks { basic }
use std.shortcuts { B }

network Small {
  input image: float32[N, 3, 32, 32]
  shortcuts B
  conv(7x7, 64, stride=2) -> bn -> relu -> maxpool(3x3, stride=2)
  layer1: 2 x basic(64)
  globalavgpool -> fc: linear(10)
}
`,
  right: `use std.blocks { basic }
use std.shortcuts { B }

network Small {
  input image: float32[N, 3, 32, 32]
  shortcuts B
  conv(3x3, 64) -> bn -> relu
  layer1: 2 x basic(64)
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    const image = imageOf(context.graph);
    if (image?.length !== 2 || image.some((size) => size > context.threshold("pixels"))) return;
    const stem = stemOf(context);
    if (stem === undefined) return;
    const { strided, pool } = stem;
    const fix = fixOf(context, strided, pool);
    context.report({
      at: strided.node,
      message: "a convolution and a pool that both stride are the stem of networks for large images",
      label: `stride ${[...new Set(strided.window.stride)].join("x")}, and a pool with another behind it`,
      notes: [
        `An image of ${sizeText(image)} is a map of ${sizeText(pool.after)} behind \`${pool.node.name}\`: ${countedText(product(pool.after), "position")} for ${countedText(product(image), "pixel")}.`,
        `Of an image of 224x224 the same layers leave ${sizeText(image.map((size, axis) => Math.ceil((224 / size) * at(pool.after, axis))))}.`,
      ],
      help: ["begin with `conv(3x3, …) -> bn -> relu`, stride 1 and no pool; where a network takes its stem as a parameter, give it such a block"],
      ...(fix ? { fixes: [fix] } : {}),
    });
  },
});

/** The first convolution with a stride and the pool behind it, with nothing between but a chain that few weighted layers are in. */
function stemOf({ graph, mapLayers, consumersOf }: NetworkContext): { readonly strided: MapLayer; readonly pool: MapLayer } | undefined {
  let next = 0;
  let strided: MapLayer | undefined;
  let weighted = 0;
  let readers = graph.inputs[0] ? consumersOf(graph.inputs[0]) : [];
  for (;;) {
    const [node] = readers;
    if (node === undefined || readers.length > 1 || dataInputs(node).length > 1) return undefined;
    while ((mapLayers[next]?.node.id ?? Infinity) < node.id) next++;
    const layer = mapLayers[next]?.node === node ? mapLayers[next] : undefined;
    const halves = layer?.window.stride.some((step) => step > 1) === true;
    if (isWeighted(node.op)) {
      if (++weighted > MOST_STEM_LAYERS) return undefined;
      if (halves) strided ??= layer;
    } else if (halves && layer) return strided && { strided, pool: layer };
    readers = consumersOf(result(node));
  }
}

/** Kernel 3x3, no stride, no pool, where the linted file says all of that itself. */
function fixOf({ module }: NetworkContext, strided: MapLayer, pool: MapLayer): Fix | undefined {
  const convolution = stepOf(module, strided.node);
  const pooling = stepOf(module, pool.node);
  const unpooled = pooling && withoutStep(module, pooling);
  if (convolution?.call === undefined || unpooled === undefined || argumentNamed(convolution, "pad")) return undefined;
  const { call } = convolution;
  const [first] = call.arguments;
  const kernel = argumentNamed(convolution, "kernel") ?? (first?.name === undefined ? first : undefined);
  const stride = argumentNamed(convolution, "stride");
  const isLiteral = kernel?.value.kind === "size" || kernel?.value.kind === "number";
  if (kernel === undefined || !isLiteral || stride?.value.kind !== "number") return undefined;
  const three = strided.window.kernel.map(() => 3).join("x");
  const unstrided = withoutArgument(module.source, call, call.arguments.indexOf(stride));
  if (textOf(module, unstrided.span).includes("//")) return undefined;
  const edits = [replaced(module.source, kernel.value, three), unstrided, unpooled];
  return { title: `Begin with a ${three} convolution, without a stride and without a pool`, edits };
}
