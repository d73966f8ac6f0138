import { countedText, groupDigits } from "../../base/digits.ts";
import { invariant } from "../../base/assert.ts";
import { InputError } from "../../base/input-error.ts";
import { splitAtRandom, trainOnAll } from "../../data/order.ts";
import { sizeText } from "../../data/pixels.ts";
import type { Size } from "../../data/pixels.ts";
import type { Statistics } from "../../data/statistics.ts";
import { testPasses, trainingSteps } from "../../data/steps.ts";
import type { TestPass } from "../../data/steps.ts";
import type { Graph } from "../../ir/graph.ts";
import { formatShape } from "../../ir/tensor-type.ts";
import type { TrainingPlan } from "../../training/plan.ts";
import { batchesOfEpoch, skipLimitOf, testBatches, trainingBatches, workersFor } from "../data/batches.ts";
import type { BatchStream } from "../data/batches.ts";
import type { DataSet, Part } from "../data/data-set.ts";
import { measureStatistics } from "../data/measure.ts";
import { openDataSet } from "../data/open-data-set.ts";
import type { CliHost } from "../host.ts";
import { createWaiting } from "../progress.ts";

/** A data set as one training uses it. */
export interface TrainingData {
  readonly set: DataSet;
  readonly stepsPerEpoch: number;
  readonly train: number;
  /** What was measured of the training images, where preparing images needs it. */
  readonly statistics: Statistics | undefined;
  /** Images that are kept for validation, and what they are called; none: there are no such images. */
  readonly validation: { readonly count: number; readonly of: string } | undefined;
  /** Batches without end, from a step on. */
  stream(fromStep: number): BatchStream;
  /** All images for validation, once. */
  validate(): BatchStream | undefined;
  /** All images for tests, once, where they are not those for validation. */
  test(): BatchStream | undefined;
}

/**
 * Opens a data set, divides it as the plan says, and measures what preparing needs.
 *
 * @throws {@link InputError} where network, plan and images do not fit together
 */
export async function openTrainingData(path: string, network: Graph, classes: number, plan: TrainingPlan, host: CliHost): Promise<TrainingData> {
  const size = imageSize(network, plan.batch);
  const steps = trainingSteps(plan.augment);
  const pass = validationPass(plan, size);
  const set = openDataSet(path);
  if (set.classes.length !== classes) {
    throw new InputError(`\`${network.name}\` tells ${countedText(classes, "class", "classes")} apart, and \`${path}\` has ${set.classes.length}`, { help: [`Let it end in \`linear(${set.classes.length})\`, or set the parameter that says how many.`] });
  }
  const part = partOf(set, "train");
  if (part === undefined) throw new InputError(`\`${path}\` has no images for training`);
  const given = plan.split.arguments;
  const split = plan.split.function === "random" ? splitAtRandom(part.labels.length, { train: Number(given["train"]), val: Number(given["val"]) }, plan.seed) : trainOnAll(part.labels.length);
  const stepsPerEpoch = batchesOfEpoch(split.train.length, plan.batch);
  if (stepsPerEpoch === 0) throw new InputError(`a batch has ${countedText(plan.batch, "image")}, and only ${groupDigits(split.train.length)} train`, { help: [`Take smaller ones: \`--batch ${Math.min(32, split.train.length)}\`.`] });
  const workers = workersFor(part);
  const statistics = await measured(part, split.train, steps, workers, host);
  const skipLimit = skipLimitOf(part);
  const tested = validationOf(set, part, split.validation);
  const last = partOf(set, "test");
  return {
    set,
    stepsPerEpoch,
    train: split.train.length,
    statistics,
    validation: tested && { count: tested.images.length, of: tested.of },
    stream: (fromStep) => trainingBatches({ part, images: split.train, batch: plan.batch, steps, statistics, size, seed: plan.seed, workers, skipLimit, from: { epoch: 0, step: fromStep } }),
    validate: () => tested && viewsAt(pass, tested, statistics, size, plan.batch, skipLimit),
    test: () => (last === undefined || last === tested?.part ? undefined : viewsAt(pass, wholePart(last), statistics, size, plan.batch, skipLimit)),
  };
}

/** What images for validation go through: as the recipe tests, or at the network's own size where it tests at several. */
function validationPass({ test, augment }: TrainingPlan, { width, height }: Size): TestPass {
  const [pass, ...others] = testPasses(test, augment);
  if (pass !== undefined && others.length === 0) return pass;
  const [own] = testPasses([{ function: "resize", arguments: { shorter: Math.min(width, height) } }, { function: "center_crop", arguments: { size: [height, width] } }], augment);
  invariant(own !== undefined, "one size is one pass");
  return own;
}

interface Tested {
  readonly part: Part;
  readonly images: Uint32Array;
  readonly of: string;
}

function viewsAt(pass: TestPass, { part, images }: Tested, statistics: Statistics | undefined, size: Size, batch: number, skipLimit: number): BatchStream {
  return testBatches({ part, images, batch, pass, statistics, workers: workersFor(part), skipLimit, size });
}

/** The validation part of the split, else the folder `val`, else the images for tests. */
function validationOf(set: DataSet, train: Part, kept: Uint32Array): Tested | undefined {
  if (kept.length > 0) return { part: train, images: kept, of: "training images kept apart" };
  const other = partOf(set, "val") ?? partOf(set, "test");
  return other && wholePart(other);
}

const wholePart = (part: Part): Tested => ({ part, images: trainOnAll(part.labels.length).train, of: part.name === "val" ? "images of the part `val`" : "test images" });

const partOf = (set: DataSet, name: Part["name"]): Part | undefined => set.parts.find((part) => part.name === name);

async function measured(part: Part, images: Uint32Array, steps: ReturnType<typeof trainingSteps>, workers: number, host: CliHost): Promise<Statistics | undefined> {
  const waiting = createWaiting(host, "measuring the mean of the images");
  return measureStatistics({ part, images, steps, workers }).finally(() => waiting.end());
}

/** Height and width of the one image that the network takes. */
function imageSize(network: Graph, batch: number): Size {
  const [input, ...others] = network.inputs;
  const [examples, channels, height, width, ...more] = input?.type.shape ?? [];
  if (input === undefined || others.length > 0 || channels !== 3 || more.length > 0 || height === undefined || width === undefined) {
    throw new InputError(`\`${network.name}\` takes ${network.inputs.map(({ name, type }) => `\`${name}\` ${formatShape(type.shape)}`).join(", ")}, and images are [N, 3, height, width]`, { help: ["Let it have one input, with 3 channels: `input image: float32[N, 3, 32, 32]`. Images in grey become red, green and blue alike."] });
  }
  if (typeof height !== "number" || typeof width !== "number") {
    throw new InputError(`\`${input.name}\` of \`${network.name}\` is ${formatShape(input.type.shape)}, and a training needs one size of images`, { help: [`Give it: \`--input ${batch}x3x${sizeText({ width: 224, height: 224 })}\`.`] });
  }
  if (typeof examples === "number" && examples !== batch) {
    throw new InputError(`\`${input.name}\` of \`${network.name}\` is ${formatShape(input.type.shape)}, and a step takes ${countedText(batch, "image")}`, { help: [`Let both be the same: \`--batch ${examples}\`, or \`N\` in place of the ${examples} in the network's text; where sizes are open, \`--input ${batch}x3x${height}x${width}\`.`] });
  }
  return { height, width };
}
