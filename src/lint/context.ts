import { lazy } from "../base/lazy.ts";
import type { Graph, Node, Value } from "../ir/graph.ts";
import type { Instance } from "../ir/origin.ts";
import type { Measures, NodeMeasure } from "../passes/measure.ts";
import { measure, measureNodes } from "../passes/measure.ts";
import type { RecipeFacts } from "./recipes.ts";
import type { NetworkContext } from "./rule.ts";

/** What belongs to the rule that asks. */
type Own = Pick<NetworkContext, "module" | "threshold" | "report">;

const NONE: readonly Node[] = [];

/**
 * What rules know of a network. Nothing is worked out before a rule asks, and nothing twice, whichever rule asks; each
 * table takes one walk over the nodes.
 */
export function networkContexts(graph: Graph, recipes: () => readonly RecipeFacts[]): (own: Own) => NetworkContext {
  const nodes = lazy((): readonly NodeMeasure[] => measureNodes(graph));
  const total = lazy((): Measures => measure(graph, undefined, nodes()));
  const consumers = lazy(() => consumersIn(graph));
  const members = lazy(() => membersIn(graph));
  const instances = lazy(() => [...members().keys()]);
  const shared = {
    graph,
    get nodes() {
      return nodes();
    },
    get total() {
      return total();
    },
    get instances() {
      return instances();
    },
    get recipes() {
      return recipes();
    },
    consumersOf: (value: Value) => consumers().get(value) ?? NONE,
    nodesOf: (instance: Instance) => members().get(instance) ?? NONE,
  };
  // Getters are made once for all rules: making them takes longer than most rules do.
  return (own) => Object.assign(Object.create(shared) as typeof shared, own);
}

function consumersIn(graph: Graph): ReadonlyMap<Value, readonly Node[]> {
  const consumers = new Map<Value, Node[]>();
  for (const node of graph.nodes) {
    for (const value of node.inputs) {
      const known = consumers.get(value);
      if (known === undefined) consumers.set(value, [node]);
      else if (known.at(-1) !== node) known.push(node);
    }
  }
  return consumers;
}

/** The nodes of every instance; the instances in the order of their first node, outer ones before inner ones. */
function membersIn(graph: Graph): ReadonlyMap<Instance, readonly Node[]> {
  const members = new Map<Instance, Node[]>();
  for (const node of graph.nodes) {
    const chain: Instance[] = [];
    for (let at = node.origin?.instance; at; at = at.parent) chain.push(at);
    for (const instance of chain.reverse()) {
      const known = members.get(instance);
      if (known) known.push(node);
      else members.set(instance, [node]);
    }
  }
  return members;
}
