import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { blockedStep } from "../../src/backends/onnx/blocked/index.ts";
import { blockHere } from "../../src/engines/onnx-layout.ts";
import { loadOnnxRuntime, ONNX_RUNTIME } from "../../src/engines/onnx-session.ts";
import { batchSizes, openStep, valuesOf } from "../../src/engines/onnx-step.ts";
import { apiOf } from "../../src/engines/runtime.ts";
import { openWeights, standardDeclaration } from "../../src/index.ts";
import { diskFile } from "../support/byte-source.ts";
import { needsPython, runPython } from "../support/python.ts";
import { networkAt } from "../support/standard-networks.ts";

const CLASSES = 10;
/** Examples of both sizes of blocks. */
const BATCH = 16;
const SIDE = 8;
/** Of the largest magnitude of PyTorch's tensor. */
const TOLERANCE = 1e-4;
/** As in training-step.test.ts: no ReLU's input is so near to 0 that rounding could turn its sign. */
const MARGIN = 5e-6;

const small = { net: "resnet", widths: [16, 32, 64], stem: "3x3", stem_width: 16, classes: CLASSES };
const CASES = [
  { network: "ResNet20", settings: {}, spec: { ...small, unit: "Basic", depths: [3, 3, 3], option: "A" } },
  { network: "SEResNet20", settings: {}, spec: { ...small, unit: "Basic", depths: [3, 3, 3], se: 16 } },
  { network: "PreActCifar", settings: { n: "1" }, spec: { ...small, unit: "PreBottleneck", depths: [1, 1, 1], v1: true } },
] as const;

describe("oracle: the gradients of a blocked training step are PyTorch's in float64", function () {
  this.timeout(300_000);
  let folder = "";
  let answers: readonly { readonly loss: number; readonly right: number }[] = [];
  before(async function () {
    needsPython(this, "torch", "safetensors", "numpy");
    folder = await mkdtemp(join(tmpdir(), "rnc-blocked-"));
    const requests = CASES.map(({ spec }, index) => ({ do: "gradients", spec, side: SIDE, batch: BATCH, classes: CLASSES, random: [], frozen: [], still: [], folder: join(folder, `${index}`), margin: MARGIN }));
    await Promise.all(requests.map((request) => mkdir(request.folder)));
    answers = JSON.parse(runPython("training_step.py", [], JSON.stringify(requests)).toString()) as typeof answers;
  });
  after(async () => {
    if (folder !== "") await rm(folder, { recursive: true });
  });

  CASES.forEach(({ network: name, settings }, index) => {
    it(name, async () => {
      const [weightFile, batchFile, answerFile] = await Promise.all(["weights", "batch", "answer"].map((part) => diskFile(join(folder, `${index}`, `${part}.safetensors`))));
      const [weights, batch, answer] = await Promise.all([openWeights(weightFile!), openWeights(batchFile!), openWeights(answerFile!)]);
      const network = await networkAt({ module: standardDeclaration(name)!.module.source.path, name, settings }, SIDE);
      const runtime = apiOf(loadOnnxRuntime(), ONNX_RUNTIME);
      const options = { batch: BATCH, momentum: 0.9, nesterov: false, weightDecay: 0, decays: "weights", labelSmoothing: 0, seed: 0 } as const;
      const form = blockedStep(network, { ...options, sizes: batchSizes(network, BATCH) }, await blockHere(runtime))!;
      const operators = form.step.graph.nodes.map(({ op }) => op);
      expect(operators.filter((op) => op === "blocked_conv").length).to.be.greaterThan(operators.filter((op) => op === "conv").length);

      const training = await openStep(runtime, network, weights, options, form);
      const oneHot = await valuesOf(batch, "labels", [BATCH, CLASSES]);
      const labels = Int32Array.from({ length: BATCH }, (_, example) => oneHot.subarray(example * CLASSES, (example + 1) * CLASSES).indexOf(1));
      const shape = [BATCH, 3, SIDE, SIDE];
      const { loss, right } = await training.step({ inputs: [{ data: await valuesOf(batch, "image", shape), shape }], labels }, 0);
      expect(loss).to.be.closeTo(answers[index]!.loss, 1e-5);
      expect(right).to.equal(answers[index]!.right);

      // With a momentum of zero before and no decay, the next momentum is the gradient.
      const state = await training.readState();
      await training.close();
      expect(answer.names().length).to.equal(network.parameters.length);
      for (const parameter of answer.names()) {
        const size = answer.info(parameter)!.shape;
        const theirs = await valuesOf(answer, parameter, size);
        const ours = await valuesOf(state, parameter.includes("running") ? parameter : `momentum.${parameter}`, size);
        const greatest = theirs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        const apart = theirs.reduce((most, value, at) => Math.max(most, Number.isFinite(ours[at]) ? Math.abs(value - ours[at]!) : Infinity), 0);
        expect(greatest, parameter).to.be.greaterThan(0);
        expect(apart / greatest, parameter).to.be.at.most(TOLERANCE);
      }
      await Promise.all([weightFile, batchFile, answerFile].map((file) => file!.close()));
    });
  });
});
