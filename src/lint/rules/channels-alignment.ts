import type { Graph, Node, Value } from "../../ir/graph.ts";
import { numberOf, result } from "../../ops/families/attributes.ts";
import { dataInputs, isWeighted } from "../analysis/layers.ts";
import { defineRule } from "../rule.ts";

export const channelsAlignment = defineRule({
  code: "RL31",
  name: "channels-alignment",
  severity: "info",
  summary: "A layer with a number of channels that is no multiple of 8.",
  why: `Matrix units work on tiles: half precision wants channels in multiples of 8, TF32 of 4, and they are only well used from 64 on. 60
channels take about as long as 64, so the network pays for channels that it does not have.`,
  evidence: "NVIDIA, Convolutional Layers User's Guide, section on channels in and out",
  exceptions: `The image's own channels (a stem), the scores that go out (a classifier has as many as there are classes), weights of channels
made from a global average, and grouped convolutions, which run on other kernels. It does not matter on a processor without
matrix units.`,
  thresholds: { multiple: { default: 8, meaning: "channels come in multiples of this: 8 for half precision, 4 for TF32" } },
  wrong: `network Sixty {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 60) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  right: `network SixtyFour {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 64) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    const { graph, nodes } = context;
    const multiple = Math.max(1, Math.round(context.threshold("multiple")));
    const leads = leadsOn(graph);
    for (const node of graph.nodes) {
      if (!isWeighted(node.op) || node.origin?.inserted === true || !leads.has(node)) continue;
      const isMap = node.op === "conv" && nodes[node.id]?.receptiveField !== undefined && numberOf(node.attributes, "groups") === 1;
      const channels = result(node).type.shape[1];
      if (!(isMap || node.op === "linear") || typeof channels !== "number" || channels % multiple === 0) continue;
      const below = Math.floor(channels / multiple) * multiple;
      const above = below + multiple;
      context.report({
        at: node,
        message: `${channels} channels are no multiple of ${multiple}`,
        label: `makes ${channels} channels`,
        notes: [`Tiles of ${multiple} are filled to ${above}: ${above - channels} of ${above} places compute nothing.`],
        help: [below > 0 ? `take ${above} at the same speed, or ${below}` : `take ${above} at the same speed`],
      });
    }
  },
});

/** The layers with another weighted layer behind them: all but those that make what goes out. */
function leadsOn(graph: Graph): ReadonlySet<Node> {
  const feeds = new Set<Value>();
  const leads = new Set<Node>();
  for (const node of graph.nodes.toReversed()) {
    const isOn = node.outputs.some((value) => feeds.has(value));
    if (isOn) leads.add(node);
    if (isOn || isWeighted(node.op)) for (const value of dataInputs(node)) feeds.add(value);
  }
  return leads;
}
