import { existsSync } from "node:fs";
import type { Size } from "../../data/pixels.ts";
import type { Statistics } from "../../data/statistics.ts";
import { readJson } from "./run-json.ts";

/** The mean as numbers: each is a float32, which JSON keeps exactly. */
type StoredStatistics = Omit<Statistics, "image"> & { readonly image: (Size & { readonly mean: readonly number[] }) | null };

/** What was measured of training images as the text of a file. */
export function statisticsText({ image, ...others }: Statistics): string {
  const stored: StoredStatistics = { ...others, image: image === undefined ? null : { ...image, mean: [...image.mean] } };
  return `${JSON.stringify(stored)}\n`;
}

/**
 * Reads it back, bit for bit; nothing where there is no such file.
 *
 * @throws {@link InputError} where it is no JSON, or lacks a part
 */
export function readStatistics(path: string): Statistics | undefined {
  if (!existsSync(path)) return undefined;
  const { image, ...others } = readJson<StoredStatistics>(path, "the mean of the training images cannot be read", ["channelMean", "channelDeviation", "colours", "image"]);
  return { ...others, image: image === null ? undefined : { ...image, mean: Float32Array.from(image.mean) } };
}
