import { readFileSync } from "node:fs";
import { instance } from "@viz-js/viz";
import type { Viz } from "@viz-js/viz";
import { expect } from "chai";
import sharp from "sharp";
import { drawNetworks } from "../../src/draw/draw.ts";
import { folded } from "../../src/draw/fold.ts";
import { pictureOf } from "../../src/draw/network-picture.ts";
import { sceneOf } from "../../src/draw/scene.ts";
import { textWidth } from "../../src/draw/text-width.ts";
import type { Graph } from "../../src/index.ts";
import { NO_FACTS } from "../../src/ir/dim.ts";
import { createGraphBuilder } from "../../src/ir/graph.ts";
import { networkIn, standardNetwork } from "../support/networks.ts";

const times = (count: number, text: string): string[] => Array.from({ length: count }, () => text);
/** Fig. 3 of He et al. 2015, from top to bottom; "pool, /2" is 3x3 by Table 1, and VGG's are 2x2. */
const PLAIN34 = ["7x7 conv, 64, /2", "3x3 max pool, /2", ...times(6, "3x3 conv, 64"), "3x3 conv, 128, /2", ...times(7, "3x3 conv, 128"), "3x3 conv, 256, /2", ...times(11, "3x3 conv, 256"), "3x3 conv, 512, /2", ...times(5, "3x3 conv, 512"), "global avg pool", "fc 1000"];
const VGG19 = [[2, 64], [2, 128], [4, 256], [4, 512], [4, 512]].flatMap(([count = 0, width]) => [...times(count, `3x3 conv, ${width}`), "2x2 max pool, /2"]).concat("fc 4096", "fc 4096", "fc 1000");

const textsOf = (graph: Graph): string[] => pictureOf(graph).boxes.filter(({ kind }) => kind !== "input" && kind !== "join").map(({ text }) => text.join(" / "));
const lineTexts = (graph: Graph, kind: string): (string | undefined)[] => pictureOf(graph).lines.filter((line) => line.kind === kind).map(({ text }) => text);

