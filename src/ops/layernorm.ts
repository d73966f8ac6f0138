import type { Value } from "../ir/graph.ts";
import { defineOp } from "./define-op.ts";
import { at, indices, numberOf, operand, result } from "./families/attributes.ts";
import { channelsOf, inputOf } from "./families/axes.ts";
import { needSmallRank } from "./families/layers.ts";
import { normalise, normaliseBackward, scaleAndShift, scaleAndShiftBackward } from "./families/normalisation.ts";
import { perChannel } from "./families/per-channel.ts";

export const layernorm = defineOp({
  name: "layernorm",
  level: "language",
  form: "layer",
  kind: "layernorm",
  summary: "Layer normalization over axis 1: the features, or the channels at every position.",
  doc: `\`y = (x - mean) / √(variance + eps) · weight + bias\` with mean and (population) variance over axis 1 (Ba et al. 2016,
arXiv 1607.06450). On \`[N, features]\` this is PyTorch's LayerNorm; on \`[N, C, H, W]\` every position is normalized over its channels,
as in ConvNeXt's channels-first form. Training and inference are the same.`,
  sample: `input row: float32[N, 16]
residual { layernorm -> linear(64) -> gelu -> linear(16) }`,
  attributes: [{ name: "eps", type: "float", default: 1e-5, minimum: 0, doc: "Added to the variance." }],
  resolve(c) {
    if (channelsOf(c, "layernorm") === undefined) return undefined;
    return { eps: c.given.eps as number };
  },
  parameters: (c) => scaleAndShift(c, "layernorm"),
  shape: (c) => [inputOf(c)],
  gradient: {
    forward(e, node, inputs) {
      const x = at(inputs, 0);
      const { reciprocal, result: normalised } = normalise(e, x, [1], numberOf(node.attributes, "eps"));
      return { outputs: [e.op("affine", [normalised, at(inputs, 1), at(inputs, 2)])], saved: [normalised, reciprocal] };
    },
    backward(e, c) {
      const [normalised, reciprocal] = [at(c.saved, 0), at(c.saved, 1)];
      const dx = (): Value => {
        const g = e.op("multiply", [c.gradient, perChannel(e, at(c.inputs, 1), c.gradient.type.shape.length)]);
        return normaliseBackward(e, g, normalised, reciprocal, [1]);
      };
      return [c.needs[0] ? dx() : undefined, ...scaleAndShiftBackward(e, c.gradient, normalised, c.needs)];
    },
  },
  lower: {
    onnx(b, node) {
      const [x, weight, bias] = node.inputs.map((value) => b.of(value)) as [string, string, string];
      const attributes = { axis: { int: -1 }, epsilon: { float: numberOf(node.attributes, "eps") } };
      const { shape } = operand(node).type;
      if (shape.length === 2) {
        b.node("LayerNormalization", [x, weight, bias], attributes, { to: result(node) });
        return;
      }
      const spatial = indices(shape.length - 2).map((axis) => axis + 2);
      const last = [at(shape, 0), ...shape.slice(2), at(shape, 1)];
      const moved = b.node("Transpose", [x], { perm: { ints: [0, ...spatial, 1] } }, { hint: "channels_last", shape: last });
      const normal = b.node("LayerNormalization", [moved, weight, bias], attributes, { hint: "normal", shape: last });
      b.node("Transpose", [normal], { perm: { ints: [0, shape.length - 1, ...spatial.map((axis) => axis - 1)] } }, { to: result(node) });
    },
    tfjs(b, node) {
      needSmallRank(b, node);
      const names = ["gamma", "beta"];
      const weights = node.inputs.slice(1).flatMap(({ producer }, index) =>
        producer.kind === "parameter" ? [{ name: at(names, index), parameter: producer.parameter }] : [],
      );
      const config = { axis: -1, epsilon: numberOf(node.attributes, "eps"), center: true, scale: true };
      b.layer("LayerNormalization", config, [b.of(operand(node))], { to: result(node), weights });
    },
  },
  limits: { tfjs: "at most two spatial axes" },
});
