import { expect } from "chai";
import { InputError } from "../../src/base/input-error.ts";
import type { FloatTensor, Inference, ModelFiles } from "../../src/engines/engine.ts";
import type { Graph, Value } from "../../src/ir/graph.ts";
import { noise } from "../../src/program/calibrate.ts";
import { TOLERANCE } from "../../src/verify/difference.ts";
import { reportOf } from "../../src/verify/report.ts";
import type { VerifyReport } from "../../src/verify/report.ts";
import { ownSubject, ownSubjects } from "../../src/verify/subject.ts";
import type { RunningEngine, Subject } from "../../src/verify/subject.ts";
import { verify } from "../../src/verify/verify.ts";
import type { VerifyOptions } from "../../src/verify/verify.ts";
import { seededWeights } from "../../src/weights/seeded.ts";
import { calibratedWeights } from "../support/calibrated.ts";
import { networkIn, standardNetwork } from "../support/networks.ts";
import { testEngines } from "../support/verify-engines.ts";

const engineOf = (open: RunningEngine["open"]): RunningEngine => ({ name: "onnxruntime", format: "onnx", version: "1", device: "none", open });

/** A subject that needs no engine: it answers with tensors made from names, as `answer` says. */
function fake(graph: Graph, name: string, answer: (name: string) => FloatTensor | InputError, log: string[] = []): Subject {
  const nameOf = (value: Value): string => value.name;
  return {
    name,
    remarks: [],
    shows: () => true,
    engine: engineOf(async ({ files }) => {
      const names = files.map(({ path }) => path);
      log.push(`open ${name} ${names.length}`);
      const inference: Inference = {
        inputs: ["image"],
        outputs: names,
        async run() {
          return names.map((each) => {
            const tensor = answer(each);
            if (tensor instanceof InputError) throw tensor;
            return tensor;
          });
        },
        close: async () => void log.push(`close ${name}`),
      };
      return inference;
    }),
    show(values) {
      const names = [...graph.outputs.map((output) => `output ${output.name}`), ...values.map(nameOf)];
      const files = names.map((path) => ({ path, sizeInBytes: 0, chunks: async function* () {} }));
      return { model: { format: "onnx", files } satisfies ModelFiles, inputs: [0], outputs: graph.outputs.map((_, index) => index), at: new Map(values.map((value, index) => [value, graph.outputs.length + index])) };
    },
  };
}

const ones: FloatTensor = { data: Float32Array.of(1, 1), shape: [2] };
const off = (by: number): FloatTensor => ({ data: Float32Array.of(1, 1 + by), shape: [2] });

const TEXT = `use std.blocks { basic, stage }
network Net {
  input image: float32[N, 4, 8, 8]
  conv(3x3, 4)
  layer1: stage(2, basic(4))
  globalavgpool
}
`;

