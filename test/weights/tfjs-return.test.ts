import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type * as TF from "@tensorflow/tfjs";
import { expect } from "chai";
import * as ort from "onnxruntime-node";
import { InputError } from "../../src/base/input-error.ts";
import { lowerToLayers } from "../../src/backends/tfjs/index.ts";
import { main } from "../../src/cli/main.ts";
import { createNodeHost } from "../../src/cli/node-host.ts";
import { compileTfjs, openWeights, seededWeights, tfjsPlaces } from "../../src/index.ts";
import type { Graph, WeightSource } from "../../src/index.ts";
import { parseRename } from "../../src/weights/rename.ts";
import { matchWeights } from "../../src/weights/match.ts";
import { parametersOf } from "../../src/weights/tfjs/places.ts";
import { diskFile, memoryFile } from "../support/byte-source.ts";
import { needed } from "../support/cifar10.ts";
import { inFolder } from "../support/cli.ts";
import { networkIn, standardNetwork } from "../support/networks.ts";
import { standardNetworks } from "../support/standard-networks.ts";
import { filesOf, json, openFolder } from "../support/tfjs-folder.ts";
import { loadTf } from "../support/tfjs.ts";
import { collect } from "../support/weight-values.ts";

const MIXED = `network Mixed {
  input image: float32[N, 3, 8, 6]
  stem: conv(3x2, 8, bias=true, pad=0)
  bn
  relu
  grouped: conv(3x3, 12, groups=4, bias=true)
  deep: conv(3x3, 24, groups=12)
  up: upconv(2x2, 5, stride=2)
  gain
  flatten -> fc: linear(7)
}
`;
const VGG_LIKE = `network Plain {
  input image: float32[N, 3, 16, 16]
  conv(3x3, 8, bias=true) -> relu -> maxpool(2, stride=2)
  conv(3x3, 6, bias=true) -> relu -> maxpool(2, stride=2)
  flatten -> linear(32) -> relu -> linear(10)
}
`;

async function expectSameBits(graph: Graph, got: WeightSource, wanted: WeightSource): Promise<void> {
  expect([...got.names()].sort()).to.deep.equal(graph.parameters.map(({ name }) => name).sort());
  for (const { name, shape } of graph.parameters) {
    expect(got.info(name), name).to.deep.equal({ name, dtype: "F32", shape });
    expect(Buffer.compare(await collect(got.read(name)), await collect(wanted.read(name))), name).to.equal(0);
  }
}

/** Writes, reads back with rnc's notes, and again as a model that lost them. */
async function checkReturn(graph: Graph, weights?: WeightSource): Promise<void> {
  const source = weights ?? seededWeights(graph.parameters, { seed: 3 });
  const files = await filesOf(compileTfjs(graph, { version: "0.0.0", weights: source }).files);
  await expectSameBits(graph, await openFolder(files), source);
  const { userDefinedMetadata: _lost, ...bare } = JSON.parse(new TextDecoder().decode(files["model.json"])) as Record<string, unknown>;
  const model = { ...files, "model.json": json(bare) };
  await expectSameBits(graph, await openFolder(model, { places: async () => tfjsPlaces(graph) }), source);
}

/** The command line with what it says. */
async function run(args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  let said = "";
  const host = createNodeHost();
  const write = (text: string): void => void (said += text);
  const code = await main(args, { ...host, out: { ...host.out, write }, err: { ...host.err, write } });
  return { code, said };
}

