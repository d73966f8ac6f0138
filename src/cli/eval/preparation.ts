import { join } from "node:path";
import { InputError } from "../../base/input-error.ts";
import { trainOnAll } from "../../data/order.ts";
import { sizeText } from "../../data/pixels.ts";
import type { Size } from "../../data/pixels.ts";
import type { Statistics } from "../../data/statistics.ts";
import { testPasses, trainingSteps, viewsOf } from "../../data/steps.ts";
import type { StepCall, TestPass } from "../../data/steps.ts";
import type { ReportedPreprocessing } from "../../evaluation/report.ts";
import { showsWholeImages, sizeAfter, stepsText, testSteps, windowOfRecipe } from "../../evaluation/views.ts";
import type { ViewChoice } from "../../evaluation/views.ts";
import { standardProgram } from "../../program/load.ts";
import type { Program } from "../../program/load.ts";
import type { Recipe } from "../../program/recipes.ts";
import { standardLibrary } from "../../program/standard-library.ts";
import { chainOf } from "../../training/plan.ts";
import { workersFor } from "../data/batches.ts";
import { measureStatistics } from "../data/measure.ts";
import { openDataSet } from "../data/open-data-set.ts";
import type { CliHost } from "../host.ts";
import { createWaiting } from "../progress.ts";
import { findRecipe } from "../recipe-target.ts";
import { reportProblems } from "../report.ts";
import { RUN_FILES } from "../train/run-folder.ts";
import { readStatistics } from "../train/statistics-file.ts";
import { splitOf } from "./images.ts";
import type { TestedImages } from "./images.ts";
import type { NamedModel, OpenedModel } from "./models.ts";
import type { EvalOptions } from "./options.ts";

/** Where it is said how a model wants its images. */
export interface Instructions {
  readonly from: ReportedPreprocessing["from"];
  /** Nothing where there is none. */
  readonly recipe: Recipe | undefined;
  readonly choice: ViewChoice;
  /** True where images are shown whole, at several sizes. */
  readonly wholeImages: boolean;
}

/** What images go through for one model. */
export interface Preparation {
  /** The images of a pass all get its size; without one every image keeps its own proportions. */
  readonly passes: readonly { readonly pass: TestPass; readonly size: Size | undefined }[];
  readonly statistics: Statistics | undefined;
  readonly told: ReportedPreprocessing;
}

/** The paper has an image of 224x224 where nobody says another size. */
const USUAL: Size = { width: 224, height: 224 };

/**
 * Finds the recipe of a model: the one that was asked for, else its run's.
 *
 * @returns nothing where that recipe has mistakes, which are printed
 */
export async function instructionsFor(model: NamedModel, options: EvalOptions, host: CliHost): Promise<Instructions | undefined> {
  const { views: kind, scales, resize, size, flip } = options;
  const choice: ViewChoice = {
    ...(kind === undefined ? {} : { kind }),
    ...(scales === undefined ? {} : { scales }),
    ...(resize === undefined ? {} : { resize }),
    ...(size === undefined ? {} : { size }),
    ...(flip === undefined ? {} : { flip }),
  };
  let recipe = model.kind === "run" ? model.recipe : undefined;
  if (options.recipe !== undefined) {
    const found = await findRecipe(options.recipe, model.kind === "onnx" ? anyProgram() : model.target.program, host);
    reportProblems(host, found.problems);
    if (found.value === undefined) return undefined;
    recipe = found.value;
  }
  const from = options.mean ? "options" : options.recipe !== undefined ? "recipe" : model.kind === "run" ? "run" : "paper";
  return { from, recipe, choice, wholeImages: showsWholeImages(choice, recipe && chainOf(recipe, "test")) };
}

/** Recipes of the library are found from any program. */
function anyProgram(): Program {
  const [module] = standardLibrary.values();
  if (module === undefined) throw new InputError("the standard library is not there");
  return standardProgram(module);
}

