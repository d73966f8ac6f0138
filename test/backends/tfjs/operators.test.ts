import type * as TF from "@tensorflow/tfjs";
import { expect } from "chai";
import { InputError } from "../../../src/base/input-error.ts";
import { emitTfjs, lowerToLayers } from "../../../src/backends/tfjs/index.ts";
import { symbolDim } from "../../../src/ir/dim.ts";
import type { Graph } from "../../../src/ir/graph.ts";
import { gradientGraph } from "../../../src/passes/gradient.ts";
import type { WeightSource } from "../../../src/weights/source.ts";
import { cases, titleOf } from "../../ops/cases/cases.ts";
import { graphOf, openGraphOf } from "../../support/case-graphs.ts";
import { feedsFor, netBuilder, noise, uniformOf } from "../../support/graphs.ts";
import { evaluate } from "../../support/interpreter/evaluate.ts";
import { generate, map, tensor } from "../../support/interpreter/tensor.ts";
import type { Tensor } from "../../support/interpreter/tensor.ts";
import { channelsFirst, channelsLast, permuted, variableOf } from "../../support/keras-layers.ts";
import { difference } from "../../support/onnx-runtime.ts";
import { elementsOf, openFiles, plainTf } from "../../support/tfjs.ts";
import type { Tf } from "../../support/tfjs.ts";

/** Of the greatest number of the result: TensorFlow.js computes in float32, the interpreter in float64. */
const TOLERANCE = 1e-5;
const SEED = 46;

type Feeds = Readonly<Record<string, Tensor>>;

const weightsOf = (feeds: Feeds): WeightSource => ({
  description: "noise",
  info: (name) => feeds[name] && { name, dtype: "F32", shape: feeds[name].shape },
  names: () => Object.keys(feeds),
  async *read(name, axes) {
    const value = axes ? permuted(feeds[name]!, axes) : feeds[name]!;
    yield new Uint8Array(Float32Array.from(value.data).buffer);
  },
});

const isRefused = (graph: Graph): boolean => {
  try {
    lowerToLayers(graph);
    return false;
  } catch (error) {
    if (error instanceof InputError) return true;
    throw error;
  }
};

async function expectFailure(work: Promise<void>): Promise<void> {
  const outcome = await work.then(() => "it trains", (error: unknown) => error);
  expect(outcome).to.be.instanceOf(Error);
}

function expectEqual(found: Tensor, expected: Tensor, what: string): void {
  const greatest = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  expect(difference(found, expected), what).to.be.at.most(TOLERANCE * greatest);
}

