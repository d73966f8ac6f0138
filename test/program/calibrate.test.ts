import { expect } from "chai";
import type { EmittedFile } from "../../src/backends/backend.ts";
import type { FloatTensor } from "../../src/engines/engine.ts";
import { runNamed } from "../../src/engines/model-data.ts";
import { onnxruntime } from "../../src/engines/onnxruntime.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { calibrate } from "../../src/program/calibrate.ts";
import { compileOnnx } from "../../src/program/compile.ts";
import type { WeightSource } from "../../src/weights/source.ts";
import { standardNetwork } from "../support/networks.ts";

type Tensors = Readonly<Record<string, FloatTensor>>;

async function run(model: EmittedFile | undefined, inputs: Tensors): Promise<Tensors> {
  if (!model) throw new Error("no model");
  const inference = await onnxruntime.open({ format: "onnx", files: [model] });
  try {
    return await runNamed(inference, inputs);
  } finally {
    await inference.close();
  }
}

/** Calibrates, and keeps the noise and what the pass with batch statistics gave for it. */
async function calibrated(graph: Graph, seed: number) {
  let inputs: Tensors = {};
  let trained: FloatTensor | undefined;
  const weights = await calibrate(graph, {
    version: "1",
    seed,
    async run(model, given) {
      inputs = given;
      const results = await run(model, given);
      trained = results["output"];
      return results;
    },
  });
  return { weights, inputs, trained };
}

async function values(weights: WeightSource, name: string): Promise<number[]> {
  const parts: Buffer[] = [];
  for await (const chunk of weights.read(name)) parts.push(Buffer.from(chunk));
  const bytes = Buffer.concat(parts);
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
}

describe("calibrated weights", function () {
  this.timeout(120_000);

  it("make inference answer as the pass whose statistics were measured", async () => {
    const graph = standardNetwork("ResNet20");
    const { weights, inputs, trained } = await calibrated(graph, 3);
    const [model] = compileOnnx(graph, { version: "1", weights }).files;
    const { output } = await run(model, inputs);
    const expected = [...(trained?.data ?? [])];
    expect(expected).to.have.length(80);
    const scale = Math.max(...expected.map(Math.abs));
    // Running variances are unbiased, a batch norm in training divides by n: at n = 8 · 8 · 8 they differ by 1/512.
    expected.forEach((value, i) => expect(Math.abs(value - (output?.data[i] ?? Number.NaN)) / scale).to.be.lessThan(0.02));
  });

  it("spread scales around 1 and shifts around 0.7, from the seed alone", async () => {
    const graph = standardNetwork("ResNet8");
    const first = (await calibrated(graph, 1)).weights;
    const again = (await calibrated(graph, 1)).weights;
    const other = (await calibrated(graph, 2)).weights;
    const scales = await values(first, "layer3.0.bn2.weight");
    expect(scales).to.have.length(64);
    for (const scale of scales) expect(scale).to.be.within(0.5, 1.5);
    for (const shift of await values(first, "layer3.0.bn2.bias")) expect(shift).to.be.within(0.19999, 1.20001);
    expect(Math.max(...scales) - Math.min(...scales)).to.be.greaterThan(0.5);
    for (const name of ["layer3.0.bn2.weight", "layer3.0.bn2.running_var", "fc.weight"]) {
      expect(await values(again, name), name).to.deep.equal(await values(first, name));
      expect(await values(other, name), name).not.to.deep.equal(await values(first, name));
    }
  });

  for (const name of ["ResNet1202", "PreAct1001"]) {
    it(`keep values ordinary through ${name}`, async () => {
      const graph = standardNetwork(name);
      const { weights, inputs } = await calibrated(graph, 0);
      const [model] = compileOnnx(graph, { version: "1", weights }).files;
      const { output } = await run(model, inputs);
      const logits = [...(output?.data ?? [])];
      expect(logits).to.have.length(80);
      expect(logits.every(Number.isFinite)).to.equal(true);
      expect(Math.max(...logits.map(Math.abs))).to.be.within(0.01, 1000);
      expect(new Set(logits).size).to.be.greaterThan(70);
    });
  }
});
