import { expect } from "chai";
import type { Graph } from "../../src/ir/graph.ts";
import { measure, measureNodes } from "../../src/passes/measure.ts";
import { networkIn, standardNetwork } from "../support/networks.ts";

const net = (body: string, input = "float32[N, 3, 8, 8]"): Promise<Graph> => networkIn(`use std.blocks { se }\nuse std.shortcuts { A, B, C }\nnetwork Net {\n  input image: ${input}\n  ${body}\n}`, "Net");

/** Greatest receptive field, in pixels along the first axis, at the end of what `path` names. */
function fieldAfter(graph: Graph, path: string): number | undefined {
  const last = graph.nodes.findLast((node) => node.name === path || node.name.startsWith(`${path}.`));
  return last && measureNodes(graph)[last.id]?.receptiveField?.greatest[0];
}

describe("measure: receptive fields", () => {
  // The rows below follow from r' = r + (k - 1) j, j' = j s along the longest and the shortest path, worked out apart from this
  // code; rfa_toolbox documents 75 to 427 for ResNet-50, and Araujo et al. (Distill 2019) have the rows of the paper's stride.
  const imageNet: readonly (readonly [string, readonly number[], number, number])[] = [
    ["ResNet18", [11, 43, 99, 211, 435], 435, 139],
    ["ResNet34", [11, 59, 179, 547, 899], 899, 139],
    ["ResNet50", [11, 35, 91, 267, 427], 427, 75],
    ["ResNet101", [11, 35, 91, 811, 971], 971, 75],
    ["ResNet152", [11, 35, 155, 1291, 1451], 1451, 75],
  ];
  for (const [name, stages, greatest, least] of imageNet) {
    it(`${name}: ${stages.join(", ")}`, () => {
      const graph = standardNetwork(name);
      const found = ["maxpool1", "layer1", "layer2", "layer3", "layer4"].map((path) => fieldAfter(graph, path));
      expect(found).to.deep.equal(stages);
      const { receptiveField, leastReceptiveField } = measure(graph);
      expect(receptiveField).to.deep.equal([greatest, greatest]);
      expect(leastReceptiveField).to.deep.equal([least, least]);
    });
  }

  it("VGG16: 212, on the only path", () => {
    const { receptiveField, leastReceptiveField } = measure(standardNetwork("VGG16")); // Araujo et al. 2019
    expect(receptiveField).to.deep.equal([212, 212]);
    expect(leastReceptiveField).to.deep.equal([212, 212]);
  });

  for (const [name, greatest] of [["ResNet50v1", 483], ["ResNet101v1", 1027], ["ResNet152v1", 1507]] as const) {
    it(`${name}, stride in the first 1x1: ${greatest}`, () => {
      const { receptiveField, leastReceptiveField } = measure(standardNetwork(name));
      expect(receptiveField).to.deep.equal([greatest, greatest]);
      expect(leastReceptiveField).to.deep.equal([75, 75]);
    });
  }

  for (const n of [1, 3, 5, 7, 9, 18, 200]) {
    it(`CIFAR with n = ${n}: 28n - 3`, () => {
      const greatest = 28 * n - 3;
      for (const option of ["A", "none"]) {
        const { receptiveField } = measure(standardNetwork("CifarResNet", { n: String(n), option }));
        expect(receptiveField, option).to.deep.equal([greatest, greatest]);
      }
    });
  }

  it("follows dilation, axes of their own, branches and what comes after a global operator", async () => {
    // 1 + 2 * 2 = 5 across; along the other axis 1 + (5 - 1) = 5, then both stride 1 by 2.
    const graph = await net("a: conv(3x5, 4, dilation=[2, 1], pad=[2, 2]) -> b: conv(3x3, 4, stride=[1, 2]) -> c: conv(3x3, 4)\n  d: sum { conv(1x1, 4) | conv(3x3, 4) }\n  globalavgpool(keep=true) -> e: conv(1x1, 4)");
    const each = measureNodes(graph);
    const field = (name: string): unknown => each[graph.nodes.findIndex((node) => node.name === name)]?.receptiveField;
    expect(field("a")).to.deep.equal({ greatest: [5, 5], least: [5, 5], jump: [1, 1] });
    expect(field("b")).to.deep.equal({ greatest: [7, 7], least: [7, 7], jump: [1, 2] });
    expect(field("c")).to.deep.equal({ greatest: [9, 11], least: [9, 11], jump: [1, 2] });
    expect(field("d")).to.deep.equal({ greatest: [11, 15], least: [9, 11], jump: [1, 2] });
    expect(field("e")).to.equal(undefined);
  });
});

