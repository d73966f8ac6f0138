import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as TF from "@tensorflow/tfjs";
import { expect } from "chai";
import { InputError } from "../../src/base/input-error.ts";
import { openTfjsTraining } from "../../src/engines/tfjs-training.ts";
import type { Flavour } from "../../src/engines/tfjs-inference.ts";
import { tfjs } from "../../src/engines/tfjs.ts";
import type { Training, TrainingBatch, TrainingOptions } from "../../src/engines/training.ts";
import { symbolDim } from "../../src/ir/dim.ts";
import type { Graph, Value } from "../../src/ir/graph.ts";
import { buildLayersModel } from "../../src/program/compile-tfjs.ts";
import { trainingStep } from "../../src/passes/gradient.ts";
import type { WeightSource } from "../../src/weights/source.ts";
import { seededWeights } from "../../src/weights/seeded.ts";
import { startEngine } from "../support/engine-process.ts";
import { feedsFor, netBuilder, noise, uniformOf } from "../support/graphs.ts";
import type { NetBuilder } from "../support/graphs.ts";
import { generate, tensor } from "../support/interpreter/tensor.ts";
import type { Tensor } from "../support/interpreter/tensor.ts";
import { difference, runOnnx } from "../support/onnx-runtime.ts";
import { networkIn, standardNetwork } from "../support/networks.ts";
import { loadTf } from "../support/tfjs.ts";
import { values } from "../support/weight-values.ts";

const BATCH = 4;
const CLASSES = 3;
const SEED = 91;
/** Two runtimes in float32, after three steps. */
const TOLERANCE = 2e-5;
const OPTIONS: TrainingOptions = { batch: BATCH, momentum: 0.9, nesterov: false, weightDecay: 0, decays: "weights", labelSmoothing: 0, seed: 5 };

/** A network of two channels, 6 by 6, whose last map is classified; it ends in logits, or in `end` of them. */
function netOf(make: (net: NetBuilder, image: Value) => Value, shape: readonly number[] = [2, 6, 6], end?: "softmax"): Graph {
  const net = netBuilder();
  const last = make(net, net.input([symbolDim("N"), ...shape]));
  const flat = last.type.shape.length > 2 ? net.op("globalavgpool", last) : last;
  const logits = net.op("linear", flat, { features: CLASSES, bias: true }, "fc");
  return net.finish(end === undefined ? logits : net.op(end, logits));
}

const NETS: Readonly<Record<string, Graph>> = {
  "convolutions, batch norms, a residual, a concat, a max pool": netOf((net, image) => {
    const stem = net.op("relu", net.op("bn", net.op("conv", image, { kernel: [3, 3], channels: 4 })));
    const branch = net.op("bn", net.op("conv", stem, { kernel: [3, 3], channels: 4 }), { momentum: 0.3, eps: 1e-3 });
    const added = net.op("relu", net.op("sum", [branch, stem]));
    return net.op("maxpool", net.op("concat", [added, net.op("conv", added, { kernel: [1, 1], channels: 2, bias: true })]), { kernel: 2 });
  }),
  "convolutions in groups, one for each channel, and strides": netOf((net, image) => {
    const wide = net.op("silu", net.op("conv", image, { kernel: [3, 3], channels: 8, stride: 2, bias: true }));
    const grouped = net.op("bn", net.op("conv", wide, { kernel: [3, 3], channels: 8, groups: 2, bias: true }));
    return net.op("conv", net.op("sigmoid", grouped), { kernel: [3, 3], channels: 8, groups: 8 });
  }),
  "a batch norm of features and a layer norm": netOf((net, image) => {
    const hidden = net.op("bn", net.op("linear", net.op("flatten", image), { features: 6, bias: false }));
    return net.op("layernorm", net.op("relu", hidden));
  }),
  "a larger map by transposed convolution, an average pool": netOf((net, image) =>
    net.op("avgpool", net.op("bn", net.op("upconv", image, { kernel: [4, 4], channels: 3, stride: 2, pad: [1, 1] })), { kernel: 2 })),
  "statistics that are those of the last batch, and that never change": netOf((net, image) =>
    net.op("bn", net.op("relu", net.op("bn", net.op("conv", image, { kernel: [3, 3], channels: 4 }), { momentum: 1 })), { momentum: 0 })),
  "a softmax at the end, which is the loss's own": netOf((net, image) => net.op("relu", net.op("bn", net.op("conv", image, { kernel: [3, 3], channels: 4 }))), [2, 6, 6], "softmax"),
};

