// Random numbers that follow from a seed, a name and an index alone: the same order, crops and masks in every run.

/** Mixes 32 bits (Chris Wellons's lowbias32, public domain) with a key of 64. */
export function randomBits(counter, { before, between }) {
  let x = counter ^ before;
  x = (Math.imul(x ^ (x >>> 16), 0x7feb352d) + between) | 0;
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

/** The key of a name. */
export function bitsKey(seed, name) {
  const [low, high] = [seed | 0, Math.floor(seed / 2 ** 32) | 0];
  let a = randomBits(low, { before: 0x243f6a88, between: high });
  let b = randomBits(high, { before: 0x13198a2e, between: low });
  for (let i = 0; i < name.length; i++) {
    a = randomBits(name.charCodeAt(i), { before: a, between: b });
    b = randomBits(a, { before: b, between: i });
  }
  return { before: a, between: randomBits(name.length, { before: b, between: a }) };
}

/** Number `counter` of a key, in [0, 1). */
export const unit = (key, counter) => (randomBits(counter | 0, key) >>> 0) / 2 ** 32;

/** 0 … count - 1 in a random order (Fisher and Yates). */
export function permutation(count, seed, name) {
  const key = bitsKey(seed, name);
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(unit(key, last) * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/** What one step of the augmentation may draw for an image: eight numbers for each. */
export function createDraws(seed, epoch, step) {
  const key = bitsKey(seed, `augment/${epoch}/${step}`);
  const number = (index, draw) => unit(key, index * 8 + draw);
  return {
    unit: number,
    whole: (index, draw, below) => Math.floor(number(index, draw) * below),
    /** Mean 0, deviation 1 (Box and Muller). */
    normal: (index, draw) => Math.sqrt(-2 * Math.log(1 - number(index, 2 * draw))) * Math.cos(2 * Math.PI * number(index, 2 * draw + 1)),
  };
}
