import { defineOp } from "./define-op.ts";
import { at, flagOf, indices, operand, product, result } from "./families/attributes.ts";
import { inputOf, mapOf, reshaped, sizesOf } from "./families/axes.ts";
import { needImage } from "./families/layers.ts";

export const globalavgpool = defineOp({
  name: "globalavgpool",
  level: "language",
  form: "layer",
  kind: "globalavgpool",
  summary: "Average of every channel over all positions.",
  doc: "`[N, C, spatial…]` becomes `[N, C]`, ready for `linear`; with `keep=true` it becomes `[N, C, 1, …]`, ready for `conv` and `mul`.",
  sample: "input image: float32[N, 3, 32, 32]\nconv(3x3, 16) -> globalavgpool -> linear(10)",
  attributes: [{ name: "keep", type: "bool", default: false, doc: "Keeps the spatial axes, with size 1." }],
  resolve: (c) => (mapOf(c, "globalavgpool") ? { keep: c.given.keep as boolean } : undefined),
  shape(c) {
    const type = inputOf(c);
    const ones = flagOf(c.attributes, "keep") ? type.shape.slice(2).map(() => 1) : [];
    return [reshaped(type, [...type.shape.slice(0, 2), ...ones])];
  },
  window: () => "global",
  gradient: {
    backward(e, c) {
      if (!c.needs[0]) return [undefined];
      const [batch, channels, ...sizes] = sizesOf(at(c.inputs, 0).type) as [number, number, ...number[]];
      const share = e.op("multiply", [c.gradient, e.scalar(1 / product(sizes))]);
      const ones = e.op("reshape", [share], { shape: [batch, channels, ...sizes.map(() => 1)] });
      return [e.op("expand", [ones], { shape: [batch, channels, ...sizes] })];
    },
  },
  lower: {
    onnx(b, node) {
      const input = operand(node);
      const to = result(node);
      if (flagOf(node.attributes, "keep")) {
        b.node("GlobalAveragePool", [b.of(input)], {}, { to });
        return;
      }
      const ones = indices(input.type.shape.length - 2).map(() => 1);
      const pooled = b.node("GlobalAveragePool", [b.of(input)], {}, { hint: "pooled", shape: [...input.type.shape.slice(0, 2), ...ones] });
      b.node("Flatten", [pooled], { axis: { int: 1 } }, { to });
    },
    tfjs(b, node) {
      needImage(b, node, "globalavgpool");
      const input = b.of(operand(node));
      const to = result(node);
      const config = { data_format: "channels_last" };
      if (!flagOf(node.attributes, "keep")) {
        b.layer("GlobalAveragePooling2D", config, [input], { to });
        return;
      }
      const pooled = b.layer("GlobalAveragePooling2D", config, [input], { hint: "pooled" });
      b.layer("Reshape", { target_shape: [1, 1, to.type.shape[1]] }, [pooled], { to });
    },
  },
  limits: { tfjs: "two spatial axes only" },
});
