import { invariant } from "../base/assert.ts";
import { bitsKey, randomBits } from "../base/random-bits.ts";

/** What of 2³² is kept: a float32 holds 24 bits exactly. */
const DROPPED_BITS = 8;
const UNIT = 2 ** -24;

/**
 * The numbers that an input of a training step for something random (dropout, stochastic depth) is fed with: uniform in
 * [0, 1), multiples of 2⁻²⁴. Number i depends on the seed, the step, the input's name and i alone, and has the same bits on
 * every machine, so that a training that was stopped goes on with the masks that it would have had.
 *
 * @param seed any safe whole number
 * @param step the number of the step, from 0
 * @param name the input's name in the training step: `dropout1.uniform`
 * @param count the elements of the input
 */
export function uniformNumbers(seed: number, step: number, name: string, count: number): Float32Array {
  invariant(Number.isSafeInteger(seed), "a seed is a whole number");
  invariant(Number.isSafeInteger(step) && step >= 0, "steps are counted from 0");
  const key = bitsKey(seed, `${name}@${step}`);
  const numbers = new Float32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = (randomBits(i, key) >>> DROPPED_BITS) * UNIT;
  return numbers;
}
