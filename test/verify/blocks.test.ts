import { expect } from "chai";
import type { Graph } from "../../src/ir/graph.ts";
import { blocksOf } from "../../src/verify/blocks.ts";
import { placesOfBlock, placesOfLayer } from "../../src/verify/places.ts";
import { networkIn, standardNetwork } from "../support/networks.ts";

const names = (graph: Graph): string[] => blocksOf(graph).map(({ name }) => name);

describe("the blocks of a network", () => {
  it("are the paper's for ResNet-50: a stem, 3 + 4 + 6 + 3 units, a head", () => {
    const units = [3, 4, 6, 3].flatMap((count, stage) => Array.from({ length: count }, (_, unit) => `layer${stage + 1}.${unit}`));
    expect(names(standardNetwork("ResNet50"))).to.deep.equal(["stem", ...units, "head"]);
  });

  it("hold every layer once, in order, and say what leaves and enters them", () => {
    const graph = standardNetwork("ResNet20");
    const blocks = blocksOf(graph);
    expect(blocks.flatMap(({ nodes }) => nodes).map(({ name }) => name)).to.deep.equal(graph.nodes.map(({ name }) => name));
    expect(blocks.map(({ before }) => before)).to.deep.equal(blocks.map((_, index) => (index === 0 ? [] : [index - 1])));
    expect(blocks.map(({ outputs }) => outputs.map(({ name }) => name))).to.deep.equal(blocks.map(({ nodes }) => [nodes[nodes.length - 1]!.name]));
  });

  it("are wholes where a labelled block has layers of its own, as the modules of GoogLeNet have", () => {
    const blocks = blocksOf(standardNetwork("GoogLeNet"));
    const modules = ["3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"].map((name) => `inception${name}`);
    expect(blocks.map(({ name }) => name).filter((name) => name.startsWith("inception"))).to.deep.equal(modules);
    expect(blocks.find(({ name }) => name === "inception3a")!.outputs.map(({ name }) => name)).to.deep.equal(["inception3a.concat1"]);
    expect(blocks[blocks.length - 1]!.name).to.equal("head");
  });

  it("begin with each layer that has weights where nothing is labelled", async () => {
    const graph = await networkIn("network A {\n  input image: float32[N, 3, 8, 8]\n  relu -> conv(3x3, 4) -> bn -> relu\n  conv(3x3, 4) -> globalavgpool -> linear(2)\n}\n", "A");
    expect(blocksOf(graph).map(({ nodes }) => nodes.map(({ op }) => op).join(" "))).to.deep.equal(["relu", "conv bn relu", "conv globalavgpool", "linear"]);
  });

  it("are named by their layers between others", async () => {
    const text = `use std.blocks { basic, stage }
network A {
  input image: float32[N, 8, 8, 8]
  layer1: stage(1, basic(8))
  maxpool(2x2) -> relu
  layer2: stage(1, basic(8))
  maxpool(2x2)
  layer3: stage(1, basic(8))
}
`;
    expect(names(await networkIn(text, "A"))).to.deep.equal(["layer1.0", "maxpool1 … relu1", "layer2.0", "maxpool2", "layer3.0"]);
  });

  it("keep the networks of an ensemble apart", () => {
    const blocks = blocksOf(standardNetwork("Ensemble6"));
    const members = (block: (typeof blocks)[number]): Set<string> => new Set(block.nodes.flatMap(({ name }) => /^m\d\./.exec(name)?.[0] ?? []));
    expect(blocks.length).to.be.greaterThan(100);
    for (const block of blocks) expect(members(block).size, block.name).to.be.at.most(1);
  });

  it("leave out nothing that is an output", () => {
    const graph = standardNetwork("ResNet18Backbone");
    const leaving = new Set(blocksOf(graph).flatMap(({ outputs }) => outputs));
    expect(graph.outputs).to.have.length(4);
    for (const { name, value } of graph.outputs) expect(leaving.has(value), name).to.equal(true);
  });
});

describe("the lines of blocks and layers", () => {
  const text = `use std.blocks { basic, stage }
use std.shortcuts { B }
block mine(width: int, stride: int = 1) {
  residual { conv(3x3, width, stride=stride) -> bn }
}
network A {
  input image: float32[N, 3, 8, 8]
  shortcuts B
  conv(3x3, 8)
  layer1: stage(2, mine(8))
  layer2: stage(1, basic(16), stride=2)
  globalavgpool
}
`;

  it("are the user's first, then the library's", async () => {
    const graph = await networkIn(text, "A");
    const layer = (name: string): string[] => placesOfLayer(graph.nodes.find((node) => node.name === name)!).map(({ file, line, text: own }) => `${file}:${line} ${own}`);
    expect(layer("conv1")).to.deep.equal(["mine.resnet:9 conv(3x3, 8)"]);
    expect(layer("layer1.1.bn1")).to.deep.equal(["mine.resnet:4 residual { conv(3x3, width, stride=stride) -> bn }"]);
    const [own, library, ...more] = layer("layer2.0.conv2");
    expect([own, more]).to.deep.equal(["mine.resnet:11 layer2: stage(1, basic(16), stride=2)", []]);
    expect(library).to.match(/^std\.blocks:\d+ conv\(3x3, width\)/);
    const [asked, option] = layer("layer2.0.downsample.0");
    expect(asked).to.equal("mine.resnet:11 layer2: stage(1, basic(16), stride=2)");
    expect(option).to.match(/^std\.shortcuts:\d+ .*conv/);
  });

  it("are those of the use for a block", async () => {
    const blocks = blocksOf(await networkIn(text, "A"));
    const lines = blocks.map((block) => [block.name, placesOfBlock(block).map(({ file, line }) => `${file}:${line}`).join()]);
    expect(lines).to.deep.equal([["stem", "mine.resnet:9"], ["layer1.0", "mine.resnet:10"], ["layer1.1", "mine.resnet:10"], ["layer2.0", "mine.resnet:11"], ["head", "mine.resnet:12"]]);
  });
});
