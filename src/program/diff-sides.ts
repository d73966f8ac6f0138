import type { Graph, Node } from "../ir/graph.ts";
import type { NodeMeasure } from "../passes/measure.ts";
import { measureNodes } from "../passes/measure.ts";
import { placeOf } from "./stages.ts";

/** A block of one side: its layers by their names inside it. */
export interface Block {
  readonly stage: string | null;
  readonly path: string;
  readonly layers: Map<string, Layer>;
}

export interface Layer {
  readonly node: Node;
  readonly cost: NodeMeasure;
  readonly reads: readonly Read[];
}

/** Something that a layer reads. */
export interface Read {
  readonly name: string;
  /** The same relative to the reader: `.conv1` in its own block, `^` for the end of the block before, which another may take the place of. */
  readonly place: string;
}

/** The blocks of a network by stage and path, in order. */
export function blocksOf(graph: Graph): ReadonlyMap<string, Block> {
  const blocks = new Map<string, Block>();
  const holder = new Map<Node, Block>();
  const costs = measureNodes(graph);
  const ends = new Map<Block | undefined, Node>();
  let previous: Block | undefined;
  let current: Block | undefined;
  for (const node of graph.nodes) {
    const { stage, unit } = placeOf(node);
    const path = unit?.path ?? stage?.path ?? "";
    const key = `${stage?.path ?? ""} ${path}`;
    let block = blocks.get(key);
    if (block === undefined) blocks.set(key, (block = { stage: stage?.path ?? null, path, layers: new Map() }));
    if (block !== current) [previous, current] = [current, block];
    holder.set(node, block);
    const reads = node.inputs.flatMap(({ producer, name }): Read[] => {
      if (producer.kind !== "node") return producer.kind === "parameter" ? [] : [{ name, place: name }];
      const from = holder.get(producer.node);
      const inside = within(name, from?.path ?? "");
      if (from === block) return [{ name: inside, place: `.${inside}` }];
      return from === previous && ends.get(previous) === producer.node ? [{ name: "the block before", place: "^" }] : [{ name, place: name }];
    });
    block.layers.set(within(node.name, path), { node, cost: costs[node.id] as NodeMeasure, reads });
    ends.set(block, node);
  }
  return blocks;
}

/** `conv1` for `layer1.0.conv1` in `layer1.0`. */
function within(name: string, path: string): string {
  return path !== "" && name.startsWith(`${path}.`) ? name.slice(path.length + 1) : name;
}
