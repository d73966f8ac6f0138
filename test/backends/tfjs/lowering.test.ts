import { expect } from "chai";
import type * as TF from "@tensorflow/tfjs";
import { InputError } from "../../../src/base/input-error.ts";
import { emitTfjs, lowerToLayers } from "../../../src/backends/tfjs/index.ts";
import type { TfjsOptions } from "../../../src/backends/tfjs/index.ts";
import { foldBatchNorm } from "../../../src/passes/fold-batch-norm.ts";
import { compileTfjs } from "../../../src/index.ts";
import type { Graph, Value } from "../../../src/index.ts";
import { symbolDim } from "../../../src/ir/dim.ts";
import { foldedWeights } from "../../../src/weights/folded.ts";
import { feedsFor, netBuilder } from "../../support/graphs.ts";
import { evaluate } from "../../support/interpreter/evaluate.ts";
import type { Tensor } from "../../support/interpreter/tensor.ts";
import { tensor } from "../../support/interpreter/tensor.ts";
import { networkIn, standardNetwork } from "../../support/networks.ts";
import { difference } from "../../support/onnx-runtime.ts";
import { openFiles, plainTf, predict } from "../../support/tfjs.ts";
import type { Tf } from "../../support/tfjs.ts";
import type { WeightSource } from "../../../src/weights/source.ts";

const N = symbolDim("N");
const TOLERANCE = 1e-5;

/** Tensors of a test as weights, transposed element by element. */
function weightsOf(feeds: Readonly<Record<string, Tensor>>): WeightSource {
  return {
    description: "the test's tensors",
    names: () => Object.keys(feeds),
    info: (name) => feeds[name] && { name, dtype: "F32", shape: feeds[name].shape },
    async *read(name, axes) {
      const { shape, data } = feeds[name]!;
      const order = axes ?? shape.map((_, axis) => axis);
      const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
      const values: number[] = [];
      const visit = (depth: number, at: number): void => {
        const axis = order[depth];
        if (axis === undefined) values.push(data[at]!);
        else for (let i = 0; i < shape[axis]!; i++) visit(depth + 1, at + i * strides[axis]!);
      };
      visit(0, 0);
      yield new Uint8Array(Float32Array.from(values).buffer);
    },
  };
}

/** A graph of a few layers with outputs under names of their own. */
function named(make: (net: ReturnType<typeof netBuilder>) => Readonly<Record<string, Value>>): Graph {
  const net = netBuilder();
  const outputs = make(net);
  return { ...net.finish(), outputs: Object.entries(outputs).map(([name, value]) => ({ name, value })) };
}

const image = (net: ReturnType<typeof netBuilder>, name?: string): Value => net.input([N, 4, 6, 6], name);

