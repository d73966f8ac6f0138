import type { Window } from "../../../ops/define-op.ts";
import { at, indices, product } from "../../../ops/families/attributes.ts";

/** How the phases of a convolution's input gradient come from one convolution of dy. */
export interface Phases {
  /** The taps of the convolution's kernels that each phase sees, phase by phase; as many as there are taps: none, zero. */
  readonly taps: readonly number[];
  /** Of the convolution that gives them. */
  readonly kernel: readonly number[];
  readonly pads: readonly number[];
}

/**
 * Position i = stride · q + r of x, in phase r, got W[k] from position q + (r + pad - k) / stride of y, for the taps k for which
 * that is whole. These offsets are the places in the kernel of a phase.
 *
 * @returns nothing where the phases are not of one size, or would need a crop
 */
export function phasesOf(sizes: readonly number[], positions: readonly number[], { kernel, stride, dilation, pads }: Window): Phases | undefined {
  if (dilation.some((step) => step > 1) || sizes.some((size, axis) => size % at(stride, axis) !== 0)) return undefined;
  const axes = sizes.map((size, axis) => {
    const [taps, step, pad] = [at(kernel, axis), at(stride, axis), at(pads, axis)];
    const offset = (phase: number, tap: number): number => (phase + pad - tap) / step;
    const whole = indices(step).flatMap((phase) => indices(taps).map((tap) => offset(phase, tap)).filter(Number.isInteger));
    const least = Math.min(0, ...whole);
    const length = Math.max(0, ...whole) - least + 1;
    const places = indices(step).map((phase) => indices(length).map((place) => indices(taps).find((tap) => offset(phase, tap) === least + place)));
    return { places, length, begin: -least, end: size / step - at(positions, axis) + least + length - 1 };
  });
  const [rows, columns] = [at(axes, 0), at(axes, 1)];
  if (rows.end < 0 || columns.end < 0) return undefined;
  const none = product(kernel);
  const taps = rows.places.flatMap((down) =>
    columns.places.flatMap((across) => down.flatMap((row) => across.map((column) => (row === undefined || column === undefined ? none : row * at(kernel, 1) + column)))),
  );
  return { taps, kernel: [rows.length, columns.length], pads: [rows.begin, columns.begin, rows.end, columns.end] };
}
