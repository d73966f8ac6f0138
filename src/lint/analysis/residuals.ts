import type { Node, Value } from "../../ir/graph.ts";
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

/** Every `residual` of the network, in the order of its first layer. */
export function residualUnits(context: NetworkContext): readonly ResidualUnit[] {
  return context.instances.flatMap((instance) => {
    const record = instance.residual;
    if (record === undefined) return [];
    const nodes = context.nodesOf(instance).filter((node) => node.origin?.inserted !== true);
    const last = nodes.at(-1);
    const sum = record.made !== "none" && last?.origin?.instance === instance ? last : undefined;
    const branch = sum ? nodes.slice(0, -1) : nodes;
    const result = sum ? dataInputs(sum)[0] : branch.at(-1)?.outputs[0];
    return [{ instance, record, branch, sum, result }];
  });
}

/**
 * The least number of weighted layers on a way from an input to an output: what a gradient must pass at the least. A shortcut by
 * projection is linear and no layer of its own, whether the compiler inserted it or the text has it.
 */
export function shortestDepth(context: NetworkContext): number {
  const { graph } = context;
  const projections = writtenProjections(context);
  const depths = new Map<Value, number>();
  for (const node of graph.nodes) {
    const inputs = node.op === "mul" ? node.inputs.slice(0, 1) : dataInputs(node);
    const before = Math.min(...inputs.map((value) => depths.get(value) ?? 0));
    const counts = isWeighted(node.op) && node.origin?.inserted !== true && !projections.has(node);
    for (const output of node.outputs) depths.set(output, (Number.isFinite(before) ? before : 0) + (counts ? 1 : 0));
  }
  return Math.max(0, ...graph.outputs.map(({ value }) => depths.get(value) ?? 0));
}

/** Branches of a sum that are one weighted layer and nothing that bends: projections written by hand. */
function writtenProjections(context: NetworkContext): ReadonlySet<Node> {
  const found = new Set<Node>();
  for (const join of context.graph.nodes) {
    if (join.op !== "sum") continue;
    for (const input of dataInputs(join)) {
      const weighted = linearRun(input, context)?.filter((node) => isWeighted(node.op)) ?? [];
      if (weighted.length === 1) found.add(weighted[0] as Node);
    }
  }
  return found;
}

/** The layers of a branch from its end back to where it parts from the other; `undefined` where one of them bends or joins. */
function linearRun(end: Value, context: NetworkContext): readonly Node[] | undefined {
  const run: Node[] = [];
  let at: Value | undefined = end;
  while (at && context.consumersOf(at).length === 1) {
    const node = producerOf(at);
    if (node === undefined) break;
    const inputs = dataInputs(node);
    if (isActivation(node.op) || inputs.length !== 1) return undefined;
    run.push(node);
    at = inputs[0];
  }
  return run;
}
