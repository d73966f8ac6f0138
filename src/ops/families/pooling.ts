import type { Attributes, Node, Value } from "../../ir/graph.ts";
import { knownShape } from "../../ir/tensor-type.ts";
import type { Emitter } from "../contract/emitter.ts";
import type { ResolveContext, ShapeContext, Window } from "../define-op.ts";
import { at, flagOf, indices, operand } from "./attributes.ts";
import { ceilPads, ceilShape, extent, fits, inputOf, mapOf, readsInPlace, reshaped, resolveWindow, slidingShape, spatialOf, windowAttributes, windowOf } from "./axes.ts";

/** The least float32, around maps of which a maximum is taken; finite, as runtimes are not asked to compare infinities. */
export const LOWEST = -3.4028234663852886e38;

/** The attributes that pools share. */
export const poolAttributes = [
  windowAttributes.kernel,
  windowAttributes.strideKernel,
  windowAttributes.pad,
  { name: "ceil", type: "bool", default: false, doc: "Rounds the size up: a last, shorter window is read too, if it starts inside the input or its left padding." },
] as const;

/** Completes a pool's window; a pad of more than half the kernel is refused (RN0403), as some window would read nothing. */
export function resolvePool(c: ResolveContext, op: string): (Attributes & { readonly kernel: readonly number[] }) | undefined {
  const window = mapOf(c, op) && resolveWindow(c, op);
  if (!window || !fits(c, op, window)) return undefined;
  const wide = window.kernel.findIndex((size, axis) => 2 * at(window.pads, axis) > extent(size, at(window.dilation, axis)));
  if (wide >= 0) {
    return c.fail({
      code: "RN0403",
      message: `pad=${at(window.pads, wide)} of \`${op}\` is more than half of its kernel of ${at(window.kernel, wide)}`,
      attribute: "pad",
      notes: ["Some windows would see padding alone."],
    });
  }
  return { ...window, ceil: c.given.ceil as boolean };
}

export function poolShape(c: ShapeContext) {
  const type = inputOf(c);
  const window = windowOf(c.attributes);
  const spatial = (flagOf(c.attributes, "ceil") ? ceilShape : slidingShape)(spatialOf(type), window);
  return [reshaped(type, [...type.shape.slice(0, 2), ...spatial])];
}

export const poolVanishes = (attributes: Attributes): boolean => readsInPlace(windowOf(attributes));

/**
 * Pads under which every runtime's rounding down gives this pool's size. Runtimes disagree on rounding up, so it is never asked of
 * them; where sizes are known only what the windows reach is added.
 */
export function explicitPads(node: Node): readonly number[] {
  const window = windowOf(node.attributes);
  if (!flagOf(node.attributes, "ceil")) return window.pads;
  const sizes = knownShape(operand(node).type.shape.slice(2));
  if (!sizes) return ceilPads(window);
  return [...window.pads.slice(0, sizes.length), ...reachedPads(window, sizes, slidingCounts(sizes, { ...window, pads: ceilPads(window) }))];
}

const slidingCounts = (sizes: readonly number[], window: Window): readonly number[] => slidingShape(sizes, window) as readonly number[];

/** Pads at the end: the given ones, or more where the last window reaches further. */
function reachedPads(window: Window, sizes: readonly number[], positions: readonly number[]): readonly number[] {
  const rank = sizes.length;
  return sizes.map((size, axis) => {
    const covered = extent(at(window.kernel, axis), at(window.dilation, axis));
    const reach = (at(positions, axis) - 1) * at(window.stride, axis) + covered - size - at(window.pads, axis);
    return Math.max(at(window.pads, axis + rank), reach);
  });
}

/** True when Keras's padding "same" puts exactly this pool's pads (minus infinity, or not counted) around inputs of these sizes. */
export function isSamePadding(node: Node): boolean {
  const window = windowOf(node.attributes);
  const pads = explicitPads(node);
  const sizes = operand(node).type.shape.slice(2);
  return sizes.every((size, axis) => {
    const [kernel, stride, begin, end] = [at(window.kernel, axis), at(window.stride, axis), at(pads, axis), at(pads, axis + sizes.length)];
    if (at(window.dilation, axis) > 1) return false;
    if (typeof size !== "number") {
      const symmetric = stride === 1 && kernel % 2 === 1 && begin === (kernel - 1) / 2 && end === begin;
      return symmetric || (flagOf(node.attributes, "ceil") && kernel === stride && kernel <= 2 && begin === 0);
    }
    const positions = Math.floor((size + begin + end - kernel) / stride) + 1;
    const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernel - size);
    const needed = Math.max(0, (positions - 1) * stride + kernel - size - begin);
    return positions === Math.ceil(size / stride) && begin === Math.floor(total / 2) && needed === total - begin;
  });
}

/** The weights of an average along one axis: 1 / count over the positions a window reads; `countPads` counts padding too. */
export function averagingMap(before: number, after: number, axis: number, window: Window, countPads: boolean): number[][] {
  const rank = window.kernel.length;
  const [kernel, stride, begin, end] = [at(window.kernel, axis), at(window.stride, axis), at(window.pads, axis), at(window.pads, axis + rank)];
  return indices(after).map((row) => {
    const start = row * stride - begin;
    const stop = Math.min(start + kernel, before + end);
    const first = Math.max(start, 0);
    const last = Math.min(stop, before);
    const count = countPads ? stop - start : last - first;
    return indices(before).map((column) => (column >= first && column < last ? 1 / count : 0));
  });
}

/** Says for one read of every window after another where it is the maximum `y` and none before it was: 1 there, else 0. */
export function firstMaxima(e: Emitter, y: Value): (read: Value) => Value {
  let taken: Value | undefined;
  let last: Value | undefined;
  return (read) => {
    if (last) taken = taken ? e.op("add", [taken, last]) : last;
    const found = e.op("equal", [read, y]);
    last = taken ? e.op("multiply", [found, e.op("subtract", [e.scalar(1), taken])]) : found;
    return last;
  };
}
