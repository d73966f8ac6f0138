import { defineOp } from "./define-op.ts";
import { at, numberOf, operand, result } from "./families/attributes.ts";
import { channelsOf, inputOf, reshaped } from "./families/axes.ts";
import { cutter, onChannels } from "./families/layers.ts";

export const channels = defineOp({
  name: "channels",
  level: "language",
  form: "layer",
  kind: "channels",
  summary: "Selects a range of channels.",
  doc: "`channels(from, to)` keeps the channels from, from + 1, …, to - 1, counted from 0: `[N, C, …]` becomes `[N, to - from, …]`. Works on features too.",
  sample: "input image: float32[N, 3, 32, 32]\nconv(3x3, 16)\nconcat { channels(0, 8) -> conv(3x3, 8) | channels(8, 16) }",
  attributes: [
    { name: "from", type: "int", positional: true, minimum: 0, doc: "The first channel kept, counted from 0." },
    { name: "to", type: "int", positional: true, minimum: 1, doc: "The first channel after those kept; at most the number of channels." },
  ],
  resolve(c) {
    const count = channelsOf(c, "channels");
    const { from, to } = c.given as { from: number; to: number };
    if (count === undefined) return undefined;
    if (from >= to) {
      return c.fail({ code: "RN0403", message: `\`channels(${from}, ${to})\` keeps nothing: it ends where it starts or before`, attribute: "to" });
    }
    if (to > count) {
      return c.fail({
        code: "RN0403",
        message: `\`channels(${from}, ${to})\` reads beyond the ${count} channels of its input`,
        attribute: "to",
        help: [`the last channel is ${count - 1}, so \`to\` is at most ${count}`],
      });
    }
    return { from, to };
  },
  shape(c) {
    const type = inputOf(c);
    const kept = numberOf(c.attributes, "to") - numberOf(c.attributes, "from");
    return [reshaped(type, type.shape.map((size, axis) => (axis === 1 ? kept : size)))];
  },
  vanishes: (attributes, input) => attributes.from === 0 && attributes.to === input.shape[1],
  gradient: {
    backward(e, c) {
      if (!c.needs[0]) return [undefined];
      const { shape } = at(c.inputs, 0).type;
      const [from, to] = [numberOf(c.node.attributes, "from"), numberOf(c.node.attributes, "to")];
      const rest = shape.slice(2).map(() => 0);
      return [e.op("pad", [c.gradient], { pads: [0, from, ...rest, 0, (at(shape, 1) as number) - to, ...rest], value: 0 })];
    },
  },
  lower: {
    onnx(b, node) {
      const list = (value: number): string => b.constant("int64", [1], [value]);
      const { attributes } = node;
      const inputs = [b.of(operand(node)), list(numberOf(attributes, "from")), list(numberOf(attributes, "to")), list(1)];
      b.node("Slice", inputs, {}, { to: result(node) });
    },
    tfjs(b, node) {
      const end = (at(operand(node).type.shape, 1) as number) - numberOf(node.attributes, "to");
      const ends = [[0, 0], [numberOf(node.attributes, "from"), end]] as const;
      onChannels(b, node, (x, width, more) => cutter(b, x, [width, 1], "channels_first")(ends, more));
    },
  },
  limits: { tfjs: "with three spatial axes only where their sizes are numbers" },
});
