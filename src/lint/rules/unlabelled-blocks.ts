import { defineRule } from "../rule.ts";

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
    const examples = new Map<string, string>();
    for (const { name } of context.graph.parameters) {
      const first = name.slice(0, name.indexOf("."));
      if (!examples.has(first)) examples.set(first, name);
    }
    for (const instance of context.instances) {
      if (instance.label !== undefined || instance.parent?.path !== "" || !/^\d+$/.test(instance.path)) continue;
      const example = examples.get(instance.path);
      if (example === undefined) continue;
      context.report({
        at: instance,
        message: "repeated blocks without a label: their parameters are named by number alone",
        label: "numbered from the beginning of the network",
        notes: [`\`${example}\``],
        help: ["A label names the row: `layer1: 3 x unit(64)` makes `layer1.0.conv1.weight`. Weights saved under the old names need `rnc weights --rename`."],
      });
    }
  },
});
