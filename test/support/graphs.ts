import { NO_FACTS } from "../../src/ir/dim.ts";
import type { Dim, Facts } from "../../src/ir/dim.ts";
import { createGraphBuilder } from "../../src/ir/graph.ts";
import type { Attributes, AttributeValue, Graph, Node, Value } from "../../src/ir/graph.ts";
import type { OpFault, OpRecord, TypeContext } from "../../src/ops/define-op.ts";
import { dataInputs } from "../../src/ops/apply.ts";
import { findOperator } from "../../src/ops/registry.ts";
import type { Tensor } from "./interpreter/tensor.ts";
import { sizeOf, tensor } from "./interpreter/tensor.ts";

export type Given = Readonly<Record<string, AttributeValue>>;

/** A fault that a record reported, thrown so that a test can look at it. */
export class Fault extends Error {
  readonly fault: OpFault;
  constructor(fault: OpFault) {
    super(`${fault.code}: ${fault.message}`);
    this.fault = fault;
  }
}

export function recordOf(op: string): OpRecord {
  const record = findOperator(op);
  if (!record) throw new Error(`no operator is called ${op}`);
  return record;
}

function contextOf(record: OpRecord, inputs: readonly Value[], facts: Facts): TypeContext {
  return {
    inputs: dataInputs(record, inputs).map((value) => value.type),
    facts,
    fail(fault) {
      throw new Fault(fault);
    },
  };
}

/** Builds small graphs by hand, the way the checker does: resolve, shape, parameters. */
export interface NetBuilder {
  input(shape: readonly Dim[], name?: string): Value;
  /** An operator with what a call would give it; the name is `kind` and a number unless given. */
  op(op: string, inputs: Value | readonly Value[], given?: Given, name?: string): Value;
  readonly nodes: readonly Node[];
  finish(...outputs: readonly Value[]): Graph;
}

export function netBuilder(facts: Facts = NO_FACTS): NetBuilder {
  const builder = createGraphBuilder();
  const counts = new Map<string, number>();
  let inputCount = 0;
  return {
    nodes: builder.nodes,
    input(shape, name = inputCount === 0 ? "image" : `image${inputCount}`) {
      inputCount++;
      return builder.input(name, { dtype: "float32", shape });
    },
    op(op, given_, given = {}, name) {
      const inputs = Array.isArray(given_) ? (given_ as readonly Value[]) : [given_ as Value];
      const record = recordOf(op);
      const context = contextOf(record, inputs, facts);
      const defaults = Object.fromEntries(record.attributes.map((spec) => [spec.name, spec.default]));
      const all = { ...defaults, ...given };
      const attributes = (record.resolve ? record.resolve({ ...context, given: all }) : all) as Attributes;
      if (record.vanishes?.(attributes, inputs[0]!.type)) return inputs[0]!;
      const count = (counts.get(record.kind) ?? 0) + 1;
      counts.set(record.kind, count);
      const full = name ?? `${record.kind}${count}`;
      const types = record.shape({ ...context, attributes })!;
      const specs = record.parameters?.({ ...context, attributes }) ?? [];
      const parameters = specs.map((spec) => builder.parameter({ ...spec, name: `${full}.${spec.name}` }).value);
      return builder.node({ op, name: full, attributes, inputs: [...inputs, ...parameters], types }).outputs[0]!;
    },
    finish: (...outputs) =>
      builder.finish({
        name: "Wibble",
        outputs: outputs.map((value, index) => ({ name: index === 0 ? "output" : `output${index}`, value })),
        symbols: ["N"],
        facts,
        assumptions: [],
        instance: undefined,
      }),
  };
}

/** Pseudo-random numbers of a seed: uniform in [0, 1). (Mulberry32.) */
export function uniformOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Numbers in [-1, 1) that a float32 holds exactly, so that no runtime rounds them first. */
export function noise(shape: readonly number[], next: () => number): Tensor {
  return tensor(shape, Array.from({ length: sizeOf(shape) }, () => Math.fround(next() * 2 - 1)));
}

/** A value for every input and parameter: noise, and positive variances. Open sizes are taken from `sizes`. */
export function feedsFor(graph: Graph, seed: number, sizes: Readonly<Record<string, number>> = {}): Record<string, Tensor> {
  const next = uniformOf(seed);
  const feeds: Record<string, Tensor> = {};
  for (const { name, type } of graph.inputs) {
    feeds[name] = noise(type.shape.map((size) => (typeof size === "number" ? size : (sizes[size.key.replace(/\W|\d/g, "")] ?? 2))), next);
  }
  for (const { name, role, shape } of graph.parameters) {
    const values = noise(shape, next);
    feeds[name] = role === "running_var" ? tensor(shape, values.data.map((x) => Math.fround(1 + x / 2))) : values;
  }
  return feeds;
}
