import { InternalError } from "../base/assert.ts";
import { NO_FACTS } from "../ir/dim.ts";
import type { Facts } from "../ir/dim.ts";
import type { Attributes, Value } from "../ir/graph.ts";
import { formatShape, shapeOfOne } from "../ir/tensor-type.ts";
import type { TensorType } from "../ir/tensor-type.ts";
import type { OpRecord } from "./define-op.ts";

/** The data inputs among a node's inputs: all of a join and of an internal operator, the first of a layer. */
export function dataInputs<T>(record: OpRecord, inputs: readonly T[]): readonly T[] {
  return record.form === "join" || record.level === "internal" ? inputs : inputs.slice(0, 1);
}

/** Multiply-adds of an operator for one example; nothing while a size is open. */
export function macsOfOne(record: OpRecord, attributes: Attributes, inputs: readonly TensorType[], outputs: readonly TensorType[]): number | undefined {
  if (record.macs === undefined) return 0;
  const ins = inputs.map(oneOf);
  const outs = outputs.map(oneOf);
  if (!ins.every(isKnown) || !outs.every(isKnown)) return undefined;
  return record.macs({ attributes, inputs: ins, outputs: outs });
}

const oneOf = (type: TensorType): readonly number[] | undefined => shapeOfOne(type.shape);
const isKnown = (shape: readonly number[] | undefined): shape is readonly number[] => shape !== undefined;

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
  if (types === undefined) throw new InternalError(`${record.name} on ${inputs.map(({ type }) => formatShape(type.shape)).join(", ")}: ${message}`);
  return types;
}