describe("weights that come back from TF.js", function () {
  this.timeout(120_000);

  it("ResNet-20, seeded", () => checkReturn(standardNetwork("ResNet20")));
  it("grouped, depthwise and transposed convolutions, a gain, flatten before a linear layer", async () => checkReturn(await networkIn(MIXED, "Mixed")));
  it("a plain network with flatten and linear layers", async () => checkReturn(await networkIn(VGG_LIKE, "Plain")));
  it("ResNeXt, its groups put together", () => checkReturn(standardNetwork("CifarResNeXt", { n: "1", unit: "bottleneck(groups=8, base=16)" })));

  it("ResNet-20 with the weights that were really trained", async function () {
    const file = await openWeights(await diskFile(needed(this, "RNC_TEST_DATA", "resnet20-cifar10/model.safetensors")));
    const graph = standardNetwork("ResNet20ASplit");
    await checkReturn(graph, matchWeights(graph.parameters, file, { renames: [parseRename("linear=fc")] }).source);
    await file.close?.();
  });

  it("every network of the library: its places give back its parameters, names and shapes", () => {
    let checked = 0;
    const refused: string[] = [];
    for (const { name, settings } of standardNetworks()) {
      const graph = standardNetwork(name, settings);
      let layers;
      try {
        layers = lowerToLayers(graph).layers;
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        refused.push(name);
        continue;
      }
      const listed = layers.flatMap((layer) => layer.weights.map((weight) => ({ name: weight.name, dtype: "F32" as const, shape: weight.shape, start: 0, ofOptimizer: false })));
      const found = parametersOf(listed, tfjsPlaces(graph), name);
      const sorted = (entries: Iterable<{ readonly name: string; readonly shape: readonly number[] }>) => [...entries].map((one) => `${one.name} [${one.shape.join(", ")}]`).sort();
      expect(sorted(found.values()), name).to.deep.equal(sorted(graph.parameters));
      checked++;
    }
    console.log(`      ${checked} networks${refused.length > 0 ? `; no LayersModel of ${refused.join(", ")}` : ""}`);
    expect(checked).to.be.greaterThan(30);
  });
});

/** What TensorFlow.js saves, in a folder; with its own writer where it has one for the disk. */
async function save(tf: typeof TF, model: TF.LayersModel, folder: string, hasDisk: boolean): Promise<void> {
  if (hasDisk) {
    await model.save(`file://${folder}`, { includeOptimizer: true });
    return;
  }
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    const bytes = tf.io.CompositeArrayBuffer.join(artifacts.weightData as ArrayBuffer);
    const { weightData: _bytes, weightSpecs, ...rest } = artifacts;
    mkdirSync(folder);
    writeFileSync(join(folder, "model.json"), JSON.stringify({ ...rest, weightsManifest: [{ paths: ["weights.bin"], weights: weightSpecs }] }));
    writeFileSync(join(folder, "weights.bin"), new Uint8Array(bytes));
    return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
  });
  await model.save(handler, { includeOptimizer: true });
}

describe("weights that TF.js trained", function () {
  this.timeout(300_000);

  it("come back bit for bit, from a model with its notes and from one without, and ONNX answers what TF.js did", () =>
    inFolder(async (folder) => {
      const { tf, flavour, reason } = await loadTf();
      console.log(`      trained with ${flavour}${reason === undefined ? "" : ` (${reason})`}`);
      const graph = standardNetwork("ResNet20");
      const files = await filesOf(compileTfjs(graph, { version: "0.0.0", weights: seededWeights(graph.parameters, { seed: 1 }) }).files);
      const artifacts = JSON.parse(new TextDecoder().decode(files["model.json"])) as TF.io.ModelJSON;
      const bytes = artifacts.weightsManifest.flatMap(({ paths }) => paths.map((path) => files[path]!.buffer as ArrayBuffer));
      const model = await tf.loadLayersModel({ load: () => tf.io.getModelArtifactsForJSON(artifacts, async (manifest) => [tf.io.getWeightSpecs(manifest), bytes]) });
      const before = await bitsOf(model);
      model.compile({ optimizer: tf.train.momentum(0.05, 0.9), loss: (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits) });
      const images = tf.randomNormal([4, 32, 32, 3], 0, 1, "float32", 7);
      const labels = tf.oneHot(tf.tensor1d([3, 1, 4, 1], "int32"), 10);
      await model.fit(images, labels, { epochs: 1, batchSize: 2, shuffle: false, verbose: 0 });
      // Two steps. Then a loss with a name: TensorFlow.js saves an optimizer only beside one.
      model.compile({ optimizer: model.optimizer, loss: "meanSquaredError" });
      const trained = await bitsOf(model);
      // Every variable was trained or measured: else the comparison would be with the old file.
      for (const [name, bits] of trained) expect(Buffer.compare(bits.bytes, before.get(name)!.bytes), name).to.not.equal(0);
      const image = tf.slice(images, [0, 0, 0, 0], [2, 32, 32, 3]);
      const logits = Float32Array.from(await (model.predict(image) as TF.Tensor).data());
      const channelsFirst = Float32Array.from(await tf.transpose(image, [0, 3, 1, 2]).data());
      const saved = join(folder, "trained");
      await save(tf, model, saved, flavour === "tfjs-node");

      const manifest = JSON.parse(readFileSync(join(saved, "model.json"), "utf8")) as TF.io.ModelJSON & { userDefinedMetadata?: unknown };
      expect(manifest.weightsManifest.flatMap(({ weights }) => weights).filter(({ group }) => group === "optimizer").length, "the optimizer was saved").to.be.greaterThan(50);
      const back = join(folder, "back.safetensors");
      const first = await run(["weights", "--from", saved, "-o", back]);
      expect(first.code, first.said).to.equal(0);
      expect(first.said).to.match(/97 tensors/u).and.to.match(/tensors of the optimizer left out/u);
      await expectVariables(graph, back, trained);

      delete manifest.userDefinedMetadata;
      writeFileSync(join(saved, "model.json"), JSON.stringify(manifest));
      const bare = join(folder, "bare.safetensors");
      const second = await run(["weights", "--from", saved, "--for", "ResNet20", "-o", bare]);
      expect(second.code, second.said).to.equal(0);
      await expectVariables(graph, bare, trained);
      const third = await run(["weights", "--from", saved, "-o", join(folder, "keras.safetensors")]);
      expect(third.said).to.include("names and layouts are TensorFlow.js's own");

      const onnx = join(folder, "trained.onnx");
      const compiled = await run(["compile", "ResNet20", "--weights", saved, "-o", onnx]);
      expect(compiled.code, compiled.said).to.equal(0);
      const session = await ort.InferenceSession.create(onnx, { intraOpNumThreads: 1, logSeverityLevel: 3 });
      const { output } = await session.run({ image: new ort.Tensor("float32", channelsFirst, [2, 3, 32, 32]) });
      await session.release();
      const answers = output!.data as Float32Array;
      const largest = Math.max(...logits.map(Math.abs));
      expect(answers.length).to.equal(20);
      answers.forEach((value, i) => expect(Math.abs(value - logits[i]!), `logit ${i}`).to.be.at.most(1e-4 * largest));

      // The ONNX file is a source of the same weights.
      const again = join(folder, "again.safetensors");
      expect((await run(["weights", "convert", onnx, "--for", "ResNet20", "-o", again])).code).to.equal(0);
      await expectVariables(graph, again, trained);
    }));
});

