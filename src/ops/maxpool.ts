import type { Value } from "../ir/graph.ts";
import { knownShape } from "../ir/tensor-type.ts";
import type { Emitter } from "./contract/emitter.ts";
import { defineOp } from "./define-op.ts";
import type { BackwardContext } from "./define-op.ts";
import { at, indices, operand, product, result } from "./families/attributes.ts";
import { extent, sizesOf, windowOf, windowAttributes as rows } from "./families/axes.ts";
import { bordered, everyNth, isRectified, needImage, repeatedEdge, zeroPadded } from "./families/layers.ts";
import { scalarOf, windowAttributes } from "./families/lowering.ts";
import { LOWEST, explicitPads, firstMaxima, isSamePadding, poolAttributes, poolShape, poolVanishes, resolvePool } from "./families/pooling.ts";

/**
 * dy goes to the position of each window that holds its maximum, the first one of equal ones, as in PyTorch. For every offset in
 * the kernel a mask says where the maximum was found and not found before; one transposed convolution by one-hot kernels puts the
 * masked gradients back. Indices of a pool are avoided: not every runtime gives them.
 */
function backward(e: Emitter, c: BackwardContext): Value {
  const { kernel, stride, dilation } = windowOf(c.node.attributes);
  const pads = explicitPads(c.node);
  const rank = kernel.length;
  const [batch, channels, ...sizes] = sizesOf(at(c.inputs, 0).type) as [number, number, ...number[]];
  const positions = sizesOf(c.gradient.type).slice(2);
  const spatial = indices(rank).map((axis) => axis + 2);
  const y = at(c.outputs, 0);
  const padded = pads.some((pad) => pad > 0)
    ? e.op("pad", [at(c.inputs, 0)], { pads: [0, 0, ...pads.slice(0, rank), 0, 0, ...pads.slice(rank)], value: LOWEST })
    : at(c.inputs, 0);

  const offsets = product(kernel);
  const firstAt = firstMaxima(e, y);
  const masked = indices(offsets).map((offset) => {
    let rest = offset;
    const start = [...kernel].map(() => 0);
    for (let axis = rank - 1; axis >= 0; axis--) {
      start[axis] = (rest % at(kernel, axis)) * at(dilation, axis);
      rest = Math.floor(rest / at(kernel, axis));
    }
    const ends = start.map((begin, axis) => begin + (at(positions, axis) - 1) * at(stride, axis) + 1);
    const read = e.op("slice", [padded], { axes: spatial, starts: start, ends, steps: stride });
    const part = e.op("multiply", [c.gradient, firstAt(read)]);
    return e.op("reshape", [part], { shape: [batch, channels, 1, ...positions] });
  });
  const together = masked.length === 1 ? at(masked, 0) : e.op("concatenate", masked, { axis: 2 });
  const stacked = e.op("reshape", [together], { shape: [batch, channels * offsets, ...positions] });
  const oneHot = indices(channels * offsets * offsets).map((index) => (Math.floor(index / offsets) % offsets === index % offsets ? 1 : 0));
  const kernels = e.constant({ dtype: "float32", shape: [channels * offsets, 1, ...kernel], data: oneHot });
  const extra = sizes.map((size, axis) => {
    const reached = (at(positions, axis) - 1) * at(stride, axis) + extent(at(kernel, axis), at(dilation, axis));
    return size + at(pads, axis) + at(pads, axis + rank) - reached;
  });
  return e.op("conv_transpose", [stacked, kernels], { kernel, stride, dilation, pads, groups: channels, extra });
}

export const maxpool = defineOp({
  name: "maxpool",
  level: "language",
  form: "layer",
  kind: "maxpool",
  summary: "Maximum over windows.",
  doc: `\`[N, C, spatial…]\` becomes \`[N, C, floor((size + 2 · pad - dilation · (kernel - 1) - 1) / stride) + 1, …]\`, rounded up with
\`ceil\`. Padding is minus infinity: it is never the maximum. By default \`maxpool(3x3, stride=2)\` pads 1 and \`maxpool(2x2)\` nothing.
In training the gradient goes to the first of equal maxima.`,
  sample: "input image: float32[N, 3, 32, 32]\nconv(3x3, 8) -> maxpool(3x3, stride=2) -> maxpool(2x2)",
  attributes: [...poolAttributes, rows.dilation],
  resolve: (c) => resolvePool(c, "maxpool"),
  shape: poolShape,
  window: windowOf,
  vanishes: poolVanishes,
  gradient: { backward: (e, c) => [c.needs[0] ? backward(e, c) : undefined] },
  lower: {
    /** Runtimes refuse padding as large as the kernel, which a dilation can ask for; then a Pad of its own comes first. */
    onnx(b, node) {
      const window = windowOf(node.attributes);
      const rank = window.kernel.length;
      const pads = explicitPads(node);
      const own = pads.every((pad, index) => pad < at(window.kernel, index % rank));
      let input = b.of(operand(node));
      if (!own) {
        const amounts = b.constant("int64", [2 * rank + 4], [0, 0, ...pads.slice(0, rank), 0, 0, ...pads.slice(rank)]);
        input = b.node("Pad", [input, amounts, scalarOf(b, LOWEST)], {}, { hint: "pad" });
      }
      b.node("MaxPool", [input], windowAttributes(window, own ? pads : pads.map(() => 0)), { to: result(node) });
    },
    /**
     * A LayersModel pads pools by "same" only, which ignores padding but puts an odd one at the end. Else zeros, after a ReLU; or the
     * edge repeated, which a window beyond the edge sees anyway; or where sizes are open all windows with stride 1, whose padding is
     * even on both sides, and of them every stride-th.
     */
    tfjs(b, node) {
      needImage(b, node, "maxpool");
      const { kernel, stride, dilation, pads } = windowOf(node.attributes);
      if (dilation.some((step) => step > 1)) b.refuse("TensorFlow.js has no max pool with a dilation");
      const input = b.of(operand(node));
      const to = result(node);
      const pool = (steps: readonly number[], padding: string, more: Parameters<typeof b.layer>[3], from = input) =>
        b.layer("MaxPooling2D", { pool_size: kernel, strides: steps, padding, data_format: "channels_last" }, [from], more);
      const padded = explicitPads(node);
      if (padded.every((pad) => pad === 0)) return void pool(stride, "valid", { to });
      if (isSamePadding(node)) return void pool(stride, "same", { to });
      if (isRectified(operand(node))) return void pool(stride, "valid", { to }, zeroPadded(b, input, padded));
      const sizes = knownShape(operand(node).type.shape.slice(2));
      if (sizes) {
        const borders = sizes.map((size, axis) => repeatedEdge(size, at(padded, axis), at(padded, axis + 2)));
        return void pool(stride, "valid", { to }, bordered(b, input, sizes, borders));
      }
      const even = kernel.every((size, axis) => size % 2 === 1 && at(pads, axis) === (size - 1) / 2);
      if (!even) b.refuse("a max pool with this pad needs the height and the width as numbers in TensorFlow.js; give the network's input a size");
      everyNth(b, pool([1, 1], "same", { hint: "all" }), stride, { to });
    },
  },
  limits: { tfjs: "two spatial axes only, no dilation; uneven padding needs sizes that are numbers" },
});
