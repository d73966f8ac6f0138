import type { Graph } from "../ir/graph.ts";

/** Without shortcuts, rounding grows by a twelfth with each layer; from here on it would reach the tolerance. */
const DEEP_WITHOUT_SHORTCUTS = 80;

/**
 * Where the shifts of calibrated weights are spread. Around 0.7 every ReLU cuts a part of its input off, so that a mistake
 * there shows; only very deep networks without any addition need 2, which leaves rounding as it is.
 */
export function calibrationShift(graph: Graph): number {
  const layers = graph.nodes.filter(({ op }) => op === "conv" || op === "linear").length;
  return layers >= DEEP_WITHOUT_SHORTCUTS && !graph.nodes.some(({ op }) => op === "sum") ? 2 : 0.7;
}
