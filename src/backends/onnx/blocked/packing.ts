/**
 * The order of the kernels of a blocked convolution: [K / block, C / block, kernel…, block of C, block of K]; where there are
 * fewer channels than a block, [K / block, C, kernel…, block of K]. Both as a shape of five axes of [K, C, kernel…] and the
 * order in which they stand.
 */
export interface Packing {
  /** The plain kernels' axes, apart. */
  readonly sizes: readonly number[];
  /** The axis of the plain kernels that stands at each place. */
  readonly order: readonly number[];
}

/** @param shape [K, C, kernel…], with K a multiple of the block, and C, too, or less than it */
export function packingOf(shape: readonly number[], block: number): Packing {
  const [kernels = 1, channels = 1, ...kernel] = shape;
  const taps = kernel.reduce((product, size) => product * size, 1);
  if (channels < block) return { sizes: [kernels / block, block, channels * taps], order: [0, 2, 1] };
  return { sizes: [kernels / block, block, channels / block, block, taps], order: [0, 2, 4, 3, 1] };
}

/** Where each number of the plain order stands in the packed one. */
function places({ sizes, order }: Packing): Uint32Array {
  const steps = sizes.map(() => 0);
  let step = 1;
  for (const axis of [...order].reverse()) {
    steps[axis] = step;
    step *= sizes[axis] ?? 1;
  }
  const found = new Uint32Array(step);
  let length = 1;
  // The places of the last axes, repeated for every position of the axis before them.
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    const [size, stride] = [sizes[axis] ?? 1, steps[axis] ?? 0];
    for (let position = size - 1; position >= 0; position--) for (let at = 0; at < length; at++) found[position * length + at] = (found[at] ?? 0) + position * stride;
    length *= size;
  }
  return found;
}

/** Kernels in their packed order. */
export function pack(plain: Float32Array, packing: Packing): Float32Array<ArrayBuffer> {
  const packed = new Float32Array(plain.length);
  const to = places(packing);
  for (let index = 0; index < plain.length; index++) packed[to[index] ?? 0] = plain[index] ?? 0;
  return packed;
}

/** Packed kernels in their plain order. */
export function unpack(packed: Float32Array, packing: Packing): Float32Array<ArrayBuffer> {
  const plain = new Float32Array(packed.length);
  const from = places(packing);
  for (let index = 0; index < plain.length; index++) plain[index] = packed[from[index] ?? 0] ?? 0;
  return plain;
}
