import type { Node, Value } from "../../../ir/graph.ts";
import type { BackwardContext, GradientRule } from "../../../ops/define-op.ts";
import { at, indices, product } from "../../../ops/families/attributes.ts";
import { sizesOf, windowOf } from "../../../ops/families/axes.ts";
import { LOWEST, explicitPads, firstMaxima } from "../../../ops/families/pooling.ts";
import { interleaved } from "./movement.ts";
import { convolutionAttributes } from "./operators.ts";
import type { BlockedWriter } from "./writer.ts";

/** A pool in blocked form. */
interface Pool {
  readonly channels: number;
  readonly sizes: readonly number[];
  readonly positions: readonly number[];
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly pads: readonly number[];
}

/**
 * The rule for max pools of two spatial axes. The gradient is that of the record, where it has this form: the sizes are multiples
 * of the strides, there is no dilation, and every position is read by some window.
 */
export function maximumRule(e: BlockedWriter, node: Node, x: Value, recorded: GradientRule): GradientRule | undefined {
  const { kernel, stride, dilation } = windowOf(node.attributes);
  const pads = explicitPads({ ...node, inputs: [x] });
  if (kernel.length !== 2 || pads.some((pad, index) => pad >= at(kernel, index % 2))) return undefined;
  return {
    forward: () => ({ outputs: [e.mark(at(e.raw.named(node.name, "blocked_max", [e.map(x)], { kernel, stride, dilation, pads }), 0), "map")], saved: [] }),
    backward(_, c) {
      const [, channels, ...sizes] = sizesOf(x.type) as [number, number, ...number[]];
      const pool: Pool = { channels, sizes, positions: sizesOf(c.gradient.type).slice(2), kernel, stride, pads };
      const axes = dilation.every((step) => step === 1) ? placesOf(pool) : undefined;
      return axes && c.needs[0] ? [gradient(e, pool, axes, c)] : recorded.backward(e, c);
    },
  };
}

/** Where an offset of the kernel reads: position stride · q + phase of x, in window q + shift. */
interface Place {
  readonly phase: number;
  readonly shift: number;
}

/** The places of every offset of the kernel, axis by axis; nothing where the gradient has no blocked form. */
function placesOf({ sizes, positions, kernel, stride, pads }: Pool): readonly (readonly Place[])[] | undefined {
  const axes = kernel.map((length, axis) => indices(length).map((offset): Place => {
    const step = at(stride, axis);
    const from = offset - at(pads, axis);
    const phase = ((from % step) + step) % step;
    return { phase, shift: (phase - from) / step };
  }));
  const fits = axes.every((places, axis) => {
    const [size, step] = [at(sizes, axis), at(stride, axis)];
    const windows = at(positions, axis);
    return size % step === 0 && indices(step).every((phase) => places.some((place) => place.phase === phase)) && places.every(({ shift }) => endOf(size / step, windows, shift) >= 0);
  });
  return fits ? axes : undefined;
}

/** What stands after `windows` windows where the `shift`-th and those that follow become `count` positions. */
const endOf = (count: number, windows: number, shift: number): number => count - windows + Math.max(shift, 0);

/**
 * For every offset of the kernel a mask says which windows have their maximum there and not before; dy goes there. Offsets of one
 * phase are added up, and the phases are interleaved.
 */
function gradient(e: BlockedWriter, pool: Pool, [down, across]: readonly (readonly Place[])[], c: BackwardContext): Value {
  const { raw: r, block } = e;
  const { channels, kernel, stride, pads } = pool;
  const [rows, columns] = pool.sizes as [number, number];
  const [batch = 1] = sizesOf(c.gradient.type);
  const [top, left, bottom, right] = pads as [number, number, number, number];
  const [y, dy] = [e.map(at(c.outputs, 0)), e.map(c.gradient)];

  const flat = r.op("reshape", [e.map(at(c.inputs, 0))], { shape: [(batch * channels) / block, rows, columns * block] });
  const widened = pads.every((pad) => pad === 0) ? flat : r.op("pad", [flat], { pads: [0, top, left * block, 0, bottom, right * block], value: LOWEST });
  const padded = r.op("reshape", [widened], { shape: [batch, channels, rows + top + bottom, columns + left + right] });

  const phases = new Map<string, Value>();
  const firstAt = firstMaxima(e, y);
  for (const [i, row] of (down ?? []).entries()) {
    for (const [j, column] of (across ?? []).entries()) {
      const read = oneTap(e, padded, channels, { kernel, tap: [i, j], stride });
      const part = shifted(e, e.op("multiply", [dy, firstAt(read)]), pool, [row, column]);
      const phase = `${row.phase} ${column.phase}`;
      const others = phases.get(phase);
      phases.set(phase, others ? e.op("add", [others, part]) : part);
    }
  }
  const [height, width] = [rows / at(stride, 0), columns / at(stride, 1)];
  const inOrder = indices(at(stride, 0)).flatMap((row) => indices(at(stride, 1)).map((column) => phases.get(`${row} ${column}`) as Value));
  const beside = inOrder.map((phase) => r.op("reshape", [phase], { shape: [(batch * channels) / block, 1, height * width * block] }));
  const together = beside.length === 1 ? at(beside, 0) : r.op("concatenate", beside, { axis: 1 });
  return interleaved(e, r.op("reshape", [together], { shape: [batch, channels * product(stride), height, width] }), channels, stride);
}

/** A look at every channel through a kernel that is 0 but for a 1 at one tap. */
interface Look {
  readonly kernel: readonly number[];
  readonly tap: readonly number[];
  readonly stride?: readonly number[];
  readonly pads?: readonly number[];
}

function oneTap(e: BlockedWriter, x: Value, channels: number, { tap, ...window }: Look): Value {
  const { kernel } = window;
  const place = at(tap, 0) * at(kernel, 1) + at(tap, 1);
  const data = indices(channels * product(kernel)).map((index) => (Math.floor(index / e.block) % product(kernel) === place ? 1 : 0));
  const kernels = e.raw.constant({ dtype: "float32", shape: [channels, 1, ...kernel], data });
  return e.mark(e.raw.op("blocked_conv", [x, kernels], convolutionAttributes({ ...window, groups: channels, channels }), "read"), "map");
}

/** Windows become positions: each axis begins with the `shift`-th; zeros stand where there is none. */
function shifted(e: BlockedWriter, part: Value, { channels, sizes, positions, stride }: Pool, places: readonly Place[]): Value {
  const shifts = places.map(({ shift }) => shift);
  const ends = shifts.map((shift, axis) => endOf(at(sizes, axis) / at(stride, axis), at(positions, axis), shift));
  if ([...shifts, ...ends].every((length) => length === 0)) return part;
  const kernel = shifts.map((shift) => Math.abs(shift) + 1);
  const tap = shifts.map((shift) => Math.max(shift, 0));
  const begin = shifts.map((shift) => Math.max(-shift, 0));
  return oneTap(e, part, channels, { kernel, tap, pads: [...begin, ...ends] });
}
