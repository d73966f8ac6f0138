import { addDims, scaleDim } from "../ir/dim.ts";
import type { Dim } from "../ir/dim.ts";
import type { Attributes } from "../ir/graph.ts";
import { defineOp } from "./define-op.ts";
import type { Window } from "./define-op.ts";
import { at, flagOf, listOf, numberOf, operand, product, result } from "./families/attributes.ts";
import { channelsOf, extent, inputOf, mapOf, padsOn, perAxis, reshaped, resolveWindow, spatialOf, windowAttributes, windowOf } from "./families/axes.ts";
import { transposedConvolutionGradient } from "./families/convolution-gradient.ts";
import { groupsFit } from "./families/groups.ts";
import { convolutionConfig, convolveInGroups, cutter, learned, needImage } from "./families/layers.ts";
import { oneNode, windowAttributes as onnxWindow } from "./families/lowering.ts";

/** (size - 1) · stride + dilation · (kernel - 1) + 1 - pads + extra on every spatial axis. */
export function transposedShape(spatial: readonly Dim[], window: Window, extra: readonly number[]): readonly Dim[] {
  return spatial.map((size, axis) => {
    const stride = at(window.stride, axis);
    const rest = extent(at(window.kernel, axis), at(window.dilation, axis)) - stride - padsOn(window, axis) + at(extra, axis);
    return addDims(scaleDim(size, stride), rest);
  });
}

