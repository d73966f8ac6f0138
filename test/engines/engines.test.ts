import { createRequire } from "node:module";
import { join } from "node:path";
import { expect } from "chai";
import { openInChildProcess, probeInChildProcess } from "../../src/cli/engine-process.ts";
import { chooseEngine } from "../../src/engines/choose.ts";
import type { Engine, EngineName, EngineStatus, FloatTensor, Inference, ModelFiles } from "../../src/engines/engine.ts";
import { runNamed } from "../../src/engines/model-data.ts";
import { onnxruntime } from "../../src/engines/onnxruntime.ts";
import { ENGINES } from "../../src/engines/registry.ts";
import { tfjsNode } from "../../src/engines/tfjs-node.ts";
import { tfjs } from "../../src/engines/tfjs.ts";
import type { TensorFlow } from "../../src/engines/tfjs-inference.ts";
import { openTrainingInChildProcess } from "../../src/cli/train/training-process.ts";
import { writeEmittedFiles } from "../../src/cli/write-files.ts";
import { stepOptions } from "../../src/verify/step-subject.ts";
import { writeSafetensors } from "../../src/weights/safetensors-writer.ts";
import { seededWeights } from "../../src/weights/seeded.ts";
import { inFolder } from "../support/cli.ts";
import { expectInputError } from "../support/expect-input-error.ts";
import { noise, uniformOf } from "../support/graphs.ts";
import { networkIn } from "../support/networks.ts";
import { smallModel } from "../support/small-model.ts";
import { needsSoftwareWebGpu } from "../support/webgpu.ts";

/** The interpreter computes in float64; the network is small. */
const TOLERANCE = 2e-5;

function expectClose(found: readonly FloatTensor[], expected: readonly FloatTensor[]): void {
  expect(found.map(({ shape }) => shape)).to.deep.equal(expected.map(({ shape }) => shape));
  expected.forEach(({ data }, index) => {
    const greatest = Math.max(...data.map(Math.abs));
    data.forEach((value, at) => expect(Math.abs(value - found[index]!.data[at]!) / greatest, `output ${index}, element ${at}`).to.be.lessThan(TOLERANCE));
  });
}

