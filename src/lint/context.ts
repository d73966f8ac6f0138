import type { Graph, Node, Value } from "../ir/graph.ts";
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
export function networkContext(graph: Graph, asking: Asking): NetworkContext {
  return new AskedNetwork(graph, asking);
}

/** A class for its getters: V8 keeps the closures of a literal's own ones, and with them the network, until old memory is cleaned up. */
class AskedNetwork implements NetworkContext {
  readonly graph: Graph;
  readonly module: NetworkContext["module"];
  readonly threshold: NetworkContext["threshold"];
  readonly report: NetworkContext["report"];
  readonly #recipes: () => readonly RecipeFacts[];
  #nodes: readonly NodeMeasure[] | undefined;
  #total: Measures | undefined;
  #consumers: readonly (readonly Node[] | undefined)[] | undefined;
  #members: ReadonlyMap<Instance, readonly Node[]> | undefined;
  #instances: readonly Instance[] | undefined;
  #residuals: readonly ResidualUnit[] | undefined;
  #mapLayers: readonly MapLayer[] | undefined;

  constructor(graph: Graph, { module, threshold, report, recipes }: Asking) {
    this.graph = graph;
    this.module = module;
    this.threshold = threshold;
    this.report = report;
    this.#recipes = recipes;
  }

  // These two are also handed on by themselves.
  readonly consumersOf = (value: Value): readonly Node[] => (this.#consumers ??= consumersIn(this.graph))[value.id] ?? NONE;
  readonly nodesOf = (instance: Instance): readonly Node[] => this.#byInstance().get(instance) ?? NONE;

  get nodes(): readonly NodeMeasure[] {
    return (this.#nodes ??= measureNodes(this.graph));
  }

  get total(): Measures {
    return (this.#total ??= measure(this.graph, undefined, this.nodes));
  }

  get instances(): readonly Instance[] {
    return (this.#instances ??= [...this.#byInstance().keys()]);
  }

  get residuals(): readonly ResidualUnit[] {
    return (this.#residuals ??= residualUnits(this.graph));
  }

  get mapLayers(): readonly MapLayer[] {
    return (this.#mapLayers ??= mapLayers(this.graph, this.nodes));
  }

  get recipes(): readonly RecipeFacts[] {
    return this.#recipes();
  }

  #byInstance(): ReadonlyMap<Instance, readonly Node[]> {
    return (this.#members ??= membersIn(this.graph));
  }
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
