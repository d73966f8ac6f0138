import type { Evaluation } from "./loop.ts";

/** Adds up how well scores fit labels. */
export interface Judge {
  /**
   * @param scores [images · views, classes], the views of an image side by side; logits, or probabilities
   * @param labels one for each image
   */
  add(scores: Float32Array, labels: Int32Array, views: number): void;
  result(): Evaluation;
}

const FIVE = 5;
/** What a probability of 0 is taken for. */
const SMALLEST = 1e-30;

/** The scores of an image's views are averaged. With five classes or fewer there is no top-5 error. */
export function createJudge(classes: number, kind: "logits" | "probabilities"): Judge {
  let images = 0;
  let loss = 0;
  let wrong = 0;
  let wrong5 = 0;
  const mean = new Float64Array(classes);
  return {
    add(scores, labels, views) {
      labels.forEach((label, image) => {
        mean.fill(0);
        for (let view = 0; view < views; view++) {
          const row = (image * views + view) * classes;
          for (let index = 0; index < classes; index++) mean[index] = (mean[index] ?? 0) + (scores[row + index] ?? Number.NaN) / views;
        }
        const right = mean[label] ?? Number.NaN;
        // A tie goes to the first, as everywhere.
        const better = mean.reduce((count, score, index) => count + (score > right || (score === right && index < label) || Number.isNaN(score) ? 1 : 0), 0);
        images++;
        if (better > 0) wrong++;
        if (better >= FIVE) wrong5++;
        loss += kind === "logits" ? crossEntropy(mean, right) : -Math.log(Math.max(right, SMALLEST));
      });
    },
    result: () => ({ images, loss: loss / images, error: wrong / images, ...(classes > FIVE ? { error5: wrong5 / images } : {}) }),
  };
}

function crossEntropy(logits: Float64Array, right: number): number {
  const greatest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  return Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - greatest), 0)) + greatest - right;
}
