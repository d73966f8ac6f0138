import { expect } from "chai";
import { emitOnnx } from "../../src/backends/onnx/index.ts";
import type { FloatTensor } from "../../src/engines/engine.ts";
import { openTfjsTraining } from "../../src/engines/tfjs-training.ts";
import { tfjs } from "../../src/engines/tfjs.ts";
import type { TrainingBatch } from "../../src/engines/training.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { noise } from "../../src/program/calibrate.ts";
import { TOLERANCE } from "../../src/verify/difference.ts";
import { nearKinks } from "../../src/verify/kinks.ts";
import { reportOf } from "../../src/verify/report.ts";
import type { ReportedResult } from "../../src/verify/report.ts";
import { answerOf, portableStep, stepOptions } from "../../src/verify/step-subject.ts";
import type { StepSubject } from "../../src/verify/step-subject.ts";
import type { RunningEngine } from "../../src/verify/subject.ts";
import { verifyTraining } from "../../src/verify/training.ts";
import type { WeightSource } from "../../src/weights/source.ts";
import { brokenOnnx } from "../support/broken-models.ts";
import type { OpenOnnx } from "../support/broken-models.ts";
import { calibratedWeights } from "../support/calibrated.ts";
import { networkIn } from "../support/networks.ts";
import { testEngines } from "../support/verify-engines.ts";

const TEXT = `use std.shortcuts { A }
use std.blocks { basic, stage }

network Mine {
  input image: float32[N, 3, 16, 16]
  shortcuts A
  conv(3x3, 8, bias=true) -> bn -> relu
  layer1: basic(8)
  layer2: stage(2, basic(16), stride=2)
  globalavgpool -> fc: linear(10)
}
`;
const BATCH = 4;
const SIZES = new Map([["N", BATCH]]);

interface Fault {
  readonly name: string;
  readonly change: (model: OpenOnnx) => void;
  /** Where the result says it is. */
  readonly layer: string;
  /** What else it names. */
  readonly between: readonly string[];
  /** Every gradient and statistic that is wrong, where there are few. */
  readonly apart?: readonly string[];
}

const FAULTS: readonly Fault[] = [
  {
    name: "a ReLU that lets gradients through where it is shut",
    change: (model) => {
      const node = model.node("layer2.0.relu1.backward.multiply");
      Object.assign(node, { opType: "Identity", input: [node.input![0]!] });
    },
    layer: "layer2.0.bn1",
    between: ["layer2.0.relu1", "layer2.0.conv2"],
  },
  {
    name: "the gradient of a kernel with the channels before and after exchanged",
    change: (model) => {
      const { ints } = model.attribute("layer2.1.conv1.backward.transpose_3", "perm");
      [ints![0], ints![1]] = [ints![1]!, ints![0]!];
    },
    layer: "layer2.1.conv1",
    between: ["layer2.1.bn1"],
    apart: ["layer2.1.conv1.weight"],
  },
  {
    name: "a kernel that is not turned on the way back",
    change: (model) => void model.ownConstant("layer1.conv2.backward.take", 1).set([0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]),
    layer: "layer1.bn1",
    between: ["layer1.relu1", "layer1.conv2"],
  },
  {
    name: "a batch norm that forgets that its mean depends on its input",
    change: (model) => {
      const node = model.node("layer1.bn2.backward.add");
      Object.assign(node, { opType: "Identity", input: [node.input![0]!] });
    },
    layer: "layer1.conv2",
    between: ["layer1.bn2"],
  },
  {
    name: "a loss whose gradient is that of the sum",
    change: (model) => {
      const node = model.node("loss.gradient");
      Object.assign(node, { opType: "Identity", input: [node.input![0]!] });
    },
    layer: "fc",
    between: [],
  },
  {
    name: "padding at the end alone, on the way forward",
    change: (model) => void (model.attribute("layer2.0.conv1", "pads").ints = [0, 0, 2, 2]),
    layer: "layer2.0.bn1",
    between: ["way forward", "layer2.0.conv1", "layer1.bn2"],
  },
  {
    name: "a running variance that is not unbiased",
    change: (model) => {
      // 0.1 of the variance is added, as of the mean; right is 0.1 · 64/63 of it, where a channel has 64 values.
      const [mean, variance] = [model.node("layer2.1.bn1.multiply_3"), model.node("layer2.1.bn1.multiply_5")];
      Object.assign(variance, { input: [variance.input![0]!, mean.input![1]!] });
    },
    layer: "layer2.1.bn1",
    between: ["way forward"],
    apart: ["layer2.1.bn1.running_var"],
  },
];

