import { sameShape } from "../ir/tensor-type.ts";
import type { Graph, Node, Value } from "../ir/graph.ts";
import { findOperator } from "../ops/registry.ts";
import { placeOf, residualOf } from "../program/stages.ts";

/** Layers in a row that are drawn as one: convolution, normalisation, activation. */
export interface Run {
  readonly nodes: Node[];
  /** What it is drawn as: the first that is more than position by position, else the first. */
  main: Node;
  /** True while all of them work position by position: they wait for a layer to belong to. */
  isWaiting: boolean;
}

/** These mix channels without weights, and papers draw them as boxes. */
const ON_THEIR_OWN: ReadonlySet<string> = new Set(["lrn", "softmax"]);

/** The runs of a graph in order of their first layers. With `single` every layer is a run of its own. */
export function runsOf(graph: Graph, single: boolean): { readonly runs: readonly Run[]; readonly runOf: ReadonlyMap<Node, Run> } {
  const runs: Run[] = [];
  const runOf = new Map<Node, Run>();
  const uses = usesOf(graph);
  for (const node of graph.nodes) {
    const isWaiting = follows(node, graph);
    const before = single ? undefined : onlySource(node, uses);
    const run = before && runOf.get(before);
    // What follows belongs to the layer before it; a layer takes along what waited before it (pre-activation).
    if (before && run && (isWaiting ? run.nodes.every(isLayer) || isOfSameBlock(node, before) : run.isWaiting && isLayer(node))) {
      run.nodes.push(node);
      if (run.isWaiting && !isWaiting) run.main = node;
      run.isWaiting &&= isWaiting;
      runOf.set(node, run);
    } else {
      const own: Run = { nodes: [node], main: node, isWaiting };
      runs.push(own);
      runOf.set(node, own);
    }
  }
  return { runs, runOf };
}

/** Values that flow into a node: no parameters, no constants. */
export function dataInputs(node: Node): readonly Value[] {
  return node.inputs.filter(({ producer }) => producer.kind === "node" || producer.kind === "input");
}

const isLayer = (node: Node): boolean => findOperator(node.op)?.form === "layer";

/** Position by position, without weights, the shape unchanged: normalisations, activations, dropout; and what only lays out anew. */
function follows(node: Node, graph: Graph): boolean {
  const record = findOperator(node.op);
  if (record === undefined || record.form !== "layer" || ON_THEIR_OWN.has(node.op)) return false;
  if (node.op === "flatten") return true;
  const [input, ...others] = dataInputs(node);
  const [output] = node.outputs;
  return input !== undefined && others.length === 0 && output !== undefined && !record.weighted && record.window === undefined && sameShape(input.type.shape, output.type.shape, graph.facts);
}

/** What begins a block does not belong to the addition that ended the one before. */
function isOfSameBlock(node: Node, before: Node): boolean {
  return placeOf(node).unit === placeOf(before).unit;
}

function usesOf(graph: Graph): ReadonlyMap<Value, number> {
  const uses = new Map<Value, number>();
  const add = (value: Value): Map<Value, number> => uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const node of graph.nodes) for (const value of dataInputs(node)) add(value);
  for (const { value } of graph.outputs) add(value);
  return uses;
}

/** The one node that feeds this one and nothing else, on the same side of a shortcut. */
function onlySource(node: Node, uses: ReadonlyMap<Value, number>): Node | undefined {
  const [value, ...others] = dataInputs(node);
  if (value === undefined || others.length > 0 || value.producer.kind !== "node" || uses.get(value) !== 1) return undefined;
  const source = value.producer.node;
  return (source.origin?.inserted ?? false) === (node.origin?.inserted ?? false) && (!node.origin?.inserted || residualOf(source) === residualOf(node)) ? source : undefined;
}
