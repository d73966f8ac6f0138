import { countedText, groupDigits } from "../../base/digits.ts";
import type { Graph, Node } from "../../ir/graph.ts";
import type { Instance } from "../../ir/origin.ts";
import { at, operand, product, result } from "../../ops/families/attributes.ts";
import { findOperator } from "../../ops/registry.ts";
import { dataInputs, isWeighted } from "../analysis/layers.ts";
import { windowOfNode } from "../analysis/maps.ts";
import { defineRule } from "../rule.ts";
import type { NetworkContext } from "../rule.ts";

/** A first level with no more weighted layers than this is a stem. */
const MOST_STEM_LAYERS = 3;

/** All maps on the way to the output that are equally far thinned out. */
interface Level {
  /** The greatest number of channels so far, and before the sum that is being made: F may widen the map before it thins it out. */
  width: number;
  widthBefore: number;
  sum: Instance | undefined;
  weighted: number;
  /** The first layer that leaves it with a stride, and the width and layers it had until then. */
  leaving: { readonly node: Node; readonly width: number; readonly weighted: number; readonly to: string } | undefined;
}

export const widthNotGrowing = defineRule({
  code: "RL32",
  name: "width-not-growing",
  severity: "warning",
  summary: "A stride halves the map, and the stage behind it is no wider than the one before.",
  why: `When height and width are halved, three quarters of the values go. The paper doubles the channels at that place, so that every stage
has as many multiply-adds as the one before; without that the network narrows to a bottleneck that what it has seen must
pass (Szegedy et al., principle 1).`,
  evidence: "He et al. 2015, arXiv 1512.03385, section 3.3; Szegedy et al. 2015, arXiv 1512.00567, section 2; neither has a figure for this alone",
  exceptions: `The stem; widths from the threshold on, as the 512 channels of VGG's last two stages; dilation in place of a stride; networks that
enlarge maps again (decoders); what lies beside the way to the output with most layers.`,
  thresholds: { enough: { default: 512, meaning: "channels from which on a stage need not be wider than the one before" } },
  wrong: `use std.blocks { basic, stage }
use std.shortcuts { B }

network Flat {
  input image: float32[N, 3, 32, 32]
  shortcuts B
  conv(3x3, 64) -> bn -> relu
  layer1: stage(2, basic(64))
  layer2: stage(2, basic(64), stride=2)
  globalavgpool -> fc: linear(10)
}
`,
  right: `use std.blocks { basic, stage }
use std.shortcuts { B }

network Growing {
  input image: float32[N, 3, 32, 32]
  shortcuts B
  conv(3x3, 64) -> bn -> relu
  layer1: stage(2, basic(64))
  layer2: stage(2, basic(128), stride=2)
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    const levels = levelsOf(context);
    if (levels === undefined) return;
    let isFirst = true;
    for (const { leaving } of levels.values()) {
      if (leaving === undefined || leaving.weighted === 0) continue;
      const isStem = isFirst && leaving.weighted <= MOST_STEM_LAYERS;
      isFirst = false;
      const next = levels.get(leaving.to);
      const after = next?.leaving?.width ?? next?.width ?? 0;
      const layers = next?.leaving?.weighted ?? next?.weighted ?? 0;
      if (isStem || layers === 0 || after > leaving.width || leaving.width >= context.threshold("enough")) continue;
      const stride = windowOfNode(leaving.node)?.stride ?? [];
      context.report({
        at: leaving.node,
        message: `the map is thinned out and the network gets no wider: ${leaving.width} channels before, ${after} behind`,
        label: `stride ${[...new Set(stride)].join("x")}`,
        notes: [`${leaving.width} channels at ${countedText(product(stride), "position")} are ${groupDigits(leaving.width * product(stride))} values; ${after} at one position are left of them.`],
        help: [`give the stages from here on twice as many channels (${2 * leaving.width}), or stride later`],
      });
    }
  },
});

/** The levels on the way to the output, by how far apart their positions are in the image; `undefined` where maps are enlarged again. */
function levelsOf({ graph, nodes }: NetworkContext): ReadonlyMap<string, Level> | undefined {
  const levels = new Map<string, Level>();
  const way = longestWay(graph);
  for (const node of graph.nodes) {
    const reads = findOperator(node.op)?.window?.(node.attributes);
    const window = reads === "global" ? undefined : reads;
    if (window?.enlarges === true) return undefined;
    // Only these change a width: activations and normalisations need no look.
    if (window === undefined && node.op !== "concat" && node.op !== "padchannels") continue;
    const field = nodes[node.id]?.receptiveField;
    const channels = result(node).type.shape[1];
    if (field === undefined || typeof channels !== "number" || way?.has(node) === false) continue;
    const key = field.jump.join("x");
    const sum = sumAround(node);
    if (window?.stride.some((step) => step > 1)) {
      const from = levels.get(field.jump.map((step, axis) => step / at(window.stride, axis)).join("x"));
      const before = operand(node).type.shape[1];
      if (from && from.leaving === undefined && typeof before === "number") {
        const isInside = sum !== undefined && sum === from.sum && from.widthBefore > 0;
        from.leaving = { node, width: isInside ? from.widthBefore : from.width, weighted: from.weighted, to: key };
      }
    }
    const level = levels.get(key) ?? { width: 0, widthBefore: 0, sum: undefined, weighted: 0, leaving: undefined };
    levels.set(key, level);
    if (sum !== level.sum) level.widthBefore = level.width;
    level.sum = sum;
    level.width = Math.max(level.width, channels);
    if (isWeighted(node.op) && node.origin?.inserted !== true) level.weighted++;
  }
  return levels;
}

/** The innermost sum, a residual or a written one, whose branches a node belongs to. */
function sumAround(node: Node): Instance | undefined {
  let at = node.origin?.instance;
  while (at && !(at.kind === "join" && (at.residual !== undefined || at.declaration === "sum"))) at = at.parent;
  return at;
}

/** All layers before the output that has most of them; `undefined` where there is one output, which all layers reach. */
function longestWay(graph: Graph): ReadonlySet<Node> | undefined {
  if (graph.outputs.length === 1) return undefined;
  let longest: ReadonlySet<Node> = new Set();
  for (const { value } of graph.outputs) {
    const way = new Set<Node>();
    const queue = [value];
    for (let next = queue.pop(); next; next = queue.pop()) {
      if (next.producer.kind !== "node" || way.has(next.producer.node)) continue;
      way.add(next.producer.node);
      queue.push(...dataInputs(next.producer.node));
    }
    if (way.size > longest.size) longest = way;
  }
  return longest;
}
