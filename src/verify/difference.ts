import { formatShape } from "../ir/tensor-type.ts";
import type { FloatTensor } from "../engines/engine.ts";

/**
 * How far two targets may be apart, as a part of the greatest magnitude of the tensor: `max|a - b| <= tolerance · max|b|`.
 *
 * A float32 has 24 bits, so a sum rounds by about 6e-8 of its terms, and each runtime adds in an order of its own. Over the
 * hundreds of layers of the deepest networks that grows to some 1e-5; a mistake in a layer gives 1e-3 and more. The measure
 * is the greatest magnitude of the whole tensor, because a single value may be the small difference of large ones.
 */
export const TOLERANCE = 1e-4;

/** How far a tensor is from the one it should be. */
export interface Difference {
  /** max|a - b|; infinite where a value is no finite number, or the shapes differ. */
  readonly absolute: number;
  /** absolute / max|b|. */
  readonly relative: number;
  /** In words, where no number says it: `[1, 100] instead of [1, 10]`, `3 values are not finite`. */
  readonly why?: string;
}

/** Compares a tensor with the one it should be. NaN and infinite values are a difference, whatever the other one has there. */
export function differenceOf(ours: FloatTensor, expected: FloatTensor): Difference {
  if (ours.shape.join() !== expected.shape.join()) return apart(`${formatShape(ours.shape)} instead of ${formatShape(expected.shape)}`);
  let absolute = 0;
  let greatest = 0;
  let notFinite = 0;
  for (let index = 0; index < expected.data.length; index++) {
    const wanted = expected.data[index] ?? Number.NaN;
    const difference = Math.abs((ours.data[index] ?? Number.NaN) - wanted);
    if (!Number.isFinite(difference)) notFinite++;
    else if (difference > absolute) absolute = difference;
    const magnitude = Math.abs(wanted);
    if (magnitude > greatest) greatest = magnitude;
  }
  if (notFinite > 0) return apart(`${notFinite} of ${expected.data.length} values are not finite`);
  return { absolute, relative: absolute === 0 ? 0 : absolute / greatest };
}

const apart = (why: string): Difference => ({ absolute: Infinity, relative: Infinity, why });

/** The greater one of two differences, by what it is relative to its tensor. */
export function greaterOf(a: Difference | undefined, b: Difference | undefined): Difference | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.relative > a.relative ? b : a;
}