export const upconv = defineOp({
  name: "upconv",
  level: "language",
  form: "layer",
  kind: "upconv",
  summary: "Transposed convolution: enlarges the map with learned weights.",
  doc: `The adjoint of \`conv\`: every input position adds \`weight · x\` to a window of the output. \`[N, C, spatial…]\` becomes
\`[N, channels, (size - 1) · stride - 2 · pad + dilation · (kernel - 1) + output_padding + 1, …]\`, so \`upconv(2x2, c, stride=2)\` doubles
both sizes. The weight is \`[C, channels / groups, kernel…]\`, as PyTorch's ConvTranspose has it; weights begin as those of \`conv\`.`,
  sample: `input image: float32[N, 8, 16, 16]
upconv(2x2, 4, stride=2) -> upconv(3x3, 4, stride=2, output_padding=1, bias=true)`,
  attributes: [
    windowAttributes.kernel,
    { name: "channels", type: "int", positional: true, minimum: 1, doc: "Number of output channels." },
    { ...windowAttributes.strideOne, doc: "The enlargement: step between the windows that are written, at least 1." },
    { ...windowAttributes.pad, doc: "Positions cut off at both ends of every spatial axis, at least 0." },
    windowAttributes.dilation,
    { name: "output_padding", type: "int[]", default: 0, minimum: 0, doc: "Positions added at the end of every spatial axis; less than the stride." },
    { name: "groups", type: "int", default: 1, minimum: 1, doc: "Number of groups; it divides the channels before and after." },
    { name: "bias", type: "bool", default: false, doc: "Adds a learned number to every output channel." },
  ],
  resolve(c): Attributes | undefined {
    const input = mapOf(c, "upconv");
    const inputChannels = input && channelsOf(c, "upconv");
    const window = inputChannels === undefined ? undefined : resolveWindow(c, "upconv");
    const extra = window && perAxis(c, "upconv", "output_padding", c.given.output_padding);
    if (inputChannels === undefined || !window || !extra) return undefined;
    const { channels, groups, bias } = c.given as { channels: number; groups: number; bias: boolean };
    if (!groupsFit(c, "upconv", inputChannels, channels, groups)) return undefined;
    const large = extra.findIndex((count, axis) => count > 0 && count >= at(window.stride, axis));
    if (large >= 0) {
      return c.fail({
        code: "RN0403",
        message: `output_padding=${at(extra, large)} of \`upconv\` is not less than its stride ${at(window.stride, large)}`,
        attribute: "output_padding",
        notes: ["It only fills what the stride leaves open at the end."],
      });
    }
    const empty = transposedShape(inputOf(c).shape.slice(2), window, extra).findIndex((size) => typeof size === "number" && size < 1);
    if (empty >= 0) {
      return c.fail({
        code: "RN0403",
        message: `the pad of \`upconv\` cuts off everything: ${at(padsOf(window.pads), empty)} at both ends`,
        attribute: "pad",
        help: ["use a smaller `pad` or a larger kernel"],
      });
    }
    return { ...window, extra, groups, channels, bias };
  },
  parameters(c) {
    const inputChannels = channelsOf(c, "upconv");
    if (inputChannels === undefined) return [];
    const channels = numberOf(c.attributes, "channels");
    const groups = numberOf(c.attributes, "groups");
    const kernel = listOf(c.attributes, "kernel");
    const weight = {
      name: "weight",
      role: "weight",
      shape: [inputChannels, channels / groups, ...kernel],
      initializer: { kind: "he_normal", fanIn: (inputChannels / groups) * product(kernel), fanOut: channels * product(kernel) },
    } as const;
    const bias = { name: "bias", role: "bias", shape: [channels], initializer: { kind: "constant", value: 0 } } as const;
    return flagOf(c.attributes, "bias") ? [weight, bias] : [weight];
  },
  shape(c) {
    const type = inputOf(c);
    const spatial = transposedShape(spatialOf(type), windowOf(c.attributes), listOf(c.attributes, "extra"));
    return [reshaped(type, [at(type.shape, 0), numberOf(c.attributes, "channels"), ...spatial])];
  },
  macs({ attributes, inputs }) {
    const perInput = (numberOf(attributes, "channels") / numberOf(attributes, "groups")) * product(listOf(attributes, "kernel"));
    return product(at(inputs, 0)) * perInput;
  },
  weighted: true,
  window: (attributes) => ({ ...windowOf(attributes), enlarges: true }),
  gradient: transposedConvolutionGradient,
  lower: {
    onnx: oneNode("ConvTranspose", ({ attributes }) => ({
      ...onnxWindow(windowOf(attributes)),
      output_padding: { ints: listOf(attributes, "extra") },
      group: { int: numberOf(attributes, "groups") },
    })),
    tfjs(b, node) {
      needImage(b, node, "upconv");
      const { kernel, stride, dilation, pads } = windowOf(node.attributes);
      if (dilation.some((step) => step > 1)) b.refuse("TensorFlow.js has no transposed convolution with a dilation");
      const extra = listOf(node.attributes, "extra");
      // Where the stride is greater than the kernel, TensorFlow.js ends with the gap that ours leaves out.
      const ends = [0, 1].map((axis) => {
        const gap = Math.max(0, at(stride, axis) - at(kernel, axis));
        return [at(pads, axis), at(pads, axis + 2) + gap - at(extra, axis)] as const;
      });
      if (ends.some(([, end]) => end < 0)) b.refuse("TensorFlow.js cannot say this `output_padding`: it is greater than the pad");
      const { bias } = learned(b, node);
      const layer = {
        className: "Conv2DTranspose",
        config: convolutionConfig(kernel, stride, bias),
        filters: numberOf(node.attributes, "channels"),
        groups: numberOf(node.attributes, "groups"),
        input: b.of(operand(node)),
      };
      const to = result(node);
      if (ends.every(([begin, end]) => begin === 0 && end === 0)) return void convolveInGroups(b, node, layer, { to });
      const [, , height, width] = to.type.shape;
      const large = convolveInGroups(b, node, layer, { hint: "full" });
      cutter(b, large, [height ?? 1, width ?? 1], "channels_last")(ends, { to });
    },
  },
  limits: { tfjs: "two spatial axes only, no dilation, no `output_padding` above the pad" },
});

const padsOf = (pads: readonly number[]): readonly number[] => pads.slice(0, pads.length / 2);
