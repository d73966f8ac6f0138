import { expect } from "chai";
import { InputError } from "../../src/base/input-error.ts";
import { symbolDim } from "../../src/ir/dim.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { trainingForward, trainingStep } from "../../src/passes/gradient.ts";
import { feedsFor, netBuilder, noise, uniformOf } from "../support/graphs.ts";
import { evaluate } from "../support/interpreter/evaluate.ts";
import { generate, map, tensor, zip } from "../support/interpreter/tensor.ts";
import type { Tensor } from "../support/interpreter/tensor.ts";
import { difference, runOnnx } from "../support/onnx-runtime.ts";

const SEED = 385;
const BATCH = 4;
const CLASSES = 3;
const sizes = new Map([["N", BATCH]]);
const plain = { sizes, momentum: 0.9, weightDecay: 0, decays: "weights" } as const;

/** conv-bn-relu, joined with a second convolution by concat, then pooled and classified. */
function threeLayers(): Graph {
  const net = netBuilder();
  const image = net.input([symbolDim("N"), 2, 6, 6]);
  const stem = net.op("relu", net.op("bn", net.op("conv", image, { kernel: [3, 3], channels: 4 })));
  const wide = net.op("bn", net.op("conv", stem, { kernel: [3, 3], channels: 3, stride: 1, dilation: 2 }));
  const joined = net.op("concat", [stem, wide]);
  return net.finish(net.op("linear", net.op("globalavgpool", joined), { features: CLASSES }, "fc"));
}

/** The first step's inputs: noise, labels in turn, momenta of zero. */
function feedsOf(network: Graph, step: ReturnType<typeof trainingStep>, rate: number): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = { ...feedsFor(network, SEED, { N: BATCH }) };
  feeds[step.labels] = generate([BATCH, CLASSES], ([n, c]) => (n! % CLASSES === c ? 1 : 0));
  feeds[step.learningRate] = tensor([], [rate]);
  for (const { kind, input, parameter } of step.state) if (kind === "momentum") feeds[input] = tensor(parameter.shape);
  return feeds;
}

