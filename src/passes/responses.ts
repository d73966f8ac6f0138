import type { Graph, Value } from "../ir/graph.ts";

/**
 * What leaves each convolution with a square kernel of this size, after its batch norm where one follows, before any
 * nonlinearity: the responses of He et al. 2015, section 4.2. In the order of the graph.
 */
export function responsesOf(graph: Graph, kernel: number): readonly Value[] {
  const normalized = new Map(graph.nodes.flatMap(({ op, inputs: [input], outputs: [output] }) => (op === "bn" && input && output ? [[input, output] as const] : [])));
  return graph.nodes.flatMap(({ op, attributes, outputs: [output] }) => {
    const sizes = attributes["kernel"];
    const fits = op === "conv" && output !== undefined && Array.isArray(sizes) && sizes.every((size) => size === kernel);
    return fits ? [normalized.get(output) ?? output] : [];
  });
}
