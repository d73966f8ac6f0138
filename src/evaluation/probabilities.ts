import { groupDigits } from "../base/digits.ts";
import { InputError } from "../base/input-error.ts";
import { formatShape } from "../ir/tensor-type.ts";

/** What a model answers: probabilities, or logits, whose softmax they are. */
export type ScoreKind = "logits" | "probabilities";

/** Scores of some views of images: [views, classes], or of a fully convolutional form [views, classes, height, width]. */
export interface Scores {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Rounding of float32 over a thousand classes is a hundredth of this. */
const NEAR = 1e-3;

/**
 * Makes sure that a model answers with one score for every class.
 *
 * @param views how many images it was shown
 * @throws {@link InputError} that says what it answers
 */
export function expectScores({ shape }: Scores, views: number, classes: number, model: string): void {
  const [rows, found, ...map] = shape;
  if (rows !== views || found === undefined || (map.length !== 0 && map.length !== 2)) {
    throw new InputError(`\`${model}\` answers with ${formatShape(shape)} to ${views} ${views === 1 ? "image" : "images"}; one score for each class was expected: [N, classes] or, at every position, [N, classes, height, width]`, {
      help: ["Where it has several outputs, name the one with the scores: `--output NAME`."],
    });
  }
  expectClasses(found, classes, model);
}

/**
 * Makes sure that a model tells as many classes apart as the images have.
 *
 * @throws {@link InputError} with both numbers
 */
export function expectClasses(found: number, classes: number, model: string): void {
  if (found === classes) return;
  throw new InputError(`\`${model}\` tells ${groupDigits(found)} classes apart, and the images have ${groupDigits(classes)}`, {
    help: ["Classes are numbered in the order of their folders' names, so every class needs its folder, and nothing else may be one."],
  });
}

/**
 * What scores are: probabilities where every value is from 0 to 1 and those of every image (at every position) sum to 1. A model
 * that ends in a softmax, or in a mean of such, is told from one that ends in logits by what it answers, whatever its format.
 */
export function scoreKindOf({ data, shape }: Scores): ScoreKind {
  const [rows = 0, classes = 0, height = 1, width = 1] = shape;
  const positions = height * width;
  for (let row = 0; row < rows; row++) {
    for (let position = 0; position < positions; position++) {
      let sum = 0;
      for (let index = 0; index < classes; index++) {
        const score = data[(row * classes + index) * positions + position] as number;
        if (!(score >= -NEAR && score <= 1 + NEAR)) return "logits";
        sum += score;
      }
      if (Math.abs(sum - 1) > NEAR) return "logits";
    }
  }
  return "probabilities";
}

/**
 * The probabilities of one image: scores are averaged over the positions of a map, as the classifying form of the network does
 * it; logits then become probabilities by a softmax; and these are averaged over the image's views.
 *
 * @param image its place; its views stand side by side
 * @param into [classes], overwritten
 * @returns false where a score is no number
 */
export function probabilitiesOf({ data, shape }: Scores, kind: ScoreKind, image: number, views: number, into: Float64Array): boolean {
  const [, classes = 0, height = 1, width = 1] = shape;
  const positions = height * width;
  const scores = new Float64Array(classes);
  into.fill(0);
  for (let view = 0; view < views; view++) {
    let at = (image * views + view) * classes * positions;
    let greatest = -Infinity;
    for (let index = 0; index < classes; index++) {
      let sum = 0;
      for (const end = at + positions; at < end; at++) sum += data[at] as number;
      if (!Number.isFinite(sum)) return false;
      scores[index] = sum / positions;
      greatest = Math.max(greatest, sum / positions);
    }
    let total = 1;
    if (kind === "logits") {
      total = 0;
      for (let index = 0; index < classes; index++) total += scores[index] = Math.exp((scores[index] as number) - greatest);
    }
    for (let index = 0; index < classes; index++) into[index] = (into[index] as number) + (scores[index] as number) / total / views;
  }
  return true;
}
