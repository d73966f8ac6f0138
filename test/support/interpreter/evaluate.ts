import type { Attributes, Graph } from "../../../src/ir/graph.ts";
import { internalKernels } from "./internal-kernels.ts";
import { languageKernels } from "./language-kernels.ts";
import { tensor } from "./tensor.ts";
import type { Tensor } from "./tensor.ts";

/** What an operator does, in loops over float64 numbers, from its definition alone. */
export type Kernel = (inputs: readonly Tensor[], attributes: Attributes) => Tensor;

const kernels: Readonly<Record<string, Kernel>> = { ...languageKernels, ...internalKernels };

/**
 * Runs a graph at inference, node after node. It knows nothing of the operators' records: it is what they are tested against.
 *
 * @param feeds a tensor for every input and every parameter, by name
 */
export function evaluate(graph: Graph, feeds: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const values = new Map<object, Tensor>();
  const fed = (name: string): Tensor => {
    const found = feeds[name];
    if (!found) throw new Error(`nothing was fed for ${name}`);
    return found;
  };
  for (const input of graph.inputs) values.set(input, fed(input.name));
  for (const parameter of graph.parameters) values.set(parameter.value, fed(parameter.name));
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((value) => {
      if (value.producer.kind === "constant") return tensor(value.producer.tensor.shape, value.producer.tensor.data);
      const known = values.get(value);
      if (!known) throw new Error(`${value.name} is used before it is made`);
      return known;
    });
    const kernel = kernels[node.op];
    if (!kernel) throw new Error(`the interpreter does not know ${node.op}`);
    const output = kernel(inputs, node.attributes);
    const declared = node.outputs[0]!.type.shape;
    if (declared.every((size) => typeof size === "number") && declared.join() !== output.shape.join()) {
      throw new Error(`${node.name} (${node.op}) gives [${output.shape}], but its type says [${declared.join()}]`);
    }
    values.set(node.outputs[0]!, output);
  }
  return Object.fromEntries(graph.outputs.map(({ name, value }) => [name, values.get(value)!]));
}
