import type { Element } from "../../syntax/ast.ts";
import { elementAt, isRepetition } from "../../syntax/elements.ts";
import type { PlacedElement } from "../../syntax/elements.ts";
import { inserted } from "../analysis/edits.ts";
import { placeIn } from "../place.ts";
import { defineRule } from "../rule.ts";
import type { NetworkContext } from "../rule.ts";

export const unlabelledBlocks = defineRule({
  code: "RL02",
  name: "unlabelled-blocks",
  severity: "info",
  summary: "Repeated blocks of a network have no label, so that parameters are called `0.conv1`.",
  why: `Blocks that are repeated without a label are numbered from the beginning of the network: \`0.conv1.weight\`, \`7.conv2.weight\`. One
block more in the first stage renumbers all that follow, and weights that were saved before no longer find their layers.`,
  evidence: undefined,
  exceptions: "Of no matter where weights are never loaded into a later version of the file.",
  wrong: `block unit(width: int) {
  residual { conv(3x3, width) -> bn -> relu -> conv(3x3, width) -> bn }
  relu
}
network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  3 x unit(16)
  globalavgpool -> fc: linear(10)
}
`,
  right: `block unit(width: int) {
  residual { conv(3x3, width) -> bn -> relu -> conv(3x3, width) -> bn }
  relu
}
network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  layer1: 3 x unit(16)
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    const { graph, module } = context;
    const examples = new Map<string, string>();
    for (const { name } of graph.parameters) {
      const first = name.slice(0, name.indexOf("."));
      if (!examples.has(first)) examples.set(first, name);
    }
    const labels = freshLabels(context);
    const labelOf = new Map<Element, string>();
    for (const instance of context.instances) {
      if (instance.label !== undefined || instance.parent?.path !== "" || !/^\d+$/.test(instance.path)) continue;
      const example = examples.get(instance.path);
      if (example === undefined) continue;
      const row = rowOf(elementAt(module, placeIn(module.source, graph, instance).span));
      if (row && !labelOf.has(row)) labelOf.set(row, labels());
      context.report({
        at: instance,
        message: "repeated blocks without a label: their parameters are named by number alone",
        label: "numbered from the beginning of the network",
        notes: [`\`${example}\``],
        help: ["A label names the row: `layer1: 3 x unit(64)` makes `layer1.0.conv1.weight`. Weights saved under the old names need `rnc weights --rename`."],
        fixes: row ? [{ title: `call the row \`${labelOf.get(row) ?? ""}\``, edits: [inserted(module.source, row.start, `${labelOf.get(row) ?? ""}: `)] }] : [],
      });
    }
  },
});

/** What a label would name the whole row with: the outermost loop or repetition around a place, else what stands there itself. */
function rowOf(placed: PlacedElement | undefined): Element | undefined {
  if (placed === undefined) return undefined;
  const around = [...placed.within, placed.element];
  const row = around.find((element) => element.kind === "for" || isRepetition(element)) ?? placed.element;
  return around.slice(0, around.indexOf(row) + 1).some((element) => element.label) ? undefined : row;
}

/** `layer1`, `layer2`, … without those that the network has. */
function freshLabels({ instances, graph }: NetworkContext): () => string {
  const taken = new Set([...instances.map(({ path }) => path), ...graph.nodes.map(({ name }) => name)]);
  let count = 0;
  return () => {
    do count++;
    while (taken.has(`layer${count}`));
    return `layer${count}`;
  };
}