const net = (end: string): string => `network Mine {\n  input image: float32[N, 2, 6, 6]\n  conv(3x3, 4) -> bn -> relu -> flatten -> ${end}\n}\n`;

/** The feeds of our own training step as weights. */
function sourceOf(feeds: Readonly<Record<string, Tensor>>): WeightSource {
  return {
    description: "numbers of a test",
    names: () => Object.keys(feeds),
    info: (name) => (feeds[name] ? { name, dtype: "F32", shape: feeds[name].shape } : undefined),
    async *read(name, axes) {
      const { shape, data } = feeds[name]!;
      const order = axes ?? shape.map((_, axis) => axis);
      const stride = (axis: number): number => shape.slice(axis + 1).reduce((product, size) => product * size, 1);
      const made = generate(order.map((axis) => shape[axis]!), (position) => data[position.reduce((at, index, i) => at + index * stride(order[i]!), 0)]!);
      yield new Uint8Array(Float32Array.from(made.data).buffer);
    },
  };
}

function batchFor(network: Graph, seed: number, batch = BATCH): TrainingBatch {
  const next = uniformOf(seed);
  const inputs = network.inputs.map(({ type }) => noise([batch, ...(type.shape.slice(1) as number[])], next));
  return { inputs: inputs.map(({ data, shape }) => ({ data: Float32Array.from(data), shape })), labels: Int32Array.from({ length: batch }, (_, n) => (n + seed) % CLASSES) };
}

async function expectState(training: Training, state: Readonly<Record<string, Tensor>>, momenta: Readonly<Record<string, Tensor>>): Promise<void> {
  const found = await training.readState();
  const expected = { ...state, ...Object.fromEntries(Object.entries(momenta).map(([name, value]) => [`momentum.${name}`, value])) };
  expect([...found.names()].sort()).to.deep.equal(Object.keys(expected).sort());
  for (const [name, value] of Object.entries(expected)) {
    expect(found.info(name)).to.deep.equal({ name, dtype: "F32", shape: value.shape });
    expect(difference(tensor(value.shape, await values(found, name)), value), name).to.be.at.most(TOLERANCE);
  }
}

