import type { Graph, Value } from "../ir/graph.ts";
import { measure } from "../passes/measure.ts";

/** Layers on a path from which on rounding would reach the tolerance, where nothing holds against it. */
const DEEP = 55;
/** Around it ReLUs are all but straight: few values are near to 0. */
export const WIDE_SHIFT = 3;

/**
 * Where the shifts of calibrated weights are spread: around 0.7, where every ReLU shuts a part of its units, so that a
 * mistake there shows. Each lets rounding grow by a twelfth; identities hold against that. In deep networks without them a
 * hundred layers make an answer of it, in any runtime, and shifts around 3 leave the ReLUs all but straight.
 */
export function calibrationShift(graph: Graph): number {
  return measure(graph).depth >= DEEP && !hasIdentities(graph) ? WIDE_SHIFT : 0.7;
}

/** True where something is joined with what it was made from: an addend, or a part of a concatenation, that others read as well. */
function hasIdentities(graph: Graph): boolean {
  const readers = new Map<Value, number>();
  for (const value of graph.nodes.flatMap(({ inputs }) => inputs)) readers.set(value, (readers.get(value) ?? 0) + 1);
  return graph.nodes.some(({ op, inputs }) => (op === "sum" || op === "concat") && inputs.some((value) => (readers.get(value) ?? 0) > 1));
}
