import { invariant } from "../base/assert.ts";
import type { Parameter } from "../ir/graph.ts";
import type { LayersWeight } from "../backends/tfjs/layers-model.ts";
import type { ByteSource, TensorInfo, WeightSource } from "../weights/source.ts";
import { readJoined, rowMajorStrides } from "../weights/transpose.ts";
import type { StoredTensor } from "../weights/transpose.ts";

/** What a variable of TensorFlow.js held at some moment, in its own layout, and which part of which parameter that is. */
export interface HeldWeight {
  readonly weight: LayersWeight;
  readonly values: Float32Array;
}

interface HeldTensor {
  readonly info: TensorInfo;
  readonly bytes: ByteSource;
  readonly parts: readonly StoredTensor[];
}

/** The name under which a training keeps the momentum of a parameter. */
export const momentumName = (parameter: string): string => `momentum.${parameter}`;

/**
 * Variables as parameters in the network's own layout. Nothing is computed: a variable is a transposed view of a parameter, or
 * of some rows of it.
 *
 * @param momenta listed after the parameters, under {@link momentumName}
 */
export function heldWeights(parameters: readonly HeldWeight[], momenta: readonly HeldWeight[], description: string): WeightSource {
  const tensors = new Map<string, HeldTensor>();
  const hold = (name: string, parts: readonly HeldWeight[]) => void tensors.set(name, heldTensor(name, parts));
  for (const [{ name }, parts] of byParameter(parameters)) hold(name, parts);
  for (const [{ name }, parts] of byParameter(momenta)) hold(momentumName(name), parts);
  return {
    description,
    info: (name) => tensors.get(name)?.info,
    names: () => [...tensors.keys()],
    async *read(name, axes) {
      const tensor = tensors.get(name);
      invariant(tensor !== undefined, `${description} has no ${name}`);
      // A number without axes is held as a row of one.
      yield* readJoined(tensor.bytes, tensor.parts, tensor.info.shape.length === 0 ? undefined : axes);
    },
  };
}

function byParameter(held: readonly HeldWeight[]): ReadonlyMap<Parameter, readonly HeldWeight[]> {
  const groups = new Map<Parameter, HeldWeight[]>();
  for (const one of held) {
    const known = groups.get(one.weight.parameter);
    if (known) known.push(one);
    else groups.set(one.weight.parameter, [one]);
  }
  return groups;
}

function heldTensor(name: string, held: readonly HeldWeight[]): HeldTensor {
  const inOrder = [...held].sort((a, b) => (a.weight.rows?.[0] ?? 0) - (b.weight.rows?.[0] ?? 0));
  const bytes = new Uint8Array(inOrder.reduce((sum, { values }) => sum + values.byteLength, 0));
  const parts: StoredTensor[] = [];
  let start = 0;
  for (const { weight, values } of inOrder) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), start);
    parts.push(placed(weight, start));
    start += values.byteLength;
  }
  const [first] = inOrder;
  invariant(first !== undefined, "a parameter has a variable");
  return { info: { name, dtype: "F32", shape: first.weight.parameter.shape }, bytes: inMemory(name, bytes), parts };
}

/** A variable as a strided view in the layout of its parameter; a scalar is a view of one element. */
function placed({ parameter, axes, rows }: LayersWeight, start: number): StoredTensor {
  const [first = 1, ...rest] = parameter.shape;
  const shape = [rows ? rows[1] - rows[0] : first, ...rest];
  const order = axes ?? shape.map((_, axis) => axis);
  const own = rowMajorStrides(order.map((axis) => shape[axis] ?? 1));
  const strides = shape.map((_, axis) => own[order.indexOf(axis)] ?? 1);
  return { dtype: "F32", littleEndian: true, shape, strides, start };
}

function inMemory(path: string, bytes: Uint8Array): ByteSource {
  return {
    path,
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
    close: async () => undefined,
  };
}
