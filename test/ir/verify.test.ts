import { expect } from "chai";
import { symbolDim } from "../../src/ir/dim.ts";
import { createGraphBuilder } from "../../src/ir/graph.ts";
import type { Graph, Value } from "../../src/ir/graph.ts";
import { printGraph } from "../../src/ir/print.ts";
import { verifyGraph } from "../../src/ir/verify.ts";
import { trainingForward, trainingStep } from "../../src/passes/gradient.ts";
import { netBuilder } from "../support/graphs.ts";

function legal(): Graph {
  const net = netBuilder();
  const image = net.input([symbolDim("N"), 3, 8, 8]);
  const conv = net.op("conv", image, { kernel: [3, 3], channels: 4, stride: 2 });
  return net.finish(net.op("linear", net.op("globalavgpool", net.op("scale", net.op("bn", conv), { factor: 0.5 })), { features: 2 }, "fc"));
}

describe("the graph verifier", () => {
  it("finds nothing in a legal graph and in what the training passes make of it", () => {
    const sizes = new Map([["N", 2]]);
    expect(verifyGraph(legal())).to.deep.equal([]);
    expect(verifyGraph(trainingStep(legal(), { sizes, momentum: 0.9, weightDecay: 1e-4, decays: "weights" }).graph)).to.deep.equal([]);
    expect(verifyGraph(trainingForward(legal(), sizes).graph)).to.deep.equal([]);
  });

  const type = { dtype: "float32", shape: [2, 3] } as const;
  const rest = { name: "Wibble", symbols: [], facts: new Map(), assumptions: [], instance: undefined };
  const build = (make: (builder: ReturnType<typeof createGraphBuilder>) => Value): readonly string[] => {
    const builder = createGraphBuilder();
    const value = make(builder);
    return verifyGraph(builder.finish({ ...rest, outputs: [{ name: "output", value }] }));
  };
  const wrong: readonly [string, (builder: ReturnType<typeof createGraphBuilder>) => Value, string][] = [
    ["two values of one name", (b) => (b.input("image", type), b.input("image", type)), "two values are called image"],
    ["a value from elsewhere", () => createGraphBuilder().input("image", type), "the output output uses image, which is not made before it"],
    ["a size of zero", (b) => b.input("image", { dtype: "float32", shape: [2, 0] }), "image has the shape [2, 0]"],
    ["a number that is none", (b) => b.node({ op: "scale", name: "scale1", attributes: { factor: NaN }, inputs: [b.input("image", type)], types: [type] }).outputs[0]!, "scale1 has factor = NaN"],
    ["a node without results", (b) => (b.node({ op: "relu", name: "relu1", attributes: {}, inputs: [], types: [] }), b.input("image", type)), "relu1 makes nothing"],
  ];
  for (const [title, make, message] of wrong) it(`finds ${title}`, () => expect(build(make)).to.deep.equal([message]));
});

describe("the text form of a graph", () => {
  it("has a line for every input, node and output", () => {
    expect(printGraph(legal())).to.equal(`graph Wibble
input image: float32[N, 3, 8, 8]
conv1 = conv(image, conv1.weight) kernel=[3, 3] stride=[2, 2] dilation=[1, 1] pads=[1, 1, 1, 1] groups=1 channels=4 bias=false: [N, 4, 4, 4]
bn1 = bn(conv1, bn1.weight, bn1.bias, bn1.running_mean, bn1.running_var) eps=0.00001 momentum=0.1 zero=false: [N, 4, 4, 4]
scale1 = scale(bn1) factor=0.5: [N, 4, 4, 4]
globalavgpool1 = globalavgpool(scale1) keep=false: [N, 4]
fc = linear(globalavgpool1, fc.weight, fc.bias) features=2 bias=true: [N, 2]
output output = fc
`);
  });
});