describe("pictures", () => {
  it("of the networks of Fig. 3 have its layers, top to bottom", () => {
    expect(textsOf(standardNetwork("VGG19"))).to.deep.equal(VGG19);
    expect(textsOf(standardNetwork("Plain34"))).to.deep.equal(PLAIN34);
    expect(textsOf(standardNetwork("ResNet34"))).to.deep.equal(PLAIN34);
  });

  it("have its shortcuts: 13 solid ones, 3 dotted ones where widths grow", () => {
    expect(lineTexts(standardNetwork("ResNet34"), "identity")).to.have.length(13);
    expect(lineTexts(standardNetwork("ResNet34"), "inserted")).to.deep.equal(["1x1 conv, 128, /2", "1x1 conv, 256, /2", "1x1 conv, 512, /2"]);
    expect(lineTexts(standardNetwork("ResNet34A"), "inserted")[0]).to.equal("subsample, /2; zero-pad, 128");
    expect(lineTexts(standardNetwork("Plain34"), "identity")).to.deep.equal([]);
  });

  it("say of what thins a map out by how much, and of what enlarges it as well", async () => {
    const net = await networkIn("network Net {\n  input image: float32[N, 3, 8, 8]\n  conv(3x3, 8, stride=2) -> upconv(2x2, 4, stride=2) -> upsample(2)\n}", "Net");
    expect(textsOf(net)).to.deep.equal(["3x3 conv, 8, /2", "2x2 up conv, 4, x2", "upsample, x2"]);
  });

  it("side by side say the paper's output sizes once, and equal sizes begin at one height", () => {
    const { columns, labels } = sceneOf(["VGG19", "Plain34", "ResNet34"].map((name) => pictureOf(standardNetwork(name))));
    expect(labels.map(({ text }) => text)).to.deep.equal(["224", "112", "56", "28", "14", "7", "1"]);
    for (const { text, y } of labels) {
      const tops = columns.flatMap(({ picture, rects }) => {
        const first = picture.boxes.findIndex(({ size }) => size === text);
        return first < 0 ? [] : [rects.get(first)!.y];
      });
      // VGG alone has layers of 224x224.
      expect(tops).to.have.length(text === "224" ? 1 : 3);
      for (const top of tops) expect(top, text).to.be.closeTo(y, 0.01);
    }
  });

  it("fold what Table 1 multiplies, but the first block of each stage, which differs", () => {
    const { folds } = folded(pictureOf(standardNetwork("ResNet152")));
    expect(folds.map(({ times: count, first, last }) => [count, first, last])).to.deep.equal([[2, "layer1.1", "layer1.2"], [7, "layer2.1", "layer2.7"], [35, "layer3.1", "layer3.35"], [2, "layer4.1", "layer4.2"]]);
    expect(folded(pictureOf(standardNetwork("ResNet34"))).folds.map((fold) => fold.times)).to.deep.equal([3, 3, 5, 2]);
  });

  it("do not fold over an output in between, and keep that of the last block", async () => {
    const text = (output: string): string => `use std.blocks { basic }\nnetwork Net {\n  input image: float32[N, 8, 8, 8]\n  row: {\n    a: basic(8)\n    b: basic(8)\n    c: basic(8)\n  }\n  output main = row\n  ${output}\n}`;
    const inside = folded(pictureOf(await networkIn(text("output side = row.b"), "Net")));
    expect(inside.folds.map((fold) => fold.times)).to.deep.equal([2]);
    const all = folded(pictureOf(await networkIn(text("output again = row"), "Net")));
    expect(all.folds.map((fold) => fold.times)).to.deep.equal([3]);
    expect(all.boxes.flatMap(({ outputs }) => outputs)).to.deep.equal(["main", "again"]);
  });

  it("with all layers have a box for each, those of shortcuts dotted", () => {
    for (const name of ["ResNet18", "ResNet18A", "SEResNet20", "PreActResNet18", "GoogLeNetAuxiliary"]) {
      const graph = standardNetwork(name);
      const { boxes } = pictureOf(graph, { allLayers: true });
      expect(boxes.filter(({ kind }) => kind !== "input").map(({ layers }) => layers.join()).sort()).to.deep.equal(graph.nodes.map((node) => node.name).sort());
      expect(boxes.filter(({ isInserted }) => isInserted)).to.have.length(graph.nodes.filter(({ origin }) => origin?.inserted).length);
    }
  });

  it("with a depth have one box for the layers of a path", () => {
    const { boxes, lines } = pictureOf(standardNetwork("ResNet50"), { depth: 1 });
    // The paths of `rnc summary ResNet50 --depth 1`, bn1 and relu1 in the box of conv1.
    expect(boxes.map(({ layers, kind, text }) => (kind === "group" ? text[0] : layers[0]))).to.deep.equal(["image", "conv1", "maxpool1", "layer1, 256", "layer2, 512", "layer3, 1024", "layer4, 2048", "globalavgpool1", "fc"]);
    expect(lines.map(({ kind }) => kind)).to.deep.equal(times(8, "flow"));
    expect(boxes[3]!.text[1]).to.match(/^stage, \d+ layers$/);
  });

  it("draw a path that is left and entered again as several boxes", () => {
    const b = createGraphBuilder();
    const type = { dtype: "float32", shape: [1, 4, 8, 8] } as const;
    let value = b.input("image", type);
    for (const name of ["g.a", "g.b", "other", "g.c", "g.d"]) value = b.node({ op: "maxpool", name, attributes: { kernel: [3, 3], stride: [1, 1] }, inputs: [value], types: [type] }).outputs[0]!;
    const graph = b.finish({ name: "Net", outputs: [{ name: "y", value }], symbols: [], facts: NO_FACTS, assumptions: [], instance: undefined });
    expect(pictureOf(graph, { depth: 1 }).boxes.map(({ layers }) => layers)).to.deep.equal([["image"], ["g.a", "g.b"], ["other"], ["g.c", "g.d"]]);
  });

  it("give a block of pre-activation its own BN and ReLU, shared by both paths", () => {
    const texts = textsOf(standardNetwork("PreActResNet18"));
    // Three stages widen; the stem of the first is activated already.
    expect(texts.filter((text) => text === "bn, relu")).to.have.length(3);
  });

  it("are the same text every time, with a colour for each width", () => {
    for (const form of ["svg", "dot"] as const) expect(drawNetworks([standardNetwork("GoogLeNet")], form)).to.equal(drawNetworks([standardNetwork("GoogLeNet")], form));
    const fills = pictureOf(standardNetwork("ResNet34")).boxes.flatMap(({ channels }) => channels ?? []);
    expect([...new Set(fills)]).to.deep.equal([64, 128, 256, 512]);
  });

  it("in examples/ are what is drawn today", () => {
    for (const [file, ...names] of [["ResNet34.svg", "ResNet34"], ["fig3.svg", "VGG19", "Plain34", "ResNet34"]] as const) {
      const drawn = drawNetworks(names.map((name) => standardNetwork(name)), "svg");
      expect(readFileSync(new URL(`../../examples/pictures/${file}`, import.meta.url), "utf8") === drawn, `${file} is old: \`rnc draw ${names.join(" ")} -o examples/pictures/${file}\``).to.equal(true);
    }
  });

  it("stand alone: titles for who cannot see them, a white ground, nothing from outside", () => {
    const svg = drawNetworks([standardNetwork("ResNet34")], "svg");
    expect(svg).to.match(/<title id="title">ResNet34<\/title>\n<desc id="desc">ResNet34, from top to bottom: .*13 identity shortcuts \(solid\), 3 inserted ones \(dotted\)/);
    expect(svg).to.include('role="img" aria-labelledby="title desc"').and.include('<rect width="100%" height="100%" fill="#fff"/>').and.include("layer2.0.downsample.0: conv 1x1, 128, stride 2");
    expect(svg.replaceAll("url(#arrow)", "").replace("http://www.w3.org/2000/svg", "")).not.to.match(/<script|<style|<image|href|url\(|https?:/);
  });

  it("escape hostile names, and hold long ones", async () => {
    const name = `a<b>&"'\\ ]]>\u0001 ${"long ".repeat(60)}`;
    const b = createGraphBuilder();
    const type = { dtype: "float32", shape: [1, 4, 8, 8] } as const;
    const image = b.input(name, type);
    const value = b.node({ op: name, name: `${name}.x`, attributes: {}, inputs: [image], types: [type] }).outputs[0]!;
    const graph = b.finish({ name, outputs: [{ name, value }, { name: "other", value: image }], symbols: [], facts: NO_FACTS, assumptions: [], instance: undefined });
    for (const options of [{}, { depth: 1 }, { fold: true }, { allLayers: true }]) {
      const svg = drawNetworks([graph, graph], "svg", options);
      expect((await sharp(Buffer.from(svg)).metadata()).format).to.equal("svg");
      expect(svg).not.to.include("<b>");
      for (const { rects, picture } of sceneOf([pictureOf(graph)]).columns) for (const rect of rects.values()) expect(rect.width, picture.name).to.be.at.most(280);
    }
    expect(readByGraphviz(await instance(), drawNetworks([graph], "dot")).nodes.size).to.equal(4);
  });

  it("estimate texts as wide as Helvetica draws them, or a little wider", () => {
    // Adobe's metrics of Helvetica, thousandths of the size: "3x3 conv, 64, /2" 3 556, x 500, space 278, c 500, o 556, n 556, v 500, comma 278, slash 278.
    const exact = (12 * (556 + 500 + 556 + 278 + 500 + 556 + 556 + 500 + 278 + 278 + 556 + 556 + 278 + 278 + 278 + 556)) / 1000;
    expect(textWidth("3x3 conv, 64, /2", 12)).to.be.within(exact, exact * 1.15);
  });
});

/** What Graphviz reads in a DOT text; throws with what it says against it. */
function readByGraphviz(viz: Viz, text: string): { readonly nodes: ReadonlySet<string>; readonly edges: readonly { readonly from: string; readonly to: string; readonly style: string }[] } {
  const { status, errors, output } = viz.render(text, { engine: "dot", format: "json0" });
  // It warns that it has no fonts to measure signs such as × with.
  if (status !== "success" || errors.some(({ level }) => level === "error")) throw new Error(errors.map(({ message }) => message).join("\n"));
  const { objects = [], edges = [] } = JSON.parse(output) as { objects?: { name: string; nodes?: number[] }[]; edges?: { tail: number; head: number; style?: string }[] };
  const name = (index: number): string => objects[index]?.name ?? "";
  return {
    nodes: new Set(objects.flatMap((object) => (object.nodes ? [] : [object.name]))),
    edges: edges.map(({ tail, head, style = "solid" }) => ({ from: name(tail), to: name(head), style })),
  };
}

describe("pictures as DOT, read and laid out by Graphviz", function () {
  this.timeout(120_000);
  let viz: Viz;
  before(async () => {
    viz = await instance();
  });

  for (const [name, options] of [["ResNet34", {}], ["ResNet152", { fold: true }], ["GoogLeNetAuxiliary", {}], ["ResNet50", { depth: 2 }], ["SEResNet20", { allLayers: true }]] as const) {
    it(`${name} has every box and line`, () => {
      const text = drawNetworks([standardNetwork(name)], "dot", options);
      const picture = pictureOf(standardNetwork(name), options);
      const { boxes, lines } = "fold" in options ? folded(picture) : picture;
      const outputs = boxes.flatMap((box) => box.outputs);
      const { nodes, edges } = readByGraphviz(viz, text);
      const drawn = outputs.length > 1 ? outputs.length : 0;
      expect([nodes.size, edges.length]).to.deep.equal([boxes.length + drawn, lines.length + drawn]);
      expect(edges.flatMap(({ from, to }) => [from, to]).filter((node) => !nodes.has(node))).to.deep.equal([]);
      expect(edges.filter(({ style }) => style === "dotted").length).to.equal(lines.filter(({ kind }) => kind === "inserted").length);
    });
  }

  it("would be seen to be broken", () => {
    expect(() => readByGraphviz(viz, drawNetworks([standardNetwork("ResNet20")], "dot").replace('"]', "]"))).to.throw(/syntax error|missing endquote/);
  });
});
