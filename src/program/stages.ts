import type { Graph, Node } from "../ir/graph.ts";
import type { Instance, ResidualRecord } from "../ir/origin.ts";

/** Where a node stands in the structure its author wrote, found from instances alone. */
export interface Place {
  /** The labelled block or group directly under the network: `layer1`. */
  readonly stage: Instance | undefined;
  /** The first instance with a name of its own below the stage (or below the network): `layer1.0`. */
  readonly unit: Instance | undefined;
}

/** Instances from the outermost one inward; networks that hold the node come first. */
export function instanceChain(instance: Instance | undefined): readonly Instance[] {
  const chain: Instance[] = [];
  for (let at = instance; at; at = at.parent) chain.push(at);
  return chain.reverse();
}

/** Stage and unit of a node. Blocks without a name of their own, and networks used as layers, are looked through. */
export function placeOf(node: Node): Place {
  let stage: Instance | undefined;
  let path = "";
  for (const instance of instanceChain(node.origin?.instance)) {
    if (instance.path === path) continue;
    path = instance.path;
    if (instance.kind === "network") continue;
    if (stage === undefined && instance.label !== undefined) stage = instance;
    else return { stage, unit: instance };
  }
  return { stage, unit: undefined };
}

/** The residual join whose shortcut a node belongs to; for nodes that the compiler inserted. */
export function residualOf(node: Node): Instance | undefined {
  let at = node.origin?.instance;
  while (at && !(at.kind === "join" && at.residual !== undefined)) at = at.parent;
  return at;
}

/** The additions that end residuals, by the residual's instance: the last sum that stands directly in it. */
export function closingAdditions(graph: Graph): ReadonlyMap<Node, ResidualRecord> {
  const last = new Map<Instance, Node>();
  for (const node of graph.nodes) {
    const instance = node.origin?.instance;
    if (node.op === "sum" && instance?.residual && instance.residual.made !== "none") last.set(instance, node);
  }
  return new Map([...last].map(([instance, node]) => [node, instance.residual as ResidualRecord]));
}
