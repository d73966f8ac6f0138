import { expect } from "chai";
import type * as TF from "@tensorflow/tfjs";
import { buildLayersModel, compileTfjs, InputError, openWeights, seededWeights, writeSafetensors } from "../../../src/index.ts";
import type { CompileTfjsOptions, Graph } from "../../../src/index.ts";
import { memoryFile } from "../../support/byte-source.ts";
import { bytesOf } from "../../support/compiled.ts";
import { uniformOf } from "../../support/graphs.ts";
import { networkIn, standardNetwork } from "../../support/networks.ts";
import { elementsOf, openFiles, plainTf, predict } from "../../support/tfjs.ts";
import type { Tf } from "../../support/tfjs.ts";

/** True where two types are one and the same, not merely assignable. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

const image = (() => {
  const next = uniformOf(3);
  return { shape: [2, 3, 32, 32], data: Float32Array.from({ length: 2 * 3 * 32 * 32 }, () => next() * 2 - 1) };
})();

/** Every variable by the name that it is saved under, with the bits of its values. */
async function variablesOf(model: TF.LayersModel): Promise<Readonly<Record<string, { readonly shape: readonly (number | null)[]; readonly bits: string }>>> {
  const found: Record<string, { shape: readonly (number | null)[]; bits: string }> = {};
  for (const variable of model.weights) found[variable.originalName] = { shape: variable.shape, bits: Buffer.from(new Uint8Array((await variable.read().data()).slice().buffer)).toString("base64") };
  return found;
}

describe("buildLayersModel, in a TensorFlow.js that the program has loaded", function () {
  this.timeout(120_000);
  let tf: Tf;
  before(async () => {
    tf = await plainTf();
  });

  it("has TensorFlow.js's own types, without a cast", async () => {
    const model = await buildLayersModel(standardNetwork("ResNet8"), tf);
    // `npm run typecheck` reads these lines.
    const same: Same<typeof model, TF.LayersModel> = true;
    expect(same).to.equal(true);
    expect(model).to.be.instanceOf(tf.LayersModel);
    // @ts-expect-error what cannot load a model is no TensorFlow.js
    const refused: Promise<unknown> = buildLayersModel(standardNetwork("ResNet8"), {});
    expect(await refused.catch((error: unknown) => error)).to.be.instanceOf(TypeError);
    model.dispose();
  });

  async function isSame(graph: Graph, options: Partial<CompileTfjsOptions> = {}): Promise<void> {
    const built = await buildLayersModel(graph, tf, { version: "0.0.0", ...options });
    const opened = await openFiles(tf, compileTfjs(graph, { version: "0.0.0", ...options }).files);
    expect(built.toJSON(undefined, false)).to.deep.equal(opened.toJSON(undefined, false));
    expect(built.getUserDefinedMetadata()).to.deep.equal(opened.getUserDefinedMetadata());
    const variables = await variablesOf(built);
    expect(Object.keys(variables)).to.have.length.greaterThan(10);
    expect(variables).to.deep.equal(await variablesOf(opened));
    const [ours] = await predict(tf, built, [image]);
    const [theirs] = await predict(tf, opened, [image]);
    expect(ours!.data.every(Number.isFinite)).to.equal(true);
    expect(new Set(ours!.data).size).to.be.greaterThan(10);
    expect(ours).to.deep.equal(theirs);
    built.dispose();
    opened.dispose();
  }

  it("is the model that the files are", () => isSame(standardNetwork("ResNet8")));
  it("takes a seed, a batch, a softmax and folded batch norms as the files do", () => isSame(standardNetwork("ResNet8"), { seed: 4, batch: 2, softmax: true, foldBatchNorm: true }));
  it("takes a file of weights as the files do", async () => {
    const graph = standardNetwork("ResNet8");
    const { size, chunks } = writeSafetensors(graph.parameters, seededWeights(graph.parameters, { seed: 9 }));
    const weights = await openWeights(memoryFile(await bytesOf({ path: "", sizeInBytes: size, chunks })));
    await isSame(graph, { weights });
    const [built, seeded] = [await buildLayersModel(graph, tf, { weights }), await buildLayersModel(graph, tf, { seed: 9 })];
    expect(await variablesOf(built)).to.deep.equal(await variablesOf(seeded));
  });

  it("counts as the network does, what is trained and what is not", async () => {
    const model = await buildLayersModel(standardNetwork("ResNet20"), tf);
    // He et al. 2015, Table 6: 0.27 M; 269,722 with option A, and 19 batch norms with 2 · 688 statistics.
    expect([model.countParams(), elementsOf(model.trainableWeights), elementsOf(model.nonTrainableWeights)]).to.deep.equal([269_722 + 1_376, 269_722, 1_376]);
    model.dispose();
  });

  it("is trained by model.fit, and gives the trained weights under the same names", async () => {
    const text = "use std.blocks { basic }\nuse std.shortcuts { A }\nnetwork Tiny {\n  input image: float32[N, 3, 8, 8]\n  shortcuts A\n  conv(3x3, 4) -> bn -> relu -> basic(4) -> basic(8, stride=2)\n  globalavgpool -> fc: linear(10)\n}\n";
    const model = await buildLayersModel(await networkIn(text, "Tiny"), tf);
    const before = await variablesOf(model);
    model.compile({ optimizer: tf.train.momentum(0.05, 0.9), loss: (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits) });
    const xs = tf.tensor(image.data, [2, 3, 32, 32]).slice([0, 0, 0, 0], [2, 3, 8, 8]).transpose([0, 2, 3, 1]);
    const ys = tf.oneHot(tf.tensor1d([3, 7], "int32"), 10).toFloat();
    const { history } = await model.fit(xs, ys, { epochs: 12, verbose: 0 });
    const losses = history["loss"] as number[];
    expect(losses).to.have.length(12);
    expect(losses.at(-1)).to.be.lessThan(losses[0]! / 2);
    const after = await variablesOf(model);
    expect(Object.keys(after)).to.deep.equal(Object.keys(before));
    const still = Object.keys(after).filter((name) => after[name]!.bits === before[name]!.bits);
    expect(still, "every variable moves, statistics too").to.deep.equal([]);
    tf.dispose([xs, ys]);
    model.dispose();
  });

  it("says why a network cannot be built there", async () => {
    const graph = await networkIn("network Net {\n  input image: float32[N, 8, 8, 8]\n  lrn\n}\n", "Net");
    const error = await buildLayersModel(graph, tf).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(InputError);
    expect((error as InputError).notes.join("\n")).to.include("local response normalization").and.to.include("mine.resnet:3:3");
  });
});
