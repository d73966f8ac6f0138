import { invariant } from "../base/assert.ts";
import type { Parameter } from "../ir/graph.ts";
import { bitsKey, randomBits } from "../base/random-bits.ts";
import type { BitsKey } from "../base/random-bits.ts";
import { elementCount } from "../ir/tensor-type.ts";
import { fastNormalValues, plainNormalValues } from "./normal-values.ts";
import type { NormalValues } from "./normal-values.ts";
import type { TensorInfo, WeightSource } from "./source.ts";
import { elementRuns } from "./tensor-layout.ts";

export interface SeedOptions {
  /** Any safe whole number; the same seed gives the same bytes on every machine. */
  readonly seed: number;
  /**
   * Which side of a layer He's normal initializer keeps at variance 1: `out` (the default, as torchvision's ResNets) the
   * gradients, `in` the activations.
   */
  readonly fan?: "out" | "in";
}

const CHUNK_ELEMENTS = 1 << 18;
/** Fewer values are made before WebAssembly has started. */
const WORTH_STARTING = 2_000_000;

/**
 * Initial weights, made while they are read. Element i of a parameter depends on the seed, the parameter's name and i
 * alone: no tensor has to be made before another, and a transposed tensor holds the same values in another order.
 */
export function seededWeights(parameters: readonly Parameter[], options: SeedOptions): WeightSource {
  const { seed, fan = "out" } = options;
  invariant(Number.isSafeInteger(seed), "a seed is a whole number");
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const isLarge = parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0) >= WORTH_STARTING;
  const room: { values?: NormalValues } = {};

  return {
    description: `seed ${seed}`,
    names: () => [],
    info(name): TensorInfo | undefined {
      const parameter = byName.get(name);
      return parameter && { name, dtype: "F32", shape: parameter.shape };
    },
    async *read(name, axes) {
      const parameter = byName.get(name);
      invariant(parameter, `the seeded weights were made for a network with ${name}`);
      // Readers may interleave; one that finds the buffer in use makes its own.
      const values = room.values ?? ((isLarge && fastNormalValues(CHUNK_ELEMENTS)) || plainNormalValues(CHUNK_ELEMENTS));
      delete room.values;
      const { chunk } = values;
      try {
        const fill = fillerOf(parameter, values, seed, fan);
        let filled = 0;
        for (const { start, stride, count } of elementRuns(parameter.shape, axes, CHUNK_ELEMENTS)) {
          if (filled + count > CHUNK_ELEMENTS) {
            yield littleEndianBytes(chunk, filled);
            filled = 0;
          }
          fill(filled, count, start, stride);
          filled += count;
        }
        if (filled > 0) yield littleEndianBytes(chunk, filled);
      } finally {
        room.values = values;
      }
    },
  };
}

/** Writes `count` elements from position `start` of the parameter, `stride` apart, at `at` of the chunk. */
type Filler = (at: number, count: number, start: number, stride: number) => void;

function fillerOf({ initializer, name }: Parameter, values: NormalValues, seed: number, fan: "out" | "in"): Filler {
  switch (initializer.kind) {
    case "constant":
      return (at, count) => void values.chunk.fill(initializer.value, at, at + count);
    case "uniform":
      return uniformFiller(values.chunk, bitsKey(seed, name), initializer.bound);
    case "he_normal": {
      const key = bitsKey(seed, name);
      // Division and square root are rounded correctly everywhere (IEEE 754), unlike other functions of Math.
      const deviation = Math.sqrt(2 / (fan === "in" ? initializer.fanIn : initializer.fanOut));
      return (at, count, start, stride) => values.fill(at, count, start, stride, key, deviation);
    }
  }
}

function uniformFiller(chunk: Float32Array, key: BitsKey, bound: number): Filler {
  const step = bound / 2147483648;
  return (at, count, start, stride) => {
    for (let i = 0; i < count; i++) chunk[at + i] = (randomBits(start + i * stride, key) + 0.5) * step;
  };
}

const NATIVE_IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The first `count` numbers as little-endian bytes: the same memory on nearly every machine, turned round in place on others. */
function littleEndianBytes(chunk: Float32Array, count: number): Uint8Array {
  const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, count * 4);
  if (NATIVE_IS_LITTLE_ENDIAN) return bytes;
  for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  return bytes;
}