describe("operators in TensorFlow.js", () => {
  let tf: Tf;
  before(async () => {
    tf = await plainTf();
  });

  const toTf = (value: Tensor): TF.Tensor => tf.tensor([...channelsLast(value).data], [...channelsLast(value).shape]);
  const ofTf = (value: TF.Tensor): Tensor => channelsFirst(tensor(value.shape, value.dataSync()));
  const load = async (graph: Graph, feeds: Feeds): Promise<TF.LayersModel> => openFiles(tf, emitTfjs(graph, weightsOf(feeds), { version: "0" }));

  /** Runs the graph as files of TensorFlow.js, with `sizes` as the graph of the same network whose sizes are numbers. */
  async function checkRun(graph: Graph, sizes = graph): Promise<void> {
    const feeds = feedsFor(sizes, SEED);
    const model = await load(graph, feeds);
    const found = model.predict(graph.inputs.map(({ name }) => toTf(feeds[name]!))) as TF.Tensor;
    expectEqual(ofTf(found), evaluate(sizes, feeds).output!, "output");
    const learned = graph.parameters.reduce((total, { shape }) => total + shape.reduce((a, b) => a * b, 1), 0);
    expect(elementsOf(model.weights), "numbers in variables").to.equal(learned);
  }

  /** One pass forward and back in training mode: the result and the gradients of Σ seed · result by inputs and variables. */
  async function checkGradients(graph: Graph): Promise<void> {
    const { graph: backward, seed, random } = gradientGraph(graph, new Map());
    const feeds: Record<string, Tensor> = { ...feedsFor(graph, SEED) };
    feeds[seed] = noise(backward.inputs.find(({ name }) => name === seed)!.type.shape as number[], uniformOf(SEED + 1));
    const model = await load(graph, feeds);
    const inputs = graph.inputs.map(({ name }) => tf.variable(toTf(feeds[name]!)));
    const variables = new Map(model.trainableWeights.map((weight) => [weight.originalName, weight.read() as TF.Variable]));
    let output: TF.Tensor | undefined;
    const { grads } = tf.variableGrads(() => {
      output = tf.keep(model.apply(inputs.length === 1 ? inputs[0]! : inputs, { training: true }) as TF.Tensor);
      return tf.sum(tf.mul(output, toTf(feeds[seed]!))) as TF.Scalar;
    }, [...inputs, ...variables.values()]);
    const found = ofTf(output!);
    // TensorFlow.js draws; whoever was kept had a number below the probability, 0.
    for (const name of random) {
      const shape = backward.inputs.find((input) => input.name === name)!.type.shape as number[];
      feeds[name] = generate(shape, (position) => (readAt(found, position) === 0 ? 0.999 : 0));
    }
    const expected = evaluate(backward, feeds);
    expectEqual(found, expected.output!, "output in training");
    graph.inputs.forEach(({ name }, index) => expectEqual(ofTf(grads[inputs[index]!.name]!), expected[`${name}.gradient`]!, `gradient by ${name}`));
    let checked = 0;
    for (const weight of lowerToLayers(graph).layers.flatMap(({ weights }) => weights)) {
      const gradient = expected[`${weight.parameter.name}.gradient`];
      if (!gradient) continue;
      const value = grads[variables.get(weight.name)!.name]!;
      expectEqual(tensor(value.shape, value.dataSync()), variableOf({ ...weight, name: "" }, gradient), `gradient by ${weight.name}`);
      checked++;
    }
    expect(checked, "every variable that trains").to.equal(variables.size);
  }

  for (const one of cases) {
    const graph = graphOf(one);
    if (isRefused(graph)) continue;
    it(`${titleOf(one)} runs`, () => checkRun(graph));
    if (lowerToLayers(graph).untrainable.length === 0) it(`${titleOf(one)} trains`, () => checkGradients(graph));
    else it(`${titleOf(one)} does not train, as is said of it`, () => expectFailure(checkGradients(graph)));
    const open = openGraphOf(one);
    if (open && !isRefused(open)) it(`${titleOf(one)} runs with open sizes`, () => checkRun(open, graph));
  }

  it("pools with zeros around what a ReLU gave, in training too", async () => {
    const build = (size: number | undefined): Graph => {
      const net = netBuilder();
      const spatial = size === undefined ? [symbolDim("H"), symbolDim("W")] : [size, size];
      const shifted = net.op("shift", net.input([2, 3, ...spatial]), { init: 0 });
      return net.finish(net.op("maxpool", net.op("relu", shifted), { kernel: 3, stride: 2 }));
    };
    expect(lowerToLayers(build(undefined)).layers.filter(({ className }) => className.endsWith("2D")).map(({ className }) => className)).to.deep.equal(["ZeroPadding2D", "MaxPooling2D"]);
    await checkRun(build(undefined), build(7));
    await checkGradients(build(7));
  });

  it("joins branches of open sizes, cut and uncut", async () => {
    const build = (...spatial: [number, number] | []): Graph => {
      const net = netBuilder();
      const x = net.input([2, 4, ...(spatial.length === 0 ? [symbolDim("H"), symbolDim("W")] : spatial)]);
      const grouped = net.op("conv", x, { kernel: 3, channels: 6, groups: 2 });
      const narrow = net.op("conv", x, { kernel: 1, channels: 4, groups: 2 });
      const enlarged = net.op("upconv", x, { kernel: [3, 1], channels: 2, stride: 1, pad: [1, 0] });
      return net.finish(net.op("concat", [x, grouped, narrow, enlarged, net.op("channels", x, { from: 1, to: 3 }), net.op("padchannels", x, { channels: 5 })]));
    };
    await checkRun(build(), build(5, 6));
  });

  it("has a layer for each group, and the variables of the parameter shared out among them", async () => {
    const net = netBuilder();
    const graph = net.finish(net.op("conv", net.input([1, 8, 5, 5]), { kernel: 3, channels: 12, groups: 4, bias: true }));
    const source = weightsOf(feedsFor(graph, SEED));
    const reads: string[] = [];
    const counted: WeightSource = { ...source, read: (name, axes) => (reads.push(name), source.read(name, axes)) };
    const model = await openFiles(tf, emitTfjs(graph, counted, { version: "0" }));
    expect(reads, "each parameter is read once").to.deep.equal(["conv1.weight", "conv1.bias"]);
    expect(model.weights.map(({ originalName, shape }) => [originalName, shape])).to.deep.equal(
      [0, 1, 2, 3].flatMap((group) => [
        [`conv1.group${group}/kernel`, [3, 3, 2, 3]],
        [`conv1.group${group}/bias`, [3]],
      ]),
    );
  });

  it("drops whole examples in training, 0 or 1 / keep, and gives them as they are at inference", async () => {
    const net = netBuilder();
    const graph = net.finish(net.op("droppath", net.input([200, 3, 2, 2]), { keep: 0.6 }));
    const model = await load(graph, {});
    const x = map(noise([200, 3, 2, 2], uniformOf(SEED)), (value) => value + 2);
    const drawn = ofTf(model.apply(toTf(x), { training: true }) as TF.Tensor);
    const factors = drawn.data.map((value, index) => value / x.data[index]!);
    const perExample = Array.from({ length: 200 }, (_, n) => factors.slice(n * 12, (n + 1) * 12));
    for (const example of perExample) {
      expect(Math.max(...example) - Math.min(...example)).to.be.at.most(1e-6);
      if (example[0] !== 0) expect(example[0]).to.be.closeTo(1 / 0.6, 1e-6);
    }
    // Of 200 draws about 120; six standard deviations, 42, are never seen.
    expect(perExample.filter(([first]) => first !== 0).length).to.be.within(78, 162);
    expect([...ofTf(model.predict(toTf(x)) as TF.Tensor).data]).to.deep.equal([...x.data.map(Math.fround)]);
  });
});

/** The element at a position whose missing sizes are 1 there: the first of what it stands for. */
const readAt = (t: Tensor, position: readonly number[]): number => t.data[position.reduce((sum, q, axis) => sum * t.shape[axis]! + q, 0)]!;
