import type { Graph, Node, Value } from "../ir/graph.ts";
import type { Instance } from "../ir/origin.ts";
import { instanceChain, placeOf } from "../program/stages.ts";

/** What a reader calls a block: `layer1.0`, the stem, the head. */
export interface Block {
  readonly name: string;
  /** What holds it, when it is one of several: `layer1`. */
  readonly stage: string | undefined;
  /** The use of a block or group that it is; absent for layers that stand directly in the network. */
  readonly instance: Instance | undefined;
  readonly nodes: readonly Node[];
  /** What leaves it: values that later blocks read, or the network gives. */
  readonly outputs: readonly Value[];
  /** The blocks whose values it reads, by index. */
  readonly before: readonly number[];
}

interface Draft {
  readonly instance: Instance | undefined;
  readonly stage: Instance | undefined;
  readonly nodes: Node[];
}

/**
 * The blocks of a network, in the order of their first layers. The uses of blocks in a stage are blocks; a labelled block or
 * group that has layers of its own is one as a whole; layers outside of all stand together with their neighbours.
 */
export function blocksOf(graph: Graph): readonly Block[] {
  const drafts = draftsOf(graph);
  const names = namesOf(drafts);
  const blockOf = new Map(drafts.flatMap(({ nodes }, index) => nodes.map((node) => [node, index] as const)));
  const given = new Set(graph.outputs.map(({ value }) => value));
  const leaves = new Set<Value>();
  const before = drafts.map(() => new Set<number>());
  drafts.forEach(({ nodes }, index) => {
    for (const value of nodes.flatMap(({ inputs }) => inputs)) {
      if (value.producer.kind !== "node") continue;
      const maker = blockOf.get(value.producer.node);
      if (maker === undefined || maker === index) continue;
      leaves.add(value);
      before[index]?.add(maker);
    }
  });
  return drafts.map(({ instance, stage, nodes }, index) => ({
    name: names[index] ?? "",
    stage: stage === instance ? undefined : stage?.path,
    instance,
    nodes,
    outputs: nodes.flatMap(({ outputs }) => outputs).filter((value) => leaves.has(value) || given.has(value)),
    before: [...(before[index] ?? [])],
  }));
}

function draftsOf(graph: Graph): readonly Draft[] {
  const places = graph.nodes.map(placeOf);
  const whole = new Set(places.flatMap(({ stage, unit }) => (stage && unit === undefined ? [stage] : [])));
  const hasStages = places.some(({ stage }) => stage !== undefined);
  const drafts: Draft[] = [];
  const held = new Map<Instance, Draft>();
  let loose: Draft | undefined;
  let around: Instance | undefined;
  graph.nodes.forEach((node, index) => {
    const { stage, unit } = places[index] ?? {};
    const instance = stage && (whole.has(stage) ? stage : unit);
    if (instance === undefined) {
      // Where nothing is in stages, every layer with weights begins a block of its own.
      const begins = !hasStages && (node.op === "conv" || node.op === "linear");
      const network = networkOf(node);
      if (begins || loose === undefined || around !== network) drafts.push((loose = { instance: undefined, stage: undefined, nodes: [] }));
      around = network;
      loose.nodes.push(node);
      return;
    }
    loose = undefined;
    let draft = held.get(instance);
    if (draft === undefined) {
      draft = { instance, stage, nodes: [] };
      held.set(instance, draft);
      drafts.push(draft);
    }
    draft.nodes.push(node);
  });
  return drafts;
}

/** The innermost network that holds a node: one may be a layer of another. */
function networkOf(node: Node): Instance | undefined {
  return instanceChain(node.origin?.instance).filter(({ kind }) => kind === "network").pop();
}

/** Loose layers before the first block are the stem, those after the last one the head; others are named by themselves. */
function namesOf(drafts: readonly Draft[]): readonly string[] {
  const known = new Set(drafts.flatMap(({ instance }) => (instance ? [instance.path] : [])));
  return drafts.map(({ instance, nodes }, index) => {
    if (instance) return instance.path;
    const name = known.size === 0 ? "" : index === 0 ? "stem" : index === drafts.length - 1 ? "head" : "";
    if (name !== "" && !known.has(name)) return name;
    const [first, last] = [nodes[0]?.name ?? "", nodes[nodes.length - 1]?.name ?? ""];
    return first === last ? first : `${first} … ${last}`;
  });
}
