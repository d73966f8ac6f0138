import type { Parameter } from "../../ir/graph.ts";
import { elementCount } from "../../ir/tensor-type.ts";
import { gather } from "../../weights/gather.ts";
import type { WeightSource } from "../../weights/source.ts";
import type { LayersWeight } from "./layers-model.ts";

/** Reads the variables of a model, as little-endian float32; a chunk is only valid until the next is asked for. */
export type ReadWeight = (weight: LayersWeight) => AsyncIterable<Uint8Array>;

/**
 * A parameter that is one variable is transposed by its source, in bounded memory. One that is shared out among variables
 * (a convolution in groups) is held while its parts are asked for, which take turns with those of its bias.
 */
export function weightReader(weights: WeightSource): ReadWeight {
  const held = new Map<Parameter, Uint32Array>();
  const whole = async (parameter: Parameter): Promise<Uint32Array> => {
    const known = held.get(parameter);
    if (known) return known;
    if (held.size > 1) held.clear();
    const values = await wordsOf(weights, parameter);
    held.set(parameter, values);
    return values;
  };
  return async function* read({ parameter, axes, rows }) {
    if (rows === undefined) {
      yield* weights.read(parameter.name, axes);
      return;
    }
    const [from, to] = rows;
    const [, ...rest] = parameter.shape;
    const perRow = elementCount(rest);
    const part = (await whole(parameter)).subarray(from * perRow, to * perRow);
    const made = axes ? transposed(part, [to - from, ...rest], axes) : part;
    yield new Uint8Array(made.buffer, made.byteOffset, made.byteLength);
  };
}

/** Values as the words of four bytes that they are: nothing is computed with them. */
async function wordsOf(weights: WeightSource, { name, shape }: Parameter): Promise<Uint32Array> {
  return new Uint32Array((await gather(weights.read(name), elementCount(shape) * 4)).buffer);
}

/** Axis i of the result is axis `axes[i]` of the tensor. */
function transposed(values: Uint32Array, shape: readonly number[], axes: readonly number[]): Uint32Array {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  const sizes = axes.map((axis) => shape[axis] ?? 1);
  const steps = axes.map((axis) => strides[axis] ?? 1);
  const result = new Uint32Array(values.length);
  const position = new Array<number>(axes.length).fill(0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = values[from] ?? 0;
    // Counts the position up by one, the last axis fastest.
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      const next = (position[axis] ?? 0) + 1;
      if (next < (sizes[axis] ?? 1)) {
        position[axis] = next;
        from += steps[axis] ?? 0;
        break;
      }
      position[axis] = 0;
      from -= (next - 1) * (steps[axis] ?? 0);
    }
  }
  return result;
}
