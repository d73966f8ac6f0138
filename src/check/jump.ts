import type { Node, Value } from "../ir/graph.ts";
import type { Dim } from "../ir/dim.ts";
import type { OpRecord } from "../ops/define-op.ts";
import { findOperator } from "../ops/registry.ts";

/**
 * How far apart in the input two neighbouring positions of a value are, per spatial axis: the accumulated stride. Only
 * quotients within one epoch mean something; an operator that sees the whole map (global pooling) begins a new one.
 */
export interface Jump {
  readonly epoch: number;
  readonly factors: readonly number[];
  /** True where branches of unlike stride met: no shortcut can follow. */
  readonly unlike: boolean;
}

/** The jump of a node's result from those of its data inputs. */
export function jumpOf(node: Node, inputs: readonly Value[], jumps: ReadonlyMap<Value, Jump>, newEpoch: () => number): Jump {
  const record = findOperator(node.op) as OpRecord;
  const output = node.outputs[0] as Value;
  const spatial = Math.max(0, output.type.shape.length - 2);
  const fresh = (): Jump => ({ epoch: newEpoch(), factors: new Array<number>(spatial).fill(1), unlike: false });
  // Only a join stretches; where one layer enlarges a map of size 1 the stride goes on through it.
  const counting = inputs.length > 1 ? inputs.filter((value) => !isStretched(value, output)) : inputs;
  const known = counting.flatMap((value) => jumps.get(value) ?? []);
  const first = known[0];
  if (first === undefined) return fresh();
  const window = record.window?.(node.attributes);
  if (window === "global") return fresh();
  if (first.factors.length !== spatial) return spatial === 0 ? { ...first, factors: [] } : fresh();
  const unlike = known.some((jump) => jump.unlike || jump.epoch !== first.epoch || jump.factors.some((f, axis) => f !== first.factors[axis]));
  if (window === undefined) return unlike === first.unlike ? first : { ...first, unlike };
  const factors = first.factors.map((factor, axis) => {
    const stride = window.stride[axis] ?? 1;
    return window.enlarges ? factor / stride : factor * stride;
  });
  return { epoch: first.epoch, factors, unlike };
}

/** A map that `mul` stretches from size 1 over a larger one, on one axis or all, says nothing about strides. */
function isStretched(value: Value, output: Value): boolean {
  const from = value.type.shape.slice(2);
  const to: readonly Dim[] = output.type.shape.slice(2);
  return from.length === to.length && from.some((dim, axis) => dim === 1 && to[axis] !== 1);
}

/** F's stride per axis seen from its input, 1 without spatial axes; `undefined` where it has none (unlike branches, another epoch). */
export function strideBetween(from: Jump | undefined, to: Jump | undefined): readonly number[] | undefined {
  if (from === undefined || to === undefined) return undefined;
  if (to.factors.length === 0) return [1];
  if (to.unlike || from.unlike || from.epoch !== to.epoch || from.factors.length !== to.factors.length) return undefined;
  return to.factors.map((factor, axis) => {
    const quotient = factor / (from.factors[axis] as number);
    return Math.abs(quotient - Math.round(quotient)) < 1e-9 ? Math.round(quotient) : quotient;
  });
}
