import { expect } from "chai";
import { compare, stagesOf } from "../../src/program/compare.ts";
import { describeLayer } from "../../src/program/describe-layer.ts";
import { comparisonTable, stageText } from "../../src/cli/commands/compare.ts";
import { renderMarkdownTable, renderTable } from "../../src/cli/table.ts";
import { networkIn, standardNetwork } from "../support/networks.ts";

const stages = (name: string): string[] => stagesOf(standardNetwork(name)).map((stage) => `${stage.size} ${stageText(stage)}`);

describe("compare", () => {
  // He et al. 2015, Table 1.
  const table1: readonly (readonly [string, (width: number) => string, readonly number[]])[] = [
    ["ResNet18", (width) => `[3x3, ${width}; 3x3, ${width}]`, [2, 2, 2, 2]],
    ["ResNet34", (width) => `[3x3, ${width}; 3x3, ${width}]`, [3, 4, 6, 3]],
    ["ResNet50", (width) => `[1x1, ${width}; 3x3, ${width}; 1x1, ${4 * width}]`, [3, 4, 6, 3]],
    ["ResNet101", (width) => `[1x1, ${width}; 3x3, ${width}; 1x1, ${4 * width}]`, [3, 4, 23, 3]],
    ["ResNet152", (width) => `[1x1, ${width}; 3x3, ${width}; 1x1, ${4 * width}]`, [3, 8, 36, 3]],
  ];
  for (const [name, block, depths] of table1) {
    it(`${name} reads as in Table 1`, () => {
      expect(stages(name)).to.deep.equal([
        "112x112 7x7, 64, stride 2",
        "56x56 maxpool 3x3, stride 2",
        ...depths.map((n, stage) => `${56 / 2 ** stage}x${56 / 2 ** stage} layer${stage + 1}: ${block(64 * 2 ** stage)} x ${n}`),
        "1x1 globalavgpool -> linear 1000",
      ]);
    });
  }

  it("tells groups, gates, dilation and branches", async () => {
    expect(stages("ResNeXt50_32x4d")[2]).to.equal("56x56 layer1: [1x1, 128; 3x3, 128, groups 32; 1x1, 256] x 3");
    expect(stages("SEResNet50")[2]).to.equal("56x56 layer1: [1x1, 64; 3x3, 64; 1x1, 256; se] x 3");
    expect(stages("ResNet50os8")[5]).to.equal("ceil(H / 8) x ceil(W / 8) layer4: [1x1, 512; 3x3, 512, dilation 2; 1x1, 2048] -> [1x1, 512; 3x3, 512, dilation 4; 1x1, 2048] x 2");
    const text = "block cr(width: int) { conv(3x3, width) -> relu }\nblock module(a: int, b: int) {\n  concat {\n    | b1: conv(1x1, a)\n    | b2: { cr(b) -> cr(b) }\n  }\n}\nnetwork Net {\n  input image: float32[N, 3, 8, 8]\n  m: module(4, 8)\n  sum { conv(1x1, 2) | conv(1x1, 2) }\n}";
    expect(stagesOf(await networkIn(text, "Net")).map(stageText)).to.deep.equal(["m: 1x1, 4 | [3x3, 8; 3x3, 8]", "1x1, 2 | 1x1, 2"]);
  });

  it("puts a plain network beside VGG-19 by output size", () => {
    const { rows, networks } = compare([standardNetwork("VGG19"), standardNetwork("Plain34")]);
    expect(rows.map(({ size }) => size)).to.deep.equal(["224x224", "112x112", "56x56", "28x28", "14x14", "7x7", "1x1"]);
    expect(rows[0]?.cells.map((cell) => cell.map(stageText))).to.deep.equal([["features: [3x3, 64] x 2"], []]);
    expect(rows[2]?.cells[1]?.map(stageText)).to.deep.equal(["maxpool 3x3, stride 2", "layer1: [3x3, 64; 3x3, 64] x 3"]);
    // Section 3.3: "only 18% of VGG-19 (19.6 billion FLOPs)", from figures cut to one decimal: 3.6 / 19.6. Exactly it is 18.6 %.
    const [first, second] = networks.map((network) => network.count.total ?? NaN) as [number, number];
    const cut = (value: number): number => Math.floor(value / 1e8) / 10;
    expect(Math.round((100 * cut(second)) / cut(first))).to.equal(18);
    expect(networks[1]?.ratio.operations).to.equal(3_644_493_824 / 19_632_062_464);
    expect(networks[1]?.ratio.params).to.equal(21_623_848 / 143_667_240);
    expect(networks[0]?.ratio).to.deep.equal({ params: 1, operations: 1 });
  });

  it("keeps the order of sizes where networks differ, and a size that comes again", async () => {
    const sizes = (...names: string[]): string[] => compare(names.map((name) => standardNetwork(name))).rows.map((row) => row.size);
    expect(sizes("ResNet18", "ResNet20")).to.deep.equal(["112x112", "56x56", "32x32", "28x28", "16x16", "14x14", "8x8", "7x7", "1x1"]);
    expect(sizes("ResNet20", "ResNet18")).to.deep.equal(["112x112", "56x56", "32x32", "28x28", "16x16", "14x14", "8x8", "7x7", "1x1"]);
    const hourglass = await networkIn("network Net {\n  input image: float32[N, 3, 8, 8]\n  conv(3x3, 4) -> maxpool(2x2) -> conv(3x3, 8) -> upconv(2x2, 4, stride=2) -> conv(3x3, 2)\n}", "Net");
    expect(compare([hourglass, hourglass]).rows.map((row) => row.size)).to.deep.equal(["8x8", "4x4", "8x8"]);
  });

  it("has no ratio where a count is open", () => {
    const { networks } = compare([standardNetwork("ResNet50"), standardNetwork("ResNet50AnySize")]);
    expect(networks[1]?.ratio).to.deep.equal({ params: 1, operations: null });
  });

  it("prints a table for people and one in Markdown", () => {
    const table = comparisonTable(compare([standardNetwork("Plain20"), standardNetwork("ResNet20")], { convention: "flops" }));
    const plain = { title: (text: string) => text, rule: (text: string) => text };
    const lines = renderTable(table, plain).split("\n");
    expect(lines.slice(0, 3)).to.deep.equal([
      "output size             Plain20                                  ResNet20",
      "32x32                   3x3, 16                                  3x3, 16",
      "                        layer1: [3x3, 16; 3x3, 16] x 3           layer1: [3x3, 16; 3x3, 16] x 3",
    ]);
    expect(lines[6]).to.match(/^-+$/);
    const markdown = renderMarkdownTable(table).split("\n");
    expect(markdown.slice(0, 3)).to.deep.equal(["| output size | Plain20 | ResNet20 |", "| --- | --- | --- |", "| 32x32 | 3x3, 16<br>layer1: [3x3, 16; 3x3, 16] x 3 | 3x3, 16<br>layer1: [3x3, 16; 3x3, 16] x 3 |"]);
    expect(markdown).to.include("| shortcuts | none in 9 residual blocks (option none) | 2 shortcuts without weights (option A); 7 identities |");
    expect(markdown).to.include("| operations | 81,102,080 | 81,102,080 |"); // twice 40,551,040
    expect(markdown).to.include("| operations, of Plain20 | 100.0 % | 100.0 % |");
  });
});

describe("describe a layer", () => {
  const rows: readonly (readonly [string, Parameters<typeof describeLayer>[1], string, string])[] = [
    ["conv", { kernel: [3, 3], channels: 64, stride: [1, 1], groups: 1 }, "conv 3x3, 64", "3x3, 64"],
    ["conv", { kernel: [7, 1], channels: 8, stride: [2, 1], dilation: [2, 2], groups: 4 }, "conv 7x1, 8, stride 2x1, dilation 2, groups 4", "7x1, 8, dilation 2, groups 4"],
    ["linear", { features: 10, bias: true }, "linear 10", "linear 10"],
    ["relu", {}, "relu", "relu"],
  ];
  for (const [op, attributes, always, paper] of rows) {
    it(always, () => {
      expect(describeLayer(op, attributes, { name: "always", stride: true })).to.equal(always);
      expect(describeLayer(op, attributes, { name: "paper", stride: false })).to.equal(paper);
    });
  }
});
