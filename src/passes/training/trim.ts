import { invariant } from "../../base/assert.ts";
import { createGraphBuilder } from "../../ir/graph.ts";
import type { Graph, Value } from "../../ir/graph.ts";
import { neededBy } from "./logits.ts";

/**
 * The graph without nodes that no output needs and without inputs that nothing reads, except those that `keeps` names. The same
 * graph where there are none. For graphs whose parameters are inputs.
 */
export function trim(graph: Graph, keeps: (input: string) => boolean): Graph {
  const results = graph.outputs.map(({ value }) => value);
  const nodes = neededBy(results, graph.nodes);
  const read = new Set([...results, ...nodes.flatMap((node) => node.inputs)]);
  const inputs = graph.inputs.filter((input) => read.has(input) || keeps(input.name));
  if (nodes.length === graph.nodes.length && inputs.length === graph.inputs.length) return graph;

  const builder = createGraphBuilder();
  const made = new Map<Value, Value>();
  const of = (value: Value): Value => {
    const known = made.get(value);
    if (known) return known;
    invariant(value.producer.kind === "constant", `${value.name} was made before it is used`);
    const constant = builder.constant(value.producer.tensor);
    made.set(value, constant);
    return constant;
  };
  for (const input of inputs) made.set(input, builder.input(input.name, input.type));
  for (const node of nodes) {
    const { op, name, attributes, origin } = node;
    const copy = builder.node({ op, name, attributes, inputs: node.inputs.map(of), types: node.outputs.map(({ type }) => type), origin });
    copy.outputs.forEach((output, index) => {
      const original = node.outputs[index];
      if (original) made.set(original, output);
    });
  }
  const { name, symbols, facts, assumptions, instance } = graph;
  return builder.finish({ name, symbols, facts, assumptions, instance, outputs: graph.outputs.map(({ name: output, value }) => ({ name: output, value: of(value) })) });
}
