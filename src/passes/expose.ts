import type { Graph, GraphOutput, Value } from "../ir/graph.ts";

/** A network that shows more of what it computes. */
export interface Exposed {
  readonly graph: Graph;
  /** Where each value asked for stands among the graph's outputs. */
  readonly at: ReadonlyMap<Value, number>;
}

/**
 * The same network with further outputs, after its own: one for each of these values, named after the layer that computes it.
 * A value that is an output already stays one.
 */
export function expose(graph: Graph, values: Iterable<Value>): Exposed {
  const outputs: GraphOutput[] = [...graph.outputs];
  const shown = new Map(outputs.map(({ value }, index) => [value, index]));
  // A tensor of a file has one name and one maker: an output is called neither as an input nor as a parameter nor as another output.
  const taken = new Set([...graph.inputs, ...graph.parameters, ...outputs].map(({ name }) => name));
  const at = new Map<Value, number>();
  for (const value of values) {
    let index = shown.get(value);
    if (index === undefined) {
      let name = value.name;
      for (let copy = 2; taken.has(name); copy++) name = `${value.name}_${copy}`;
      taken.add(name);
      index = outputs.push({ name, value }) - 1;
      shown.set(value, index);
    }
    at.set(value, index);
  }
  return { graph: { ...graph, outputs }, at };
}