describe("training in TensorFlow.js", function () {
  this.timeout(60_000);
  let flavour: Flavour;
  let usual: string | undefined;
  before(() => void (usual = TF.getBackend()));
  beforeEach(async () => (flavour = await tfjs.loadTensorFlow()));
  after(async () => usual && TF.setBackend(usual));
  const open = (network: Graph, options: Partial<TrainingOptions> = {}, weights: WeightSource = seededWeights(network.parameters, { seed: 3 })): Promise<Training> =>
    openTfjsTraining(flavour, network, weights, { ...OPTIONS, ...options });

  describe("makes the steps that our own graph of a step makes in ONNX Runtime", () => {
    for (const [title, network] of Object.entries(NETS)) {
      for (const decays of ["weights", "all"] as const) {
        it(`${title}; decay of ${decays}`, async () => {
          const smoothing = decays === "all" ? 0.1 : 0;
          const step = trainingStep(network, { sizes: new Map([["N", BATCH]]), momentum: 0.9, weightDecay: 0.05, decays, labelSmoothing: smoothing });
          const feeds: Record<string, Tensor> = feedsFor(network, SEED, { N: BATCH });
          for (const { kind, input, parameter } of step.state) if (kind === "momentum") feeds[input] = tensor(parameter.shape);
          const training = await open(network, { weightDecay: 0.05, decays, labelSmoothing: smoothing }, sourceOf(feeds));
          for (const [count, rate] of [0.1, 0.2, 0.05].entries()) {
            const batch = batchFor(network, count);
            feeds[network.inputs[0]!.name] = tensor(batch.inputs[0]!.shape, [...batch.inputs[0]!.data]);
            feeds[step.labels] = generate([BATCH, CLASSES], ([n, c]) => (batch.labels[n!] === c ? 1 : 0));
            feeds[step.learningRate] = tensor([], [rate]);
            const results = await runOnnx(step.graph, feeds);
            const { loss, right } = await training.step(batch, rate);
            expect(loss).to.be.closeTo(results[step.loss]!.data[0]!, 1e-5);
            const logits = results[step.logits]!.data;
            const rows = Array.from({ length: BATCH }, (_, n) => [...logits.slice(n * CLASSES, (n + 1) * CLASSES)]);
            expect(right).to.equal(rows.filter((row, n) => row.indexOf(Math.max(...row)) === batch.labels[n]).length);
            for (const { input, output } of step.state) feeds[input] = results[output]!;
          }
          const of = (kind: string) => Object.fromEntries(step.state.filter((part) => part.kind === kind).map(({ parameter, input }) => [parameter.name, feeds[input]!]));
          await expectState(training, of("parameter"), of("momentum"));
          await training.close();
        });
      }
    }
  });

  const network = NETS["convolutions, batch norms, a residual, a concat, a max pool"]!;

  it("takes Nesterov's step: rate · (g + momentum · m) of the same gradients", async () => {
    const [usual, nesterov] = [await open(network, { momentum: 0.6 }), await open(network, { momentum: 0.6, nesterov: true })];
    const first = batchFor(network, 1);
    for (const training of [usual, nesterov]) await training.step(first, 0.1);
    const initial = seededWeights(network.parameters, { seed: 3 });
    const [a, b] = [await usual.readState(), await nesterov.readState()];
    const [w, g] = [await values(initial, "fc.weight"), await values(a, "momentum.fc.weight")];
    // The first momentum is the gradient: the plain step is rate · g, Nesterov's rate · (1 + 0.6) · g.
    const [one, two] = [await values(a, "fc.weight"), await values(b, "fc.weight")];
    w.forEach((value, index) => {
      expect(one[index]).to.be.closeTo(value - 0.1 * g[index]!, 1e-6);
      expect(two[index]).to.be.closeTo(value - 0.16 * g[index]!, 1e-6);
    });
    await usual.close();
    await nesterov.close();
  });

  it("keeps no momentum where there is none: the step is rate · g", async () => {
    const [with_, without] = [await open(network), await open(network, { momentum: 0 })];
    for (const training of [with_, without]) await training.step(batchFor(network, 1), 0.1);
    const [a, b] = [await with_.readState(), await without.readState()];
    expect(b.names()).to.deep.equal(network.parameters.map(({ name }) => name));
    // From rest both take the same first step.
    for (const name of b.names()) expect(await values(b, name), name).to.deep.equal(await values(a, name));
    await with_.close();
    await without.close();
  });

  it("leaves what is frozen as it is, to the bit, running statistics too, and gives it no momentum", async () => {
    const frozen = /^(conv1|bn1|bn2\.running_mean)/;
    const training = await open(network, { frozen: ({ name }) => frozen.test(name), weightDecay: 0.1, decays: "all" });
    for (const count of [1, 2]) await training.step(batchFor(network, count), 0.1);
    const [state, initial] = [await training.readState(), seededWeights(network.parameters, { seed: 3 })];
    for (const { name } of network.parameters) {
      const [found, expected] = [await values(state, name), await values(initial, name)];
      if (frozen.test(name)) expect(found, name).to.deep.equal(expected);
      else expect(found, name).to.not.deep.equal(expected);
    }
    expect(state.names().filter((name) => frozen.test(name.replace("momentum.", "")) && name.startsWith("momentum."))).to.deep.equal([]);
    await training.close();
  });

  it("normalises by running statistics that are frozen, as our own graph of a step does", async () => {
    for (const frozen of [(name: string) => name.startsWith("bn1."), (name: string) => name.startsWith("bn2.running")]) {
      const step = trainingStep(network, { sizes: new Map([["N", BATCH]]), momentum: 0.9, weightDecay: 0.05, decays: "all", frozen: ({ name }) => frozen(name) });
      expect(step.notes).to.deep.equal(["1 layer normalises by its running statistics, which are frozen"]);
      const feeds: Record<string, Tensor> = feedsFor(network, SEED, { N: BATCH });
      for (const { kind, input, parameter } of step.state) if (kind === "momentum") feeds[input] = tensor(parameter.shape);
      const training = await open(network, { weightDecay: 0.05, decays: "all", frozen: ({ name }) => frozen(name) }, sourceOf(feeds));
      for (const count of [1, 2]) {
        const batch = batchFor(network, count);
        feeds[network.inputs[0]!.name] = tensor(batch.inputs[0]!.shape, [...batch.inputs[0]!.data]);
        feeds[step.labels] = generate([BATCH, CLASSES], ([n, c]) => (batch.labels[n!] === c ? 1 : 0));
        feeds[step.learningRate] = tensor([], [0.1]);
        const results = await runOnnx(step.graph, feeds);
        expect((await training.step(batch, 0.1)).loss).to.be.closeTo(results[step.loss]!.data[0]!, 1e-5);
        for (const { input, output } of step.state) feeds[input] = results[output]!;
      }
      const state = await training.readState();
      for (const { input, kind } of step.state.filter((part) => part.kind === "parameter")) {
        expect(difference(tensor(feeds[input]!.shape, await values(state, input)), feeds[input]!), `${kind} ${input}`).to.be.at.most(TOLERANCE);
      }
      await training.close();
    }
  });

  it("holds as many tensors after every step, and none when it is closed", async () => {
    const { tf } = flavour;
    const start = tf.memory().numTensors;
    const training = await open(network, { frozen: ({ name }) => name === "conv1.weight" });
    const held = tf.memory().numTensors;
    expect(held).to.be.greaterThan(start);
    for (const count of [1, 2, 3]) {
      await training.step(batchFor(network, count), 0.1);
      await training.readState();
      expect(tf.memory().numTensors, `after step ${count}`).to.equal(held);
    }
    await training.close();
    expect(tf.memory().numTensors).to.equal(start);
  });

  it("gives weights back in the network's layout to the bit, transposed where that is asked, and as they were when it goes on", async () => {
    const grouped = NETS["convolutions in groups, one for each channel, and strides"]!;
    const initial = seededWeights(grouped.parameters, { seed: 3 });
    const training = await open(grouped, {}, initial);
    const state = await training.readState();
    await training.step(batchFor(grouped, 1), 0.5);
    for (const { name, shape } of grouped.parameters) {
      expect(await values(state, name), name).to.deep.equal(await values(initial, name));
      const axes = shape.map((_, axis) => shape.length - 1 - axis);
      expect(await values(state, name, axes), name).to.deep.equal(await values(initial, name, axes));
      expect(await values(state, `momentum.${name}`).catch(() => [0]), name).to.satisfy((numbers: number[]) => numbers.every((value) => value === 0));
    }
    await training.close();
  });

  it("trains what goes into a last softmax, and gives the same as without it", async () => {
    const logits = net("fc: linear(3)");
    const [plain, ending] = [await networkIn(logits, "Mine"), await networkIn(net("fc: linear(3) -> softmax"), "Mine")];
    const [one, two] = [await open(plain), await open(ending)];
    for (const count of [1, 2]) expect(await two.step(batchFor(ending, count), 0.1)).to.deep.equal(await one.step(batchFor(plain, count), 0.1));
    const [a, b] = [await one.readState(), await two.readState()];
    for (const name of a.names()) expect(await values(b, name), name).to.deep.equal(await values(a, name));
    await one.close();
    await two.close();
  });

  it("goes on from its own state as if it had never stopped", async () => {
    const whole = await open(network);
    await whole.step(batchFor(network, 1), 0.1);
    const resumed = await open(network, {}, await whole.readState());
    for (const count of [2, 3]) expect(await resumed.step(batchFor(network, count), 0.1)).to.deep.equal(await whole.step(batchFor(network, count), 0.1));
    await whole.close();
    await resumed.close();
  });

  it("drops out by the seed: the same again, another in the next step and for another seed", async () => {
    const dropping = netOf((net, image) => net.op("dropout", net.op("flatten", image), { rate: 0.5 }));
    const lossesOf = async (seed: number): Promise<number[]> => {
      const training = await open(dropping, { seed });
      const losses: number[] = [];
      // A rate of 0 changes nothing: only masks do.
      for (let count = 0; count < 2; count++) losses.push((await training.step(batchFor(dropping, 1), 0)).loss);
      await training.close();
      return losses;
    };
    const [first, again, other] = [await lossesOf(5), await lossesOf(5), await lossesOf(6)];
    expect(first[0]).to.not.equal(first[1]);
    expect(again).to.deep.equal(first);
    expect(other).to.not.deep.equal(first);
  });

  describe("refuses in words", () => {
    const refused = async (work: Promise<unknown>, ...words: readonly string[]): Promise<void> => {
      const error = await work.then(() => undefined, (thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(InputError);
      const { message, notes, help } = error as InputError;
      for (const word of words) expect([message, ...notes, ...help].join("\n")).to.include(word);
    };
    const textOf = (chain: string): Promise<Graph> => networkIn(`network Mine {\n  input image: float32[N, 2, 6, 6]\n  ${chain}\n}\n`, "Mine");

    it("an output that is no logits", async () => refused(open(await textOf("conv(3x3, 4)")), "needs one number for every class: [N, classes]"));
    it("a layer that TensorFlow.js cannot train", async () => refused(open(await textOf("conv(3x3, 4, dilation=2) -> globalavgpool -> linear(3)")), "cannot train", "dilation"));
    it("an output that is not there", () => refused(open(network, { lossOn: "logits" }), "no output `logits`", "`output`"));
    it("a batch norm that would see one value of each channel", async () => refused(open(await textOf("conv(6x6, 4, pad=0) -> bn -> flatten -> linear(3)"), { batch: 1 }), "`bn1` (`bn`) would normalise a single value", "mine.resnet:3", "--batch 2"));
    it("that nothing is left to train", () => refused(open(network, { frozen: () => true }), "all are frozen"));
    it("batches that do not fit", async () => {
      const training = await open(network);
      const good = batchFor(network, 1);
      await refused(training.step(batchFor(network, 1, 3), 0.1), "batches of 4", "3 examples");
      await refused(training.step({ ...good, labels: Int32Array.of(0, 1, 3, 0) }, 0.1), "example 2 is 3", "0 to 2");
      await refused(training.step({ ...good, labels: Int32Array.of(0, 1) }, 0.1), "2 were given");
      await refused(training.step({ ...good, inputs: [{ data: new Float32Array(BATCH * 2 * 25), shape: [BATCH, 2, 5, 5] }] }, 0.1), "[4, 2, 5, 5]");
      await training.close();
    });
  });
});

describe("engines train in processes of their own", function () {
  this.timeout(120_000);
  for (const name of ["tfjs-node", "tfjs-node-gpu"] as const) {
    it(`${name}: a residual network learns its batch by heart`, async function () {
      const engine = startEngine(this, name);
      try {
        const next = uniformOf(8);
        const images = noise([8, 3, 32, 32], next);
        const batch = { inputs: [{ data: Float32Array.from(images.data), shape: images.shape }], labels: Int32Array.from({ length: 8 }, (_, n) => n) };
        await engine.ask({ do: "train", model: { network: "ResNet8" }, options: { ...OPTIONS, batch: 8, weightDecay: 1e-4 } });
        const results = [];
        for (let step = 0; step < 12; step++) results.push(await engine.ask({ do: "step", batch, learningRate: 0.05 }));
        expect(results[0]!.loss).to.be.within(1.5, 5);
        expect(results[11]!.loss).to.be.lessThan(results[0]!.loss / 2);
        expect(results[11]!.right).to.be.greaterThan(results[0]!.right);
      } finally {
        await engine.close();
      }
    });
  }
});

describe("a program that has tfjs-node loaded", function () {
  this.timeout(120_000);

  it("builds the model, compiles and fits it, saves it, and loads it with the same answers", async function () {
    const { tf, flavour, reason } = await loadTf();
    if (flavour !== "tfjs-node") {
      console.log(`      skipped: @tensorflow/tfjs-node does not load (${reason}); npm run engines`);
      return this.skip();
    }
    await tf.setBackend("tensorflow");
    const folder = await mkdtemp(join(tmpdir(), "rnc-fit-"));
    const model = await buildLayersModel(standardNetwork("ResNet8"), tf);
    try {
      model.compile({ optimizer: tf.train.momentum(0.05, 0.9), loss: (answer, logits) => tf.losses.softmaxCrossEntropy(answer, logits) });
      // Each class is brighter at another place: something to learn.
      const labels = Array.from({ length: 64 }, (_, n) => n % 10);
      const next = uniformOf(8);
      const pixels = labels.flatMap((label) => Array.from({ length: 32 * 32 * 3 }, (_, at) => next() - 0.5 + (Math.floor(at / 300) === label ? 1 : 0)));
      const images = tf.tensor4d(pixels, [64, 32, 32, 3]);
      const answers = tf.oneHot(tf.tensor1d(labels, "int32"), 10).toFloat();
      const { history } = await model.fit(images, answers, { epochs: 6, batchSize: 16, shuffle: false, verbose: 0 });
      const losses = history["loss"] as number[];
      expect(losses[0]).to.be.within(1, 5);
      expect(losses[5]).to.be.lessThan(losses[0]! / 2);

      await model.save(`file://${folder}`);
      const again = await tf.loadLayersModel(`file://${folder}/model.json`);
      const [first, second] = [model, again].map((one) => (one.predict(images) as TF.Tensor).dataSync());
      expect(Math.max(...first!)).to.be.greaterThan(0.2);
      expect(second).to.deep.equal(first);
      again.dispose();
    } finally {
      model.dispose();
      await rm(folder, { recursive: true });
    }
  });
});
