import type { GraphBuilder, Node, Value } from "../../ir/graph.ts";
import type { GradientRule } from "../../ops/define-op.ts";
import type { GraphWriter } from "./graph-writer.ts";

/**
 * A way to write a training step other than by the operators' records: for a runtime that has better forms of some operators.
 * What values mean stays the same, so that the loss, the descent and every rule that the dialect does not replace are written
 * as ever; the writer sees to it that they get values that they can read.
 */
export interface Dialect {
  readonly writer: GraphWriter;
  /** The rule for a node, whose inputs are already written, where it is another than the record's. */
  rule(node: Node, inputs: readonly Value[]): GradientRule | undefined;
  /** Says that an input of the new graph comes in the form of another value: a momentum in that of its parameter. */
  alike(input: Value, as: Value): void;
}

/** Begins to write in a dialect. */
export type DialectFactory = (builder: GraphBuilder) => Dialect;