describe("a training step", () => {
  const network = threeLayers();
  const step = trainingStep(network, plain);
  const feeds = feedsOf(network, step, 0.1);

  it("has the loss that its logits give by definition", () => {
    const { loss, logits } = evaluate(step.graph, feeds);
    let expected = 0;
    for (let n = 0; n < BATCH; n++) {
      const row = [...logits!.data.subarray(n * CLASSES, (n + 1) * CLASSES)];
      expected -= Math.log(Math.exp(row[n % CLASSES]!) / row.reduce((total, z) => total + Math.exp(z), 0)) / BATCH;
    }
    expect(loss!.data[0]).to.be.closeTo(expected, 1e-12);
  });

  it("has gradients that agree with central differences of the loss", () => {
    const results = evaluate(step.graph, feeds);
    const lossAt = (name: string, value: Tensor): number => evaluate(step.graph, { ...feeds, [name]: value }).loss!.data[0]!;
    const next = uniformOf(SEED);
    const momenta = step.state.filter(({ kind }) => kind === "momentum");
    expect(momenta.map(({ parameter }) => parameter.name)).to.have.members([
      "conv1.weight", "bn1.weight", "bn1.bias", "conv2.weight", "bn2.weight", "bn2.bias", "fc.weight", "fc.bias",
    ]);
    for (const { parameter, output } of momenta) {
      const value = feeds[parameter.name]!;
      for (let count = 0; count < 3; count++) {
        const direction = noise(parameter.shape, next);
        const moved = (by: number): number => lossAt(parameter.name, zip(value, direction, (x, d) => x + by * d));
        const measured = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        // With a momentum of zero before and no decay, the next momentum is the gradient.
        const derived = results[output]!.data.reduce((total, g, index) => total + g * direction.data[index]!, 0);
        expect(derived, parameter.name).to.be.closeTo(measured, 1e-8);
      }
    }
  });

  it("moves parameters as PyTorch's SGD does: momentum, then rate; decay on weights alone", () => {
    const decayed = trainingStep(network, { ...plain, weightDecay: 0.05 });
    const all = trainingStep(network, { ...plain, weightDecay: 0.05, decays: "all" });
    const warm: Record<string, Tensor> = { ...feeds, "momentum.fc.weight": map(feeds["fc.weight"]!, (x) => x / 3), "momentum.bn1.weight": tensor([4], [1, 2, 3, 4]) };
    const [none, some, every] = [step, decayed, all].map(({ graph }) => evaluate(graph, warm));
    const gradients = evaluate(step.graph, feeds);
    for (const [name, decay] of [["fc.weight", 0.05], ["bn1.weight", 0]] as const) {
      warm[name]!.data.forEach((value, index) => {
        const before = warm[`momentum.${name}`]!.data[index]!;
        const gradient = gradients[`momentum.${name}.next`]!.data[index]!;
        const momentum = 0.9 * before + gradient + decay * value;
        expect(some![`momentum.${name}.next`]!.data[index]).to.be.closeTo(momentum, 1e-12);
        expect(some![`${name}.next`]!.data[index]).to.be.closeTo(value - 0.1 * momentum, 1e-12);
      });
    }
    expect(difference(some!["bn1.weight.next"]!, none!["bn1.weight.next"]!)).to.equal(0);
    expect(difference(every!["bn1.weight.next"]!, none!["bn1.weight.next"]!)).to.be.greaterThan(0);
  });

  it("updates running statistics by PyTorch's definition: 0.1 of the new value, the variance unbiased", () => {
    const net = netBuilder();
    const bn = net.finish(net.op("linear", net.op("bn", net.input([symbolDim("N"), 1])), { features: CLASSES }));
    const single = trainingStep(bn, plain);
    const given = { ...feedsOf(bn, single, 0), image: tensor([BATCH, 1], [1, 2, 3, 6]), "bn1.running_mean": tensor([1], [10]), "bn1.running_var": tensor([1], [20]) };
    const after = evaluate(single.graph, given);
    // By hand: the mean is 3, the squared differences 4 + 1 + 0 + 9 = 14, over 4 - 1.
    expect(after["bn1.running_mean.next"]!.data[0]).to.be.closeTo(0.9 * 10 + 0.1 * 3, 1e-12);
    expect(after["bn1.running_var.next"]!.data[0]).to.be.closeTo(0.9 * 20 + (0.1 * 14) / 3, 1e-12);
  });

  it("runs in ONNX Runtime, where ten steps follow the float64 ones", async () => {
    let state = feeds;
    let exact = feeds;
    const losses: number[] = [];
    const advance = (before: Record<string, Tensor>, results: Record<string, Tensor>): Record<string, Tensor> => ({
      ...before,
      ...Object.fromEntries(step.state.map(({ input, output }) => [input, results[output]!])),
    });
    for (let count = 0; count < 10; count++) {
      const [found, expected] = [await runOnnx(step.graph, state), evaluate(step.graph, exact)];
      for (const name of Object.keys(expected)) expect(difference(found[name]!, expected[name]!), `${name} in step ${count}`).to.be.at.most(1e-5);
      losses.push(found.loss!.data[0]!);
      [state, exact] = [advance(state, found), advance(exact, expected)];
    }
    expect(losses[9]).to.be.lessThan(losses[0]! * 0.9);
  });

  it("asks the host for uniform numbers where an operator is random", () => {
    const net = netBuilder();
    const x = net.op("dropout", net.input([symbolDim("N"), 5]), { rate: 0.25 });
    const random = trainingStep(net.finish(net.op("linear", x, { features: CLASSES })), plain);
    expect(random.random).to.deep.equal(["dropout1.uniform"]);
  });

  it("keeps its own inputs apart from a network's input of the same name", () => {
    const net = netBuilder();
    const clash = trainingStep(net.finish(net.op("linear", net.input([symbolDim("N"), 5], "labels"), { features: CLASSES })), plain);
    expect([clash.images, clash.labels]).to.deep.equal([["labels"], "labels_"]);
  });

  it("refuses what it cannot train, in words", () => {
    expect(() => trainingStep(network, { ...plain, sizes: new Map() })).to.throw(InputError, "sizes that are not known: [N, 2, 6, 6]");
    const net = netBuilder();
    const image = net.input([symbolDim("N"), 2, 6, 6]);
    expect(() => trainingStep(net.finish(image), plain)).to.throw(InputError, "needs one number for every class: [N, classes]");
    expect(() => trainingStep(net.finish(image, image), plain)).to.throw(InputError, "2 outputs");
  });
});

describe("the forward pass that measures batch statistics", () => {
  it("gives every layer's mean and unbiased variance, of what earlier layers with statistics make of the batch", () => {
    const network = threeLayers();
    const { graph, batchStatistics } = trainingForward(network, sizes);
    expect(graph.parameters.map(({ name }) => name)).to.have.members(network.parameters.map(({ name }) => name));
    expect(batchStatistics.map(({ output }) => output)).to.deep.equal(
      ["bn1", "bn2"].flatMap((bn) => [`${bn}.running_mean.batch`, `${bn}.running_var.batch`]),
    );
    const feeds = feedsFor(network, SEED, { N: BATCH });
    const measured = evaluate(graph, feeds);
    // With these statistics the network at inference normalizes as the batch did, up to biased against unbiased variances.
    const count = BATCH * 36;
    const population = Object.fromEntries(
      batchStatistics.map(({ parameter, output }) => {
        const value = measured[output]!;
        return [parameter.name, parameter.role === "running_var" ? map(value, (v) => (v * (count - 1)) / count) : value];
      }),
    );
    expect(difference(evaluate(network, { ...feeds, ...population }).output!, measured.output!)).to.be.at.most(1e-12);
  });

  it("leaves random operators as they are at inference", () => {
    const net = netBuilder();
    const image = net.input([symbolDim("N"), 2, 4, 4]);
    const graph = net.finish(net.op("droppath", net.op("bn", image), { keep: 0.5 }));
    expect(trainingForward(graph, sizes).graph.inputs.map(({ name }) => name)).to.deep.equal(["image"]);
  });
});
