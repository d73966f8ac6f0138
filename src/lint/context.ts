import { lazy } from "../base/lazy.ts";
import type { Graph, Node } from "../ir/graph.ts";
import type { Instance } from "../ir/origin.ts";
import type { Measures, NodeMeasure } from "../passes/measure.ts";
import { measure, measureNodes } from "../passes/measure.ts";
import type { MapLayer } from "./analysis/maps.ts";
import { mapLayers } from "./analysis/maps.ts";
import type { ResidualUnit } from "./analysis/residuals.ts";
import { residualUnits } from "./analysis/residuals.ts";
import type { RecipeFacts } from "./recipes.ts";
import type { NetworkContext } from "./rule.ts";

const NONE: readonly Node[] = [];

/** What a lint knows before it looks at a network. */
interface Asking extends Pick<NetworkContext, "module" | "threshold" | "report"> {
  readonly recipes: () => readonly RecipeFacts[];
}

/**
 * What rules know of a network. Nothing is worked out before a rule asks, and nothing twice, whichever rule asks; each
 * table takes one walk over the nodes.
 */
export function networkContext(graph: Graph, { module, threshold, report, recipes }: Asking): NetworkContext {
  const nodes = lazy((): readonly NodeMeasure[] => measureNodes(graph));
  const total = lazy((): Measures => measure(graph, undefined, nodes()));
  const consumers = lazy(() => consumersIn(graph));
  const members = lazy(() => membersIn(graph));
  const instances = lazy(() => [...members().keys()]);
  const residuals = lazy((): readonly ResidualUnit[] => residualUnits(graph));
  const layers = lazy((): readonly MapLayer[] => mapLayers(graph, nodes()));
  return {
    graph,
    module,
    threshold,
    report,
    get nodes() {
      return nodes();
    },
    get total() {
      return total();
    },
    get instances() {
      return instances();
    },
    get residuals() {
      return residuals();
    },
    get mapLayers() {
      return layers();
    },
    get recipes() {
      return recipes();
    },
    consumersOf: (value) => consumers()[value.id] ?? NONE,
    nodesOf: (instance) => members().get(instance) ?? NONE,
  };
}

/** The nodes that read a value, by the value's id. */
function consumersIn(graph: Graph): readonly (readonly Node[] | undefined)[] {
  const consumers: Node[][] = [];
  for (const node of graph.nodes) {
    for (const { id } of node.inputs) {
      const known = consumers[id];
      if (known === undefined) consumers[id] = [node];
      else if (known.at(-1) !== node) known.push(node);
    }
  }
  return consumers;
}

/** The nodes of every instance; the instances in the order of their first node, outer ones before inner ones. */
function membersIn(graph: Graph): ReadonlyMap<Instance, readonly Node[]> {
  const members = new Map<Instance, Node[]>();
  const add = (instance: Instance | undefined, node: Node): void => {
    if (instance === undefined) return;
    add(instance.parent, node);
    const known = members.get(instance);
    if (known) known.push(node);
    else members.set(instance, [node]);
  };
  for (const node of graph.nodes) add(node.origin?.instance, node);
  return members;
}
