import type { Node, Value } from "../ir/graph.ts";
import type { OpRecord } from "../ops/define-op.ts";
import type { Session } from "./session.ts";

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
export function jumpOf(record: OpRecord, node: Node, inputs: readonly Value[], session: Pick<Session, "jumps" | "epochs">): Jump {
  const output = node.outputs[0] as Value;
  const spatial = Math.max(0, output.type.shape.length - 2);
  let first: Jump | undefined;
  let unlike = false;
  for (const value of inputs) {
    // Only a join stretches; where one layer enlarges a map of size 1 the stride goes on through it.
    const jump = inputs.length > 1 && isStretched(value, output) ? undefined : session.jumps[value.id];
    if (jump === undefined) continue;
    first ??= jump;
    unlike ||= jump.unlike || (jump !== first && !isLike(jump, first));
  }
  const window = first && record.window?.(node.attributes);
  if (first === undefined || window === "global") return fresh(spatial, session);
  if (first.factors.length !== spatial) return spatial === 0 ? { ...first, factors: [] } : fresh(spatial, session);
  const steps = window && window.stride.some((step) => step !== 1);
  if (!steps) return unlike === first.unlike ? first : { epoch: first.epoch, factors: first.factors, unlike };
  const factors = first.factors.map((factor, axis) => {
    const stride = window.stride[axis] ?? 1;
    return window.enlarges ? factor / stride : factor * stride;
  });
  return { epoch: first.epoch, factors, unlike };
}

function fresh(spatial: number, session: { epochs: number }): Jump {
  session.epochs++;
  return { epoch: session.epochs, factors: new Array<number>(spatial).fill(1), unlike: false };
}

const isLike = (a: Jump, b: Jump): boolean => a.epoch === b.epoch && a.factors.every((factor, axis) => factor === b.factors[axis]);

/** A map that `mul` stretches from size 1 over a larger one, on one axis or all, says nothing about strides. */
function isStretched(value: Value, output: Value): boolean {
  const from = value.type.shape;
  const to = output.type.shape;
  return from.length === to.length && from.some((dim, axis) => axis > 1 && dim === 1 && to[axis] !== 1);
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
