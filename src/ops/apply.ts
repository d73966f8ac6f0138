import { invariant } from "../base/assert.ts";
import { NO_FACTS } from "../ir/dim.ts";
import type { Facts } from "../ir/dim.ts";
import type { Attributes, Value } from "../ir/graph.ts";
import { formatShape } from "../ir/tensor-type.ts";
import type { TensorType } from "../ir/tensor-type.ts";
import type { OpRecord } from "./define-op.ts";

/** The data inputs among a node's inputs: all of a join and of an internal operator, the first of a layer. */
export function dataInputs<T>(record: OpRecord, inputs: readonly T[]): readonly T[] {
  return record.form === "join" || record.level === "internal" ? inputs : inputs.slice(0, 1);
}

/** The result types of an operator that a pass applies. Inputs that do not fit are a bug of the pass. */
export function resultTypes(record: OpRecord, inputs: readonly Value[], attributes: Attributes, facts: Facts = NO_FACTS): readonly TensorType[] {
  let message = "";
  const types = record.shape({
    inputs: dataInputs(record, inputs).map((value) => value.type),
    attributes,
    facts,
    fail(fault) {
      message = fault.message;
      return undefined;
    },
  });
  invariant(types, `${record.name} on ${inputs.map(({ type }) => formatShape(type.shape)).join(", ")}: ${message}`);
  return types;
}
