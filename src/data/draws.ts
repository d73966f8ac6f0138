import { bitsKey, randomBits } from "../base/random-bits.ts";
import type { BitsKey } from "../base/random-bits.ts";

const TWO_32 = 2 ** 32;
/** Random numbers that one step may draw for one image. */
const DRAWS_OF_A_STEP = 8;

/**
 * The random numbers of one step of an augmentation, for any image of an epoch: draw number `draw` of image `index` depends on
 * seed, epoch, step and these two alone. So it does not matter who asks, in which order, or whether a training was stopped.
 */
export interface StepDraws {
  /** A whole number from 0 to `below` - 1. */
  whole(index: number, draw: number, below: number): number;
  /** From 0 up to, and without, 1. */
  unit(index: number, draw: number): number;
  /** Normal with mean 0 and deviation 1 (Box and Muller); takes the draws `2 * draw` and `2 * draw + 1`. */
  normal(index: number, draw: number): number;
}

/** @param step the place of the step in its chain */
export function createStepDraws(seed: number, epoch: number, step: number): StepDraws {
  const key = bitsKey(seed, `augment/${epoch}/${step}`);
  const unit = (index: number, draw: number): number => bitsOf(key, index * DRAWS_OF_A_STEP + draw) / TWO_32;
  return {
    unit,
    whole: (index, draw, below) => Math.floor(unit(index, draw) * below),
    normal: (index, draw) => Math.sqrt(-2 * Math.log(1 - unit(index, 2 * draw))) * Math.cos(2 * Math.PI * unit(index, 2 * draw + 1)),
  };
}

function bitsOf(key: BitsKey, counter: number): number {
  return randomBits(counter | 0, key) >>> 0;
}

/**
 * The numbers 0 … count - 1 in a random order (Fisher and Yates), the same for the same seed and name: the order of an epoch is
 * made again from its beginning and continued anywhere.
 */
export function permutation(count: number, seed: number, name: string): Uint32Array {
  const key = bitsKey(seed, name);
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor((bitsOf(key, last) / TWO_32) * (last + 1));
    const moved = order[last] as number;
    order[last] = order[other] as number;
    order[other] = moved;
  }
  return order;
}
