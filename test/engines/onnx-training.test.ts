import { expect } from "chai";
import { loadOnnxRuntime, ONNX_RUNTIME } from "../../src/engines/onnx-session.ts";
import { openOnnxTraining } from "../../src/engines/onnx-training.ts";
import { apiOf } from "../../src/engines/runtime.ts";
import { tfjs } from "../../src/engines/tfjs.ts";
import type { Engine } from "../../src/engines/engine.ts";
import type { Training, TrainingBatch, TrainingOptions } from "../../src/engines/training.ts";
import { symbolDim } from "../../src/ir/dim.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { seededWeights } from "../../src/weights/seeded.ts";
import type { WeightSource } from "../../src/weights/source.ts";
import { uniformNumbers } from "../../src/weights/uniform-numbers.ts";
import { expectInputError } from "../support/expect-input-error.ts";
import { netBuilder } from "../support/graphs.ts";

const BATCH = 6;
const CLASSES = 3;
const OPTIONS: TrainingOptions = { batch: BATCH, momentum: 0.9, nesterov: false, weightDecay: 1e-2, decays: "weights", labelSmoothing: 0, seed: 5 };

function residualNet(dropout: boolean): Graph {
  const net = netBuilder();
  const image = net.input([symbolDim("N"), 3, 8, 8]);
  const stem = net.op("relu", net.op("bn", net.op("conv", image, { kernel: [3, 3], channels: 4 })));
  const added = net.op("relu", net.op("sum", [stem, net.op("bn", net.op("conv", stem, { kernel: [3, 3], channels: 4 }))]));
  const pooled = net.op("globalavgpool", added);
  const features = dropout ? net.op("dropout", pooled, { rate: 0.5 }) : pooled;
  return net.finish(net.op("linear", features, { features: CLASSES }, "fc"));
}

const batch = (step: number): TrainingBatch => ({
  inputs: [{ data: uniformNumbers(3, step, "image", BATCH * 3 * 64).map((value) => 2 * value - 1), shape: [BATCH, 3, 8, 8] }],
  labels: Int32Array.from({ length: BATCH }, (_, example) => (example * 7 + step) % CLASSES),
});

/** Not as an engine opens it, which loads its modules once more: tests look at the class of errors. */
const onnxruntime: Pick<Engine, "openTraining"> = {
  openTraining: (network, weights, options) => openOnnxTraining(apiOf(loadOnnxRuntime(), ONNX_RUNTIME), network, weights, options),
};

const open = (engine: Pick<Engine, "openTraining">, network: Graph, weights: WeightSource, options: Partial<TrainingOptions> = {}): Promise<Training> => engine.openTraining!(network, weights, { ...OPTIONS, ...options });

async function steps(training: Training, from: number, to: number, rate = 0.05): Promise<number[]> {
  const losses: number[] = [];
  for (let step = from; step < to; step++) losses.push((await training.step(batch(step), rate)).loss);
  return losses;
}

async function bytesOf(source: WeightSource): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const name of source.names()) {
    const parts: Uint8Array[] = [];
    for await (const chunk of source.read(name)) parts.push(chunk.slice());
    found[name] = Buffer.concat(parts).toString("hex");
  }
  return found;
}

async function floatsOf(source: WeightSource, name: string): Promise<Float32Array> {
  return new Float32Array(Uint8Array.from(Buffer.from((await bytesOf(source))[name]!, "hex")).buffer);
}

