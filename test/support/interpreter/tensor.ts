/** A dense float64 tensor, row-major. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

export function tensor(shape: readonly number[], data?: ArrayLike<number>): Tensor {
  const values = data ? Float64Array.from(data) : new Float64Array(sizeOf(shape));
  if (values.length !== sizeOf(shape)) throw new Error(`${values.length} values for [${shape}]`);
  return { shape, data: values };
}

/** The place of a position in row-major order. */
export function offset(shape: readonly number[], position: readonly number[]): number {
  let place = 0;
  for (let axis = 0; axis < shape.length; axis++) place = place * shape[axis]! + position[axis]!;
  return place;
}

/** Every position of a shape, in row-major order. The list is reused: copy what is kept. */
export function* positions(shape: readonly number[]): Generator<number[]> {
  const position = shape.map(() => 0);
  for (let count = sizeOf(shape); count > 0; count--) {
    yield position;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position[axis]!++;
      if (position[axis]! < shape[axis]!) break;
      position[axis] = 0;
    }
  }
}

export const read = (t: Tensor, position: readonly number[]): number => t.data[offset(t.shape, position)]!;

/** A tensor whose element at every position is what `make` says. */
export function generate(shape: readonly number[], make: (position: readonly number[]) => number): Tensor {
  const result = tensor(shape);
  let place = 0;
  for (const position of positions(shape)) result.data[place++] = make(position);
  return result;
}

export const map = (t: Tensor, f: (x: number) => number): Tensor => ({ shape: t.shape, data: t.data.map((x) => f(x)) });

/** Element by element with sizes of 1 (and missing leading axes) stretched. */
export function zip(a: Tensor, b: Tensor, f: (x: number, y: number) => number): Tensor {
  const rank = Math.max(a.shape.length, b.shape.length);
  const at = (t: Tensor, axis: number): number => t.shape[axis - rank + t.shape.length] ?? 1;
  const shape = Array.from({ length: rank }, (_, axis) => Math.max(at(a, axis), at(b, axis)));
  const pick = (t: Tensor, position: readonly number[]): number =>
    read(t, t.shape.map((size, axis) => (size === 1 ? 0 : position[axis + rank - t.shape.length]!)));
  return generate(shape, (position) => f(pick(a, position), pick(b, position)));
}
