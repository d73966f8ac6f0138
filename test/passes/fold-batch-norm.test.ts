import { expect } from "chai";
import { symbolDim } from "../../src/ir/dim.ts";
import type { Graph, Value } from "../../src/ir/graph.ts";
import { foldBatchNorm } from "../../src/passes/fold-batch-norm.ts";
import { foldedWeights } from "../../src/weights/folded.ts";
import { seededWeights } from "../../src/weights/seeded.ts";
import type { WeightSource } from "../../src/weights/source.ts";
import { feedsFor, netBuilder } from "../support/graphs.ts";
import type { NetBuilder } from "../support/graphs.ts";
import { evaluate } from "../support/interpreter/evaluate.ts";
import { tensor } from "../support/interpreter/tensor.ts";
import type { Tensor } from "../support/interpreter/tensor.ts";
import { standardNetwork } from "../support/networks.ts";
import { difference } from "../support/onnx-runtime.ts";
import { emitted, runModel, weightsOf } from "../support/onnx-files.ts";
import { values } from "../support/weight-values.ts";

const operators = (graph: Graph): string => graph.nodes.map((node) => node.op).join(" ");

async function feedsFrom(graph: Graph, source: WeightSource): Promise<Record<string, Tensor>> {
  return Object.fromEntries(await Promise.all(graph.parameters.map(async ({ name, shape }) => [name, tensor(shape, await values(source, name))] as const)));
}

/** Folds, and compares the interpreter's answer before with its answer and ONNX Runtime's after. */
async function check(make: (net: NetBuilder) => readonly Value[], expected: string): Promise<void> {
  const net = netBuilder();
  const graph = net.finish(...make(net));
  const feeds = feedsFor(graph, 11);
  const before = evaluate(graph, feeds);
  const { graph: folded, folds } = foldBatchNorm(graph);
  expect(operators(folded)).to.equal(expected);
  const weights = foldedWeights(weightsOf(feeds), folds);
  const after = evaluate(folded, { ...feeds, ...(await feedsFrom(folded, weights)) });
  const { bytes } = await emitted(folded, weights);
  const run = await runModel(bytes, feeds);
  for (const { name } of graph.outputs) {
    expect(difference(after[name]!, before[name]!), `interpreter, ${name}`).to.be.below(1e-5);
    expect(difference(run[name]!, before[name]!), `ONNX Runtime, ${name}`).to.be.below(1e-5);
  }
}

const image = (net: NetBuilder): Value => net.input([symbolDim("N"), 4, 6, 6]);

describe("folding batch norms", () => {
  it("folds into a convolution without bias", () => check((net) => [net.op("relu", net.op("bn", net.op("conv", image(net), { kernel: 3, channels: 8 })))], "conv relu"));
  it("folds into one with a bias", () => check((net) => [net.op("bn", net.op("conv", image(net), { kernel: 3, channels: 8, bias: true }))], "conv"));
  it("folds into one with groups, stride and padding", () => check((net) => [net.op("bn", net.op("conv", image(net), { kernel: [3, 1], channels: 6, groups: 2, stride: 2, pad: [2, 1] }))], "conv"));
  it("folds into a linear layer", () => check((net) => [net.op("bn", net.op("linear", net.op("flatten", image(net)), { features: 5, bias: true }), { eps: 0.1 })], "flatten linear"));
  it("folds pair by pair", () =>
    check((net) => {
      const y = net.op("bn", net.op("conv", image(net), { kernel: 3, channels: 4 }));
      return [net.op("sum", [y, net.op("bn", net.op("conv", y, { kernel: 1, channels: 4 }))])];
    }, "conv conv sum"));

  it("leaves a result that something else reads", () =>
    check((net) => {
      const y = net.op("conv", image(net), { kernel: 3, channels: 4 });
      return [net.op("sum", [y, net.op("bn", y)])];
    }, "conv bn sum"));
  it("leaves a result that is an output as well", () =>
    check((net) => {
      const y = net.op("conv", image(net), { kernel: 3, channels: 4 });
      return [net.op("bn", y), y];
    }, "conv bn"));
  it("leaves a batch norm that follows something else", () => check((net) => [net.op("bn", net.op("relu", net.op("conv", image(net), { kernel: 1, channels: 3 })))], "conv relu bn"));
  it("leaves the second of two in a row", () => check((net) => [net.op("bn", net.op("bn", net.op("conv", image(net), { kernel: 1, channels: 3 })))], "conv bn"));

  it("gives back a graph with nothing to fold as it is", () => {
    const net = netBuilder();
    const graph = net.finish(net.op("relu", image(net)));
    expect(foldBatchNorm(graph)).to.deep.equal({ graph, folds: [] });
  });

  it("scales a transposed weight along the axis that the channels then have", async () => {
    const net = netBuilder();
    const graph = net.finish(net.op("bn", net.op("conv", net.input([1, 3, 6, 6]), { kernel: 3, channels: 5 })));
    const feeds = feedsFor(graph, 2);
    const { folds } = foldBatchNorm(graph);
    const source: WeightSource = {
      ...weightsOf(feeds),
      read: (name, axes) => (axes ? weightsOf({ [name]: transposed(feeds[name]!, axes) }).read(name) : weightsOf(feeds).read(name)),
    };
    const folded = foldedWeights(source, folds);
    const straight = tensor([5, 3, 3, 3], await values(folded, "conv1.weight"));
    for (const axes of [[2, 3, 1, 0], [1, 0, 2, 3]]) expect(await values(folded, "conv1.weight", axes), String(axes)).to.deep.equal([...transposed(straight, axes).data]);
  });

  it("folds every batch norm of a ResNet", () => {
    // ResNet-50 has 53 convolutions, each with a batch norm behind it (torchvision's state_dict counts the same).
    const { graph, folds } = foldBatchNorm(standardNetwork("ResNet50"));
    expect(folds.length).to.equal(53);
    expect(operators(graph)).not.to.contain("bn");
    // 25,557,032 parameters less 53,120 scales and shifts, and one bias a channel more: 26,560.
    expect(graph.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)).to.equal(25_557_032 - 53_120 + 26_560);
  });

  it("lists and knows the folded network's tensors only", () => {
    const graph = standardNetwork("ResNet20");
    const { graph: folded, folds } = foldBatchNorm(graph);
    const weights = foldedWeights(seededWeights(graph.parameters, { seed: 0 }), folds);
    for (const { name, shape } of folded.parameters) expect(weights.info(name)?.shape, name).to.deep.equal(shape);
    expect(weights.info("bn1.running_var")).to.equal(undefined);
    expect(new Set(folded.parameters.map(({ name }) => name)).size).to.equal(folded.parameters.length);
  });
});

function transposed({ shape, data }: Tensor, axes: readonly number[]): Tensor {
  const to = axes.map((axis) => shape[axis]!);
  const result: number[] = [];
  const walk = (depth: number, index: number[]): void => {
    if (depth === axes.length) return void result.push(data[shape.reduce((at, size, axis) => at * size + index[axis]!, 0)]!);
    for (let i = 0; i < to[depth]!; i++) {
      index[axes[depth]!] = i;
      walk(depth + 1, index);
    }
  };
  walk(0, []);
  return tensor(to, result);
}
