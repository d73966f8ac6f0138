import { multiplyDims } from "../ir/dim.ts";
import type { Dim } from "../ir/dim.ts";
import { formatShape } from "../ir/tensor-type.ts";
import { defineOp } from "./define-op.ts";
import { at, indices, operand, result } from "./families/attributes.ts";
import { inputOf, reshaped, sizesOf } from "./families/axes.ts";

export const flatten = defineOp({
  name: "flatten",
  level: "language",
  form: "layer",
  kind: "flatten",
  summary: "Lays every position of every channel out as a feature.",
  doc: "`[N, C, H, W]` becomes `[N, C · H · W]`, the channel changing slowest, as in PyTorch. `linear` after it needs known sizes.",
  sample: "input image: float32[N, 3, 8, 8]\nmaxpool(2x2) -> flatten -> linear(10)",
  attributes: [],
  shape(c) {
    const type = inputOf(c);
    let features: Dim | undefined = 1;
    for (const size of type.shape.slice(1)) features = features === undefined ? undefined : multiplyDims(features, size);
    if (features === undefined) {
      return c.fail({
        code: "RN0405",
        message: `\`flatten\` needs known sizes, got ${formatShape(type.shape)}`,
        input: 0,
        notes: ["The number of features would be a product of unknown sizes."],
        help: ["use `globalavgpool`, which fits any size, or give the input fixed sizes"],
        mend: { kind: "instead", text: "globalavgpool" },
      });
    }
    return [reshaped(type, [at(type.shape, 0), features])];
  },
  window: () => "global",
  vanishes: (_, input) => input.shape.length === 2,
  gradient: {
    backward: (e, c) => [c.needs[0] ? e.op("reshape", [c.gradient], { shape: sizesOf(at(c.inputs, 0).type) }) : undefined],
  },
  lower: {
    onnx(b, node) {
      b.node("Flatten", [b.of(operand(node))], { axis: { int: 1 } }, { to: result(node) });
    },
    /** The channels come first, so that the features have our order. */
    tfjs(b, node) {
      const rank = operand(node).type.shape.length;
      const dims = [rank - 1, ...indices(rank - 2).map((axis) => axis + 1)];
      const first = b.layer("Permute", { dims }, [b.of(operand(node))], { hint: "channels_first" });
      b.layer("Flatten", { data_format: "channels_last" }, [first], { to: result(node) });
    },
  },
});