describe("a lowered network, run by TensorFlow.js", function () {
  this.timeout(60_000);
  let tf: Tf;
  before(async () => {
    tf = await plainTf();
  });

  const open = (graph: Graph, weights: WeightSource, options: Partial<TfjsOptions> = {}): Promise<TF.LayersModel> => openFiles(tf, emitTfjs(graph, weights, { version: "0", ...options }));

  async function answers(graph: Graph, feeds: Readonly<Record<string, Tensor>>, options: Partial<TfjsOptions> = {}): Promise<Record<string, Tensor>> {
    const model = await open(graph, weightsOf(feeds), options);
    const found = await predict(tf, model, graph.inputs.map(({ name }) => ({ shape: feeds[name]!.shape, data: Float32Array.from(feeds[name]!.data) })));
    model.dispose();
    expect(found).to.have.length(graph.outputs.length);
    return Object.fromEntries(graph.outputs.map(({ name }, index) => [name, tensor([...found[index]!.shape], found[index]!.data)]));
  }

  /** TensorFlow.js's answer beside the plain loops of the interpreter. */
  async function check(graph: Graph, options: Partial<TfjsOptions> = {}, sizes: Readonly<Record<string, number>> = {}): Promise<void> {
    const feeds = feedsFor(graph, 7, sizes);
    const expected = evaluate(graph, feeds);
    const found = await answers(graph, feeds, options);
    for (const { name } of graph.outputs) expect(difference(found[name]!, expected[name]!), name).to.be.below(TOLERANCE);
  }

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
      return { a: y, b: y, c: net.op("sigmoid", y), d: x, e: x };
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

  it("takes its inputs and gives its outputs in their order", () =>
    check(named((net) => {
      const zebra = image(net, "zebra");
      const ant = net.input([N, 4, 6, 6], "ant");
      const late = net.op("linear", net.op("flatten", ant), { features: 3 });
      return { late, early: net.op("sum", [net.op("relu", zebra), zebra, ant]), middle: net.op("conv", ant, { kernel: 1, channels: 2 }) };
    })));

  it("flattens in the order of channels, height, width", () => check(named((net) => ({ output: net.op("linear", net.op("flatten", net.input([N, 3, 2, 5])), { features: 4 }) }))));

  describe("with names that layers take", () => {
    const helpers = (net: ReturnType<typeof netBuilder>, names: readonly string[]): Graph => {
      let x = image(net);
      for (const name of names) x = net.op("conv", x, { kernel: 3, channels: 4 }, name);
      return net.finish(x);
    };
    for (const [title, names] of [
      ["a layer named as another's helper", ["a", "a.pad", "a.pad_2"]],
      ["before the helper is made", ["a.pad", "a.pad_2", "a"]],
      ["a layer named as a class", ["Conv2D", "conv2d", "input", "Model", "InputLayer"]],
      ["names of JavaScript's own", ["constructor", "toString", "__proto__", "hasOwnProperty", "valueOf"]],
      ["underscores before letters, and what they become", ["_a", "n_a", "__a", "n__a", "_"]],
      ["digits, and the suffixes that TensorFlow.js gives", ["relu_1", "relu", "relu_1_1", "relu_2"]],
      ["snake and camel case", ["my_layer", "myLayer", "data_format", "dataFormat"]],
    ] as const) {
      it(title, async () => {
        const graph = helpers(netBuilder(), names);
        await check(graph);
        const { layers } = lowerToLayers(graph);
        expect(new Set(layers.map(({ name }) => name)).size).to.equal(layers.length);
        // What `isValidTensorName` of tfjs-layers asks for (tfjs-layers/src/common.ts).
        for (const { name } of layers) expect(name).to.match(/^[A-Za-z0-9][-A-Za-z0-9._/]*$/);
      });
    }

    it("keeps labels that a user wrote, and names of parts", async () => {
      const text = "network Net {\n  input my_image: float32[N, 4, 8, 8]\n  pad: conv(3x3, 4)\n  Stage_1: { conv(3x3, 4) -> bn }\n  fc: flatten -> linear(2)\n}\n";
      const graph = await networkIn(text, "Net");
      await check(graph);
      const names = lowerToLayers(graph).layers.map(({ name }) => name);
      expect(names).to.include.members(["my_image", ...graph.nodes.map(({ name }) => name)]);
    });
  });

  it("opens twice in one process: the second has its weights, too", async () => {
    const graph = named((net) => ({ output: net.op("bn", net.op("conv", image(net), { kernel: 3, channels: 8 })) }));
    await check(graph);
    await check(graph);
  });

  it("ends in a softmax when asked to", async () => {
    const graph = named((net) => ({ output: net.op("linear", net.op("flatten", image(net)), { features: 5 }) }));
    const feeds = feedsFor(graph, 3);
    const { output } = evaluate(graph, feeds);
    const { output: found } = await answers(graph, feeds, { softmax: true });
    for (let row = 0; row < 2; row++) {
      const exponentials = [0, 1, 2, 3, 4].map((i) => Math.exp(output!.data[row * 5 + i]!));
      const sum = exponentials.reduce((a, b) => a + b);
      exponentials.forEach((x, i) => expect(found!.data[row * 5 + i]).to.be.closeTo(x / sum, 1e-6));
    }
  });

  it("leaves an output that ends in a softmax as it is", async () => {
    const graph = named((net) => ({ output: net.op("softmax", net.op("linear", net.op("flatten", image(net)), { features: 5 })) }));
    const feeds = feedsFor(graph, 3);
    const { output: found } = await answers(graph, feeds, { softmax: true });
    expect(difference(found!, evaluate(graph, feeds)["output"]!)).to.be.below(1e-6);
  });

  it("leaves the batch open, and fixes it when asked to", async () => {
    const graph = named((net) => ({ output: net.op("relu", image(net)) }));
    const shapes = async (options: Partial<TfjsOptions>) => {
      const model = await open(graph, weightsOf({}), options);
      return { inputs: model.inputs.map(({ shape }) => shape), outputs: model.outputs.map(({ shape }) => shape) };
    };
    expect(await shapes({})).to.deep.equal({ inputs: [[null, 6, 6, 4]], outputs: [[null, 6, 6, 4]] });
    const symbols = new Map([["N", 3]]);
    expect(await shapes({ symbols })).to.deep.equal({ inputs: [[3, 6, 6, 4]], outputs: [[3, 6, 6, 4]] });
    await check(graph, { symbols }, { N: 3 });
  });

  it("folds batch norms into the layers before them", async () => {
    const graph = named((net) => ({ output: net.op("relu", net.op("bn", net.op("conv", image(net), { kernel: 3, channels: 8 }))) }));
    const feeds = feedsFor(graph, 9);
    const { graph: folded, folds } = foldBatchNorm(graph);
    const model = await open(folded, foldedWeights(weightsOf(feeds), folds));
    expect(model.layers.map((layer) => layer.getClassName())).to.deep.equal(["InputLayer", "Conv2D", "ReLU"]);
    const [found] = await predict(tf, model, [{ shape: feeds["image"]!.shape, data: Float32Array.from(feeds["image"]!.data) }]);
    expect(difference(tensor([...found!.shape], found!.data), evaluate(graph, feeds)["output"]!)).to.be.below(TOLERANCE);
  });

  it("takes images of any size where the network does", async () => {
    const text = "use std.blocks { basic }\nuse std.shortcuts { A, B }\nnetwork Any {\n  input image: float32[N, 3, H, W]\n  shortcuts A\n  conv(3x3, 4, stride=2) -> maxpool(3x3, stride=2) -> basic(4) -> basic(8, stride=2)\n  shortcuts B\n  basic(12, stride=2)\n  globalavgpool -> fc: linear(3)\n}\n";
    const graph = await networkIn(text, "Any");
    expect(graph.symbols).to.deep.equal(["N", "H", "W"]);
    for (const sizes of [{ H: 32, W: 48 }, { H: 33, W: 21 }]) await check(graph, {}, sizes);
  });

  it("declares the shapes that the network has, channels last", async () => {
    const model = await openFiles(tf, compileTfjs(standardNetwork("ResNet20"), { version: "0" }).files);
    const [input] = model.inputs;
    expect([input!.shape, model.outputs[0]!.shape]).to.deep.equal([[null, 32, 32, 3], [null, 10]]);
    expect((model.getLayer("layer3.2.conv2").output as TF.SymbolicTensor).shape).to.deep.equal([null, 8, 8, 64]);
  });
});

