import type { Attributes, ConstantTensor, Parameter, Value } from "../../ir/graph.ts";
import type { TensorType } from "../../ir/tensor-type.ts";

/**
 * Writes IR with IR operators: what gradient and training rules speak to. Shapes come from the operators' records.
 * The pass that implements it names the nodes after the node whose rule is running.
 */
export interface Emitter {
  /** Applies an operator and gives its first result. `hint` becomes part of the node's name. */
  op(name: string, inputs: readonly Value[], attributes?: Attributes, hint?: string): Value;
  /** Applies an operator and gives all its results. */
  ops(name: string, inputs: readonly Value[], attributes?: Attributes, hint?: string): readonly Value[];
  constant(tensor: ConstantTensor): Value;
  /** A float32 scalar (shape []). */
  scalar(value: number): Value;
  /** A new input of the graph for a random operator; the host fills it with uniform numbers in [0, 1) for every step. */
  input(name: string, type: TensorType): Value;
  /** Says that a state parameter (running mean or variance) becomes `next` after this step. */
  update(parameter: Parameter, next: Value): void;
}
