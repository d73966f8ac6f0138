import { invariant } from "../../base/assert.ts";
import type { Attributes, ConstantTensor, GraphBuilder, Parameter, Value } from "../../ir/graph.ts";
import type { Origin } from "../../ir/origin.ts";
import type { TensorType } from "../../ir/tensor-type.ts";
import { resultTypes } from "../../ops/apply.ts";
import type { Emitter } from "../../ops/contract/emitter.ts";
import type { OpRecord } from "../../ops/define-op.ts";
import { findOperator } from "../../ops/registry.ts";

/** Where the nodes that are written come from: their names begin with `name`. */
export interface Place {
  readonly name: string;
  readonly origin: Origin | undefined;
}

/** An emitter over a graph builder. Equal constants are made once; types come from the operators' records. */
export interface GraphWriter extends Emitter {
  /** Says on whose behalf the next nodes are written. */
  moveTo(place: Place): void;
  /** Applies an operator under exactly this name. */
  named(name: string, op: string, inputs: readonly Value[], attributes: Attributes): readonly Value[];
  /** What state parameters become, in the order of the updates. */
  readonly updates: ReadonlyMap<Parameter, Value>;
  /** Inputs that the host fills with uniform numbers in [0, 1). */
  readonly random: readonly Value[];
}

/** @param find where operators are looked up by name */
export function createGraphWriter(builder: GraphBuilder, find: (op: string) => OpRecord | undefined = findOperator): GraphWriter {
  const updates = new Map<Parameter, Value>();
  const random: Value[] = [];
  const constants = new Map<string, Value>();
  const counts = new Map<string, number>();
  let place: Place = { name: "", origin: undefined };

  const unique = (name: string): string => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count === 1 ? name : unique(`${name}_${count}`);
  };
  const apply = (name: string, op: string, inputs: readonly Value[], attributes: Attributes): readonly Value[] => {
    const record = find(op);
    invariant(record, `an operator is called ${op}`);
    const types = resultTypes(record, inputs, attributes);
    return builder.node({ op, name: unique(name), attributes, inputs, types, origin: place.origin }).outputs;
  };
  const ops: Emitter["ops"] = (op, inputs, attributes = {}, hint = op) => apply(`${place.name}.${hint}`, op, inputs, attributes);
  const constant = (tensor: ConstantTensor): Value => {
    const key = `${tensor.dtype}[${tensor.shape.join()}]${tensor.data.join()}`;
    const known = constants.get(key) ?? builder.constant(tensor);
    constants.set(key, known);
    return known;
  };

  return {
    updates,
    random,
    moveTo(next) {
      place = next;
    },
    named: apply,
    ops,
    op(...given) {
      const [first] = ops(...given);
      invariant(first, `${given[0]} has a result`);
      return first;
    },
    constant,
    scalar: (value) => constant({ dtype: "float32", shape: [], data: [value] }),
    input(name, type: TensorType) {
      const made = builder.input(name, type);
      random.push(made);
      return made;
    },
    update(parameter, next) {
      updates.set(parameter, next);
    },
  };
}
