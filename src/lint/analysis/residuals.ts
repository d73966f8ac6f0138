import type { Graph, Node, Value } from "../../ir/graph.ts";
import type { Instance, ResidualRecord } from "../../ir/origin.ts";
import type { NetworkContext } from "../rule.ts";
import { dataInputs, isActivation, isWeighted, producerOf } from "./layers.ts";

/** One `residual { F }` of a network. */
export interface ResidualUnit {
  readonly instance: Instance;
  readonly record: ResidualRecord;
  /** The layers of F, without what the shortcut option made. */
  readonly branch: readonly Node[];
  /** F(x) + shortcut; none where the option is `none`. */
  readonly sum: Node | undefined;
  /** F(x). */
  readonly result: Value | undefined;
}

/** A residual and all layers inside it that somebody wrote. */
interface Written {
  readonly instance: Instance;
  readonly record: ResidualRecord;
  readonly layers: Node[];
}

/** Every `residual` of a network, in the order of its first layer, outer ones before inner ones. */
export function residualUnits(graph: Graph): readonly ResidualUnit[] {
  const written = new Map<Instance, Written>();
  for (const node of graph.nodes) addAround(node, node.origin?.instance, written);
  return [...written.values()].map(({ instance, record, layers }) => {
    const last = layers.at(-1);
    const sum = record.made !== "none" && last?.origin?.instance === instance ? layers.pop() : undefined;
    const result = sum ? sum.inputs[0] : layers.at(-1)?.outputs[0];
    return { instance, record, branch: layers, sum, result };
  });
}

/** Adds a node to every residual around it. */
function addAround(node: Node, instance: Instance | undefined, written: Map<Instance, Written>): void {
  if (instance === undefined) return;
  addAround(node, instance.parent, written);
  const { residual: record } = instance;
  if (record === undefined) return;
  const known = written.get(instance);
  const layers: Node[] = known?.layers ?? [];
  if (known === undefined) written.set(instance, { instance, record, layers });
  if (node.origin?.inserted !== true) layers.push(node);
}

/**
 * The least number of weighted layers on a way from an input to an output: what a gradient must pass at the least. A shortcut by
 * projection is linear and no layer of its own, whether the compiler inserted it or the text has it.
 */
export function shortestDepth({ graph, consumersOf }: Pick<NetworkContext, "graph" | "consumersOf">): number {
  const projections = writtenProjections(graph, consumersOf);
  const depths: number[] = [];
  const depthAt = (value: Value): number => depths[producerOf(value)?.id ?? -1] ?? 0;
  for (const node of graph.nodes) {
    let depth = Infinity;
    for (const value of node.inputs) {
      if (value.producer.kind !== "parameter") depth = Math.min(depth, depthAt(value));
      if (node.op === "mul") break;
    }
    const counts = isWeighted(node.op) && node.origin?.inserted !== true && !projections.has(node);
    depths.push((Number.isFinite(depth) ? depth : 0) + (counts ? 1 : 0));
  }
  return Math.max(0, ...graph.outputs.map(({ value }) => depthAt(value)));
}

/** Branches of a sum that are one weighted layer and nothing that bends: projections written by hand. */
function writtenProjections({ nodes }: Graph, consumersOf: NetworkContext["consumersOf"]): ReadonlySet<Node> {
  const found = new Set<Node>();
  for (const join of nodes) {
    if (join.op !== "sum") continue;
    for (const input of dataInputs(join)) {
      const projection = onlyWeightedBefore(input, consumersOf);
      if (projection) found.add(projection);
    }
  }
  return found;
}

/** The only weighted layer of a branch from its end back to where it parts from the other; `undefined` where a layer of it bends or joins. */
function onlyWeightedBefore(end: Value, consumersOf: NetworkContext["consumersOf"]): Node | undefined {
  let only: Node | undefined;
  let count = 0;
  let at: Value | undefined = end;
  while (at && consumersOf(at).length === 1) {
    const node = producerOf(at);
    if (node === undefined) break;
    const inputs = dataInputs(node);
    if (isActivation(node.op) || inputs.length !== 1) return undefined;
    if (isWeighted(node.op)) {
      only = node;
      count++;
    }
    at = inputs[0];
  }
  return count === 1 ? only : undefined;
}
