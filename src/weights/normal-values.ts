import { FIRST_MULTIPLIER, randomBits, SECOND_MULTIPLIER } from "../base/random-bits.ts";
import type { BitsKey } from "../base/random-bits.ts";
import { fillNormalWasm } from "./fill-normal.generated.ts";
import { BULK_BITS, BULK_CELLS, normalTable, TAIL_CELLS, TAIL_LEVELS } from "./normal-table.ts";

/** A place for values, and what fills it with normal ones. */
export interface NormalValues {
  readonly chunk: Float32Array;
  /** Writes the elements `start`, `start + stride`, … of a tensor: `count` values with mean 0, from `at` of the chunk on. */
  fill(at: number, count: number, start: number, stride: number, key: BitsKey, deviation: number): void;
}

const FRACTION_BITS = 31 - BULK_BITS;
const FRACTION_MASK = (1 << FRACTION_BITS) - 1;
const FRACTION_STEP = 1 / (1 << FRACTION_BITS);
const LAST_CELL = 2 * BULK_CELLS - 1;
// Names of this module's own: where modules are loaded as CommonJS, an imported name is a call in the innermost loop.
const FIRST = FIRST_MULTIPLIER;
const SECOND = SECOND_MULTIPLIER;

/** Values made in JavaScript. */
export function plainNormalValues(elements: number): NormalValues {
  const chunk = new Float32Array(elements);
  return {
    chunk,
    fill: (at, count, start, stride, key, deviation) => fillNormal(chunk.subarray(at, at + count), start, stride, key, deviation),
  };
}

/** Eleven bits of each element's thirty-two are for the cell of the table, the rest for the place in the cell. */
function fillNormal(run: Float32Array, start: number, stride: number, key: BitsKey, deviation: number): void {
  const { bulk } = normalTable();
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
    if (cell === 0 || cell === LAST_CELL) run[i] = tailValue(x, key, deviation);
  }
}

/** A value beyond the bulk (one in 1,024): fresh bits, seven a level, the rest for the place in the cell. */
function tailValue(bits: number, key: BitsKey, deviation: number): number {
  return tailQuantile(bits, key) * (bits >>> FRACTION_BITS === 0 ? -deviation : deviation);
}

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

// Addresses of `fill-normal.wat`.
const LIST_ADDRESS = 16_400;
const VALUES_ADDRESS = 65_536;
const ENTRY_IN_BYTES = 32;
/** The list has room for all of their groups. */
const VALUES_A_CALL = 4096;
const PAGE_IN_BYTES = 65_536;

interface FillNormalModule {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  fill(at: number, count: number, start: number, stride: number, before: number, between: number, deviation: number): number;
}

/**
 * The same values made in WebAssembly, three times as fast; `undefined` where that is not to be had (a browser may forbid
 * it). Starting it costs some milliseconds.
 */
export function fastNormalValues(elements: number): NormalValues | undefined {
  const made = instantiate();
  if (made === undefined) return undefined;
  const { memory, fill } = made;
  // The last group of four may reach past the last value.
  const missing = VALUES_ADDRESS + (elements + 3) * 4 - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_IN_BYTES));
  new Float64Array(memory.buffer).set(normalTable().bulk);
  const words = new Int32Array(memory.buffer);
  const chunk = new Float32Array(memory.buffer, VALUES_ADDRESS, elements);
  return {
    chunk,
    fill(from, count, start, stride, key, deviation) {
      const { before, between } = key;
      for (let done = 0; done < count; done += VALUES_A_CALL) {
        const at = from + done;
        const size = Math.min(VALUES_A_CALL, count - done);
        const end = fill(VALUES_ADDRESS + at * 4, size, start + done * stride, stride, before, between, deviation);
        for (let entry = LIST_ADDRESS; entry < end; entry += ENTRY_IN_BYTES) {
          const group = ((words[entry >> 2] as number) - VALUES_ADDRESS) >> 2;
          for (let lane = 0; lane < 4 && group + lane < at + size; lane++) {
            const bits = words[(entry >> 2) + 4 + lane] as number;
            const cell = bits >>> FRACTION_BITS;
            if (cell === 0 || cell === LAST_CELL) chunk[group + lane] = tailValue(bits, key, deviation);
          }
        }
      }
    },
  };
}

/** The little that is needed of it; its types come with those of browsers, which this code does not assume. */
interface WithWebAssembly {
  readonly WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (module: object) => { readonly exports: FillNormalModule };
  };
}

function instantiate(): FillNormalModule | undefined {
  try {
    const bytes = Uint8Array.from(atob(fillNormalWasm), (sign) => sign.charCodeAt(0));
    const { WebAssembly } = globalThis as unknown as WithWebAssembly;
    return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  } catch {
    // No WebAssembly, none with vectors, or a page that forbids it: the values are the same without.
    return undefined;
  }
}