describe("training in ONNX Runtime", function () {
  this.timeout(120_000);

  for (const [what, options] of Object.entries({ "SGD with momentum and decay": {}, "Nesterov, decay of all, smoothed labels": { nesterov: true, decays: "all", labelSmoothing: 0.1 }, "no momentum": { momentum: 0 } } as Record<string, Partial<TrainingOptions>>)) {
    it(`has the losses and the state that TensorFlow.js has: ${what}`, async () => {
      const network = residualNet(false);
      const weights = seededWeights(network.parameters, { seed: 8 });
      const [ours, theirs] = [await open(onnxruntime, network, weights, options), await open(tfjs, network, weights, options)];
      const [found, expected] = [await steps(ours, 0, 5), await steps(theirs, 0, 5)];
      expect(Math.max(...expected) - Math.min(...expected), "the losses move").to.be.greaterThan(0.01);
      found.forEach((loss, step) => expect(loss, `step ${step}`).to.be.closeTo(expected[step]!, 1e-3));
      const [mine, other] = [await ours.readState(), await theirs.readState()];
      for (const { name } of network.parameters) {
        const [a, b] = [await floatsOf(mine, name), await floatsOf(other, name)];
        a.forEach((value, at) => expect(value, `${name}[${at}]`).to.be.closeTo(b[at]!, 1e-3));
      }
      expect(mine.names().filter((name) => name.startsWith("momentum.")).length).to.equal(options.momentum === 0 ? 0 : network.parameters.filter(({ role }) => !role.startsWith("running")).length);
      await Promise.all([ours.close(), theirs.close()]);
    });
  }

  it("goes on from its own state with the same bytes, masks of dropout too", async () => {
    const network = residualNet(true);
    const weights = seededWeights(network.parameters, { seed: 8 });
    const whole = await open(onnxruntime, network, weights, { threads: 1 });
    const losses = await steps(whole, 0, 6);
    const first = await open(onnxruntime, network, weights, { threads: 1 });
    await steps(first, 0, 3);
    const state = await first.readState();
    // The state is that moment's, whatever comes after.
    await steps(first, 3, 4);
    const second = await open(onnxruntime, network, state, { threads: 1, firstStep: 3 });
    expect(await steps(second, 3, 6)).to.deep.equal(losses.slice(3));
    expect(await bytesOf(await second.readState())).to.deep.equal(await bytesOf(await whole.readState()));
    const other = await open(onnxruntime, network, state, { threads: 1, firstStep: 4 });
    expect(await steps(other, 3, 6), "other masks").not.to.deep.equal(losses.slice(3));
    await Promise.all([whole, first, second, other].map((training) => training.close()));
  });

  it("leaves alone what is frozen, and counts right answers", async () => {
    const network = residualNet(false);
    const weights = seededWeights(network.parameters, { seed: 8 });
    const training = await open(onnxruntime, network, weights, { frozen: ({ name }) => name !== "fc.weight" });
    const before = await bytesOf(await training.readState());
    // An example of each class with the same image: exactly one class is the greatest.
    const same = batch(0).inputs[0]!.data.slice(0, 3 * 64);
    const data = new Float32Array(BATCH * same.length);
    for (let example = 0; example < BATCH; example++) data.set(same, example * same.length);
    const { right } = await training.step({ inputs: [{ data, shape: [BATCH, 3, 8, 8] }], labels: Int32Array.of(0, 1, 2, 0, 1, 2) }, 0.5);
    expect(right).to.equal(2);
    const after = await bytesOf(await training.readState());
    expect(Object.keys(before).filter((name) => before[name] !== after[name]).sort()).to.deep.equal(["fc.weight", "momentum.fc.weight"]);
    await training.close();
  });

  it("says what does not fit", async () => {
    const network = residualNet(false);
    const weights = seededWeights(network.parameters, { seed: 8 });
    const training = await open(onnxruntime, network, weights);
    await expectInputError(() => training.step({ ...batch(0), labels: Int32Array.of(0, 1, 2, 0, 1, 3) }, 0.1), /the label of example 5 is 3; the classes are 0 to 2/);
    await expectInputError(() => training.step({ ...batch(0), labels: Int32Array.of(0) }, 0.1), /needs as many labels/);
    await training.close();
    const net = netBuilder();
    const open_ = net.op("globalavgpool", net.op("conv", net.input([symbolDim("N"), 3, symbolDim("H"), symbolDim("W")]), { kernel: [3, 3], channels: 4 }));
    const sizes = net.finish(net.op("linear", open_, { features: 3 }));
    await expectInputError(() => open(onnxruntime, sizes, seededWeights(sizes.parameters, { seed: 1 })), "--input 6x3x32x32");
  });
});