interface Variable {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** The variables of a model by their names, as TensorFlow.js holds them now. */
async function bitsOf(model: TF.LayersModel): Promise<Map<string, Variable>> {
  const found = new Map<string, Variable>();
  for (const variable of model.weights) {
    const data = Float32Array.from(await variable.read().data());
    found.set(variable.originalName, { shape: variable.shape as number[], bytes: new Uint8Array(data.buffer) });
  }
  return found;
}

/** Keras's names and layouts for those of PyTorch, as both document them. */
const KERAS: Readonly<Record<string, string>> = { weight: "gamma", bias: "beta", running_mean: "moving_mean", running_var: "moving_variance" };

async function expectVariables(graph: Graph, path: string, variables: ReadonlyMap<string, Variable>): Promise<void> {
  const source = await openWeights(memoryFile(new Uint8Array(readFileSync(path))));
  expect(source.names().length).to.equal(graph.parameters.length);
  for (const { name, shape } of graph.parameters) {
    const [layer, role] = [name.slice(0, name.lastIndexOf(".")), name.slice(name.lastIndexOf(".") + 1)];
    const isNorm = variables.has(`${layer}/gamma`);
    const variable = variables.get(`${layer}/${isNorm ? KERAS[role]! : role === "weight" ? "kernel" : "bias"}`)!;
    const theirs = new Uint32Array(variable.bytes.buffer);
    const ours = new Uint32Array((await collect(source.read(name))).buffer);
    expect(ours.length, name).to.equal(theirs.length);
    const [outputs = 1, inputs = 1, height = 1, width = 1] = shape;
    for (let at = 0; at < ours.length; at++) {
      // Where [out, in, h, w] stands in [h, w, in, out]; a linear layer's [out, in] in [in, out] is the same with h = w = 1.
      const [o, i, y, x] = [Math.floor(at / (inputs * height * width)), Math.floor(at / (height * width)) % inputs, Math.floor(at / width) % height, at % width];
      const there = shape.length === 1 ? at : ((y * width + x) * inputs + i) * outputs + o;
      if (ours[at] !== theirs[there]) expect.fail(`${name}: number ${at} differs`);
    }
  }
}
