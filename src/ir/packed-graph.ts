import { invariant } from "../base/assert.ts";
import type { Facts } from "./dim.ts";
import { createGraphBuilder } from "./graph.ts";
import type { ConstantTensor, Graph, NodeInput, ParameterInput, Value } from "./graph.ts";
import type { Instance } from "./origin.ts";
import type { TensorType } from "./tensor-type.ts";

/** What makes values, in order; `first` is the id of the first of them. */
type PackedItem =
  | { readonly kind: "input"; readonly first: number; readonly name: string; readonly type: TensorType }
  | { readonly kind: "parameter"; readonly first: number; readonly parameter: ParameterInput }
  | { readonly kind: "constant"; readonly first: number; readonly tensor: ConstantTensor }
  | { readonly kind: "node"; readonly first: number; readonly node: Omit<NodeInput, "inputs">; readonly inputs: readonly number[] };

/**
 * A graph as plain data for another process or thread. In a graph every value leads to its node and that to the values
 * before it: copying such a chain goes as deep as the network, and thousands of layers are too deep.
 */
export interface PackedGraph {
  readonly name: string;
  readonly items: readonly PackedItem[];
  readonly outputs: readonly { readonly name: string; readonly value: number }[];
  readonly symbols: readonly string[];
  readonly facts: Facts;
  readonly assumptions: readonly string[];
  readonly instance: Instance | undefined;
}

/** Takes a graph apart. Constants that no node reads are left out. */
export function packGraph(graph: Graph): PackedGraph {
  const items: PackedItem[] = [];
  for (const { id, name, type } of graph.inputs) items.push({ kind: "input", first: id, name, type });
  for (const { value, name, role, shape, dtype, initializer } of graph.parameters) {
    items.push({ kind: "parameter", first: value.id, parameter: { name, role, shape, dtype, initializer } });
  }
  const constants = new Set<Value>();
  for (const { op, name, attributes, inputs, outputs, origin } of graph.nodes) {
    for (const value of inputs) if (value.producer.kind === "constant") constants.add(value);
    const [first] = outputs;
    invariant(first !== undefined, `${name} gives something`);
    items.push({ kind: "node", first: first.id, node: { op, name, attributes, types: outputs.map(({ type }) => type), origin }, inputs: inputs.map(({ id }) => id) });
  }
  for (const { id, producer } of constants) if (producer.kind === "constant") items.push({ kind: "constant", first: id, tensor: producer.tensor });
  const { name, symbols, facts, assumptions, instance } = graph;
  return { name, items: items.sort((a, b) => a.first - b.first), outputs: graph.outputs.map((output) => ({ name: output.name, value: output.value.id })), symbols, facts, assumptions, instance };
}

/** Puts a graph together again: the same names in the same order. */
export function unpackGraph(packed: PackedGraph): Graph {
  const builder = createGraphBuilder();
  const values = new Map<number, Value>();
  const valueOf = (id: number): Value => {
    const value = values.get(id);
    invariant(value !== undefined, "values are made before they are used");
    return value;
  };
  for (const item of packed.items) {
    switch (item.kind) {
      case "input":
        values.set(item.first, builder.input(item.name, item.type));
        break;
      case "parameter":
        values.set(item.first, builder.parameter(item.parameter).value);
        break;
      case "constant":
        values.set(item.first, builder.constant(item.tensor));
        break;
      case "node":
        builder.node({ ...item.node, inputs: item.inputs.map(valueOf) }).outputs.forEach((value, index) => values.set(item.first + index, value));
    }
  }
  const { name, outputs, symbols, facts, assumptions, instance } = packed;
  return builder.finish({ name, outputs: outputs.map((output) => ({ name: output.name, value: valueOf(output.value) })), symbols, facts, assumptions, instance });
}
