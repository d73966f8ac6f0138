import { invariant } from "../base/assert.ts";
import { convertToFloat32, type ElementEncoding } from "./float-conversion.ts";
import { BYTES_PER_ELEMENT } from "./element-types.ts";
import type { ByteSource } from "./source.ts";

/** What a chunk of values, and one read of the file, holds at most. */
export const CHUNK_BYTES = 1 << 20;

/**
 * What is held of a tensor whose values stand in the file in another order than they are wanted. A larger tensor is made
 * block by block, each from its own parts of the file, so memory stays below this plus a few chunks for any tensor.
 */
export const BLOCK_BYTES = 32 << 20;

/** Two stretches of the file that are nearer than this are cheaper to read as one. */
const GAP_BYTES = 64 << 10;

/** Reads of small stretches that are under way at the same time. */
const READS_AT_ONCE = 8;

/** A tensor as a strided view of a file: element (i, j, …) stands at `start` + (i · strides[0] + j · strides[1] + …) elements. */
export interface StoredTensor extends ElementEncoding {
  readonly shape: readonly number[];
  /** In elements, none negative; 0 repeats an element along its axis. */
  readonly strides: readonly number[];
  /** The byte where the first element begins. */
  readonly start: number;
}

/** One axis of a box of elements: how many, and how far apart in the file and in the block that is made. */
interface Axis {
  readonly size: number;
  readonly inFile: number;
  readonly inBlock: number;
}

/** Elements that one read brings: the stretch of the file, and the box of elements in it that go to the block. */
interface Piece {
  readonly first: number;
  readonly extent: number;
  readonly to: number;
  readonly axes: readonly Axis[];
}

/** Strides, in elements, of a tensor that is stored row-major without holes. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  }
  return strides;
}

/**
 * The values of a stored tensor as little-endian float32 in row-major order, transposed when `axes` are given. Memory is
 * bounded by {@link BLOCK_BYTES} and a few {@link CHUNK_BYTES}, whatever the tensor's size and strides.
 */
export async function* readStored(
  bytes: ByteSource,
  tensor: StoredTensor,
  axes: readonly number[] = tensor.shape.map((_, axis) => axis),
  blockBytes = BLOCK_BYTES,
): AsyncGenerator<Uint8Array> {
  const order = checkedPermutation(axes, tensor.shape.length);
  const wanted = mergeAxes(order.map((axis) => ({ size: tensor.shape[axis] ?? 0, stride: tensor.strides[axis] ?? 0 })));
  if (wanted.some((axis) => axis.size === 0)) return;
  const only = wanted.length === 1 ? wanted[0] : undefined;
  if (only !== undefined && only.stride === 1) {
    yield* readInOrder(bytes, tensor, only.size);
    return;
  }
  const sizes = wanted.map((axis) => axis.size);
  const part = { tensor, strides: wanted.map((axis) => axis.stride), from: 0, to: sizes[0] ?? 0 };
  yield* readInBlocks(bytes, [part], { sizes, split: 0 }, standsInOrder(wanted) ? CHUNK_BYTES : blockBytes);
}

/**
 * The values of a tensor whose first axis is that of the parts, one after the other, as {@link readStored} gives them. The
 * parts have the same other axes, and stand anywhere in the file.
 */
export async function* readJoined(
  bytes: ByteSource,
  parts: readonly StoredTensor[],
  axes?: readonly number[],
  blockBytes = BLOCK_BYTES,
): AsyncGenerator<Uint8Array> {
  const [first] = parts;
  invariant(first !== undefined && first.shape.length > 0, "a tensor of parts has parts, and they have a first axis");
  const order = checkedPermutation(axes ?? first.shape.map((_, axis) => axis), first.shape.length);
  const split = order.indexOf(0);
  if (split === 0) {
    for (const part of parts) yield* readStored(bytes, part, order, blockBytes);
    return;
  }
  let rows = 0;
  const placed = parts.map((tensor) => {
    const from = rows;
    rows += tensor.shape[0] ?? 0;
    return { tensor, strides: order.map((axis) => tensor.strides[axis] ?? 0), from, to: rows };
  });
  const sizes = order.map((axis) => (axis === 0 ? rows : (first.shape[axis] ?? 0)));
  if (!sizes.includes(0)) yield* readInBlocks(bytes, placed, { sizes, split }, blockBytes);
}

