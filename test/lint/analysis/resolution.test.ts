import { expect } from "chai";
import { mapLayers, paddedPositions, unreadRows } from "../../../src/lint/analysis/maps.ts";
import { resolutionOf } from "../../../src/lint/analysis/resolution.ts";
import type { Resolution } from "../../../src/lint/analysis/resolution.ts";
import { nearestSizes } from "../../../src/lint/analysis/sizes.ts";
import type { Graph } from "../../../src/ir/graph.ts";
import { measure, measureNodes } from "../../../src/passes/measure.ts";
import { networkIn, standardNetwork } from "../../support/networks.ts";

function tableOf(graph: Graph): Resolution {
  const table = resolutionOf(graph);
  if (table === undefined) throw new Error(`${graph.name} has no table`);
  return table;
}

const image = (side: number): readonly (readonly number[])[] => [[1, 3, side, side]];

/** `layer2 28x28 99/43`: name, last map, greatest and least receptive field of one axis. */
const rowsOf = (table: Resolution): readonly string[] => table.stages.map(({ name, map, receptiveField, leastReceptiveField }) => `${name} ${map?.join("x") ?? "-"} ${receptiveField?.[0] ?? "-"}/${leastReceptiveField?.[0] ?? "-"}`);

describe("lint: resolution", () => {
  // Greatest fields: the known 43, 99, 211, 435 of ResNet-18 and 35, 91, 267, 427 of ResNet-50; least ones, through the shortcuts at
  // 11 pixels: both 3x3 of one block, 2 * 2 strides of 4, 8, 16, 32 pixels for a two-layer block that does not stride.
  it("has a row for every stage", () => {
    expect(rowsOf(tableOf(standardNetwork("ResNet18")))).to.deep.equal([
      "conv1 … relu1 112x112 7/7",
      "maxpool1 56x56 11/11",
      "layer1 56x56 43/27",
      "layer2 28x28 99/43",
      "layer3 14x14 211/75",
      "layer4 7x7 435/139",
      "globalavgpool1 … fc - -/-",
    ]);
    expect(tableOf(standardNetwork("ResNet50")).stages.flatMap(({ receptiveField }) => receptiveField?.[0] ?? [])).to.deep.equal([7, 11, 35, 91, 267, 427]);
  });

  it("divides a stage that halves more than once, and stages without a label, by their maps", async () => {
    expect(rowsOf(tableOf(standardNetwork("VGG16"))).map((row) => row.replace(/ \S+$/, ""))).to.deep.equal([
      "features.0 … features.3 224x224",
      "features.4 … features.8 112x112",
      "features.9 … features.15 56x56",
      "features.16 … features.22 28x28",
      "features.23 … features.29 14x14",
      "features.30 7x7",
      "flatten1 -",
      "classifier -",
    ]);
    const plain = await networkIn("network Net {\n  input image: float32[N, 3, 32, 32]\n  2 x { conv(3x3, 8) -> relu }\n  conv(3x3, 8, stride=2) -> relu\n  globalavgpool -> linear(10)\n}", "Net");
    expect(rowsOf(tableOf(plain))).to.deep.equal(["conv1 … relu2 32x32 5/5", "conv3 … relu3 16x16 7/7", "globalavgpool1 … linear1 - -/-"]);
  });

  it("leaves nothing out: the rows add up to the network", () => {
    for (const name of ["ResNet50", "SEResNet20", "GoogLeNet", "VGG19", "PreAct164"]) {
      const graph = standardNetwork(name);
      const table = tableOf(graph);
      const total = measure(graph);
      expect(table.stages.reduce((sum, { params }) => sum + params, 0), name).to.equal(total.params);
      expect(table.stages.reduce((sum, { macs }) => sum + macs, 0), name).to.equal(total.macs);
    }
  });

  // arXiv 2010.02178, and `(224 + 6 - 7) mod 2` and so on by hand: every stride of 224 is uneven, none of 225.
  it("counts the rows that no window reads", () => {
    const unread = (side: number): readonly string[] => tableOf(standardNetwork("ResNet50", {}, image(side))).stages.flatMap((stage) => stage.unread.map(({ layer, rows, padding }) => `${layer} ${rows.join("x")}/${padding.join("x")}`));
    expect(unread(224)).to.deep.equal(["conv1 1x1/1x1", "maxpool1 1x1/1x1", "layer2.0.conv2 1x1/1x1", "layer3.0.conv2 1x1/1x1", "layer4.0.conv2 1x1/1x1"]);
    expect(unread(225)).to.deep.equal([]);
  });

  // The least field before the second convolution of layer3.1 is 11 + 2 * 16 = 43, in layer4 11 + 2 * 16 and 11 + 2 * 32.
  it("names what looks for context that is there already", () => {
    const { covered, stages } = tableOf(standardNetwork("ResNet18", {}, image(32)));
    expect(covered).to.deep.equal({ layers: ["layer3.1.conv2", "layer4.0.conv2", "layer4.1.conv2"], params: 9 * (256 * 256 + 2 * 512 * 512), macs: 9 * (4 * 256 * 256 + 2 * 512 * 512) });
    expect(stages.map((stage) => stage.covered.layers.length)).to.deep.equal([0, 0, 0, 0, 1, 2, 0]);
    expect(tableOf(standardNetwork("ResNet18")).covered.layers).to.deep.equal([]);
  });

  it("has no table without sizes, for several inputs, or without a map", async () => {
    expect(resolutionOf(standardNetwork("ResNet50AnySize"))).to.equal(undefined);
    expect(resolutionOf(await networkIn("network Net {\n  input a: float32[N, 3, 8, 8]\n  input b: float32[N, 3, 8, 8]\n  sum { from a | from b }\n}", "Net"))).to.equal(undefined);
    expect(resolutionOf(await networkIn("network Net {\n  input a: float32[N, 8]\n  linear(8)\n}", "Net"))).to.equal(undefined);
  });
});