/** Sets variables of the environment for some work: processes started meanwhile have them. */
async function withEnvironment<T>(variables: NodeJS.ProcessEnv, work: () => Promise<T>): Promise<T> {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

/** Skips, and says why, where an engine's package is not installed. */
function needsPackage(context: Mocha.Context, name: string): void {
  try {
    createRequire(import.meta.url).resolve(name);
  } catch {
    console.log(`      skipped: ${name} is not installed`);
    context.skip();
  }
}

/** A file in memory. */
const file = (path: string, text: string | Uint8Array) => {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return {
    path,
    sizeInBytes: bytes.length,
    async *chunks() {
      yield bytes;
    },
  };
};

/** Skips the running test, and prints why, where ONNX Runtime's CUDA provider does not run. */
async function needsCuda(context: Mocha.Context): Promise<void> {
  const status = await probeInChildProcess("onnxruntime-cuda", 60);
  if (status.kind === "works") return;
  console.log(`      skipped: ${status.kind === "broken" ? status.reason : "onnxruntime-node is not installed"}`);
  context.skip();
}

describe("engines", function () {
  this.timeout(120_000);

  for (const { name, format, packageName } of ENGINES) {
    it(`${name} computes what the interpreter computes, in a process of its own`, async function () {
      needsPackage(this, packageName);
      if (name === "onnxruntime-cuda") await needsCuda(this);
      const environment = name === "onnxruntime-webgpu" ? needsSoftwareWebGpu(this) : {};
      const model = smallModel(7);
      await withEnvironment(environment, async () => {
        const inference = await openInChildProcess(name, model.files(format));
        try {
          expect(inference.inputs).to.deep.equal(["image"]);
          expect(inference.outputs).to.deep.equal(["output", "output1"]);
          expectClose(await inference.run(model.inputs), model.expected);
          // Two requests at once come back in their order.
          const twice = model.inputs.map(({ data, shape }) => ({ shape, data: data.map((value) => 2 * value) }));
          const [second, third] = await Promise.all([inference.run(twice), inference.run(model.inputs)]);
          expect(second![0]!.data).not.to.deep.equal(third![0]!.data);
          expectClose(third!, model.expected);
          const error = await expectInputError(() => inference.run([]), "image");
          expect(error.message).to.include("1 inputs (image), and 0 tensors");
          expectClose(await inference.run(model.inputs), model.expected);
        } finally {
          await inference.close();
        }
      });
    });
  }

  it("onnxruntime-webgpu trains, in software, as the CPU does", async function () {
    const environment = needsSoftwareWebGpu(this);
    const network = await networkIn("network Small {\n  input image: float32[2, 3, 8, 8]\n  conv(3x3, 8) -> bn -> relu\n  residual { conv(3x3, 8) -> bn } -> relu -> globalavgpool -> fc: linear(10)\n}\n", "Small");
    const weights = seededWeights(network.parameters, { seed: 4 });
    const options = stepOptions({ batch: 2, seed: 3 });
    const batch = { inputs: [{ data: Float32Array.from(noise([2, 3, 8, 8], uniformOf(5)).data), shape: [2, 3, 8, 8] }], labels: Int32Array.of(3, 8) };
    await inFolder(async (folder) => {
      const path = join(folder, "w.safetensors");
      const { size, chunks } = writeSafetensors(network.parameters, weights);
      await writeEmittedFiles([{ path: "", sizeInBytes: size, chunks }], path);
      const lossesOf = async (name: EngineName): Promise<number[]> => {
        const training = await openTrainingInChildProcess(name, network, path, { ...options, layout: "portable" });
        try {
          const losses: number[] = [];
          for (let step = 0; step < 3; step++) losses.push((await training.step(batch, 0.02)).loss);
          return losses;
        } finally {
          await training.close();
        }
      };
      const expected = await lossesOf("onnxruntime");
      await withEnvironment(environment, async () => {
        const found = await lossesOf("onnxruntime-webgpu");
        found.forEach((loss, step) => expect(loss, `step ${step}`).to.be.closeTo(expected[step]!, 1e-3 * expected[step]!));
      });
      expect(Math.abs(expected[2]! - expected[0]!)).to.be.greaterThan(0.05);
    });
  });

  it("have names and packages of their own, the GPU first for TensorFlow.js", () => {
    expect(ENGINES.filter(({ format }) => format === "tfjs").map(({ name }) => name)).to.deep.equal(["tfjs-node-gpu", "tfjs-node", "tfjs"]);
    expect(ENGINES.filter(({ format }) => format === "onnx")[0]!.name).to.equal("onnxruntime");
    expect(new Set(ENGINES.map(({ name }) => name)).size).to.equal(ENGINES.length);
    for (const { name, install, packageName } of ENGINES) expect(install).to.equal(`npm install ${packageName}${name === "onnxruntime-cuda" ? " --onnxruntime-node-install=cuda12" : ""}`);
  });

  it("of TensorFlow.js keep no tensor, share a process, and leave the input alone", async function () {
    needsPackage(this, "@tensorflow/tfjs");
    needsPackage(this, "@tensorflow/tfjs-node");
    const model = smallModel(9);
    const given = [...model.inputs[0]!.data];
    const { tf } = tfjsNode.loadTensorFlow();
    const before = tf.memory().numTensors;
    const opened: Inference[] = [await tfjsNode.open(model.files("tfjs")), await tfjs.open(model.files("tfjs"))];
    const held = tf.memory().numTensors;
    // A kernel each, gamma, beta and two statistics, and the bias of the linear layer: 8 variables a model.
    expect(held - before).to.equal(16);
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(opened.map((inference) => inference.run(model.inputs)));
      for (const answer of answers) expectClose(answer, model.expected);
      expect(tf.memory().numTensors).to.equal(held);
    }
    expect([...model.inputs[0]!.data]).to.deep.equal(given);
    for (const inference of opened) await inference.close();
    expect(tf.memory().numTensors).to.equal(before);
  });

  it("of TensorFlow.js name outputs as model.json does where it was not made here", async function () {
    needsPackage(this, "@tensorflow/tfjs");
    const model = smallModel(3);
    const { files } = model.files("tfjs");
    let text = "";
    for await (const chunk of files[0]!.chunks()) text += new TextDecoder().decode(chunk);
    const { userDefinedMetadata: _metadata, ...foreign } = JSON.parse(text) as Record<string, unknown>;
    const inference = await tfjs.open({ format: "tfjs", files: [file("model.json", JSON.stringify(foreign)), ...files.slice(1)] });
    expect(inference.outputs).to.deep.equal([model.graph.outputs[0]!.value.name, model.graph.outputs[1]!.value.name]);
    expectClose(await inference.run(model.inputs), model.expected);
    await inference.close();
  });

  describe("refuse", () => {
    const tfjsCases: readonly (readonly [title: string, files: ModelFiles["files"], said: string])[] = [
      ["a folder without model.json", [file("weights.bin", "")], "a file `model.json`"],
      ["what is no JSON", [file("model.json", "{")], "not JSON"],
      ["a graph model", [file("model.json", '{"format":"graph-model","modelTopology":{},"weightsManifest":[]}')], "a graph model"],
      ["a shard that is not there", [file("model.json", '{"modelTopology":{},"weightsManifest":[{"paths":["a.bin"],"weights":[]}]}')], "names `a.bin`"],
      ["a topology that TensorFlow.js does not know", [file("model.json", '{"modelTopology":{"class_name":"Wibble","config":{}},"weightsManifest":[]}')], "Wibble"],
    ];
    for (const [title, files, said] of tfjsCases) {
      it(title, async function () {
        needsPackage(this, "@tensorflow/tfjs");
        await expectInputError(() => tfjs.open({ format: "tfjs", files }), said);
      });
    }

    it("what is no ONNX", () => expectInputError(() => onnxruntime.open({ format: "onnx", files: [file("", "no model")] }), /ONNX Runtime refuses this model[^]*protobuf/));
    it("a file that ends early", () => expectInputError(() => onnxruntime.open({ format: "onnx", files: [{ ...file("a.onnx", "ab"), sizeInBytes: 3 }] }), "`a.onnx` ends after 2 bytes"));
    it("a tensor of another size than it says", async () => {
      const inference = await onnxruntime.open(smallModel(1).files("onnx"));
      await expectInputError(() => inference.run([{ data: new Float32Array(3), shape: [1, 3, 8, 6] }]), "needs 144 values, and has 3");
      await expectInputError(() => inference.run([{ data: new Float32Array(48), shape: [1, 3, 4, 4] }]), /could not run this model[^]*Expected/);
      await expectInputError(() => runNamed(inference, {}), "`image`");
      await inference.close();
    });

    it("what WebGPU cannot run, by name, instead of running it elsewhere", async function () {
      const environment = needsSoftwareWebGpu(this);
      // Every other operator of the language has a kernel there; this model says what it says: y = LogSoftmax(Sign(x)).
      const { default: onnxProto } = await import("onnx-proto");
      const { onnx } = onnxProto;
      const value = (name: string) => ({ name, type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 1 }, { dimValue: 4 }] } } } });
      const bytes = onnx.ModelProto.encode({
        irVersion: 8,
        opsetImport: [{ domain: "", version: 18 }],
        graph: { name: "g", input: [value("x")], output: [value("y")], node: [{ opType: "Sign", name: "stem.sign", input: ["x"], output: ["s"] }, { opType: "LogSoftmax", name: "head", input: ["s"], output: ["y"] }] },
      }).finish();
      await withEnvironment(environment, async () => {
        const error = await expectInputError(() => openInChildProcess("onnxruntime-webgpu", { format: "onnx", files: [file("", bytes)] }), "cannot run all of this model");
        expect(error.notes).to.deep.equal(["it has no kernel for Sign (stem.sign), LogSoftmax (head)"]);
        expect(error.help.join()).to.include("`onnxruntime`");
      });
    });

    it("CUDA where its provider is not installed, with the line that installs it", async function () {
      const status = await probeInChildProcess("onnxruntime-cuda", 60);
      if (status.kind === "works") {
        console.log("      skipped: it is installed here");
        return this.skip();
      }
      expect(status.kind === "broken" && status.reason).to.match(/is not installed|finds no GPU|no CUDA for/);
      if (status.kind === "broken" && status.reason.includes("is not installed")) expect(status.help.join()).to.include("npm install onnxruntime-node --onnxruntime-node-install=cuda12");
    });

    it("WebGPU where there is no adapter", () =>
      withEnvironment({ VK_DRIVER_FILES: "/nowhere.json", VK_ICD_FILENAMES: "/nowhere.json" }, async () => {
        const error = await expectInputError(() => openInChildProcess("onnxruntime-webgpu", smallModel(1).files("onnx")), "no WebGPU adapter");
        expect(error.help.join("\n")).to.include("Vulkan");
      }));
  });

  describe("are chosen", () => {
    const works: EngineStatus = { kind: "works", version: "1", device: "CPU", notes: [] };
    const broken: EngineStatus = { kind: "broken", reason: "its library is too old", help: ["Get a new one."] };
    const pretend = (name: Engine["name"], status: EngineStatus): Engine => ({ ...ENGINES.find((engine) => engine.name === name)!, probe: async () => status });
    const some = [pretend("onnxruntime", { kind: "missing" }), pretend("tfjs-node-gpu", broken), pretend("tfjs-node", works), pretend("tfjs", works)];

    it("the first that works", async () => {
      expect((await chooseEngine("tfjs", undefined, some)).name).to.equal("tfjs-node");
      expect((await chooseEngine("tfjs", "tfjs", some)).name).to.equal("tfjs");
    });
    it("never in silence another than the wanted one", async () => {
      await expectInputError(() => chooseEngine("tfjs", "tfjs-node-gpu", some), /`tfjs-node-gpu` does not work here: its library is too old[^]*Get a new one/);
      await expectInputError(() => chooseEngine("onnx", "onnxruntime", some), /onnxruntime-node, which is not installed[^]*npm install onnxruntime-node/);
      await expectInputError(() => chooseEngine("onnx", "tfjs", some), /`tfjs` runs TensorFlow.js models, and these are ONNX models[^]*`onnxruntime`/);
    });
    it("with every reason where none works", async () => {
      await expectInputError(() => chooseEngine("tfjs", undefined, [some[1]!]), /nothing here runs TensorFlow.js models[^]*tfjs-node-gpu: its library is too old[^]*rnc doctor/);
    });
    it("really", async function () {
      needsPackage(this, "onnxruntime-node");
      expect((await chooseEngine("onnx")).name).to.equal("onnxruntime");
    });
  });

  it("of TensorFlow.js restore the flag that keeps its greeting back", async function () {
    needsPackage(this, "@tensorflow/tfjs");
    const { tf } = await tfjs.loadTensorFlow();
    expect((tf as TensorFlow).env().getBool("IS_NODE")).to.equal(true);
  });
});
