import type { Attributes } from "../ir/graph.ts";
import { defineOp } from "./define-op.ts";
import { at, numberOf, operand, result, wordOf } from "./families/attributes.ts";
import { channelsOf, inputOf, reshaped } from "./families/axes.ts";
import { onChannels } from "./families/layers.ts";

/** How many channels of zeros come before and after; an odd one comes after. */
function zeros(attributes: Attributes, channels: number): { readonly before: number; readonly after: number } {
  const added = numberOf(attributes, "channels") - channels;
  const before = wordOf(attributes, "where") === "split" ? Math.floor(added / 2) : 0;
  return { before, after: added - before };
}

/** How many channels of zeros come before those of the input. */
export const channelsBefore = (attributes: Attributes, channels: number): number => zeros(attributes, channels).before;

export const padchannels = defineOp({
  name: "padchannels",
  level: "language",
  form: "layer",
  kind: "padchannels",
  summary: "Adds channels of zeros up to a number.",
  doc: `\`[N, C, …]\` becomes \`[N, channels, …]\`. \`where="end"\` puts all zeros after the input's channels; \`where="split"\` puts half of
them before (an odd one after), as widespread CIFAR code does. The parameter-free shortcut of He et al. 2015, section 3.3, option A.`,
  sample: "input image: float32[N, 3, 32, 32]\nconv(3x3, 16) -> padchannels(32) -> padchannels(64, where=\"split\")",
  attributes: [
    { name: "channels", type: "int", positional: true, minimum: 1, doc: "Number of channels afterwards." },
    { name: "where", type: "string", default: "end", choices: ["end", "split"], doc: "Where the zeros go: after the channels, or half on both sides." },
  ],
  resolve(c) {
    const before = channelsOf(c, "padchannels");
    const { channels, where } = c.given as { channels: number; where: string };
    if (before === undefined) return undefined;
    if (channels < before) {
      return c.fail({
        code: "RN0506",
        message: `\`padchannels\` cannot narrow ${before} channels to ${channels}`,
        attribute: "channels",
        notes: ["It only adds channels of zeros; leaving channels out would lose what they carry."],
        help: ["use a shortcut with a projection (option B), or `channels(from, to)` to select some"],
      });
    }
    return { channels, where };
  },
  shape(c) {
    const type = inputOf(c);
    return [reshaped(type, type.shape.map((size, axis) => (axis === 1 ? numberOf(c.attributes, "channels") : size)))];
  },
  vanishes: (attributes, input) => input.shape[1] === attributes.channels,
  gradient: {
    backward(e, c) {
      if (!c.needs[0]) return [undefined];
      const { type } = at(c.inputs, 0);
      const { before } = zeros(c.node.attributes, at(type.shape, 1) as number);
      const end = before + (at(type.shape, 1) as number);
      return [e.op("slice", [c.gradient], { axes: [1], starts: [before], ends: [end], steps: [1] })];
    },
  },
  lower: {
    onnx(b, node) {
      const { before, after } = zeros(node.attributes, at(operand(node).type.shape, 1) as number);
      const rest = operand(node).type.shape.slice(2).map(() => 0);
      const pads = [0, before, ...rest, 0, after, ...rest];
      b.node("Pad", [b.of(operand(node)), b.constant("int64", [pads.length], pads)], { mode: { string: "constant" } }, { to: result(node) });
    },
    tfjs(b, node) {
      const { before, after } = zeros(node.attributes, at(operand(node).type.shape, 1) as number);
      const config = { padding: [[0, 0], [before, after]], data_format: "channels_first" };
      onChannels(b, node, (x, _, more) => b.layer("ZeroPadding2D", config, [x], more));
    },
  },
  limits: { tfjs: "with three spatial axes only where their sizes are numbers" },
});
