import { invariant } from "../base/assert.ts";
import type { WeightSource } from "./source.ts";
import { CHUNK_BYTES, readStored, rowMajorStrides } from "./transpose.ts";

/** A float32 tensor, row-major. */
export interface HeldTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Tensors in memory as a source of weights, in the order given. Their values must stay as they are while it is used. */
export function weightsInMemory(description: string, tensors: readonly HeldTensor[]): WeightSource {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  return {
    description,
    info(name) {
      const tensor = byName.get(name);
      return tensor && { name, dtype: "F32", shape: tensor.shape };
    },
    names: () => [...byName.keys()],
    async *read(name, axes) {
      const tensor = byName.get(name);
      invariant(tensor !== undefined, `${description} has no ${name}`);
      const { shape, values } = tensor;
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      if (axes === undefined) {
        for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
        return;
      }
      const file = { path: name, size: bytes.length, read: async (offset: number, length: number) => bytes.subarray(offset, offset + length), close: async () => undefined };
      yield* readStored(file, { dtype: "F32", littleEndian: true, shape, strides: rowMajorStrides(shape), start: 0 }, axes);
    },
  };
}
