import type { Node, Value } from "../../../ir/graph.ts";
import type { BackwardContext, GradientRule, Window } from "../../../ops/define-op.ts";
import { at, flagOf, indices, numberOf, product } from "../../../ops/families/attributes.ts";
import { sizesOf, slidingShape, windowOf } from "../../../ops/families/axes.ts";
import { convolutionGradient } from "../../../ops/families/convolution-gradient.ts";
import { channelSum, many, scaledKernels } from "./channels.ts";
import { interleaved, spread, swapped } from "./movement.ts";
import { convolutionAttributes } from "./operators.ts";
import { phasesOf } from "./phases.ts";
import type { BlockedWriter } from "./writer.ts";

/** A convolution in blocked form; sizes as in y = conv(x, W). */
interface Convolution {
  readonly batch: number;
  readonly channels: number;
  readonly kernels: number;
  readonly sizes: readonly number[];
  readonly positions: readonly number[];
  readonly window: Window;
  /** x is plain, as it has fewer channels than a block. */
  readonly first: boolean;
}

/**
 * The rule for convolutions of two spatial axes without groups whose channels are multiples of the block; those that are read may
 * be fewer than a block, as those of images. Parts of a gradient that have no blocked form are written by the record's rule.
 */
export function convolutionRule(e: BlockedWriter, node: Node, inputs: readonly Value[]): GradientRule | undefined {
  const x = at(inputs, 0);
  const window = windowOf(node.attributes);
  if (window.kernel.length !== 2 || numberOf(node.attributes, "groups") !== 1) return undefined;
  const [batch, channels, ...sizes] = sizesOf(x.type) as [number, number, ...number[]];
  const kernels = numberOf(node.attributes, "channels");
  const positions = slidingShape(sizes, window) as readonly number[];
  const first = channels < e.block && !e.isBlocked(x);
  if (kernels % e.block !== 0 || (channels % e.block !== 0 && !first) || (product(sizes) === 1 && product(positions) === 1)) return undefined;
  const c: Convolution = { batch, channels, kernels, sizes, positions, window, first };
  const biased = flagOf(node.attributes, "bias");
  const db = ({ gradient, scale }: BackwardContext): Value => (scale ? e.raw.op("multiply", [channelSum(e, gradient), scale]) : channelSum(e, gradient));
  return {
    forward() {
      const operands = [first ? e.plain(x) : e.map(x), e.kernel(at(inputs, 1)), ...(biased ? [e.plain(at(inputs, 2))] : [])];
      const y = e.raw.named(node.name, "blocked_conv", operands, convolutionAttributes({ ...window, channels: kernels }, { bias: biased }));
      return { outputs: [e.mark(at(y, 0), "map")], saved: [] };
    },
    backward(_, context) {
      const [dx, dw] = [context.needs[0] ? inputGradient(e, c, context) : undefined, context.needs[1] ? weightGradient(e, c, context) : undefined];
      return [dx, dw, ...(biased && context.needs[2] ? [db(context)] : [])];
    },
    takesScale: convolutionGradient.takesScale,
  };
}

/** The gradient by input `index` as the record has it, on plain values. */
function asRecorded(e: BlockedWriter, context: BackwardContext, index: number): Value | undefined {
  return convolutionGradient.backward(e, { ...context, needs: context.needs.map((_, other) => other === index) })[index];
}

/**
 * dx, for stride 1: a convolution of dy by the flipped kernels, inputs and outputs changed. For larger strides: positions of x
 * that are `stride` apart see the same taps of W. They are a phase, and a convolution of dy by those taps gives it; the phases of
 * all channels come from one convolution, and are interleaved. Of kernels of one tap all phases but the first are zeros.
 */
function inputGradient(e: BlockedWriter, c: Convolution, context: BackwardContext): Value | undefined {
  const { kernel, stride, dilation, pads } = c.window;
  const [r, block, taps] = [e.raw, e.block, product(kernel)];
  const dy = (): Value => e.map(context.gradient);
  const blocks = (): Value => r.op("reshape", [scaledKernels(e, e.kernel(at(context.inputs, 1)), context.scale)], { shape: [c.kernels / block, c.channels / block, taps, block * block] });
  if (c.first) return asRecorded(e, context, 0);

  /** Kernels whose taps are the other way round, with what is read and what is written exchanged. */
  const turned = (): Value => {
    const flipped = taps === 1 ? blocks() : r.op("take", [blocks()], { axis: 2, places: indices(taps).map((tap) => taps - 1 - tap) });
    const changed = c.kernels === block || c.channels === block ? flipped : r.op("transpose", [flipped], { perm: [1, 0, 2, 3] });
    return r.op("reshape", [transposedBlocks(e, changed)], { shape: [c.channels, c.kernels, ...kernel] });
  };
  if (stride.every((step) => step === 1)) {
    const reach = kernel.map((size, axis) => (size - 1) * at(dilation, axis));
    const begin = reach.map((length, axis) => length - at(pads, axis));
    const end = c.sizes.map((size, axis) => size + at(reach, axis) - at(c.positions, axis) - at(begin, axis));
    if ([...begin, ...end].some((pad) => pad < 0)) return asRecorded(e, context, 0);
    return e.mark(r.op("blocked_conv", [dy(), turned()], convolutionAttributes({ kernel, dilation, pads: [...begin, ...end], channels: c.channels })), "map");
  }
  if (taps === 1 && pads.every((pad) => pad === 0) && c.sizes.every((size, axis) => size % at(stride, axis) === 0)) {
    // Only every stride-th position was read.
    return spread(e, e.mark(r.op("blocked_conv", [dy(), turned()], convolutionAttributes({ kernel, channels: c.channels })), "map"), stride);
  }

  const phases = phasesOf(c.sizes, c.positions, c.window);
  if (phases === undefined) return asRecorded(e, context, 0);
  const count = product(stride);
  const withZero = phases.taps.includes(taps) ? r.op("pad", [blocks()], { pads: [0, 0, 0, 0, 0, 0, 1, 0], value: 0 }) : blocks();
  const chosen = r.op("take", [withZero], { axis: 2, places: phases.taps });
  const apart = r.op("reshape", [chosen], { shape: [c.kernels / block, c.channels / block, count, product(phases.kernel) * block * block] });
  const changed = r.op("transpose", [apart], { perm: [1, 2, 0, 3] });
  const kernels = r.op("reshape", [transposedBlocks(e, changed)], { shape: [count * c.channels, c.kernels, ...phases.kernel] });
  const all = r.op("blocked_conv", [dy(), kernels], convolutionAttributes({ kernel: phases.kernel, pads: phases.pads, channels: count * c.channels }));
  return interleaved(e, all, c.channels, stride);
}

