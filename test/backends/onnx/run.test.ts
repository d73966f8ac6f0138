import { expect } from "chai";
import onnxProto from "onnx-proto";
import { InputError } from "../../../src/base/input-error.ts";
import { emitOnnx } from "../../../src/backends/onnx/index.ts";
import type { OnnxOptions } from "../../../src/backends/onnx/index.ts";
import { addDims, floorDivide, scaleDim, simplifyDim, symbolDim } from "../../../src/ir/dim.ts";
import type { Facts } from "../../../src/ir/dim.ts";
import type { Graph, Value } from "../../../src/ir/graph.ts";
import { createGraphBuilder } from "../../../src/ir/graph.ts";
import { unsupported } from "../../../src/ops/define-op.ts";
import type { OnnxLowering } from "../../../src/ops/define-op.ts";
import { findOperator } from "../../../src/ops/registry.ts";
import { feedsFor, netBuilder } from "../../support/graphs.ts";
import { evaluate } from "../../support/interpreter/evaluate.ts";
import { difference } from "../../support/onnx-runtime.ts";
import { emitted, runModel, weightsOf, withModelFile } from "../../support/onnx-files.ts";
import { collect } from "../../support/weight-values.ts";

const N = symbolDim("N");

/** ONNX Runtime's answer to our file beside the plain loops of the interpreter. */
async function check(graph: Graph, options: Partial<OnnxOptions> = {}, sizes: Readonly<Record<string, number>> = {}): Promise<void> {
  const feeds = feedsFor(graph, 7, sizes);
  const expected = evaluate(graph, feeds);
  const { bytes } = await emitted(graph, weightsOf(feeds), options);
  const found = await runModel(bytes, feeds);
  expect(Object.keys(found)).to.deep.equal(graph.outputs.map((output) => output.name));
  for (const { name } of graph.outputs) expect(difference(found[name]!, expected[name]!), name).to.be.below(1e-5);
}

/** A graph of a few layers with outputs under names of their own. */
function named(make: (net: ReturnType<typeof netBuilder>) => Readonly<Record<string, Value>>, facts?: Facts): Graph {
  const net = netBuilder(facts);
  const outputs = make(net);
  return { ...net.finish(), outputs: Object.entries(outputs).map(([name, value]) => ({ name, value })) };
}

const image = (net: ReturnType<typeof netBuilder>): Value => net.input([N, 4, 6, 6]);

describe("an emitted network, run by ONNX Runtime", () => {
  it("is a chain", () => check(named((net) => ({ output: net.op("relu", net.op("bn", net.op("conv", image(net), { kernel: 3, channels: 8 }))) }))));

  it("adds branches that share an input", () =>
    check(named((net) => {
      const x = image(net);
      return { output: net.op("sum", [net.op("conv", x, { kernel: 3, channels: 4 }), x]) };
    })));

  it("gives an input back as an output", () => check(named((net) => ({ same: image(net) }))));

  it("gives one value back under three names", () =>
    check(named((net) => {
      const x = image(net);
      const y = net.op("relu", x);
      return { a: y, b: y, c: net.op("sigmoid", y), d: x };
    })));

  it("gives back what an operator without effect passes on", () =>
    check(named((net) => {
      const y = net.op("relu", image(net));
      return { first: net.op("dropout", y, { rate: 0.5 }), second: y };
    })));

  it("keeps outputs apart from layers that bear their names", () =>
    check(named((net) => {
      const a = net.op("relu", image(net), {}, "b");
      const b = net.op("sigmoid", a, {}, "a");
      const c = net.op("leakyrelu", b, { slope: 0.5 }, "output");
      return { a, b, output: net.op("silu", c, {}, "c") };
    })));

  it("ends in a softmax when asked to", async () => {
    const graph = named((net) => ({ output: net.op("linear", net.op("flatten", image(net)), { features: 5 }) }));
    const feeds = feedsFor(graph, 3);
    const { output } = evaluate(graph, feeds);
    const { bytes } = await emitted(graph, weightsOf(feeds), { softmax: true });
    const { output: found } = await runModel(bytes, feeds);
    for (let row = 0; row < 2; row++) {
      const exponentials = [0, 1, 2, 3, 4].map((i) => Math.exp(output!.data[row * 5 + i]!));
      const sum = exponentials.reduce((a, b) => a + b);
      exponentials.forEach((x, i) => expect(found!.data[row * 5 + i]).to.be.closeTo(x / sum, 1e-6));
    }
  });

  it("leaves an output that ends in a softmax as it is", async () => {
    const graph = named((net) => ({ output: net.op("softmax", net.op("linear", net.op("flatten", image(net)), { features: 5 })) }));
    const feeds = feedsFor(graph, 3);
    const { output: found } = await runModel((await emitted(graph, weightsOf(feeds), { softmax: true })).bytes, feeds);
    expect(difference(found!, evaluate(graph, feeds)["output"]!)).to.be.below(1e-6);
  });

  it("fixes the batch when asked to", async () => {
    const graph = named((net) => ({ output: net.op("relu", image(net)) }));
    const { model } = await emitted(graph, weightsOf({}), { symbols: new Map([["N", 3]]) });
    expect(model.graph!.input![0]!.type!.tensorType!.shape!.dim!.map((dim) => Number(dim.dimValue))).to.deep.equal([3, 4, 6, 6]);
    await check(graph, { symbols: new Map([["N", 3]]) }, { N: 3 });
  });

  it("reads weights from a file beside it", async () => {
    const graph = named((net) => ({ output: net.op("bn", net.op("conv", image(net), { kernel: 3, channels: 8, bias: true })) }));
    const feeds = feedsFor(graph, 5);
    const found = await withModelFile(graph, weightsOf(feeds), { externalData: true }, (path) => runModel(path, feeds));
    expect(difference(found["output"]!, evaluate(graph, feeds)["output"]!)).to.be.below(1e-5);
  });

  describe("with open sizes", () => {
    const H = symbolDim("H");
    const W = symbolDim("W");

    it("computes a shape that another operator needs", () =>
      check(named((net) => ({ output: net.op("groupnorm", net.input([N, 4, H, W]), { groups: 2 }) })), {}, { H: 5, W: 7 }));

    it("computes sizes after strides", async () => {
      const graph = named((net) => {
        const small = net.op("conv", net.input([N, 3, H, W]), { kernel: 3, channels: 4, stride: 2 });
        return { output: net.op("groupnorm", net.op("maxpool", small, { kernel: 2 }), { groups: 2 }) };
      });
      for (const sizes of [{ H: 9, W: 12 }, { H: 10, W: 15 }]) await check(graph, {}, sizes);
    });

    it("computes sizes that are fractions, where the network requires them to be whole", async () => {
      const facts: Facts = new Map([["H", { modulus: 4, remainder: 0, minimum: 4 }]]);
      const quarter = simplifyDim(floorDivide(H, 4), facts);
      const shape = [N, addDims(scaleDim(quarter, 3), 1), 6];
      const onnx: OnnxLowering = (b, node) => void b.node("ConstantOfShape", [b.shapeTensor(shape)], {}, { to: node.outputs[0]! });
      const needsShape = { ...findOperator("relu")!, lower: { onnx, tfjs: unsupported("not here") } };
      const builder = createGraphBuilder();
      const x = builder.input("image", { dtype: "float32", shape: [N, 3, H] });
      const y = builder.node({ op: "wibble", name: "wibble1", attributes: {}, inputs: [x], types: [{ dtype: "float32", shape }] }).outputs[0]!;
      const graph = builder.finish({ name: "Net", outputs: [{ name: "y", value: y }], symbols: ["N", "H"], facts, assumptions: ["H % 4 == 0"], instance: undefined });
      const { bytes, model } = await emitted(graph, weightsOf({}), { findOperator: () => needsShape });
      const feeds = { image: { shape: [2, 3, 20], data: new Float64Array(120) } };
      expect((await runModel(bytes, feeds))["y"]!.shape).to.deep.equal([2, 16, 6]);
      expect(model.metadataProps.find((entry) => entry.key === "rnc.assumptions")?.value).to.equal("H % 4 == 0");
    });
  });
});

