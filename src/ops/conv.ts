import { defineOp } from "./define-op.ts";
import type { KnownNode, ResolveContext, ShapeContext } from "./define-op.ts";
import type { Attributes } from "../ir/graph.ts";
import { at, flagOf, listOf, numberOf, operand, product, result } from "./families/attributes.ts";
import { channelsOf, fits, inputOf, mapOf, resolveWindow, slidingType, windowAttributes, windowOf } from "./families/axes.ts";
import { convolutionGradient } from "./families/convolution-gradient.ts";
import { groupsFit } from "./families/groups.ts";
import { convolutionConfig, convolveInGroups, everyNth, learned, needImage, paddedInput } from "./families/layers.ts";
import { oneNode, windowAttributes as onnxWindow } from "./families/lowering.ts";

function resolve(c: ResolveContext): Attributes | undefined {
  const input = mapOf(c, "conv");
  const inputChannels = input && channelsOf(c, "conv");
  const window = inputChannels === undefined ? undefined : resolveWindow(c, "conv");
  if (inputChannels === undefined || !window || !fits(c, "conv", window)) return undefined;
  const { channels, groups, bias } = c.given as { channels: number; groups: number; bias: boolean };
  if (!groupsFit(c, "conv", inputChannels, channels, groups)) return undefined;
  const { kernel, stride, dilation, pads } = window;
  return { kernel, stride, dilation, pads, groups, channels, bias };
}

function parameters(c: ShapeContext) {
  const inputChannels = channelsOf(c, "conv");
  if (inputChannels === undefined) return [];
  const channels = numberOf(c.attributes, "channels");
  const kernel = listOf(c.attributes, "kernel");
  const perGroup = inputChannels / numberOf(c.attributes, "groups");
  const weight = {
    name: "weight",
    role: "weight",
    shape: [channels, perGroup, ...kernel],
    initializer: { kind: "he_normal", fanIn: perGroup * product(kernel), fanOut: channels * product(kernel) },
  } as const;
  const bias = { name: "bias", role: "bias", shape: [channels], initializer: { kind: "constant", value: 0 } } as const;
  return flagOf(c.attributes, "bias") ? [weight, bias] : [weight];
}

function macs({ attributes, inputs, outputs }: KnownNode): number {
  const perOutput = (at(at(inputs, 0), 1) / numberOf(attributes, "groups")) * product(listOf(attributes, "kernel"));
  return product(at(outputs, 0)) * perOutput;
}

export const conv = defineOp({
  name: "conv",
  level: "language",
  form: "layer",
  kind: "conv",
  summary: "Convolution over any number of spatial axes.",
  doc: `\`y[n, o, p] = bias[o] + Σ weight[o, c, k] · x[n, c, p · stride + k · dilation - pad]\`, a cross-correlation as in every
framework. \`[N, C, spatial…]\` becomes \`[N, channels, floor((size + 2 · pad - dilation · (kernel - 1) - 1) / stride) + 1, …]\`.
The weight is \`[channels, C / groups, kernel…]\`; with \`groups\` each group of output channels sees its own group of input
channels (ResNeXt; depthwise where groups equals the channels). Weights begin as He et al. 2015 (arXiv 1502.01852) have
them, with the fan-out as in torchvision; a bias begins at 0.`,
  sample: `input image: float32[N, 3, 32, 32]
conv(3x3, 16, stride=2) -> conv(1, 8, bias=true) -> conv(3x3, 8, dilation=2, groups=4)`,
  attributes: [
    windowAttributes.kernel,
    { name: "channels", type: "int", positional: true, minimum: 1, doc: "Number of output channels." },
    windowAttributes.strideOne,
    windowAttributes.pad,
    windowAttributes.dilation,
    { name: "groups", type: "int", default: 1, minimum: 1, doc: "Number of groups; it divides the channels before and after." },
    { name: "bias", type: "bool", default: false, doc: "Adds a learned number to every output channel; off, because a batch norm usually follows." },
  ],
  resolve,
  parameters,
  shape: (c) => [slidingType(inputOf(c), numberOf(c.attributes, "channels"), windowOf(c.attributes))],
  macs,
  weighted: true,
  window: windowOf,
  gradient: convolutionGradient,
  lower: {
    onnx: oneNode("Conv", ({ attributes }) => ({ ...onnxWindow(windowOf(attributes)), group: { int: numberOf(attributes, "groups") } })),
    /** Depthwise where TensorFlow.js has it: its DepthwiseConv2D ignores a dilation, and then each channel is a group of its own. */
    tfjs(b, node) {
      needImage(b, node, "conv");
      const window = windowOf(node.attributes);
      const { kernel, stride, dilation } = window;
      const groups = numberOf(node.attributes, "groups");
      const filters = numberOf(node.attributes, "channels");
      const dilated = dilation.some((step) => step > 1);
      if (dilated) b.untrainable("TensorFlow.js has no gradient of a convolution with a dilation");
      const { weight, bias } = learned(b, node);
      // TensorFlow.js takes no stride beside a dilation: then every stride-th position of all is kept.
      const thinned = dilated && stride.some((step) => step > 1);
      const steps = thinned ? stride.map(() => 1) : stride;
      const { input, padding } = paddedInput(b, node, { ...window, stride: steps });
      const shared = { ...convolutionConfig(kernel, steps, bias, padding), dilation_rate: dilation };
      const to = result(node);
      if (groups > 1 && groups === operand(node).type.shape[1] && !dilated) {
        const config = { ...shared, depth_multiplier: filters / groups };
        const shape = [...kernel, groups, filters / groups];
        const weights = [{ name: "depthwise_kernel", parameter: weight, axes: [2, 3, 0, 1], shape }, ...(bias ? [{ name: "bias", parameter: bias }] : [])];
        b.layer("DepthwiseConv2D", config, [input], { to, weights });
        return;
      }
      const layer = { className: "Conv2D", config: shared, filters, groups, input };
      if (thinned) everyNth(b, convolveInGroups(b, node, layer, { hint: "all" }), stride, { to });
      else convolveInGroups(b, node, layer, { to });
    },
  },
  limits: {
    tfjs: "two spatial axes only",
    tfjsTraining: "not with a dilation, which has no gradient there",
  },
});