/**
 * Works out what images go through, and measures the training images' mean where that is needed and not known.
 *
 * @throws {@link InputError} where it is needed and there are no images to measure it on
 */
export async function prepareImages(model: NamedModel, opened: OpenedModel, { from, recipe, choice, wholeImages }: Instructions, tested: TestedImages, options: EvalOptions, host: CliHost): Promise<Preparation> {
  if (options.size && opened.size && sizeText(options.size) !== sizeText(opened.size)) throw new InputError(`\`${model.name}\` takes images of ${sizeText(opened.size)}, so \`--size\` cannot be ${sizeText(options.size)}`);
  const test = recipe && chainOf(recipe, "test");
  const window = opened.size ?? options.size ?? (recipe && windowOfRecipe(chainOf(recipe, "test"), chainOf(recipe, "augment"))) ?? tested.size ?? USUAL;
  const steps = testSteps(choice, test, window, tested.size);
  const values = valuesFor(options, recipe, () => testSteps({ ...choice, kind: "single" }, undefined, window, tested.size));
  const passes = testPasses(steps, values);
  const statistics = values.some(({ function: name }) => name === "subtract_mean") ? await statisticsFor(model, { from, recipe }, values, tested, host) : undefined;
  return {
    passes: passes.map((pass) => ({ pass, size: wholeImages ? sizeAfter(pass, tested.size) : (opened.size ?? sizeAfter(pass, tested.size)) })),
    statistics,
    told: {
      from,
      recipe: recipe?.name ?? null,
      views: stepsText(steps),
      viewsPerImage: passes.reduce((sum, pass) => sum + viewsOf(pass), 0),
      values: stepsText(values.filter(({ function: name }) => name === "normalize" || name === "subtract_mean")),
      channelMean: statistics?.channelMean ?? null,
    },
  };
}

/** What makes numbers of the bytes, in the words of a recipe's field `augment`; the paper subtracts the mean of every pixel. */
function valuesFor({ mean, std }: EvalOptions, recipe: Recipe | undefined, single: () => readonly StepCall[]): readonly StepCall[] {
  if (mean && std) return [{ function: "normalize", arguments: { mean, std } }];
  if (recipe) return chainOf(recipe, "augment");
  return [...single().filter(({ function: name }) => name !== "single_view" && name !== "with_hflip"), { function: "subtract_mean", arguments: { per: "pixel" } }];
}

async function statisticsFor(model: NamedModel, { from, recipe }: Pick<Instructions, "from" | "recipe">, values: readonly StepCall[], tested: TestedImages, host: CliHost): Promise<Statistics | undefined> {
  // What a run was trained with is right whatever recipe it is tested by.
  const run = model.kind === "run" ? model : undefined;
  const known = run && readStatistics(join(run.path, RUN_FILES.statistics));
  const perPixel = values.some(({ arguments: given }) => given["per"] === "pixel");
  if (known && (known.image !== undefined || !perPixel)) return known;
  const path = run ? run.record.data.path : tested.set.path;
  const part = run && host.pathKind(path) === "folder" ? openDataSet(path).parts.find(({ name }) => name === "train") : tested.train;
  if (part === undefined) {
    throw new InputError(`\`${path}\` has no images for training, so the mean that \`${model.name}\` wants subtracted cannot be measured`, {
      notes: from === "paper" ? ["Nobody said how its images were prepared; the paper subtracts the mean of the training images."] : [`\`${recipe?.name}\` subtracts the mean of the training images.`],
      help: ["`--recipe NAME` and `--mean R,G,B --std R,G,B` say how it was trained; a run of `rnc train` knows it."],
    });
  }
  const waiting = createWaiting(host, "measuring the mean of the training images");
  const divided = run?.recipe ?? recipe;
  const images = (divided ? splitOf(divided, part) : trainOnAll(part.labels.length)).train;
  return measureStatistics({ part, images, steps: trainingSteps(values), workers: workersFor(part) }).finally(() => waiting.end());
}