describe("measure: memory", () => {
  // Bytes of live float32 values while a layer runs: what it reads, what it writes, and what a later layer still needs.
  const rows: readonly (readonly [string, string, number])[] = [
    ["a chain holds two values: image 3 and conv 16 maps of 64", "conv(3x3, 16) -> relu", 64 * 4 * Math.max(3 + 16, 16 + 16)],
    ["a shortcut holds its input too", "conv(3x3, 4) -> residual { conv(3x3, 4) -> relu }", 64 * 4 * (4 + 4 + 4)],
    ["a concatenation holds its branches and its result", "conv(3x3, 2) -> concat { conv(3x3, 5) | conv(3x3, 7) }", 64 * 4 * (5 + 7 + 12)],
    ["a pool shrinks what follows", "conv(3x3, 2) -> maxpool(2x2) -> conv(3x3, 32)", Math.max(64 * 4 * (3 + 2), 64 * 4 * 2 + 16 * 4 * 2, 16 * 4 * (2 + 32))],
    ["an output stays", "a: conv(3x3, 8) -> b: maxpool(2x2) -> c: conv(3x3, 64)\n  output a\n  output c", 64 * 4 * 8 + 16 * 4 * (8 + 64)],
  ];
  for (const [title, body, bytes] of rows) {
    it(title, async () => {
      expect(measure(await net(body)).memoryInBytes).to.equal(bytes);
    });
  }

  it("is unknown while a size is open, and the batch counts as 1", async () => {
    const open = await net("conv(3x3, 16)", "float32[N, 3, H, W]");
    expect(measure(open).memoryInBytes).to.equal(undefined);
    expect(measure(open).macs).to.equal(undefined);
    expect(measure(open).params).to.equal(16 * 3 * 9);
    const eight = await net("conv(3x3, 16)", "float32[8, 3, 8, 8]");
    expect(measure(eight).memoryInBytes).to.equal(64 * 4 * (3 + 16));
    expect(measure(eight).macs).to.equal(16 * 3 * 9 * 64);
  });
});

describe("measure: depth, parameters and state", () => {
  const rows: readonly (readonly [string, string, number])[] = [
    ["projections do not count, even in a longer shortcut", "shortcuts C\n  residual { conv(3x3, 8) -> bn }", 1],
    ["the longest branch counts", "sum { conv(1x1, 4) | conv(3x3, 8) -> conv(3x3, 4) -> conv(3x3, 4) }", 3],
    ["a gate does not count", "conv(3x3, 16) -> se(4)", 1],
    ["upconv and linear do", "upconv(2x2, 4, stride=2) -> globalavgpool -> linear(2)", 2],
    ["pools, norms and activations do not", "bn -> relu -> maxpool(2x2)", 0],
  ];
  for (const [title, body, depth] of rows) {
    it(title, async () => expect(measure(await net(body)).depth).to.equal(depth));
  }

  // He et al. 2015, Table 1 and section 4.2: the number in the name of a network is its depth.
  for (const name of ["Plain18", "Plain34", "ResNet18", "ResNet34", "ResNet50", "ResNet101", "ResNet152", "ResNet34A", "ResNet50C", "ResNet20", "ResNet110", "ResNet1202", "VGG16", "VGG19", "PreAct164", "PreAct1001"]) {
    it(name, () => expect(measure(standardNetwork(name)).depth).to.equal(Number(/\d+/.exec(name)?.[0])));
  }

  it("counts running statistics apart", async () => {
    const { params, buffers } = measure(await net("conv(3x3, 16, bias=true) -> bn"));
    expect(params).to.equal(16 * 27 + 16 + 2 * 16);
    expect(buffers).to.equal(2 * 16);
  });

  it("measures a part of the nodes as a whole of its own", async () => {
    const graph = await net("a: conv(3x3, 16) -> b: conv(3x3, 8) -> c: conv(3x3, 4)");
    const part = measure(graph, { first: 1, end: 2 });
    expect(part.params).to.equal(8 * 16 * 9);
    expect(part.depth).to.equal(1);
    expect(part.memoryInBytes).to.equal(64 * 4 * (16 + 8));
  });
});
