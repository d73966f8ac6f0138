import type { Value } from "../ir/graph.ts";
import type { Emitter } from "./contract/emitter.ts";
import { defineOp, unsupported } from "./define-op.ts";
import { at, numberOf, operand, product, result } from "./families/attributes.ts";
import { inputOf, mapOf, sizesOf } from "./families/axes.ts";

/** The mean over `size` neighbouring channels, those beyond the ends being zeros: an average pool down the channels of [N, 1, C, …]. */
function meanOfNeighbours(e: Emitter, x: Value, size: number): Value {
  const shape = sizesOf(x.type);
  const [batch, channels, ...spatial] = shape as [number, number, ...number[]];
  const pad = (size - 1) / 2;
  const window = { kernel: [size, 1], stride: [1, 1], dilation: [1, 1], pads: [pad, 0, pad, 0], ceil: false, count_pad: true };
  const column = e.op("reshape", [x], { shape: [batch, 1, channels, product(spatial)] });
  return e.op("reshape", [e.op("avgpool", [column], window)], { shape });
}

export const lrn = defineOp({
  name: "lrn",
  level: "language",
  form: "layer",
  kind: "lrn",
  summary: "Local response normalization: each position over neighbouring channels.",
  doc: `\`y = x / (k + alpha / size · Σ x²)^beta\`, the sum over the \`size\` channels around this one at the same position; beyond the first and
the last channel there are zeros. Caffe, PyTorch and ONNX divide \`alpha\` by \`size\` as here; Krizhevsky et al. 2012 (section 3.3) and
TensorFlow do not, so AlexNet as printed (n=5, alpha=1e-4, k=2) is \`lrn(alpha=5e-4, k=2)\`. Training and inference are the same.`,
  sample: "input image: float32[N, 3, 32, 32]\nconv(3x3, 16, bias=true) -> relu -> maxpool(3x3, stride=2) -> lrn",
  attributes: [
    { name: "size", type: "int", default: 5, minimum: 1, doc: "Number of channels in the sum, odd." },
    { name: "alpha", type: "float", default: 1e-4, minimum: 0, doc: "Weight of the mean of squares, above 0." },
    { name: "beta", type: "float", default: 0.75, minimum: 0, doc: "The exponent, above 0." },
    { name: "k", type: "float", default: 1, minimum: 0, doc: "Added to the mean of squares, above 0." },
  ],
  resolve(c) {
    if (!mapOf(c, "lrn")) return undefined;
    const { size, alpha, beta, k } = c.given as { size: number; alpha: number; beta: number; k: number };
    if (size % 2 === 0) {
      return c.fail({
        code: "RN0403",
        message: `size=${size} of \`lrn\` is even: as many channels before as after, and the channel itself, are an odd number`,
        attribute: "size",
        notes: ["PyTorch takes the odd one from before, ONNX from after; the answers differ."],
        help: [`use size=${size - 1} or size=${size + 1}`],
      });
    }
    // Runtimes hold these as float32 and refuse 0.
    const zero = Object.entries({ alpha, beta, k }).find(([, value]) => Math.fround(value) === 0);
    if (zero !== undefined) {
      const [name, value] = zero;
      return c.fail({
        code: "RN0403",
        message: `\`lrn\` with ${name}=${value} ${name === "k" ? "divides by 0 where the channels around are all 0" : "normalizes nothing"}`,
        attribute: name,
        help: [name === "k" ? "use a `k` above 0, such as the default 1" : `use a \`${name}\` above 0, or leave \`lrn\` out`],
      });
    }
    return { size, alpha, beta, k };
  },
  shape: (c) => [inputOf(c)],
  gradient: {
    /** With d = k + alpha · mean(x²), y = x · d^-beta; d is positive, so the power is exp(-beta · log d). */
    forward(e, node, inputs) {
      const x = at(inputs, 0);
      const mean = meanOfNeighbours(e, e.op("multiply", [x, x]), numberOf(node.attributes, "size"));
      const divisor = e.op("add", [e.op("multiply", [mean, e.scalar(numberOf(node.attributes, "alpha"))]), e.scalar(numberOf(node.attributes, "k"))], {}, "divisor");
      const factor = e.op("exp", [e.op("multiply", [e.op("log", [divisor]), e.scalar(-numberOf(node.attributes, "beta"))])], {}, "factor");
      return { outputs: [e.op("multiply", [x, factor])], saved: [divisor, factor] };
    },
    /** dx = g · d^-beta - 2 · alpha · beta · x · mean(g · y / d): an odd window is its own adjoint. */
    backward(e, c) {
      if (!c.needs[0]) return [undefined];
      const { attributes } = c.node;
      const [divisor, factor] = [at(c.saved, 0), at(c.saved, 1)];
      const share = e.op("divide", [e.op("multiply", [c.gradient, at(c.outputs, 0)]), divisor]);
      const scale = e.scalar(2 * numberOf(attributes, "alpha") * numberOf(attributes, "beta"));
      const through = e.op("multiply", [e.op("multiply", [at(c.inputs, 0), scale]), meanOfNeighbours(e, share, numberOf(attributes, "size"))]);
      return [e.op("subtract", [e.op("multiply", [c.gradient, factor]), through])];
    },
  },
  lower: {
    /** ONNX Runtime has LRN for four axes only; other maps become [N, C, positions, 1] and back. */
    onnx(b, node) {
      const { attributes } = node;
      const { shape } = operand(node).type;
      const settings = {
        size: { int: numberOf(attributes, "size") },
        alpha: { float: numberOf(attributes, "alpha") },
        beta: { float: numberOf(attributes, "beta") },
        bias: { float: numberOf(attributes, "k") },
      };
      if (shape.length === 4) {
        b.node("LRN", [b.of(operand(node))], settings, { to: result(node) });
        return;
      }
      const flat = b.node("Reshape", [b.of(operand(node)), b.constant("int64", [4], [0, 0, -1, 1])], {}, { hint: "positions" });
      const normal = b.node("LRN", [flat], settings, { hint: "normal" });
      b.node("Reshape", [normal, b.shapeTensor(shape)], {}, { to: result(node) });
    },
    tfjs: unsupported("TensorFlow.js 4.22 has no local response normalization among its built-in layers"),
  },
});