describe("rnc verify --training finds mistakes that were planted in a step", function () {
  this.timeout(120_000);
  let engine: RunningEngine;
  let graph: Graph;
  let weights: WeightSource;
  let batch: TrainingBatch;
  const options = stepOptions({ batch: BATCH, seed: 0 });
  const portable = (broken?: (model: OpenOnnx) => void): StepSubject =>
    portableStep(graph, weights, { ...engine, open: async (model) => engine.open({ ...model, files: [broken ? memory(await brokenOnnx(model.files, broken)) : model.files[0]!] }) }, { ...options, sizes: SIZES, version: "0" });

  before(async () => {
    engine = (await testEngines()).onnx;
    graph = await networkIn(TEXT, "Mine");
    weights = await calibratedWeights(graph);
    const inputs = [await noise(graph.inputs[0]!, SIZES, 0)];
    batch = { inputs, labels: Int32Array.of(3, 1, 4, 1) };
    // No gradient that is a matter of rounding.
    expect((await nearKinks(graph, weights, inputs, { engine, sizes: SIZES, version: "0" })).near).to.equal(0);
  });

  async function comparedWith(subject: StepSubject): Promise<ReportedResult> {
    const verification = await verifyTraining({ graph, subjects: [portable(), subject], batch, tolerance: TOLERANCE });
    const report = reportOf(verification, { graph, inputs: batch.inputs, weights: { kind: "calibrated", description: "" }, seed: 0, tolerance: TOLERANCE, notRun: [], training: true });
    expect(report.results.map(({ reference }) => reference)).to.deep.equal([true, false]);
    expect(report.agrees).to.equal(report.results[1]!.agrees);
    return report.results[1]!;
  }
  const throughTfjs = (network: Graph): StepSubject => ({
    name: "tfjs",
    engine: { ...engine, name: "tfjs" },
    remarks: [],
    async step(given) {
      const training = await openTfjsTraining(await tfjs.loadTensorFlow(), network, weights, options);
      try {
        return await answerOf(network, training, given);
      } finally {
        await training.close();
      }
    },
  });

  it("agrees with TensorFlow.js in every gradient and statistic, also in those that are rounding alone", async () => {
    const result = await comparedWith(throughTfjs(graph));
    expect([result.agrees, result.origin, result.remarks], JSON.stringify(result)).to.deep.equal([true, null, []]);
    expect(result.outputs.map(({ name }) => name)).to.deep.equal(["loss"]);
    expect(result.parameters.map(({ name }) => name)).to.deep.equal(graph.parameters.map(({ name }) => name));
    expect(result.parameters.filter(({ what }) => what === "statistic").map(({ name }) => name.split(".").pop())).to.deep.equal(Array.from({ length: 7 }, () => ["running_mean", "running_var"]).flat());
    expect(Math.max(...result.parameters.map(({ relative }) => relative!))).to.be.within(1e-9, 2e-5);
  });

  for (const { name, change, layer, between, apart } of FAULTS) {
    it(name, async () => {
      const result = await comparedWith(portable(change));
      expect([result.agrees, result.failed]).to.deep.equal([false, null]);
      expect(result.origin?.layer?.name).to.equal(layer);
      expect(layer.startsWith(result.origin!.block) || result.origin!.block === "head").to.equal(true);
      expect(result.origin!.layer!.lines[0]!.file).to.equal("mine.resnet");
      for (const part of between) expect(result.remarks.join()).to.include(part);
      if (apart) expect(result.parameters.filter(({ agrees }) => !agrees).map(({ name: own }) => own)).to.deep.equal(apart);
      else expect(result.parameters.filter(({ agrees }) => !agrees).length).to.be.greaterThan(3);
    });
  }

  it("another network's step, in another engine", async () => {
    const other = await networkIn(TEXT.replace("bn -> relu\n  layer1", "bn -> leakyrelu(slope=0.3)\n  layer1"), "Mine");
    const result = await comparedWith(throughTfjs(other));
    expect([result.agrees, result.origin?.layer?.name, result.outputs[0]!.agrees]).to.deep.equal([false, "layer1.bn1", false]);
    expect(result.remarks.join()).to.include("`relu1`").and.to.include("those of `bn1` agree");
  });

  it("says that an engine refused, and compares the others", async () => {
    const refused = { ...portable(), name: "other", step: async () => Promise.reject(Object.assign(new (await import("../../src/index.ts")).InputError("no room", { notes: ["2 GB are needed"] }))) };
    const result = await comparedWith(refused);
    expect([result.agrees, result.failed]).to.deep.equal([false, "no room; 2 GB are needed"]);
  });

  it("counts values near to a kink: those of an input that was made so", async () => {
    const small = await networkIn("network Small {\n  input image: float32[N, 1, 4, 4]\n  relu6 -> flatten -> linear(2)\n}\n", "Small");
    const input: FloatTensor = { data: new Float32Array(16).fill(3), shape: [1, 1, 4, 4] };
    // Exactly 0 is on one side in every engine; 1e-3 is far away.
    input.data.set([0, 1e-6, -1e-6, 6.000001, 1e-3]);
    const source: WeightSource = { description: "ones", names: () => [], info: () => undefined, read: async function* (name) { yield new Uint8Array(4 * (name.endsWith("bias") ? 2 : 32)); } };
    expect(await nearKinks(small, source, [input], { engine, sizes: new Map([["N", 1]]), version: "0" })).to.deep.equal({ near: 3, all: 16 });
  });
});

function memory(bytes: Uint8Array): ReturnType<typeof emitOnnx>[number] {
  return {
    path: "",
    sizeInBytes: bytes.length,
    async *chunks() {
      yield bytes;
    },
  };
}
