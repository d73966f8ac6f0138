import type { Attributes } from "../ir/graph.ts";
import { defineOp } from "./define-op.ts";
import { at, flagOf, numberOf, operand, result } from "./families/attributes.ts";
import { channelsOf, inputOf } from "./families/axes.ts";
import { batchNormGradient, channelArithmetic } from "./families/batch-norm-gradient.ts";
import { needSmallRank } from "./families/layers.ts";
import { ONE, ZERO } from "./families/normalisation.ts";

export const bn = defineOp({
  name: "bn",
  level: "language",
  form: "layer",
  kind: "bn",
  summary: "Batch normalization per channel.",
  doc: `\`y = (x - mean) / √(variance + eps) · weight + bias\`, one of each per channel (Ioffe and Szegedy 2015, arXiv 1502.03167).
At inference mean and variance are the running statistics; in training they are those of the batch (the population variance), and
\`running = (1 - momentum) · running + momentum · measured\` with the unbiased variance, as in PyTorch. \`momentum\` is the weight of
the *new* value: 0.1 here is Keras's and ONNX's 0.9. Works on \`[N, features]\` too. \`zero=true\` lets the scale begin at 0, so that
a residual branch begins as nothing (Goyal et al. 2017, arXiv 1706.02677, section 5.1).`,
  sample: `input image: float32[N, 3, 32, 32]
conv(3x3, 16) -> bn -> relu -> conv(3x3, 16) -> bn(eps=1e-3, momentum=0.01, zero=true)`,
  attributes: [
    { name: "eps", type: "float", default: 1e-5, minimum: 0, doc: "Added to the variance." },
    { name: "momentum", type: "float", default: 0.1, minimum: 0, maximum: 1, doc: "Weight of the new value in the running statistics, 0 to 1." },
    { name: "zero", type: "bool", default: false, doc: "The scale begins at 0 instead of 1." },
  ],
  resolve(c) {
    if (channelsOf(c, "bn") === undefined) return undefined;
    return c.given as Attributes;
  },
  parameters(c) {
    const channels = channelsOf(c, "bn");
    if (channels === undefined) return [];
    const shape = [channels];
    return [
      { name: "weight", role: "scale", shape, initializer: flagOf(c.attributes, "zero") ? ZERO : ONE },
      { name: "bias", role: "shift", shape, initializer: ZERO },
      { name: "running_mean", role: "running_mean", shape, initializer: ZERO },
      { name: "running_var", role: "running_var", shape, initializer: ONE },
    ];
  },
  shape: (c) => [inputOf(c)],
  gradient: batchNormGradient(channelArithmetic),
  lower: {
    onnx(b, node) {
      const epsilon = numberOf(node.attributes, "eps");
      const momentum = 1 - numberOf(node.attributes, "momentum");
      b.node("BatchNormalization", node.inputs.map((value) => b.of(value)), { epsilon: { float: epsilon }, momentum: { float: momentum } }, { to: result(node) });
    },
    tfjs(b, node) {
      needSmallRank(b, node);
      const names = ["gamma", "beta", "moving_mean", "moving_variance"];
      const weights = node.inputs.slice(1).flatMap(({ producer }, index) =>
        producer.kind === "parameter" ? [{ name: at(names, index), parameter: producer.parameter }] : [],
      );
      const config = {
        axis: -1,
        momentum: 1 - numberOf(node.attributes, "momentum"),
        epsilon: numberOf(node.attributes, "eps"),
        center: true,
        scale: true,
      };
      b.layer("BatchNormalization", config, [b.of(operand(node))], { to: result(node), weights });
    },
  },
  limits: { tfjs: "at most two spatial axes" },
});