function checkedPermutation(axes: readonly number[], rank: number): readonly number[] {
  const sorted = [...axes].sort((a, b) => a - b);
  invariant(sorted.length === rank && sorted.every((axis, i) => axis === i), `[${axes.join(", ")}] is no order of ${rank} axes`);
  return axes;
}

interface WantedAxis {
  readonly size: number;
  readonly stride: number;
}

/** Neighbouring axes that are one run of the file become one axis; axes of size 1 vanish. A scalar is one axis of size 1. */
function mergeAxes(axes: readonly WantedAxis[]): WantedAxis[] {
  const merged: WantedAxis[] = [];
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const before = merged.at(-1);
    if (before !== undefined && before.stride === axis.size * axis.stride) {
      merged[merged.length - 1] = { size: before.size * axis.size, stride: axis.stride };
    } else {
      merged.push(axis);
    }
  }
  return merged.length === 0 ? [{ size: 1, stride: 1 }] : merged;
}

/** Whether going through the values in the wanted order goes forward through the file. */
function standsInOrder(axes: readonly WantedAxis[]): boolean {
  const moving = axes.filter((axis) => axis.stride > 0);
  return moving.every((axis, i) => i === 0 || (moving[i - 1]?.stride ?? 0) >= axis.stride);
}

async function* readInOrder(bytes: ByteSource, tensor: StoredTensor, count: number): AsyncGenerator<Uint8Array> {
  const elementBytes = BYTES_PER_ELEMENT[tensor.dtype];
  const asStored = tensor.dtype === "F32" && tensor.littleEndian;
  const perChunk = CHUNK_BYTES / 4;
  const converted = asStored ? undefined : new Uint8Array(Math.min(count, perChunk) * 4);
  for (let from = 0; from < count; from += perChunk) {
    const length = Math.min(perChunk, count - from);
    const stored = await bytes.read(tensor.start + from * elementBytes, length * elementBytes);
    if (converted === undefined) {
      yield stored;
    } else {
      const chunk = converted.subarray(0, length * 4);
      convertToFloat32(stored, tensor, chunk);
      yield chunk;
    }
  }
}

/** A part of a tensor: its strides in the wanted order of axes, and its place along the axis that is split. */
interface Part {
  readonly tensor: StoredTensor;
  readonly strides: readonly number[];
  readonly from: number;
  readonly to: number;
}

/** Indices of one axis. */
interface Range {
  readonly from: number;
  readonly size: number;
}

async function* readInBlocks(
  bytes: ByteSource,
  parts: readonly Part[],
  { sizes, split }: { readonly sizes: readonly number[]; readonly split: number },
  blockBytes: number,
): AsyncGenerator<Uint8Array> {
  const scratch = new Uint32Array(CHUNK_BYTES / 4);
  let block: Uint32Array | undefined;
  for (const ranges of blocks(sizes, Math.max(1, Math.floor(blockBytes / 4)))) {
    const count = ranges.reduce((product, range) => product * range.size, 1);
    // The first block is the largest, so its room serves them all.
    block ??= new Uint32Array(count);
    const inBlock = rowMajorStrides(ranges.map((range) => range.size));
    for (const part of parts) {
      const cut = ranges[split];
      const from = Math.max(part.from, cut?.from ?? 0);
      const size = Math.min(part.to, (cut?.from ?? 0) + (cut?.size ?? 0)) - from;
      if (size <= 0) continue;
      const own = ranges.map((range, axis) => (axis === split ? { from: from - part.from, size } : range));
      const first = own.reduce((sum, range, axis) => sum + range.from * (part.strides[axis] ?? 0), 0);
      const to = (from - (cut?.from ?? 0)) * (inBlock[split] ?? 1);
      const box = own.flatMap((range, axis) => (range.size === 1 ? [] : [{ size: range.size, inFile: part.strides[axis] ?? 0, inBlock: inBlock[axis] ?? 1 }]));
      await fillBlock(bytes, part.tensor, { first, to, box }, { block, scratch });
    }
    const made = new Uint8Array(block.buffer, 0, count * 4);
    for (let at = 0; at < made.byteLength; at += CHUNK_BYTES) yield made.subarray(at, at + CHUNK_BYTES);
  }
}

