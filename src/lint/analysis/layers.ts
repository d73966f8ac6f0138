import type { Node, Value } from "../../ir/graph.ts";
import { findOperator } from "../../ops/registry.ts";
import type { OpName } from "../../ops/registry.ts";

const ACTIVATIONS: ReadonlySet<string> = new Set<OpName>(["relu", "relu6", "leakyrelu", "gelu", "silu", "sigmoid"]);
const NORMALISATIONS: ReadonlySet<string> = new Set<OpName>(["bn", "groupnorm", "layernorm"]);

/** True for the name of an operator that bends every number by itself. */
export const isActivation = (op: string): boolean => ACTIVATIONS.has(op);

/** True for the name of an operator that brings its input to mean 0 and variance 1, by batch, group or layer. */
export const isNormalisation = (op: string): boolean => NORMALISATIONS.has(op);

/** True for the name of a convolution or linear layer: what the paper counts as depth. */
export const isWeighted = (op: string): boolean => findOperator(op)?.weighted === true;

/** The inputs of a node that flow, without its parameters, which stand behind them. */
export function dataInputs({ inputs }: Node): readonly Value[] {
  const count = inputs.findIndex(({ producer }) => producer.kind === "parameter");
  return count === -1 ? inputs : inputs.slice(0, count);
}

/** The node a value comes from; none for an input. */
export function producerOf(value: Value | undefined): Node | undefined {
  return value?.producer.kind === "node" ? value.producer.node : undefined;
}

/** The node before this one, where it has one input that flows. */
export function nodeBefore(node: Node): Node | undefined {
  const [only, second] = node.inputs;
  const isOnly = second === undefined || second.producer.kind === "parameter";
  return isOnly ? producerOf(only) : undefined;
}

/** Channels of a node's result; they are always known. */
export function channelsOf(node: Node): number {
  const channels = node.outputs[0]?.type.shape[1];
  return typeof channels === "number" ? channels : 0;
}

/** True where a node reads the whole map at once: global pooling. */
export function seesWholeMap(node: Node): boolean {
  return findOperator(node.op)?.window?.(node.attributes) === "global";
}
