/** A run of elements of a tensor that lie `stride` apart, `count` of them from row-major position `start`. */
export interface ElementRun {
  start: number;
  stride: number;
  count: number;
}

/** The shape after NumPy's `transpose(axes)`; without axes the shape itself. */
export function transposedShape(shape: readonly number[], axes?: readonly number[]): readonly number[] {
  return axes ? axes.map((axis) => shape[axis] as number) : shape;
}

/**
 * The elements of a transposed tensor in its own row-major order, as runs of at most `limit` elements of the tensor they
 * come from. Neighbouring axes that stay neighbours are one, so that without `axes` there is a single run to cut up.
 */
export function* elementRuns(shape: readonly number[], axes: readonly number[] | undefined, limit: number): Generator<Readonly<ElementRun>> {
  const { sizes, strides } = mergedAxes(shape, axes);
  const inner = sizes.pop() ?? 1;
  const stride = strides.pop() ?? 1;
  if (inner === 0 || sizes.includes(0)) return;

  const position = sizes.map(() => 0);
  const run: ElementRun = { start: 0, stride, count: 0 };
  let row = 0;
  for (;;) {
    for (let done = 0; done < inner; done += run.count) {
      run.start = row + done * stride;
      run.count = Math.min(limit, inner - done);
      yield run;
    }
    let axis = sizes.length - 1;
    for (; axis >= 0; axis--) {
      row += strides[axis] as number;
      position[axis] = (position[axis] as number) + 1;
      if ((position[axis] as number) < (sizes[axis] as number)) break;
      row -= (strides[axis] as number) * (sizes[axis] as number);
      position[axis] = 0;
    }
    if (axis < 0) return;
  }
}

function mergedAxes(shape: readonly number[], axes: readonly number[] | undefined): { sizes: number[]; strides: number[] } {
  const strideOf: number[] = [];
  let elements = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strideOf[axis] = elements;
    elements *= shape[axis] as number;
  }
  const sizes: number[] = [];
  const strides: number[] = [];
  for (const axis of axes ?? shape.keys()) {
    const size = shape[axis] as number;
    const stride = strideOf[axis] as number;
    const last = sizes.length - 1;
    if (last >= 0 && strides[last] === stride * size) {
      sizes[last] = (sizes[last] as number) * size;
      strides[last] = stride;
    } else {
      sizes.push(size);
      strides.push(stride);
    }
  }
  return { sizes, strides };
}
