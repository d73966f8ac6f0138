import { InputError } from "../../base/input-error.ts";
import { CHANNELS } from "../../data/pixels.ts";
import { viewsOf } from "../../data/steps.ts";
import type { Inference } from "../../engines/engine.ts";
import { createMeans } from "../../evaluation/means.ts";
import { expectScores, probabilitiesOf, scoreKindOf } from "../../evaluation/probabilities.ts";
import type { ScoreKind } from "../../evaluation/probabilities.ts";
import { scoresOf } from "./scores-of.ts";
import { skipLimitOf, testBatches, workersFor } from "../data/batches.ts";
import type { SkippedImage } from "../data/batches.ts";
import { imageName } from "../data/data-set.ts";
import type { TestedImages } from "./images.ts";
import type { OpenedModel } from "./models.ts";
import type { Preparation } from "./preparation.ts";

/** What a model is run with. */
export interface RunOptions {
  readonly inference: Inference;
  readonly model: OpenedModel;
  readonly preparation: Preparation;
  readonly tested: TestedImages;
  /** Images at a time, where somebody says how many. */
  readonly batch: number | undefined;
  /** Looked at before every batch: throws when somebody wants to stop. */
  check(): void;
  /** After each batch: images that were shown in all their views, of this pass. */
  progress(images: number): void;
  /** The mean probabilities of an image (by its place in the part); valid until the next one. */
  answer(image: number, probabilities: Float64Array): void;
}

/** What was found on the way. */
export interface RanModel {
  readonly scores: ScoreKind;
  readonly skipped: readonly SkippedImage[];
}

/** Values of a batch of images, so that ten windows of 224x224 do not need gigabytes. */
const BATCH_VALUES = 12_000_000;
const MOST_IMAGES = 256;

/**
 * Shows a model every view of every image.
 *
 * @throws {@link InputError} where its answers are not scores of these classes
 */
export async function runModel({ inference, model, preparation, tested, batch, check, progress, answer }: RunOptions): Promise<RanModel> {
  const { part, images, classes } = tested;
  const output = model.outputOf(inference);
  const means = createMeans(part.labels.length, classes.length, preparation.passes.length);
  const probabilities = new Float64Array(classes.length);
  const skipped = new Map<string, SkippedImage>();
  let kind: ScoreKind | undefined;
  for (const { pass, size } of preparation.passes) {
    const views = viewsOf(pass);
    const fitting = size === undefined ? 1 : Math.floor(BATCH_VALUES / (views * CHANNELS * size.width * size.height));
    const stream = testBatches({ part, images, batch: batch ?? Math.min(MOST_IMAGES, Math.max(1, fitting)), pass, statistics: preparation.statistics, size, workers: workersFor(part), skipLimit: skipLimitOf(part) });
    try {
      let coming = stream.next();
      for (let prepared = await coming; prepared !== undefined; prepared = await coming) {
        check();
        const running = scoresOf(inference, output, prepared, model.batch);
        // The next images are prepared while these are looked at; who waits for them hears what went wrong.
        coming = stream.next();
        coming.catch(() => undefined);
        const scores = await running;
        expectScores(scores, prepared.shape[0], classes.length, model.name);
        kind ??= scoreKindOf(scores);
        for (const [slot, image] of prepared.images.entries()) {
          if (!probabilitiesOf(scores, kind, slot, views, probabilities)) {
            throw new InputError(`\`${model.name}\` answers with scores that are no numbers (NaN or infinite), first to \`${imageName(part.images, image)}\``, { help: ["Its weights may be damaged, or those of a training that diverged: `rnc weights inspect FILE` shows them."] });
          }
          const mean = means.add(image, probabilities);
          if (mean) answer(image, mean);
        }
        progress(prepared.images.length);
      }
    } finally {
      for (const image of stream.skipped) skipped.set(image.name, image);
      await stream.close();
    }
  }
  if (kind === undefined) throw new InputError("none of the images can be used", { notes: [...skipped.values()].slice(0, 5).map(({ message }) => message) });
  return { scores: kind, skipped: [...skipped.values()] };
}
