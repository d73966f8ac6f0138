import { invariant } from "../../base/assert.ts";
import type { Window } from "../define-op.ts";
import { at, indices, product } from "./attributes.ts";
import { extent } from "./axes.ts";

/** What the choice of a formula looks at. Sizes are those of the convolution y = conv(x, W), not of its gradient. */
export interface ConvolutionSizes {
  readonly batch: number;
  /** Channels of x. */
  readonly channels: number;
  /** Channels of y. */
  readonly kernels: number;
  readonly groups: number;
  /** Positions of x, one number per spatial axis. */
  readonly sizes: readonly number[];
  /** Positions of y. */
  readonly positions: readonly number[];
  readonly window: Window;
}

/** How the gradient by the input is computed. */
export type InputFormula = "flipped" | "transposed";

/** How the gradient by the weight is computed; `parts` is the number of groups that the batch is divided into. */
export type WeightFormula =
  | { readonly kind: "correlation"; readonly parts: number }
  | { readonly kind: "product for each example" }
  | { readonly kind: "one product" };

/** A row of a cost table: a formula, and how many numbers it reads and writes beside the multiply-adds that all formulas share. */
interface Row<F> {
  readonly formula: F;
  readonly applies: boolean;
  readonly moved: number;
}

/**
 * The formula for the gradient by x of a convolution, for these sizes.
 *
 * | formula | where | moves |
 * | --- | --- | --- |
 * | `flipped`: a convolution by the flipped, transposed kernels | stride 1 | the weight for the flip (kernels larger than 1) and once more for the transposition |
 * | `transposed`: ConvTranspose | anywhere | a column of every window, written and added up again |
 *
 * For strides above 1 a convolution by one set of kernels for each phase, interleaved by DepthToSpace, is known too. Quarters
 * of its kernels are zeros: it took twice the time of ConvTranspose on one core of a CPU, and is not in the table.
 */
export function inputFormula(s: ConvolutionSizes): InputFormula {
  const { kernel, stride, dilation, pads } = s.window;
  const reach = kernel.map((size, axis) => extent(size, at(dilation, axis)) - 1);
  const fits = stride.every((step) => step === 1) && pads.every((pad, index) => pad <= at(reach, index % kernel.length));
  const taps = product(kernel);
  return cheapest<InputFormula>([
    { formula: "flipped", applies: fits, moved: 2 * weightCount(s) * (taps > 1 ? 2 : 1) },
    { formula: "transposed", applies: true, moved: 2 * s.batch * s.channels * taps * product(s.positions) },
  ]);
}

/** Fewer parts than this would leave cores without work where a runtime gives each group to one of them. */
const LEAST_PARTS = 4;

/**
 * The formula for the gradient by W of a convolution, for these sizes.
 *
 * | formula | where | moves |
 * | --- | --- | --- |
 * | `correlation`, every example a part | anywhere | x into another layout; a gradient of W for every example, which are added up |
 * | `correlation`, a few parts | batches of more | x and dy into another layout; a gradient of W for every part |
 * | `product for each example` | kernels of 1 without padding | a gradient of W for every example |
 * | `one product` | the same without groups | x and dy into another layout |
 *
 * So the first wins on large maps with few channels, the second on small maps with many. Measured on one core (ONNX Runtime
 * 1.31, AVX-512), milliseconds in the order of the table: 128 images, 16 to 16 channels, 32x32: 8.8, 9.5; 64 to 64, 8x8: 5.5,
 * 4.4. Kernels of 1, 8 images: 64 to 256, 56x56: 6.2, -, 4.8, 6.7; 2048 to 512, 7x7: 14.1, -, 13.8, 5.0.
 */
export function weightFormula(s: ConvolutionSizes): WeightFormula {
  const { kernel, pads } = s.window;
  const pointwise = kernel.every((size) => size === 1) && pads.every((pad) => pad === 0);
  const x = s.batch * s.channels * product(s.sizes);
  const dy = s.batch * s.kernels * product(s.positions);
  const weights = (count: number): number => 2 * count * weightCount(s);
  const few = indices(s.batch).map((index) => index + 1).find((parts) => parts >= LEAST_PARTS && s.batch % parts === 0);
  const parts = few ?? s.batch;
  return cheapest<WeightFormula>([
    { formula: { kind: "correlation", parts: s.batch }, applies: true, moved: 2 * x + weights(s.batch) },
    { formula: { kind: "correlation", parts }, applies: parts < s.batch, moved: 2 * x + 2 * dy + weights(parts) },
    { formula: { kind: "product for each example" }, applies: pointwise, moved: weights(s.batch) },
    { formula: { kind: "one product" }, applies: pointwise && s.groups === 1, moved: 2 * x + 2 * dy },
  ]);
}

const weightCount = (s: ConvolutionSizes): number => (s.kernels * s.channels * product(s.window.kernel)) / s.groups;

/** The formula of the row that moves least, the first of equal ones. */
function cheapest<F>(rows: readonly Row<F>[]): F {
  const [first, ...others] = rows.filter(({ applies }) => applies);
  invariant(first, "a formula fits everywhere");
  return others.reduce((best, row) => (row.moved < best.moved ? row : best), first).formula;
}
