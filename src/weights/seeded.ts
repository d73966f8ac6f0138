import { invariant } from "../base/assert.ts";
import type { Parameter } from "../ir/graph.ts";
import { BULK_BITS, BULK_CELLS, normalTable, TAIL_CELLS, TAIL_LEVELS } from "./normal-table.ts";
import { bitsKey, FIRST_MULTIPLIER, randomBits, SECOND_MULTIPLIER } from "../base/random-bits.ts";
import type { BitsKey } from "../base/random-bits.ts";
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

/**
 * Initial weights, made while they are read. Element i of a parameter depends on the seed, the parameter's name and i
 * alone: no tensor has to be made before another, and a transposed tensor holds the same values in another order.
 */
export function seededWeights(parameters: readonly Parameter[], options: SeedOptions): WeightSource {
  const { seed, fan = "out" } = options;
  invariant(Number.isSafeInteger(seed), "a seed is a whole number");
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const room: { chunk?: Float32Array } = {};

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
      const chunk = room.chunk ?? new Float32Array(CHUNK_ELEMENTS);
      delete room.chunk;
      try {
        const fill = fillerOf(parameter, seed, fan);
        let filled = 0;
        for (const { start, stride, count } of elementRuns(parameter.shape, axes, CHUNK_ELEMENTS)) {
          if (filled + count > CHUNK_ELEMENTS) {
            yield littleEndianBytes(chunk, filled);
            filled = 0;
          }
          fill(chunk, filled, count, start, stride);
          filled += count;
        }
        if (filled > 0) yield littleEndianBytes(chunk, filled);
      } finally {
        room.chunk = chunk;
      }
    },
  };
}

/** Writes `count` elements from position `start` of the parameter, `stride` apart, at `at` of the chunk. */
type Filler = (chunk: Float32Array, at: number, count: number, start: number, stride: number) => void;

function fillerOf(parameter: Parameter, seed: number, fan: "out" | "in"): Filler {
  const { initializer, name } = parameter;
  switch (initializer.kind) {
    case "constant":
      return (chunk, at, count) => void chunk.fill(initializer.value, at, at + count);
    case "uniform":
      return uniformFiller(bitsKey(seed, name), initializer.bound);
    case "he_normal":
      // Division and square root are rounded correctly everywhere (IEEE 754), unlike other functions of Math.
      return normalFiller(bitsKey(seed, name), Math.sqrt(2 / (fan === "in" ? initializer.fanIn : initializer.fanOut)));
  }
}

function uniformFiller(key: BitsKey, bound: number): Filler {
  const step = bound / 2147483648;
  return (chunk, at, count, start, stride) => {
    for (let i = 0; i < count; i++) chunk[at + i] = (randomBits(start + i * stride, key) + 0.5) * step;
  };
}

const FRACTION_BITS = 31 - BULK_BITS;
const FRACTION_MASK = (1 << FRACTION_BITS) - 1;
const FRACTION_STEP = 1 / (1 << FRACTION_BITS);
const LAST_CELL = 2 * BULK_CELLS - 1;
// Names of this module's own: where modules are loaded as CommonJS, an imported name is a call in the innermost loop.
const FIRST = FIRST_MULTIPLIER;
const SECOND = SECOND_MULTIPLIER;

function normalFiller(key: BitsKey, deviation: number): Filler {
  const { bulk } = normalTable();
  return (chunk, at, count, start, stride) => {
    fillNormal(chunk.subarray(at, at + count), start, stride, bulk, key, deviation);
  };
}

/** Eleven bits of each element's thirty-two for the cell of the table, the rest for the place in the cell. */
function fillNormal(run: Float32Array, start: number, stride: number, bulk: Float64Array, key: BitsKey, deviation: number): void {
  const { before, between } = key;
  const { length } = run;
  let counter = start | 0;
  for (let i = 0; i < length; i++) {
    // randomBits, written out: the call costs a third of the time here.
    let x = counter ^ before;
    x = (Math.imul(x ^ (x >>> 16), FIRST) + between) | 0;
    x = Math.imul(x ^ (x >>> 15), SECOND);
    x ^= x >>> 16;
    counter = (counter + stride) | 0;
    const cell = x >>> FRACTION_BITS;
    const low = bulk[cell] as number;
    const value = low + ((bulk[cell + 1] as number) - low) * ((x & FRACTION_MASK) * FRACTION_STEP);
    run[i] = value * deviation;
    if (cell === 0 || cell === LAST_CELL) run[i] = tailQuantile(x, key) * (cell === 0 ? -deviation : deviation);
  }
}

/** A quantile beyond the bulk (one value in 1,024): fresh bits, seven a level, the rest for the place in the cell. */
function tailQuantile(bits: number, key: BitsKey): number {
  const { tail } = normalTable();
  let fresh = randomBits(bits, { before: key.between, between: key.before }) >>> 0;
  let room = 4294967296;
  for (let level = 0; ; level++) {
    room /= TAIL_CELLS;
    const cell = Math.floor(fresh / room);
    fresh -= cell * room;
    if (cell < TAIL_CELLS - 1 || level === TAIL_LEVELS - 1) {
      const at = level * TAIL_CELLS + cell;
      const low = tail[at] as number;
      return low + ((tail[at + 1] as number) - low) * (fresh / room);
    }
  }
}

const NATIVE_IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The first `count` numbers as little-endian bytes: the same memory on nearly every machine, turned round in place on others. */
function littleEndianBytes(chunk: Float32Array, count: number): Uint8Array {
  const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, count * 4);
  if (NATIVE_IS_LITTLE_ENDIAN) return bytes;
  for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  return bytes;
}