/** Every square of block by block transposed: what was read within a block is what is written. */
function transposedBlocks(e: BlockedWriter, kernels: Value): Value {
  const count = product(sizesOf(kernels.type)) / e.block ** 2;
  return e.raw.op("block", [e.raw.op("reshape", [kernels], { shape: [count, e.block, e.block, 1] })]);
}

/**
 * dW[k, c, t] = Σ_n Σ_p dy[n, k, p] · x[n, c, p · stride + t - pad], a convolution of x by dy in which examples are channels:
 * blocks of examples are its groups, dy is its kernels, stride and dilation change places. The channels of x within a block stand
 * side by side on the columns, blocks of them are its batch. The sum over the groups comes last.
 */
function weightGradient(e: BlockedWriter, c: Convolution, context: BackwardContext): Value | undefined {
  const { block, raw: r } = e;
  const { kernel, pads, dilation } = c.window;
  // Taps of 1x1 see every stride-th position only, so the others are left out first.
  const thins = product(kernel) === 1 && !c.first && product(c.window.stride) > 1 && pads.every((pad) => pad === 0);
  const stride = thins ? [1, 1] : c.window.stride;
  const sizes = thins ? c.positions : c.sizes;
  const end = kernel.map((size, axis) => at(stride, axis) * (at(c.positions, axis) - 1) + size - at(sizes, axis) - at(pads, axis));
  if (c.batch % block !== 0 || dilation.some((step) => step > 1) || end.some((pad) => pad < 0)) return asRecorded(e, context, 1);
  const groups = c.batch / block;
  const [rows, columns] = sizes as [number, number];
  const [before, after] = [at(pads, 1), at(end, 1)];
  const width = before + columns + after;
  const widened = (x: Value, channels: number, steps: readonly number[]): Value => {
    const attributes = convolutionAttributes({ kernel: [1, 1], stride: steps, pads: [0, before, 0, after], groups: channels, channels });
    return before + after === 0 && product(steps) === 1 ? x : r.op("blocked_conv", [x, many(e, channels, 1, [channels, 1, 1, 1])], attributes, "widened");
  };
  /** Examples within a block come last, blocks of examples after what stood before the positions: `outer` of it. */
  const examplesLast = (x: Value, outer: number): Value => {
    const numbers = product(sizesOf(x.type)) / c.batch;
    const inner = r.op("block", [r.op("reshape", [x], { shape: [groups, block, numbers, 1] })]);
    return swapped(e, inner, [groups, outer, (numbers / outer) * block]);
  };

  const x = at(context.inputs, 0);
  const beside = c.first ? 1 : block;
  const batch = c.channels / beside;
  const read = c.first
    ? widened(r.op("reshape", [examplesLast(e.plain(x), batch)], { shape: [batch, c.batch, rows, columns] }), c.batch, [1, 1])
    : r.op("reshape", [examplesLast(widened(e.map(x), c.channels, thins ? c.window.stride : [1, 1]), batch)], { shape: [batch, c.batch, rows, width * block] });
  const dy = r.op("reshape", [e.map(context.gradient)], { shape: [groups, block, 1, c.kernels * product(c.positions)] });
  const asKernels = r.op("reshape", [r.op("block_last", [dy])], { shape: [groups * c.kernels, block, ...c.positions] });
  const all = r.op("blocked_conv", [read, asKernels], convolutionAttributes({
    kernel: c.positions,
    dilation: [at(stride, 0), at(stride, 1) * beside],
    pads: [at(pads, 0), 0, at(end, 0), 0],
    groups,
    channels: groups * c.kernels,
  }));
  const each = r.op("reshape", [all], { shape: [batch, groups, c.kernels * product(kernel) * beside] });
  const summed = groups === 1 ? each : r.op("reduce_sum", [each], { axes: [1], keep: false });
  const packed = swapped(e, summed, [batch, c.kernels / block, product(kernel) * beside * block]);
  return scaledKernels(e, e.mark(r.op("reshape", [packed], { shape: [c.kernels, c.channels, ...kernel] }), "kernel"), context.scale);
}
