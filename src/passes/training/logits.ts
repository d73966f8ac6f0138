import { InputError } from "../../base/input-error.ts";
import type { Graph, GraphOutput, Node, Value } from "../../ir/graph.ts";
import { formatShape } from "../../ir/tensor-type.ts";

/** What of a network a training step runs. */
export interface TrainedPart {
  /** The logits in the network: its output, or what stands before the softmax that the output ends in. */
  readonly logits: Value;
  /** The nodes that the logits need, in order. */
  readonly nodes: readonly Node[];
  /** The inputs that the logits need, in order. */
  readonly inputs: readonly Value[];
  /** What was decided; sentences to show. */
  readonly notes: readonly string[];
}

/**
 * Finds the logits that a loss stands on.
 *
 * @param lossOn the name of an output, where there are several
 * @throws {@link InputError} when it is not said which output they are, or an output is not [N, classes] with two classes or more
 */
export function trainedPart(network: Graph, lossOn: string | undefined): TrainedPart {
  const [first, ...others] = network.outputs;
  const output = lossOn === undefined ? first : network.outputs.find(({ name }) => name === lossOn);
  if (output === undefined) throw new InputError(`\`${network.name}\` has no output \`${lossOn}\` to train on`, { help: [`Its outputs are ${listed(network.outputs)}.`] });
  if (lossOn === undefined && others.length > 0) {
    const possible = network.outputs.filter(isClasses);
    throw new InputError(`\`${network.name}\` has ${network.outputs.length} outputs, and a training step has one loss, on one of them`, {
      notes: [`Its outputs are ${listed(network.outputs)}.`],
      help: [possible.length > 0 ? `Say on which: ${possible.map(({ name }) => `\`--loss-on ${name}\``).join(" or ")}.` : "None of them has one number for every class, [N, classes], so none can be trained on."],
    });
  }
  if (!isClasses(output)) {
    throw new InputError(`the output \`${output.name}\` of \`${network.name}\` is ${formatShape(output.value.type.shape)}, and a training step needs one number for every class: [N, classes]`, {
      help: ["Let the network end in a classifier: `globalavgpool -> linear(10)`."],
    });
  }
  if (output.value.type.shape[1] === 1) {
    throw new InputError(`the output \`${output.name}\` of \`${network.name}\` is ${formatShape(output.value.type.shape)}: one class, whose softmax is always 1 and learns nothing`, {
      help: ["Give yes and no a number each: `linear(2)`."],
    });
  }
  const notes: string[] = [];
  const logits = beforeSoftmax(output.value);
  if (logits !== output.value) notes.push(`\`${output.name}\` ends in a softmax; the loss is taken from what goes into it, as it has a softmax of its own`);
  const nodes = neededBy([logits], network.nodes);
  const read = new Set([logits, ...nodes.flatMap((node) => node.inputs)]);
  return { logits, nodes, inputs: network.inputs.filter((input) => read.has(input)), notes };
}

const isClasses = ({ value: { type } }: GraphOutput): boolean => type.shape.length === 2 && typeof type.shape[1] === "number";
const listed = (outputs: readonly GraphOutput[]): string => outputs.map(({ name, value }) => `\`${name}\` ${formatShape(value.type.shape)}`).join(", ");

/** Whether an output is one of a softmax already. */
export const endsInSoftmax = (output: Value): boolean => beforeSoftmax(output) !== output;

/** Looks through what hands its input on. */
function beforeSoftmax(output: Value): Value {
  let at = output;
  for (;;) {
    const node = at.producer.kind === "node" ? at.producer.node : undefined;
    const [input] = node?.inputs ?? [];
    if (input === undefined) return output;
    if (node?.op === "softmax") return input;
    if (node?.op !== "identity") return output;
    at = input;
  }
}

/** The network that gives logits where it would end an output in a softmax, and which of its outputs they are; else the same network. */
export function withLogits(network: Graph, lossOn: string | undefined): { readonly graph: Graph; readonly index: number; readonly classes: number } {
  const { logits } = trainedPart(network, lossOn);
  const index = lossOn === undefined ? 0 : network.outputs.findIndex(({ name }) => name === lossOn);
  const classes = Number(logits.type.shape[1]);
  if (network.outputs[index]?.value === logits) return { graph: network, index, classes };
  const outputs = network.outputs.map((output, place) => (place === index ? { ...output, value: logits } : output));
  return { graph: { ...network, outputs, nodes: neededBy(outputs.map(({ value }) => value), network.nodes) }, index, classes };
}

/** The nodes that some values are made of, in order. */
export function neededBy(values: Iterable<Value>, nodes: readonly Node[]): readonly Node[] {
  const needed = new Set(values);
  const kept = [...nodes].reverse().filter((node) => {
    if (!node.outputs.some((value) => needed.has(value))) return false;
    node.inputs.forEach((value) => needed.add(value));
    return true;
  });
  return kept.reverse();
}
