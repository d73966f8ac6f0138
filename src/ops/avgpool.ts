import type { Node } from "../ir/graph.ts";
import { knownShape } from "../ir/tensor-type.ts";
import type { TfjsBuilder, TfjsConfig } from "./contract/tfjs-builder.ts";
import { defineOp } from "./define-op.ts";
import { at, flagOf, operand, result } from "./families/attributes.ts";
import { sizesOf, windowOf } from "./families/axes.ts";
import { bordered, everyNth, needImage, repeatedEdge, zeroPadded } from "./families/layers.ts";
import { averagingMap, explicitPads, isSamePadding, poolAttributes, poolShape, poolVanishes, resolvePool } from "./families/pooling.ts";
import { separableAdjoint } from "./families/separable.ts";

/**
 * A pool whose padding is not averaged in. Of two positions one beyond the edge is as good as the edge again. Else Keras's "same" is
 * such padding, but its gradient divides by the whole window; with a stride it is odd at the end, and then every stride-th window is taken.
 */
function padded(b: TfjsBuilder, node: Node, pads: readonly number[], pool: { readonly config: TfjsConfig; readonly kernel: readonly number[]; readonly stride: readonly number[] }): void {
  const { config, kernel, stride } = pool;
  const input = b.of(operand(node));
  const to = result(node);
  const sizes = knownShape(operand(node).type.shape.slice(2));
  if (sizes && kernel.every((size, axis) => size === 2 || at(pads, axis) + at(pads, axis + 2) === 0)) {
    const borders = sizes.map((size, axis) => repeatedEdge(size, at(pads, axis), at(pads, axis + 2)));
    b.layer("AveragePooling2D", { ...config, padding: "valid" }, [bordered(b, input, sizes, borders)], { to });
    return;
  }
  b.untrainable("TensorFlow.js, except on libtensorflow, gets the gradient of an average pool wrong where its padding is not averaged in");
  if (isSamePadding(node)) return void b.layer("AveragePooling2D", { ...config, padding: "same" }, [input], { to });
  const even = kernel.every((size, axis) => size % 2 === 1 && at(pads, axis) === (size - 1) / 2 && at(pads, axis + 2) === at(pads, axis));
  if (!even) b.refuse("TensorFlow.js pads an average pool by its own rule only, and this pad is another");
  everyNth(b, b.layer("AveragePooling2D", { ...config, strides: [1, 1], padding: "same" }, [input], { hint: "all" }), stride, { to });
}

export const avgpool = defineOp({
  name: "avgpool",
  level: "language",
  form: "layer",
  kind: "avgpool",
  summary: "Average over windows.",
  doc: `Sizes as for \`maxpool\`. Padding is not averaged in: a window at the edge is the mean of what it sees of the input, as in the
shortcut of ResNet-D; \`count_pad=true\` counts the padding as zeros (PyTorch's \`count_include_pad\`, its default there). What
\`ceil\` adds at the end is never counted.`,
  sample: "input image: float32[N, 3, 32, 32]\nconv(3x3, 8) -> avgpool(2x2) -> avgpool(3x3, stride=2, ceil=true)",
  attributes: [...poolAttributes, { name: "count_pad", type: "bool", default: false, doc: "Counts padding as zeros in the mean." }],
  resolve(c) {
    const pool = resolvePool(c, "avgpool");
    return pool && { ...pool, count_pad: c.given.count_pad as boolean };
  },
  shape: poolShape,
  window: windowOf,
  vanishes: poolVanishes,
  gradient: {
    backward(e, c) {
      if (!c.needs[0]) return [undefined];
      const window = windowOf(c.node.attributes);
      const after = sizesOf(c.gradient.type).slice(2);
      const maps = sizesOf(at(c.inputs, 0).type)
        .slice(2)
        .map((before, axis) => averagingMap(before, at(after, axis), axis, window, flagOf(c.node.attributes, "count_pad")));
      return [separableAdjoint(e, c.gradient, maps)];
    },
  },
  lower: {
    /** Pads that count are written as a Pad of zeros before; AveragePool then never counts its own. */
    onnx(b, node) {
      const window = windowOf(node.attributes);
      const rank = window.kernel.length;
      const pads = explicitPads(node);
      const own = { kernel_shape: { ints: window.kernel }, strides: { ints: window.stride } };
      const counted = flagOf(node.attributes, "count_pad") && window.pads.some((pad) => pad > 0);
      if (!counted) {
        b.node("AveragePool", [b.of(operand(node))], { ...own, pads: { ints: pads }, count_include_pad: { int: 0 } }, { to: result(node) });
        return;
      }
      const amounts = b.constant("int64", [2 * rank + 4], [0, 0, ...window.pads.slice(0, rank), 0, 0, ...window.pads.slice(rank)]);
      const padded = b.node("Pad", [b.of(operand(node)), amounts], {}, { hint: "pad" });
      const rest = pads.map((pad, index) => pad - at(window.pads, index));
      b.node("AveragePool", [padded], { ...own, pads: { ints: rest }, count_include_pad: { int: 0 } }, { to: result(node) });
    },
    tfjs(b, node) {
      needImage(b, node, "avgpool");
      const { kernel, stride, pads } = windowOf(node.attributes);
      const input = b.of(operand(node));
      const to = result(node);
      const config = { pool_size: kernel, strides: stride, data_format: "channels_last" };
      const reached = explicitPads(node);
      if (flagOf(node.attributes, "count_pad") && pads.some((pad) => pad > 0)) {
        if (reached.some((pad, index) => pad !== at(pads, index))) b.refuse("TensorFlow.js cannot round the size up and count the padding");
        b.layer("AveragePooling2D", { ...config, padding: "valid" }, [zeroPadded(b, input, pads)], { to });
      } else if (reached.every((pad) => pad === 0)) {
        b.layer("AveragePooling2D", { ...config, padding: "valid" }, [input], { to });
      } else {
        padded(b, node, reached, { config, kernel, stride });
      }
    },
  },
  limits: {
    tfjs: "two spatial axes only; `ceil` and padding only where its own padding is the same (a kernel of 2 is free)",
    tfjsTraining: "not with padding that is left out of the mean, whose gradient is right on libtensorflow only (a kernel of 2 is free)",
  },
});
