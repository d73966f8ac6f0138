import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { lowerGraph } from "../../../src/backends/onnx/builder.ts";
import { InputError } from "../../../src/base/input-error.ts";
import { findOperator } from "../../../src/ops/registry.ts";
import { trainingStep } from "../../../src/passes/gradient.ts";
import { networkAt, smallSide, standardNetworks } from "../../support/standard-networks.ts";
import { needsSoftwareWebGpu } from "../../support/webgpu.ts";

/**
 * What ONNX Runtime registers for float32 at opset 18 on all three: `onnxruntime/core/providers/cpu/cpu_execution_provider.cc`,
 * `…/webgpu/webgpu_execution_provider.cc`, `…/cuda/cuda_execution_provider.cc`, and `docs/OperatorKernels.md`. Sign, OneHot,
 * LogSoftmax, random operators, Loop and pools that give indices are not among them. A BatchNormalization is, unless it trains.
 */
const EVERYWHERE: ReadonlySet<string> = new Set([
  "Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Conv", "ConvTranspose", "DepthToSpace", "Div", "Equal", "Erf", "Exp", "Expand", "Flatten", "Gather", "Gemm",
  "GlobalAveragePool", "HardSigmoid", "LeakyRelu", "Log", "MatMul", "MaxPool", "Mul", "Pad", "Reciprocal", "ReduceMax", "ReduceMean", "ReduceSum", "Relu",
  "Reshape", "Sigmoid", "Slice", "Softmax", "Split", "Sqrt", "Sub", "Transpose", "Unsqueeze",
]);
/** Networks that end in maps, or in several outputs. */
const UNTRAINED = /Backbone$|^FPN$|os(8|16)$|ScoreMap$|^DilatedResNet$|Auxiliary$/;

describe("training steps in ONNX", function () {
  this.timeout(300_000);

  // Deep networks of a family are made of what shallow ones are made of.
  for (const network of standardNetworks().filter(({ name }) => !/1001|1202|^Ensemble6$/.test(name))) {
    it(`${network.name}: ${UNTRAINED.test(network.name) ? "has no classes to train on" : "operators that the CPU, WebGPU and CUDA providers have"}`, async () => {
      const graph = await networkAt(network, smallSide(network), 2);
      const write = () => trainingStep(graph, { sizes: new Map([["N", 2]]), momentum: 0.9, weightDecay: 1e-4, decays: "weights" });
      if (UNTRAINED.test(network.name)) return void expect(write).to.throw(InputError, /needs one number for every class|has \d outputs/);
      const { nodes } = lowerGraph(write().graph, { symbols: new Map(), softmax: false, findOperator, provenance: false });
      expect([...new Set(nodes.map(({ opType }) => opType))].filter((opType) => !EVERYWHERE.has(opType))).to.deep.equal([]);
      // A pool's second output, and what a batch norm would update, are on the CPU alone.
      expect(nodes.filter(({ opType, output }) => opType !== "Split" && output.length > 1).map(({ name }) => name)).to.deep.equal([]);
      expect(nodes.filter(({ attribute }) => attribute.some(({ name, i }) => name === "training_mode" && i !== 0)).map(({ name }) => name)).to.deep.equal([]);
      return undefined;
    });
  }

  it("give the same step on WebGPU as on the CPU", function () {
    const env = needsSoftwareWebGpu(this);
    const runOn = (provider: string): Record<string, number[]> => {
      const script = fileURLToPath(new URL("../../support/training-step-run.ts", import.meta.url));
      const { status, stdout, stderr } = spawnSync(process.execPath, ["--import=tsx", script, provider], { encoding: "utf8", env, maxBuffer: 1 << 28 });
      if (status !== 0) throw new Error(`${provider}: ${stderr}`);
      return JSON.parse(stdout.slice(stdout.indexOf("{"))) as Record<string, number[]>;
    };
    const [cpu, webgpu] = [runOn("cpu"), runOn("webgpu")];
    expect(Object.keys(webgpu).sort()).to.deep.equal(Object.keys(cpu).sort());
    for (const [name, expected] of Object.entries(cpu)) {
      const greatest = Math.max(...expected.map(Math.abs), 1e-3);
      expected.forEach((value, index) => expect(Math.abs(webgpu[name]![index]! - value) / greatest, `${name}[${index}]`).to.be.at.most(1e-4));
    }
  });
});
