import type { Graph, Node } from "../../ir/graph.ts";
import { elementCount, knownShape } from "../../ir/tensor-type.ts";
import type { Window } from "../../ops/define-op.ts";
import { at, indices, operand, product, result } from "../../ops/families/attributes.ts";
import { extent, padsOn } from "../../ops/families/axes.ts";
import { findOperator } from "../../ops/registry.ts";
import type { NodeMeasure } from "../../passes/measure.ts";

/** A layer that reads windows of a map whose size is known: a convolution, a pool, a subsampling. */
export interface MapLayer {
  readonly node: Node;
  readonly window: Window;
  /** Spatial sizes of what it reads and of what it makes. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** The spatial sizes of the only image that goes in; `undefined` where there are several inputs or a size is open. */
export function imageOf(graph: Graph): readonly number[] | undefined {
  const [only, ...others] = graph.inputs;
  const sizes = only && others.length === 0 ? knownShape(only.type.shape.slice(2)) : undefined;
  return sizes && sizes.length > 0 ? sizes : undefined;
}

/** How a node reads a map: its window, unless it sees everything, reads position by position, or enlarges. */
export function windowOfNode(node: Node): Window | undefined {
  const window = findOperator(node.op)?.window?.(node.attributes);
  return window === undefined || window === "global" || window.enlarges === true ? undefined : window;
}

/** The layers with windows before any global operator, in order; without those whose sizes are open. */
export function mapLayers(graph: Graph, nodes: readonly NodeMeasure[]): readonly MapLayer[] {
  const layers: MapLayer[] = [];
  for (const node of graph.nodes) {
    const window = nodes[node.id]?.receptiveField && windowOfNode(node);
    const before = window && knownShape(operand(node).type.shape.slice(2));
    const after = before && knownShape(result(node).type.shape.slice(2));
    if (window && before && after) layers.push({ node, window, before, after });
  }
  return layers;
}

/**
 * How many rows at the end of an axis, padding included, no window reads: (size + pads - extent) mod stride. Zero where the
 * windows leave gaps (a stride beyond what they cover): then most rows are not read, and the end is no special place.
 */
export function unreadRows({ window, before, after }: MapLayer, axis: number): number {
  const covered = extent(at(window.kernel, axis), at(window.dilation, axis));
  const stride = at(window.stride, axis);
  if (covered < stride) return 0;
  return Math.max(0, at(before, axis) + padsOn(window, axis) - ((at(after, axis) - 1) * stride + covered));
}

/** How many of an axis's unread rows are padding; the others are rows of the map itself. */
export function unreadPadding(layer: MapLayer, axis: number): number {
  return Math.min(unreadRows(layer, axis), at(layer.window.pads, axis + layer.before.length));
}

/** How many positions of a kernel's axis meet the map at least once; the others only ever meet padding. */
export function usedPositions({ window, before, after }: MapLayer, axis: number): number {
  const kernel = at(window.kernel, axis);
  const stride = at(window.stride, axis);
  const dilation = at(window.dilation, axis);
  // Of all starts that the stride allows, one is among the first `stride` rows of the map: there the whole kernel fits.
  if (at(before, axis) >= extent(kernel, dilation) + stride - 1) return kernel;
  const begin = at(window.pads, axis);
  return indices(kernel).filter((index) => {
    const offset = index * dilation - begin;
    const first = Math.max(0, Math.ceil(-offset / stride));
    const last = Math.min(at(after, axis) - 1, Math.floor((at(before, axis) - 1 - offset) / stride));
    return first <= last;
  }).length;
}

/** True where some positions of a kernel only ever meet padding. */
export const isShort = (layer: MapLayer): boolean => layer.before.some((_, axis) => usedPositions(layer, axis) < at(layer.window.kernel, axis));

/** Positions of a kernel that only ever meet padding, of how many. */
export function paddedPositions(layer: MapLayer): { readonly padded: number; readonly all: number } {
  const all = product(layer.window.kernel);
  return { padded: all - product(layer.before.map((_, axis) => usedPositions(layer, axis))), all };
}

/** The values in a layer's kernel or matrix, without its bias. */
export function weightCount(node: Node): number {
  return node.inputs.reduce((sum, { producer }) => (producer.kind === "parameter" && producer.parameter.role === "weight" ? sum + elementCount(producer.parameter.shape) : sum), 0);
}
