import { invariant } from "../base/assert.ts";
import { createStepDraws } from "./draws.ts";
import type { StepDraws } from "./draws.ts";
import { CHANNELS, withShorterSide } from "./pixels.ts";
import type { ImageCodec, PixelImage, Size } from "./pixels.ts";
import type { Statistics } from "./statistics.ts";
import { isValueStep } from "./steps.ts";
import type { Drawn, PlaceStep, Step, TestPass, ValueStep } from "./steps.ts";
import { applyValueStep } from "./values.ts";
import { centerCropped, cropped, mirrored, padded, render, roomFor, tenWindows, valuesAsShown, windowOf, windowOfValues } from "./window.ts";
import type { Window } from "./window.ts";

/** What preparing images needs besides the images. */
export interface Preparation {
  readonly steps: readonly Step[];
  /** The draws of each step; none where nothing is drawn. */
  readonly draws: readonly StepDraws[] | undefined;
  /** Where a step needs it (`measurementFor`). */
  readonly statistics: Statistics | undefined;
}

/** How training images of an epoch are prepared. */
export function trainingPreparation(steps: readonly Step[], statistics: Statistics | undefined, seed: number, epoch: number): Preparation {
  return { steps, draws: steps.map((_, place) => createStepDraws(seed, epoch, place)), statistics };
}

/** Values of an image as a network takes them: [3, height, width]. */
export interface PreparedImage extends Size {
  readonly values: Float32Array;
}

/** True when images change their size, which needs a codec. */
export function scalesImages(steps: readonly Step[]): boolean {
  return steps.some(({ kind }) => kind === "resize");
}

/** The size that a file's image is decoded to: the first step may ask for it. */
export function firstSize({ steps, draws }: Preparation, index: number): ((width: number, height: number) => Size) | undefined {
  const [first] = steps;
  if (first?.kind !== "resize") return undefined;
  return (width, height) => withShorterSide({ width, height }, drawn(first.shorter, draws?.[0], index));
}

/**
 * Takes an image through the steps.
 *
 * @param index the image's place in the data set: decides its draws
 * @param from the first step to do: 1 where the image was decoded with {@link firstSize}
 * @throws {@link InputError} that names the image where a step cannot be done
 */
export async function prepare(image: PixelImage, index: number, preparation: Preparation, codec: ImageCodec, from = 0): Promise<PreparedImage> {
  let window = windowOf(image);
  let next = from;
  for (;;) {
    const end = preparation.steps.findIndex((step, place) => place >= next && step.kind === "resize");
    if (end < 0) return finish(window, index, preparation, next);
    const step = preparation.steps[end];
    invariant(step?.kind === "resize", "a search for resize found it");
    const before = walk(window, index, preparation, next, end);
    const bytes = new Uint8Array(CHANNELS * before.width * before.height);
    render(before, bytes);
    const planar: PixelImage = { name: image.name, width: before.width, height: before.height, layout: "planar", bytes };
    window = windowOf(await codec.resize(planar, withShorterSide(before, drawn(step.shorter, preparation.draws?.[end], index))));
    next = end + 1;
  }
}

/** The same for steps that scale nothing, at once. */
export function prepareNow(image: PixelImage, index: number, preparation: Preparation): PreparedImage {
  return finish(windowOf(image), index, preparation, 0);
}

/** Every view of a test image, in the form that the network was trained with. */
export async function prepareViews(image: PixelImage, pass: TestPass, statistics: Statistics | undefined, codec: ImageCodec, from = 0): Promise<readonly PreparedImage[]> {
  let window = windowOf(image);
  for (const step of pass.before.slice(from)) {
    if (step.kind === "resize") {
      const bytes = new Uint8Array(CHANNELS * window.width * window.height);
      render(window, bytes);
      window = windowOf(await codec.resize({ name: image.name, width: window.width, height: window.height, layout: "planar", bytes }, withShorterSide(window, drawn(step.shorter, undefined, 0))));
    } else {
      window = moved(window, step, undefined, 0);
    }
  }
  const views = pass.tenCrop !== undefined ? tenWindows(window, pass.tenCrop) : pass.mirrored ? [window, mirrored(window)] : [window];
  return views.map((view) => finish(view, 0, { steps: pass.values, draws: undefined, statistics }, 0));
}

/** How one pass prepares a test image that the codec has not touched yet; for {@link firstSize}. */
export function testPreparation({ before }: TestPass): Preparation {
  return { steps: before, draws: undefined, statistics: undefined };
}

function finish(start: Window, index: number, preparation: Preparation, from: number): PreparedImage {
  const window = walk(start, index, preparation, from, preparation.steps.length);
  return { width: window.width, height: window.height, values: valuesAsShown(window) ?? rendered(window) };
}

/** Goes through steps that scale nothing, from one place up to, and without, another. */
function walk(start: Window, index: number, { steps, draws, statistics }: Preparation, from: number, to: number): Window {
  let window = start;
  for (let place = from; place < to; place++) {
    const step = steps[place] as Step;
    window = isValueStep(step) ? changed(window, step, statistics, draws?.[place], index) : moved(window, step, draws?.[place], index);
  }
  return window;
}

/** A value step works on a copy of what the window shows; steps of that kind in a row share it. */
function changed(window: Window, step: ValueStep, statistics: Statistics | undefined, draws: StepDraws | undefined, index: number): Window {
  const own = valuesAsShown(window);
  const values = own ?? rendered(window);
  applyValueStep(step, values, window, statistics, draws, index);
  return own === undefined ? windowOfValues(window.source.name, values, { width: window.width, height: window.height }) : window;
}

function rendered(window: Window): Float32Array {
  const values = new Float32Array(CHANNELS * window.width * window.height);
  render(window, values);
  return values;
}

function moved(window: Window, step: PlaceStep, draws: StepDraws | undefined, index: number): Window {
  switch (step.kind) {
    case "pad":
      return padded(window, step.width);
    case "center_crop":
      return centerCropped(window, step.size);
    case "crop": {
      const room = roomFor(window, step.size);
      invariant(draws !== undefined, "a place is drawn without draws");
      return cropped(window, step.size, draws.whole(index, 0, room.width + 1), draws.whole(index, 1, room.height + 1));
    }
    case "hflip":
      invariant(draws !== undefined, "mirroring is drawn without draws");
      return draws.unit(index, 0) < step.rate ? mirrored(window) : window;
    case "resize":
      invariant(false, "an image is scaled outside of its codec");
  }
}

function drawn(value: Drawn, draws: StepDraws | undefined, index: number): number {
  if (typeof value === "number") return value;
  invariant(draws !== undefined, "a size is drawn without draws");
  return value[0] + draws.whole(index, 0, value[1] - value[0] + 1);
}