describe("an ONNX file cannot be written", () => {
  it("when an output is called as an input is, and the message says so", () => {
    const graph = named((net) => ({ image: net.op("relu", image(net)) }));
    expect(() => emitOnnx(graph, weightsOf({}), { version: "1" })).to.throw(InputError, "has an output and an input called `image`");
  });

  it("when an operator has no ONNX form, and the message has its reason", () => {
    const graph = named((net) => ({ output: net.op("relu", image(net), {}, "wobble") }));
    const refusing = { ...findOperator("relu")!, lower: { onnx: unsupported("no runtime has it"), tfjs: unsupported("nor here") } };
    expect(() => emitOnnx(graph, weightsOf({}), { version: "1", findOperator: () => refusing })).to.throw(InputError, "`wobble` (`relu`) cannot be written as ONNX: no runtime has it");
  });
});

describe("more than two gigabytes", () => {
  /** Weights of 2.2 GB that nobody ever reads. */
  function huge(): Graph {
    const builder = createGraphBuilder();
    const x = builder.input("x", { dtype: "float32", shape: [1, 16384] });
    let value = x;
    for (let layer = 0; layer < 2; layer++) {
      const weight = builder.parameter({ name: `${layer}.weight`, role: "weight", shape: [16384, 16384 + layer * 640], initializer: { kind: "constant", value: 0 } });
      value = builder.node({ op: "linear", name: `${layer}`, attributes: { features: 16384, bias: false }, inputs: [value, weight.value], types: [x.type] }).outputs[0]!;
    }
    return builder.finish({ name: "Huge", outputs: [{ name: "y", value }], symbols: [], facts: new Map(), assumptions: [], instance: undefined });
  }

  it("goes to a file of its own", () => {
    const files = emitOnnx(huge(), weightsOf({}), { version: "1", dataName: "huge.onnx.data" });
    expect(files.map((file) => file.path)).to.deep.equal(["", "huge.onnx.data"]);
    expect(files[1]!.sizeInBytes).to.equal(4 * 16384 * (16384 + 16384 + 640));
    expect(files[0]!.sizeInBytes).to.be.below(10_000);
  });

  it("says in the model where each tensor lies", async () => {
    const [graphFile] = emitOnnx(huge(), weightsOf({}), { version: "1", dataName: "huge.onnx.data" });
    const model = onnxProto.onnx.ModelProto.decode(await collect(graphFile!.chunks()));
    const places = model.graph!.initializer!.map((tensor) => Object.fromEntries(tensor.externalData!.map(({ key, value }) => [key!, value!])));
    expect(places).to.deep.equal([
      { location: "huge.onnx.data", offset: "0", length: String(4 * 16384 * 16384) },
      { location: "huge.onnx.data", offset: String(4 * 16384 * 16384), length: String(4 * 16384 * 17024) },
    ]);
  });
});
