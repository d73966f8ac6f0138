import { wilsonInterval } from "./interval.ts";
import { confusionsOf } from "./tally.ts";
import type { Counts } from "./tally.ts";
import type { ScoreKind } from "./probabilities.ts";

/** What `rnc eval --json` prints; grammar/eval.schema.json describes it. Errors and intervals are fractions, 0 to 1. */
export interface EvalReport {
  readonly data: ReportedData;
  /** In the order of the command line; several are an ensemble. */
  readonly models: readonly ReportedModel[];
  /** Of the only model, or of the ensemble. */
  readonly result: ReportedResult;
  /** In the order of labels. */
  readonly classes: readonly ReportedClass[];
  /** Every mistake that was made, the most frequent first. */
  readonly confusions: readonly { readonly label: string; readonly answer: string; readonly images: number }[];
  /** A row for each label, a column for each answer; null where it was not asked for. */
  readonly confusion: readonly (readonly number[])[] | null;
}

export interface ReportedData {
  readonly path: string;
  readonly kind: "cifar10" | "folder";
  /** Which images: `test images`. */
  readonly of: string;
  /** How many there are, those included that were not asked for or could not be used. */
  readonly images: number;
  readonly classes: readonly string[];
  readonly skipped: readonly { readonly name: string; readonly message: string }[];
  readonly remarks: readonly string[];
}

export interface ReportedModel {
  /** As the command line had it. */
  readonly name: string;
  readonly kind: "network" | "onnx" | "run";
  /** The file of weights; null where the model has its own. */
  readonly weights: string | null;
  readonly engine: { readonly name: string; readonly version: string; readonly device: string };
  readonly scores: ScoreKind;
  readonly preprocessing: ReportedPreprocessing;
  readonly remarks: readonly string[];
  /** Of this model alone. */
  readonly result: ReportedResult;
}

export interface ReportedPreprocessing {
  /** Who said it: the run, a recipe, options of the command line, or nobody, so that it is the paper's. */
  readonly from: "run" | "recipe" | "options" | "paper";
  readonly recipe: string | null;
  /** In the words of a recipe's field `test`. */
  readonly views: string;
  readonly viewsPerImage: number;
  /** In the words of a recipe's field `augment`. */
  readonly values: string;
  /** Mean of red, green and blue, 0 to 255, of the training images; null where none was needed. */
  readonly channelMean: readonly number[] | null;
}

export interface ReportedResult {
  readonly images: number;
  readonly top1: ReportedError;
  /** Null with five classes or fewer. */
  readonly top5: ReportedError | null;
}

export interface ReportedError {
  readonly wrong: number;
  readonly right: number;
  readonly error: number;
  readonly accuracy: number;
  /** Of the error, with 95 % confidence (Wilson). */
  readonly interval: readonly [low: number, high: number];
}

export interface ReportedClass {
  readonly name: string;
  readonly images: number;
  readonly wrong: number;
  /** Null where no image has this class. */
  readonly error: number | null;
  /** Null with five classes or fewer. */
  readonly wrong5: number | null;
}

export function resultOf({ images, wrong, wrong5 }: Pick<Counts, "images" | "wrong" | "wrong5">): ReportedResult {
  const errorOf = (count: number): ReportedError => ({ wrong: count, right: images - count, error: count / images, accuracy: (images - count) / images, interval: wilsonInterval(count, images) });
  return { images, top1: errorOf(wrong), top5: wrong5 === undefined ? null : errorOf(wrong5) };
}

/** Everything that was measured and how. */
export function reportOf(counts: Counts, about: { readonly data: ReportedData; readonly models: readonly ReportedModel[]; readonly withMatrix: boolean }): EvalReport {
  const { data, models, withMatrix } = about;
  const named = (label: number): string => data.classes[label] ?? String(label);
  return {
    data,
    models,
    result: resultOf(counts),
    classes: counts.perClass.map(({ images, wrong, wrong5 }, label) => ({ name: named(label), images, wrong, error: images === 0 ? null : wrong / images, wrong5: wrong5 ?? null })),
    confusions: confusionsOf(counts).map(({ label, answer, images }) => ({ label: named(label), answer: named(answer), images })),
    confusion: withMatrix ? counts.perClass.map((_, label) => [...counts.confusion.subarray(label * counts.classes, (label + 1) * counts.classes)]) : null,
  };
}