describe("a network that TensorFlow.js cannot say", () => {
  const refusalOf = (graph: Graph): InputError => {
    try {
      compileTfjs(graph, { version: "0" });
    } catch (error) {
      if (error instanceof InputError) return error;
      throw error;
    }
    throw new Error("it was not refused");
  };

  it("is refused with every reason, each with its layer, operator and line, and the target that can", async () => {
    const text = `block mine { lrn(size=3) -> conv(3x3, 8) }
network Net {
  input image: float32[N, 8, 8, 8]
  first: lrn
  mine
  maxpool(3x3, dilation=2)
  globalavgpool -> linear(3)
}
`;
    const { message, notes, help } = refusalOf(await networkIn(text, "Net"));
    expect(message).to.include("`Net` cannot be written for TensorFlow.js").and.to.include("3 layers");
    expect(help.join("\n")).to.include("--target onnx");
    const said = notes.join("\n");
    expect(said).to.match(/`first` \(`lrn`\) and 1 more like it: .*local response normalization/);
    expect(said).to.match(/\(`maxpool`\): .*dilation/);
    for (const line of [4, 6]) expect(said).to.include(`mine.resnet:${line}:`);
  });

  it("is refused by name for an input that is no float32", async () => {
    const graph = standardNetwork("ResNet8");
    const [input] = graph.inputs;
    const whole: Graph = { ...graph, inputs: [{ ...input!, type: { ...input!.type, dtype: "int64" } }] };
    expect(refusalOf(whole).message).to.include("the input `image` is int64");
  });
});
