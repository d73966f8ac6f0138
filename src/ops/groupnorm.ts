import type { Value } from "../ir/graph.ts";
import type { Emitter } from "./contract/emitter.ts";
import { defineOp, unsupported } from "./define-op.ts";
import { at, indices, numberOf, operand, product, result } from "./families/attributes.ts";
import { channelsOf, inputOf, sizesOf } from "./families/axes.ts";
import { groupsFit } from "./families/groups.ts";
import { convolutionConfig, learned, needSizes } from "./families/layers.ts";
import { normalise, normaliseBackward, scaleAndShift, scaleAndShiftBackward } from "./families/normalisation.ts";
import { perChannel } from "./families/per-channel.ts";

/** [N, C, …] as [N, groups, everything of the group]. */
function inGroups(e: Emitter, x: Value, groups: number): Value {
  const [batch, ...rest] = sizesOf(x.type) as [number, ...number[]];
  return e.op("reshape", [x], { shape: [batch, groups, rest.reduce((a, b) => a * b, 1) / groups] });
}

export const groupnorm = defineOp({
  name: "groupnorm",
  level: "language",
  form: "layer",
  kind: "groupnorm",
  summary: "Group normalization: each example over groups of channels and all positions.",
  doc: `\`y = (x - mean) / √(variance + eps) · weight + bias\`, mean and (population) variance over the channels of a group and all
positions of one example (Wu and He 2018, arXiv 1803.08494); weight and bias are one number per channel. \`groups=1\` is layer
normalization over the whole example, \`groups\` equal to the channels is instance normalization. Training and inference are the same.`,
  sample: `input image: float32[N, 3, 32, 32]
conv(3x3, 32) -> groupnorm(groups=8) -> relu`,
  attributes: [
    { name: "groups", type: "int", default: 32, minimum: 1, doc: "Number of groups; it divides the channels." },
    { name: "eps", type: "float", default: 1e-5, minimum: 0, doc: "Added to the variance." },
  ],
  resolve(c) {
    const channels = channelsOf(c, "groupnorm");
    const { groups, eps } = c.given as { groups: number; eps: number };
    if (channels === undefined || !groupsFit(c, "groupnorm", channels, channels, groups)) return undefined;
    return { groups, eps };
  },
  parameters: (c) => scaleAndShift(c, "groupnorm"),
  shape: (c) => [inputOf(c)],
  window: () => "global",
  gradient: {
    forward(e, node, inputs) {
      const x = at(inputs, 0);
      const grouped = inGroups(e, x, numberOf(node.attributes, "groups"));
      const { reciprocal, result: inner } = normalise(e, grouped, [2], numberOf(node.attributes, "eps"));
      const normalised = e.op("reshape", [inner], { shape: sizesOf(x.type) });
      return { outputs: [e.op("affine", [normalised, at(inputs, 1), at(inputs, 2)])], saved: [normalised, reciprocal] };
    },
    backward(e, c) {
      const [normalised, reciprocal] = [at(c.saved, 0), at(c.saved, 1)];
      const groups = numberOf(c.node.attributes, "groups");
      const dx = (): Value => {
        const g = e.op("multiply", [c.gradient, perChannel(e, at(c.inputs, 1), c.gradient.type.shape.length)]);
        const inner = normaliseBackward(e, inGroups(e, g, groups), inGroups(e, normalised, groups), reciprocal, [2]);
        return e.op("reshape", [inner], { shape: sizesOf(c.gradient.type) });
      };
      return [c.needs[0] ? dx() : undefined, ...scaleAndShiftBackward(e, c.gradient, normalised, c.needs)];
    },
  },
  lower: {
    /**
     * Not GroupNormalization: opset 18 defines its scale per group. An instance norm over the groups, then a batch norm with mean 0,
     * variance 1 and epsilon 0, which is the map y = weight · x + bias per channel in one standard operator.
     */
    onnx(b, node) {
      const { attributes } = node;
      const x = operand(node);
      const groups = numberOf(attributes, "groups");
      const { shape } = x.type;
      const channels = at(shape, 1) as number;
      const many = (value: number, count: number): string => b.constant("float32", [count], indices(count).map(() => value));
      const grouped = b.node("Reshape", [b.of(x), b.constant("int64", [3], [0, groups, -1])], {}, { hint: "groups" });
      const normal = b.node("InstanceNormalization", [grouped, many(1, groups), many(0, groups)], { epsilon: { float: numberOf(attributes, "eps") } }, { hint: "normal" });
      const back = b.node("Reshape", [normal, b.shapeTensor(shape)], {}, { hint: "channels", shape });
      const inputs = [back, b.of(operand(node, 1)), b.of(operand(node, 2)), many(0, channels), many(1, channels)];
      b.node("BatchNormalization", inputs, { epsilon: { float: 0 } }, { to: result(node) });
    },
    /** A layer norm without weights over the positions and channels of each group, then y = weight · x + bias as a depthwise convolution. */
    tfjs(b, node) {
      const { shape } = operand(node).type;
      const channels = at(shape, 1) as number;
      const groups = numberOf(node.attributes, "groups");
      const sizes = needSizes(b, node, "group normalization in TensorFlow.js");
      b.untrainable("TensorFlow.js cannot train a normalization in groups: its layer norm without weights fails there");
      const positions = product(sizes);
      const grouped = b.layer("Reshape", { target_shape: [positions, groups, channels / groups] }, [b.of(operand(node))], { hint: "groups" });
      const normal = { axis: [1, 3], epsilon: numberOf(node.attributes, "eps"), center: false, scale: false };
      const normalised = b.layer("LayerNormalization", normal, [grouped], { hint: "normal" });
      const image = b.layer("Reshape", { target_shape: [positions, 1, channels] }, [normalised], { hint: "channels" });
      const { weight, bias } = learned(b, node);
      const weights = [{ name: "depthwise_kernel", parameter: weight, shape: [1, 1, channels, 1] }, ...(bias ? [{ name: "bias", parameter: bias }] : [])];
      const scaled = b.layer("DepthwiseConv2D", { ...convolutionConfig([1, 1], [1, 1], bias), depth_multiplier: 1 }, [image], { weights, hint: "scaled" });
      b.layer("Reshape", { target_shape: [...sizes, channels] }, [scaled], { to: result(node) });
    },
  },
  limits: {
    tfjs: "sizes that are numbers only",
    tfjsTraining: unsupported("it is a layer norm without weights there, which fails in training"),
  },
});
