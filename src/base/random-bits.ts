/**
 * Thirty-two random bits for every (seed, name, index), without a state that runs from one to the next: any element of
 * any tensor can be made alone. A counter is mixed twice with the multipliers of Chris Wellons's "lowbias32" (public
 * domain, hash-prospector); one half of a 64-bit key goes in before the first round and the other between the rounds.
 * With a single key two tensors would hold the same values in another order.
 */
export interface BitsKey {
  readonly before: number;
  readonly between: number;
}

export const FIRST_MULTIPLIER = 0x7feb352d;
export const SECOND_MULTIPLIER = 0x846ca68b;

/** The key of a tensor. `seed` may be any safe whole number. */
export function bitsKey(seed: number, name: string): BitsKey {
  const low = seed | 0;
  const high = Math.floor(seed / 4294967296) | 0;
  let a = randomBits(low, { before: 0x243f6a88, between: high });
  let b = randomBits(high, { before: 0x13198a2e, between: low });
  for (let i = 0; i < name.length; i++) {
    a = randomBits(name.charCodeAt(i), { before: a, between: b });
    b = randomBits(a, { before: b, between: i });
  }
  return { before: a, between: randomBits(name.length, { before: b, between: a }) };
}

/** Mixes a counter: as a signed 32-bit number, every bit of which depends on every bit of counter and key. */
export function randomBits(counter: number, key: BitsKey): number {
  let x = counter ^ key.before;
  x = Math.imul(x ^ (x >>> 16), FIRST_MULTIPLIER) + key.between | 0;
  x = Math.imul(x ^ (x >>> 15), SECOND_MULTIPLIER);
  return x ^ (x >>> 16);
}
