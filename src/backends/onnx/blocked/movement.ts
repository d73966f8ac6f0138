import type { Value } from "../../../ir/graph.ts";
import { at, product } from "../../../ops/families/attributes.ts";
import { sizesOf } from "../../../ops/families/axes.ts";
import type { BlockedWriter } from "./writer.ts";

/** A value, read as three axes, with the first two exchanged; runs of the last are copied whole. */
export function swapped(e: BlockedWriter, x: Value, sizes: readonly [number, number, number]): Value {
  const apart = e.raw.op("reshape", [x], { shape: sizes });
  return sizes[0] === 1 || sizes[1] === 1 ? apart : e.raw.op("transpose", [apart], { perm: [1, 0, 2] });
}

/**
 * The phases of a map put together: [N, C / block, phases, H, W, block], as they stand, become a map of `stride` times the rows
 * and columns, where position q · stride + r is position q of phase r.
 */
export function interleaved(e: BlockedWriter, phases: Value, channels: number, stride: readonly number[]): Value {
  const { raw: r, block } = e;
  const [batch, , rows, columns] = sizesOf(phases.type) as [number, number, number, number];
  const [down, across] = [at(stride, 0), at(stride, 1)];
  let value = phases;
  if (across > 1) value = r.op("block_last", [r.op("reshape", [value], { shape: [(batch * channels * down) / block, across, 1, rows * columns * block] })]);
  if (down > 1) {
    const apart = r.op("reshape", [value], { shape: [(batch * channels) / block, down, rows, columns * across * block] });
    value = r.op("transpose", [apart], { perm: [0, 2, 1, 3] });
  }
  return e.mark(r.op("reshape", [value], { shape: [batch, channels, rows * down, columns * across] }), "map");
}

/** The adjoint of taking every stride-th position: the map is phase 0, all other phases are zeros. */
export function spread(e: BlockedWriter, x: Value, stride: readonly number[]): Value {
  const { raw: r, block } = e;
  const [batch, channels, rows, columns] = sizesOf(x.type) as [number, number, number, number];
  const positions = rows * columns * block;
  const count = product(stride);
  const flat = r.op("reshape", [e.map(x)], { shape: [(batch * channels) / block, positions] });
  const phases = r.op("pad", [flat], { pads: [0, 0, 0, (count - 1) * positions], value: 0 });
  return interleaved(e, r.op("reshape", [phases], { shape: [batch, channels * count, rows, columns] }), channels, stride);
}
