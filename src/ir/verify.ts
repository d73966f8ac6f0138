import type { Graph, Value } from "./graph.ts";
import { formatShape } from "./tensor-type.ts";

/**
 * What is wrong with a graph that a pass made, in words for its author; empty for a legal graph: names are unique, ids are
 * dense, everything is made before it is used, sizes are whole and positive.
 */
export function verifyGraph(graph: Graph): readonly string[] {
  const wrong: string[] = [];
  const names = new Set<string>();
  const made = new Set<Value>();
  const make = (value: Value): void => {
    if (made.has(value)) wrong.push(`${value.name} is made twice`);
    made.add(value);
    if (names.has(value.name)) wrong.push(`two values are called ${value.name}`);
    names.add(value.name);
    const broken = value.type.shape.some((size) => typeof size === "number" && (!Number.isSafeInteger(size) || size < 1));
    if (broken) wrong.push(`${value.name} has the shape ${formatShape(value.type.shape)}`);
  };
  const use = (value: Value, user: string): void => {
    if (value.producer.kind !== "constant" && !made.has(value)) wrong.push(`${user} uses ${value.name}, which is not made before it`);
  };

  for (const input of graph.inputs) {
    if (input.producer.kind !== "input") wrong.push(`the input ${input.name} is made by a ${input.producer.kind}`);
    make(input);
  }
  for (const parameter of graph.parameters) {
    make(parameter.value);
    if (parameter.value.name !== parameter.name) wrong.push(`the parameter ${parameter.name} has a value called ${parameter.value.name}`);
    if (formatShape(parameter.shape) !== formatShape(parameter.value.type.shape)) wrong.push(`the parameter ${parameter.name} and its value differ in shape`);
  }
  graph.nodes.forEach((node, index) => {
    if (node.id !== index) wrong.push(`${node.name} has the id ${node.id} at place ${index}`);
    if (node.outputs.length === 0) wrong.push(`${node.name} makes nothing`);
    for (const input of node.inputs) use(input, node.name);
    for (const [name, value] of Object.entries(node.attributes)) {
      const numbers = typeof value === "number" ? [value] : Array.isArray(value) ? (value as readonly number[]) : [];
      if (!numbers.every(Number.isFinite)) wrong.push(`${node.name} has ${name} = ${String(value)}`);
    }
    node.outputs.forEach((output, position) => {
      const { producer } = output;
      if (producer.kind !== "node" || producer.node !== node || producer.index !== position) wrong.push(`${output.name} does not name ${node.name} as its maker`);
      make(output);
    });
  });
  if (graph.outputs.length === 0) wrong.push("the graph has no output");
  for (const { name, value } of graph.outputs) use(value, `the output ${name}`);
  if (new Set(graph.outputs.map(({ name }) => name)).size < graph.outputs.length) wrong.push("two outputs have the same name");
  return wrong;
}