/** One layer on one axis, all sizes small enough to try every start of the window. */
const WINDOWS = [1, 2, 3, 5, 7].flatMap((kernel) => [1, 2, 3].flatMap((stride) => [1, 2].flatMap((dilation) => [0, 1, 2, 3].flatMap((pad) => [1, 2, 3, 4, 5, 8].map((size) => ({ kernel, stride, dilation, pad, size }))))));

describe("lint: windows on maps", () => {
  it("count unread rows and idle positions as trying every start does", async () => {
    let tried = 0;
    for (const { kernel, stride, dilation, pad, size } of WINDOWS) {
      const reach = dilation * (kernel - 1) + 1;
      if (size + 2 * pad < reach) continue;
      const graph = await networkIn(`network Net {\n  input line: float32[N, 3, ${size}]\n  conv(${kernel}, 4, stride=${stride}, dilation=${dilation}, pad=${pad})\n}`, "Net");
      const [layer] = mapLayers(graph, measureNodes(graph));
      if (layer === undefined) throw new Error("no layer");
      const met = new Set<number>();
      let last = 0;
      for (let start = -pad; start + reach <= size + pad; start += stride) {
        last = start + reach;
        for (let index = 0; index < kernel; index++) if (start + index * dilation >= 0 && start + index * dilation < size) met.add(index);
      }
      const what = JSON.stringify({ kernel, stride, dilation, pad, size });
      expect(paddedPositions(layer), what).to.deep.equal({ padded: kernel - met.size, all: kernel });
      expect(unreadRows(layer, 0), what).to.equal(reach < stride ? 0 : size + pad - last);
      tried++;
    }
    expect(tried).to.be.greaterThan(400);
  });

  // Sizes by arithmetic: every stride of 2 with an odd kernel and its padding is even where the map is odd, so after five of them
  // the image is 1 more than a multiple of 32; the two of the CIFAR nets need a multiple of 4 and 1.
  it("find the nearest sizes at which every window reaches the end", () => {
    const even = (name: string, side: number) => {
      const graph = standardNetwork(name, {}, image(side));
      return nearestSizes(graph, measureNodes(graph), (layer, axis) => unreadRows(layer, axis) === 0);
    };
    expect(even("ResNet34", 224)).to.deep.equal({ smaller: [193, 193], larger: [225, 225] });
    expect(even("ResNet34", 225)).to.deep.equal({ smaller: [225, 225], larger: [225, 225] });
    expect(even("ResNet50", 300)).to.deep.equal({ smaller: [289, 289], larger: [321, 321] });
    expect(even("ResNet20", 32)).to.deep.equal({ smaller: [29, 29], larger: [33, 33] });
    expect(even("ResNet50", 32), "1x1 is less than half of it").to.deep.equal({ smaller: undefined, larger: [33, 33] });
  });
});
