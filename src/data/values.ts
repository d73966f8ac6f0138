import { CHANNELS } from "./pixels.ts";
import type { Size } from "./pixels.ts";
import type { StepDraws } from "./draws.ts";
import type { Statistics } from "./statistics.ts";
import type { ValueStep } from "./steps.ts";
import { invariant } from "../base/assert.ts";

/**
 * One step on the values of an image, in place: [3, height, width]. Every operation rounds to float32, in the order in which
 * PyTorch does it, so that both give the same bits.
 *
 * - `subtract_mean` leaves the scale 0 … 255. Where the image has another size than the mean image (in multi-scale tests), the
 *   mean of each channel is subtracted.
 * - `normalize` divides by 255 first.
 * - `pca_color` adds to every pixel Σᵢ αᵢ λᵢ pᵢ with αᵢ normal, λᵢ and pᵢ eigenvalues and eigenvectors of the covariance of red,
 *   green and blue on the scale 0 … 1 (Krizhevsky et al. 2012, section 4.1).
 */
export function applyValueStep(step: ValueStep, values: Float32Array, size: Size, statistics: Statistics | undefined, draws: StepDraws | undefined, index: number): void {
  const plane = size.width * size.height;
  switch (step.kind) {
    case "normalize":
      for (let channel = 0; channel < CHANNELS; channel++) {
        const mean = Math.fround(step.mean[channel] as number);
        const std = Math.fround(step.std[channel] as number);
        for (let at = channel * plane; at < (channel + 1) * plane; at++) values[at] = Math.fround(Math.fround((values[at] as number) / 255) - mean) / std;
      }
      return;
    case "subtract_mean": {
      invariant(statistics !== undefined, "a mean is subtracted that was not measured");
      const { image, channelMean } = statistics;
      if (step.per === "pixel" && image !== undefined && image.width === size.width && image.height === size.height) {
        const { mean } = image;
        for (let at = 0; at < values.length; at++) values[at] = (values[at] as number) - (mean[at] as number);
      } else {
        addToChannels(values, plane, channelMean.map((mean) => -Math.fround(mean)));
      }
      return;
    }
    case "pca_color": {
      invariant(statistics !== undefined && draws !== undefined, "colours are changed that were not measured");
      const shift = [0, 0, 0];
      statistics.colours.forEach(({ variance, direction }, component) => {
        const amount = draws.normal(index, component) * step.sigma * variance * 255;
        direction.forEach((part, channel) => (shift[channel] = (shift[channel] as number) + part * amount));
      });
      addToChannels(values, plane, shift);
    }
  }
}

function addToChannels(values: Float32Array, plane: number, amounts: readonly number[]): void {
  amounts.forEach((amount, channel) => {
    for (let at = channel * plane; at < (channel + 1) * plane; at++) values[at] = (values[at] as number) + amount;
  });
}