/** Cuts a tensor, in its row-major order, into boxes of at most `limit` elements: the indices of every axis. */
function* blocks(sizes: readonly number[], limit: number): Generator<Range[]> {
  const strides = rowMajorStrides(sizes);
  // The outermost axis of which at least one step fits into a block is the one that is cut.
  const cut = strides.findIndex((stride) => stride <= limit);
  const [cutSize, perStep] = [sizes[cut], strides[cut]];
  invariant(cutSize !== undefined && perStep !== undefined, "one element fits into a block");
  const parts = Math.ceil(cutSize / Math.floor(limit / perStep));
  const steps = Math.ceil(cutSize / parts);
  const inner = sizes.slice(cut + 1).map((size) => ({ from: 0, size }));
  for (const outer of positions(sizes.slice(0, cut))) {
    for (let step = 0; step < cutSize; step += steps) {
      yield [...outer.map((from) => ({ from, size: 1 })), { from: step, size: Math.min(steps, cutSize - step) }, ...inner];
    }
  }
}

/** Every index of these axes, the last axis running fastest. */
function* positions(sizes: readonly number[], outer: readonly number[] = []): Generator<readonly number[]> {
  const [size, ...inner] = sizes;
  if (size === undefined) {
    yield outer;
    return;
  }
  for (let i = 0; i < size; i++) yield* positions(inner, [...outer, i]);
}

async function fillBlock(
  bytes: ByteSource,
  tensor: StoredTensor,
  { first, to, box }: { readonly first: number; readonly to: number; readonly box: readonly Axis[] },
  { block, scratch }: { readonly block: Uint32Array; readonly scratch: Uint32Array },
): Promise<void> {
  const elementBytes = BYTES_PER_ELEMENT[tensor.dtype];
  const inFileOrder = [...box].sort((a, b) => b.inFile - a.inFile);
  const fetch = async (piece: Piece) => ({
    piece,
    stored: await bytes.read(tensor.start + piece.first * elementBytes, piece.extent * elementBytes),
  });
  let waiting: Piece[] = [];
  let waitingBytes = 0;
  const take = async () => {
    for (const { piece, stored } of await Promise.all(waiting.map(fetch))) {
      convertToFloat32(stored, tensor, new Uint8Array(scratch.buffer, 0, piece.extent * 4));
      scatter(scratch, 0, block, piece.to, piece.axes);
    }
    waiting = [];
    waitingBytes = 0;
  };
  for (const piece of pieces(inFileOrder, first, to, elementBytes)) {
    waiting.push(piece);
    waitingBytes += piece.extent * elementBytes;
    if (waiting.length === READS_AT_ONCE || waitingBytes >= CHUNK_BYTES) await take();
  }
  await take();
}

/** Cuts a box whose axes are sorted by their distance in the file into stretches of at most a chunk. */
function* pieces(axes: readonly Axis[], first: number, to: number, elementBytes: number): Generator<Piece> {
  const [axis, ...inner] = axes;
  if (axis === undefined) {
    yield { first, extent: 1, to, axes };
    return;
  }
  const limit = CHUNK_BYTES / Math.max(4, elementBytes);
  const innerExtent = inner.reduce((extent, next) => extent + (next.size - 1) * next.inFile, 1);
  const farApart = (axis.inFile - innerExtent) * elementBytes > GAP_BYTES;
  const fitting = innerExtent > limit ? 0 : farApart ? 1 : Math.floor((limit - innerExtent) / axis.inFile) + 1;
  if (fitting === 0) {
    for (let i = 0; i < axis.size; i++) {
      yield* pieces(inner, first + i * axis.inFile, to + i * axis.inBlock, elementBytes);
    }
    return;
  }
  for (let i = 0; i < axis.size; i += fitting) {
    const size = Math.min(fitting, axis.size - i);
    const extent = innerExtent + (size - 1) * axis.inFile;
    yield { first: first + i * axis.inFile, extent, to: to + i * axis.inBlock, axes: [{ ...axis, size }, ...inner] };
  }
}

/** Copies a box of 4-byte words; `axes` are outermost first. */
function scatter(from: Uint32Array, at: number, block: Uint32Array, to: number, axes: readonly Axis[], depth = 0): void {
  const axis = axes[depth];
  if (axis === undefined) {
    block[to] = from[at] ?? 0;
    return;
  }
  const { size, inFile, inBlock } = axis;
  if (depth === axes.length - 1) {
    for (let i = 0; i < size; i++) block[to + i * inBlock] = from[at + i * inFile] ?? 0;
    return;
  }
  for (let i = 0; i < size; i++) scatter(from, at + i * inFile, block, to + i * inBlock, axes, depth + 1);
}
