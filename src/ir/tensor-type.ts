import type { Dim, Facts } from "./dim.ts";
import { formatDim, sameDim } from "./dim.ts";

export type DType = "float32" | "float16" | "float64" | "int64" | "int32" | "bool";

/** Element type and dimensions of a value; axis 0 is the batch, axis 1 the channels (NCHW). */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: readonly Dim[];
}

/** `[N, 64, 56, 56]` */
export function formatShape(shape: readonly Dim[]): string {
  return `[${shape.map(formatDim).join(", ")}]`;
}

/** True when both shapes are provably equal. */
export function sameShape(a: readonly Dim[], b: readonly Dim[], facts?: Facts): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (!sameDim(a[axis] as Dim, b[axis] as Dim, facts)) return false;
  return true;
}

const isKnown = (dim: Dim): boolean => typeof dim === "number";

/** The shape when every size is known, else nothing. */
export function knownShape(shape: readonly Dim[]): readonly number[] | undefined {
  return shape.every(isKnown) ? (shape as readonly number[]) : undefined;
}

/** How many elements a tensor of this shape has. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (let axis = 0; axis < shape.length; axis++) count *= shape[axis] as number;
  return count;
}

/** How many elements a tensor of this shape has in a batch of one; nothing while another size is open. */
export function elementsOfOne(shape: readonly Dim[]): number | undefined {
  let count = 1;
  for (let axis = 1; axis < shape.length; axis++) {
    const size = shape[axis];
    if (typeof size !== "number") return undefined;
    count *= size;
  }
  return count;
}

/** The shape in a batch of one, when every other size is known. */
export function shapeOfOne(shape: readonly Dim[]): readonly number[] | undefined {
  const one = shape.slice();
  one[0] = 1;
  return knownShape(one);
}

/** What an axis is called in messages: batch, channels, height, width (features for rank 2, length for rank 3). */
export function axisName(axis: number, rank: number): string {
  if (axis === 0) return "batch";
  if (axis === 1) return rank === 2 ? "features" : "channels";
  if (rank === 3) return "length";
  return rank === 4 ? (axis === 2 ? "height" : "width") : `spatial axis ${axis - 1}`;
}

/**
 * Both shapes under each other, the unlike dimensions marked:
 *
 *     x     [N, 64, 56, 56]
 *     F(x)  [N, 128, 28, 28]
 *               ^^^ channels, height, width differ
 */
export function shapeLines(rows: readonly (readonly [string, readonly Dim[]])[], axes: readonly number[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  const columns = Math.max(...rows.map(([, shape]) => shape.length));
  const widths = Array.from({ length: columns }, (_, axis) => Math.max(...rows.map(([, shape]) => (shape[axis] === undefined ? 0 : formatDim(shape[axis]).length))));
  const lines = rows.map(([name, shape]) => `${name.padEnd(width)}  [${shape.map((dim, axis) => formatDim(dim).padStart(widths[axis] ?? 0)).join(", ")}]`);
  if (axes.length === 0) return [lines.join("\n")];
  let marks = " ".repeat(width + 3);
  widths.forEach((w, axis) => (marks += (axes.includes(axis) ? "^" : " ").repeat(w) + (axis < columns - 1 ? "  " : "")));
  const rank = rows[0]?.[1].length ?? columns;
  const names = axes.map((axis) => axisName(axis, rank)).join(", ");
  return [[...lines, `${marks.trimEnd()} ${names}`].join("\n")];
}