describe("verification", function () {
  this.timeout(120_000);
  let graph: Graph;
  before(async () => void (graph = await networkIn(TEXT, "Net")));

  async function report(subjects: readonly Subject[], more: Partial<VerifyOptions> = {}): Promise<VerifyReport> {
    const inputs = [await noise(graph.inputs[0]!, new Map(), 0)];
    const verification = await verify({ graph, subjects, inputs, tolerance: TOLERANCE, ...more });
    return reportOf(verification, { graph, inputs, weights: { kind: "calibrated", description: "" }, seed: 0, tolerance: TOLERANCE, notRun: [] });
  }

  it("agrees within the tolerance, and not beyond it", async () => {
    const right = fake(graph, "right", () => ones);
    const near = await report([right, fake(graph, "near", () => off(0.9e-4))]);
    expect([near.agrees, near.results.map(({ reference }) => reference)]).to.deep.equal([true, [true, false]]);
    const far = await report([right, fake(graph, "far", () => off(1.1e-4))]);
    expect([far.agrees, far.results[1]!.origin?.block, far.results[1]!.origin?.layer?.name]).to.deep.equal([false, "stem", "conv1"]);
  });

  it("differs where a block does, even if the outputs agree", async () => {
    const { agrees, results } = await report([fake(graph, "right", () => ones), fake(graph, "odd", (name) => (name === "layer1.0.relu2" ? off(0.1) : ones))]);
    expect([agrees, results[1]!.outputs[0]!.agrees, results[1]!.origin?.layer?.name]).to.deep.equal([false, true, "layer1.0.relu2"]);
  });

  it("does not blame a block whose input differs already", async () => {
    const wrong = new Set(["layer1.0.bn2", "layer1.0.residual1", "layer1.0.relu2", "layer1.1.conv1", "layer1.1.relu2", "globalavgpool1", "output output"]);
    const { results } = await report([fake(graph, "right", () => ones), fake(graph, "odd", (name) => (wrong.has(name) ? off(0.1) : ones))]);
    const { origin, blocks } = results[1]!;
    expect([origin?.block, origin?.layer?.name]).to.deep.equal(["layer1.0", "layer1.0.bn2"]);
    expect(blocks.filter(({ agrees }) => !agrees).map(({ name }) => name)).to.deep.equal(["layer1.0", "layer1.1", "head"]);
  });

  it("says so where only the whole model differs", async () => {
    const { agrees, results } = await report([fake(graph, "right", () => ones), fake(graph, "fused", (name) => (name.startsWith("output") ? off(0.1) : ones))]);
    expect([agrees, results[1]!.origin]).to.deep.equal([false, null]);
    expect(results[1]!.remarks.join()).to.include("every block agrees");
  });

  it("takes an engine that refuses the model for a difference, and goes on with the others", async () => {
    const refusing = fake(graph, "refusing", () => new InputError("no kernel for Conv", { notes: ["on this device"] }));
    const { agrees, results } = await report([refusing, fake(graph, "right", () => ones), fake(graph, "same", () => ones)]);
    expect(agrees).to.equal(false);
    expect(results.map(({ name, reference, agrees: own, failed }) => [name, reference, own, failed])).to.deep.equal([
      ["right", true, true, null],
      ["refusing", false, false, "no kernel for Conv; on this device"],
      ["same", false, true, null],
    ]);
    expect((await report([refusing])).agrees).to.equal(false);
  });

  it("lets a mistake of ours pass through", async () => {
    const broken = { ...fake(graph, "broken", () => ones), engine: engineOf(async () => Promise.reject(new TypeError("ours"))) };
    await verify({ graph, subjects: [broken], inputs: [], tolerance: TOLERANCE }).then(
      () => expect.fail("nothing was thrown"),
      (error: unknown) => expect(error).to.be.instanceOf(TypeError),
    );
  });

  it("has one model open at a time, and compares large values in turns with the same result", async () => {
    const log: string[] = [];
    const subjects = [fake(graph, "a", () => ones, log), fake(graph, "b", (name) => (name === "layer1.1.relu2" ? off(0.1) : ones), log)];
    const whole = await report(subjects);
    // Two for the outputs, two for all blocks, two for the layers of one.
    expect(log.filter((line) => line.startsWith("open"))).to.have.length(6);
    log.forEach((line, index) => expect(line).to.match(index % 2 === 0 ? /^open/ : /^close/));
    log.length = 0;
    const inParts = await report(subjects, { turnInBytes: 1 });
    expect(log.filter((line) => line.startsWith("open")).length).to.be.greaterThan(20);
    log.filter((line) => line.startsWith("open")).forEach((line) => expect(Number(line.split(" ")[2])).to.be.at.most(2));
    expect(inParts).to.deep.equal(whole);
  });

  it("finds the block in a very deep network that is compared in two steps", async () => {
    const deep = await networkIn(TEXT.replace("stage(2, basic(4))", "stage(300, basic(4))"), "Net");
    const from = deep.nodes.findIndex(({ name }) => name === "layer1.137.conv2");
    const wrong = new Set(deep.nodes.slice(from).map(({ name }) => name));
    const before = graph;
    graph = deep;
    try {
      const log: string[] = [];
      const { results } = await report([fake(deep, "right", () => ones), fake(deep, "odd", (name) => (wrong.has(name) || name.startsWith("output") ? off(0.1) : ones), log)]);
      const { origin, blocks, remarks } = results[1]!;
      expect([origin?.block, origin?.layer?.name]).to.deep.equal(["layer1.137", "layer1.137.conv2"]);
      expect(blocks.length).to.be.within(75, 110);
      expect(remarks.join()).to.include(`${blocks.length} of 302 blocks are compared`);
      // The model itself, a hundred blocks, the few around the difference, the layers of one.
      expect(log.filter((line) => line.startsWith("open"))).to.have.length(4);
    } finally {
      graph = before;
    }
  });

  it("tells what is being run", async () => {
    const told: string[] = [];
    await report([fake(graph, "a", () => ones), fake(graph, "b", () => ones)], { onRun: (what) => told.push(what) });
    expect(told).to.deep.equal(["running a", "running b", "comparing blocks: a", "comparing blocks: b"]);
  });
});

describe("verification with real engines", function () {
  this.timeout(120_000);
  let engines: { readonly onnx: RunningEngine; readonly layers: RunningEngine };
  before(async () => void (engines = await testEngines()));

  async function agreement(graph: Graph, subjects: readonly Subject[]): Promise<VerifyReport["results"][number]> {
    const inputs: FloatTensor[] = [];
    for (const input of graph.inputs) inputs.push(await noise(input, new Map([["N", 3]]), 1));
    const verification = await verify({ graph, subjects, inputs, tolerance: TOLERANCE });
    const { results } = reportOf(verification, { graph, inputs, weights: { kind: "calibrated", description: "" }, seed: 1, tolerance: TOLERANCE, notRun: [] });
    expect(verification.agrees, JSON.stringify(results)).to.equal(true);
    return results[1]!;
  }

  it("takes several inputs and outputs, a value that is both, and batches", async () => {
    const text = `network Two {
  input left: float32[N, 4, 8, 8]
  input right: float32[N, 4, 8, 8]
  from left -> conv(3x3, 4) -> bn -> relu -> a: dropout(0.5)
  both: sum { | from a
              | from right }
  output joined = both
  output same = both
  output half = a
}
`;
    const graph = await networkIn(text, "Two");
    const weights = await calibratedWeights(graph);
    const result = await agreement(graph, [ownSubject(graph, weights, engines.onnx, "0"), ownSubject(graph, weights, engines.layers, "0")]);
    expect(result.outputs.map(({ name }) => name)).to.deep.equal(["joined", "same", "half"]);
  });

  it("compares every block of a backbone with four outputs", async () => {
    const graph = standardNetwork("ResNet18Backbone", {}, [[3, 3, 32, 32]]);
    const weights = seededWeights(graph.parameters, { seed: 0 });
    const result = await agreement(graph, [ownSubject(graph, weights, engines.onnx, "0"), ownSubject(graph, weights, engines.layers, "0")]);
    expect(result.blocks).to.have.length(9);
    expect(result.outputs).to.have.length(4);
  });

  it("refuses a target that cannot say the network, with the reason", async () => {
    const graph = standardNetwork("GoogLeNet");
    const { subjects, refused } = ownSubjects(graph, seededWeights(graph.parameters, { seed: 0 }), [engines.onnx, engines.layers], "0");
    expect(subjects.map(({ name }) => name)).to.deep.equal(["onnxruntime"]);
    expect(refused.map(({ error }) => error.message).join()).to.include("cannot be written for TensorFlow.js");
  });
});
