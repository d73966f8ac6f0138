import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openWeights } from "../../src/index.ts";
import type { TrainingOptions } from "../../src/engines/training.ts";
import { diskFile } from "../support/byte-source.ts";
import { batchOf, needed, readImages } from "../support/cifar10.ts";
import { startEngine } from "../support/engine-process.ts";
import { needsPython } from "../support/python.ts";
import { values } from "../support/weight-values.ts";
import { answered } from "./cases.ts";
import { startOracle } from "./server.ts";
import type { Oracle } from "./server.ts";

const STEPS = 5;
const BATCH = 64;

/** What is trained, how, and how near PyTorch it stays. */
interface Recipe {
  readonly title: string;
  readonly network: string;
  /** Begins with the published weights; else with the initial ones of seed 0. */
  readonly published: boolean;
  readonly options: Pick<TrainingOptions, "momentum" | "nesterov" | "weightDecay" | "decays" | "labelSmoothing">;
  /** The rate of each step. */
  readonly rates: readonly number[];
  readonly tolerances: Tolerances;
}

interface Tolerances {
  readonly loss: number;
  /** Of parameters and statistics, a part of PyTorch's largest magnitude in the tensor. */
  readonly state: number;
  /** Of momenta, a part of PyTorch's Euclidean length; absent: not compared. */
  readonly momentum?: number;
}

const AS_PUBLISHED = { momentum: 0.9, nesterov: false, weightDecay: 1e-4, decays: "weights", labelSmoothing: 0 } as const;

/**
 * A ReLU whose input is within rounding of 0 opens in one library and stays shut in the other, and large steps with fresh
 * weights carry that far: at rate 0.1 PyTorch's own float32 and float64 are 4e-3 apart after five steps. So fresh weights
 * begin at the rate with which the ResNet paper warms up (section 4.2), and trained weights, where gradients are small, take its
 * full rate and are compared closely.
 */
const RECIPES: readonly Recipe[] = [
  {
    title: "published weights, the ResNet paper's rate, momentum, and decay of weights alone",
    network: "ResNet20ASplit",
    published: true,
    options: AS_PUBLISHED,
    rates: [0.1, 0.1, 0.1, 0.1, 0.1],
    tolerances: { loss: 2e-4, state: 1e-3, momentum: 0.03 },
  },
  {
    title: "published weights, Nesterov momentum, smoothed labels, a strong decay of everything, another rate in every step",
    network: "ResNet20ASplit",
    published: true,
    options: { momentum: 0.8, nesterov: true, weightDecay: 0.02, decays: "all", labelSmoothing: 0.1 },
    rates: [0.02, 0.05, 0.1, 0.05, 0.01],
    tolerances: { loss: 1e-3, state: 1e-3, momentum: 0.03 },
  },
  { title: "fresh weights, the paper's warm-up", network: "ResNet20", published: false, options: AS_PUBLISHED, rates: [0.01, 0.01, 0.01, 0.01, 0.01], tolerances: { loss: 1e-3, state: 0.2 } },
];

describe("oracle: training steps on real images of CIFAR-10 are PyTorch's", function () {
  this.timeout(300_000);
  let oracle: Oracle | undefined;
  let folder = "";
  before(async function () {
    needsPython(this, "torch", "safetensors", "numpy");
    oracle = startOracle();
    folder = await mkdtemp(join(tmpdir(), "rnc-training-"));
  });
  after(async () => {
    await oracle?.close();
    if (folder !== "") await rm(folder, { recursive: true });
  });

  for (const { title, network, published, options, rates, tolerances } of RECIPES) {
    it(`${network} on tfjs-node: ${title}`, async function () {
      const images = readImages(this, "train");
      const engine = startEngine(this, "tfjs-node");
      try {
        const { spec } = answered.find((each) => each.network === network)!;
        const [weights, ours, theirs] = ["weights", "ours", "theirs"].map((name) => join(folder, `${name}.safetensors`)) as [string, string, string];
        const batches = Array.from({ length: STEPS }, (_, step) => batchOf(images, step * BATCH, BATCH));
        const labels = batches.map((_, step) => images.labels.slice(step * BATCH, (step + 1) * BATCH));
        const given = published ? { weights: needed(this, "RNC_TEST_DATA", "resnet20-cifar10/model.safetensors"), renames: ["linear=fc"] } : {};
        await engine.ask({ do: "train", model: { network, ...given }, options: { ...options, batch: BATCH, seed: 0 } });
        await engine.ask({ do: "save", path: weights });
        const results: { readonly loss: number; readonly right: number }[] = [];
        for (const [step, input] of batches.entries()) {
          results.push(await engine.ask({ do: "step", batch: { inputs: [input], labels: Int32Array.from(labels[step]!) }, learningRate: rates[step]! }));
        }
        await engine.ask({ do: "save", path: ours });

        const raw = batches.map((_, step) => join(folder, `${step}.f32`));
        await Promise.all(batches.map(({ data }, step) => writeFile(raw[step]!, new Uint8Array(data.buffer))));
        const { momentum, nesterov, weightDecay: decay, decays, labelSmoothing: smoothing } = options;
        const request = { do: "train", spec, weights, state: theirs, images: raw, labels, rates, momentum, nesterov, decay, decays, smoothing };
        const { losses, right } = await oracle!.ask<{ losses: number[]; right: number[] }>(request);

        results.forEach(({ loss }, step) => expect(loss, `loss of step ${step}`).to.be.closeTo(losses[step]!, tolerances.loss));
        // Rounding may turn an answer that hangs in the balance.
        results.forEach((result, step) => expect(result.right, `right in step ${step}`).to.be.closeTo(right[step]!, 1));
        await expectSameState(ours, theirs, tolerances);
      } finally {
        await engine.close();
      }
    });
  }
});

/** Parameters, running statistics and momenta. */
async function expectSameState(ours: string, theirs: string, tolerances: Tolerances): Promise<void> {
  const files = [await diskFile(ours), await diskFile(theirs)] as const;
  const [found, expected] = [await openWeights(files[0]), await openWeights(files[1])];
  expect([...found.names()].sort()).to.deep.equal([...expected.names()].sort());
  for (const name of expected.names()) {
    expect(found.info(name)!.shape, name).to.deep.equal(expected.info(name)!.shape);
    const [a, b] = [await values(found, name), await values(expected, name)];
    const norm = name.startsWith("momentum.") ? length : greatest;
    expect(norm(b), name).to.be.greaterThan(0);
    const tolerance = norm === length ? tolerances.momentum : tolerances.state;
    if (tolerance !== undefined) expect(norm(b.map((value, index) => value - a[index]!)) / norm(b), name).to.be.at.most(tolerance);
  }
  await Promise.all(files.map((file) => file.close()));
}

const greatest = (numbers: readonly number[]): number => numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const length = (numbers: readonly number[]): number => Math.sqrt(numbers.reduce((sum, value) => sum + value * value, 0));
