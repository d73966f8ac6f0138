import { expect } from "chai";
import type { Graph } from "../../src/ir/graph.ts";
import { diffNetworks } from "../../src/program/diff.ts";
import { loadProgram } from "../../src/program/load.ts";
import { buildNetwork, listNetworks } from "../../src/program/networks.ts";

async function built(text: string, name?: string): Promise<Graph> {
  const program = await loadProgram({ path: "net.resnet", text, standard: false });
  const entry = listNetworks(program).find((network) => name === undefined || network.name === name)!;
  const { value, problems } = buildNetwork(program, entry);
  expect(problems.filter(({ severity }) => severity === "error").map(({ message }) => message)).to.deep.equal([]);
  return value!;
}

const standard = (module: string, name: string): Promise<Graph> => built(`use std.${module} { ${name} }\nnetwork Own = ${name}`);

const net = (body: string): Promise<Graph> => built(`block unit(width: int) {\n  residual { conv(3x3, width) -> bn -> relu\n    conv(3x3, width) -> bn }\n  relu\n}\nnetwork Net {\n  input image: float32[N, 3, 16, 16]\n${body}\n}`);

/** `layer2: changed layer2.0 (~conv1 stride 1 -> 2)`, one a block. */
function told(before: Graph, after: Graph): string[] {
  return diffNetworks(before, after).stages.flatMap(({ stage, blocks }) =>
    blocks.map(({ kind, path, from, layers }) => {
      const changes = layers.map((layer) => `${{ added: "+", removed: "-", changed: "~" }[layer.kind]}${layer.name}${layer.what.length > 0 ? ` ${layer.what.join("; ")}` : ""}`);
      return `${stage ?? "(beside)"}: ${kind} ${from === null ? "" : `${from} as `}${path}${changes.length > 0 ? ` (${changes.join(", ")})` : ""}`;
    }),
  );
}

describe("the difference of two networks", () => {
  it("finds the stride that torchvision moved, with both published counts", async () => {
    const diff = diffNetworks(await standard("resnet", "ResNet50"), await standard("resnet", "ResNet50v1"));
    // torchvision's form has 4.089 G multiply-adds, the paper's 3.858 G (torchinfo and He et al. 2015, Table 1: 3.8e9).
    expect(diff.totals.macs).to.deep.equal({ before: 4_089_184_256, after: 3_857_973_248 });
    expect(diff.totals.params).to.deep.equal({ before: 25_557_032, after: 25_557_032 });
    expect(diff.stages.map(({ stage }) => stage)).to.deep.equal(["layer2", "layer3", "layer4"]);
    for (const { blocks } of diff.stages) {
      expect(blocks).to.have.length(1);
      const what = blocks[0]!.layers.filter(({ name }) => name.startsWith("conv")).map(({ name, what: [first] }) => `${name} ${first}`);
      expect(what).to.deep.equal(["conv1 stride 1 -> 2", "conv2 stride 2 -> 1"]);
    }
  });

  it("names the blocks that ResNet-34 has and ResNet-18 has not, and nothing else", async () => {
    // He et al. 2015, Table 1: 2, 2, 2, 2 blocks and 3, 4, 6, 3.
    const added = [[1, 2], [2, 2], [2, 3], [3, 2], [3, 3], [3, 4], [3, 5], [4, 2]].map(([stage, block]) => `layer${stage}: added layer${stage}.${block}`);
    expect(told(await standard("resnet", "ResNet18"), await standard("resnet", "ResNet34"))).to.deep.equal(added);
    expect(told(await standard("resnet", "ResNet34"), await standard("resnet", "ResNet18"))).to.deep.equal(added.map((line) => line.replace("added", "removed")));
  });

  it("is nothing for a network and itself", async () => {
    const [one, other] = [await standard("cifar", "ResNet20"), await standard("cifar", "ResNet20")];
    const diff = diffNetworks(one, other);
    expect(diff.same).to.equal(true);
    expect(diff.stages).to.deep.equal([]);
  });

  const BODY = "  conv(3x3, 8) -> bn -> relu\n  row: { 2 x unit(8) }\n  globalavgpool -> fc: linear(10)";
  const cases: readonly (readonly [what: string, from: string, to: string, expected: readonly string[]])[] = [
    ["a width", BODY, BODY.replace("linear(10)", "linear(100)"), ["(beside): changed  (~fc features 10 -> 100; output [N, 10] -> [N, 100])"]],
    ["another operator", BODY, BODY.replace("bn -> relu\n  row", "bn -> gelu\n  row"), ["(beside): changed  (-relu1, +gelu1)"]],
    ["a stage's name", BODY, BODY.replace("row:", "line:"), ["line: renamed row.0 as line.0", "line: renamed row.1 as line.1"]],
    ["one more block", BODY, BODY.replace("2 x", "3 x"), ["row: added row.2"]],
    ["a layer in front of all", BODY, BODY.replace("  conv(3x3, 8)", "  blur: conv(3x3, 3) -> conv(3x3, 8)"), ["(beside): changed  (+blur, ~conv2 was conv1; reads image -> blur)"]],
    ["a layer that comes in", BODY, BODY.replace("bn -> relu\n  row", "bn -> relu -> conv(3x3, 8) -> relu\n  row"), ["(beside): changed  (+conv2, +relu2)"]],
  ];
  for (const [what, from, to, expected] of cases) {
    it(`tells ${what}`, async () => {
      expect(told(await net(from), await net(to))).to.deep.equal(expected);
    });
  }

  it("adds up: the stages' changes are the whole network's", async () => {
    const diff = diffNetworks(await standard("cifar", "ResNet20"), await standard("cifar", "ResNet32"));
    const sum = (pick: (stage: (typeof diff.stages)[number]) => { before: number | null; after: number | null }): number =>
      diff.stages.reduce((total, stage) => total + (pick(stage).after ?? 0) - (pick(stage).before ?? 0), 0);
    // 0.27 M and 0.46 M parameters (He et al. 2015, Table 6).
    expect(diff.totals.params.after! - diff.totals.params.before!).to.equal(464_154 - 269_722);
    expect(sum(({ params }) => params)).to.equal(464_154 - 269_722);
    expect(sum(({ macs }) => macs)).to.equal(diff.totals.macs.after! - diff.totals.macs.before!);
  });
});
