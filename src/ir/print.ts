import type { AttributeValue, Graph, Value } from "./graph.ts";
import { formatShape } from "./tensor-type.ts";

function formatAttribute(value: AttributeValue): string {
  return typeof value === "object" ? `[${value.join(", ")}]` : typeof value === "string" ? JSON.stringify(value) : String(value);
}

function formatOperand(value: Value): string {
  const { producer } = value;
  if (producer.kind !== "constant") return value.name;
  const { shape, data } = producer.tensor;
  return shape.length === 0 ? String(data[0]) : `constant${formatShape(shape)}`;
}

/**
 * A graph as text, one line a node, for tests and for looking at what a pass did:
 *
 *     graph Wibble
 *     input image: float32[N, 3, 32, 32]
 *     conv1 = conv(image, conv1.weight) kernel=[3, 3] …: [N, 16, 32, 32]
 *     output output = conv1
 */
export function printGraph(graph: Graph): string {
  const lines = [`graph ${graph.name}`];
  for (const { name, type } of graph.inputs) lines.push(`input ${name}: ${type.dtype}${formatShape(type.shape)}`);
  for (const node of graph.nodes) {
    const attributes = Object.entries(node.attributes).map(([name, value]) => ` ${name}=${formatAttribute(value)}`);
    const results = node.outputs.map(({ name }) => name).join(", ");
    const types = node.outputs.map(({ type }) => formatShape(type.shape)).join(", ");
    lines.push(`${results} = ${node.op}(${node.inputs.map(formatOperand).join(", ")})${attributes.join("")}: ${types}`);
  }
  for (const { name, value } of graph.outputs) lines.push(`output ${name} = ${formatOperand(value)}`);
  return `${lines.join("\n")}\n`;
}
