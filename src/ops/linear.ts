import { formatShape } from "../ir/tensor-type.ts";
import { defineOp } from "./define-op.ts";
import { at, flagOf, numberOf, operand, product, result } from "./families/attributes.ts";
import { channelsOf, inputOf, reshaped } from "./families/axes.ts";
import { learned } from "./families/layers.ts";

export const linear = defineOp({
  name: "linear",
  level: "language",
  form: "layer",
  kind: "linear",
  summary: "Fully connected layer.",
  doc: `\`y = x · weightᵀ + bias\`: \`[N, C]\` becomes \`[N, features]\`. The weight is \`[features, C]\`. Weight and bias begin uniform
in ±1/√C, as PyTorch's Linear has them.`,
  sample: `input image: float32[N, 3, 32, 32]
globalavgpool -> linear(10)`,
  attributes: [
    { name: "features", type: "int", positional: true, minimum: 1, doc: "Number of output features." },
    { name: "bias", type: "bool", default: true, doc: "Adds a learned number to every output feature." },
  ],
  resolve(c) {
    const { shape } = inputOf(c);
    if (shape.length !== 2) {
      return c.fail({
        code: "RN0402",
        message: `\`linear\` needs [N, features], got ${formatShape(shape)}`,
        input: 0,
        notes: ["It would have to know whether the spatial axes are averaged or laid out one after another."],
        help: ["add `globalavgpool` (one number per channel) or `flatten` (every position is a feature) before it"],
        mend: { kind: "before", text: "globalavgpool" },
      });
    }
    if (channelsOf(c, "linear") === undefined) return undefined;
    const { features, bias } = c.given as { features: number; bias: boolean };
    return { features, bias };
  },
  parameters(c) {
    const width = channelsOf(c, "linear");
    if (width === undefined) return [];
    const features = numberOf(c.attributes, "features");
    const initializer = { kind: "uniform", bound: 1 / Math.sqrt(width) } as const;
    const weight = { name: "weight", role: "weight", shape: [features, width], initializer } as const;
    return flagOf(c.attributes, "bias") ? [weight, { name: "bias", role: "bias", shape: [features], initializer }] : [weight];
  },
  shape(c) {
    const type = inputOf(c);
    return [reshaped(type, [at(type.shape, 0), numberOf(c.attributes, "features")])];
  },
  macs: ({ inputs, outputs }) => product(at(outputs, 0)) * at(at(inputs, 0), 1),
  weighted: true,
  window: () => "global",
  /** dx = dy · W, dW = dyᵀ · x, db = Σ dy over the batch. */
  gradient: {
    backward(e, c) {
      return [
        c.needs[0] ? e.op("gemm", [c.gradient, at(c.inputs, 1)], { transA: false, transB: false }) : undefined,
        c.needs[1] ? e.op("gemm", [c.gradient, at(c.inputs, 0)], { transA: true, transB: false }) : undefined,
        ...(c.needs[2] ? [e.op("reduce_sum", [c.gradient], { axes: [0], keep: false })] : []),
      ];
    },
  },
  lower: {
    onnx(b, node) {
      b.node("Gemm", node.inputs.map((value) => b.of(value)), { transB: { int: 1 } }, { to: result(node) });
    },
    tfjs(b, node) {
      const { weight, bias } = learned(b, node);
      const weights = [{ name: "kernel", parameter: weight, axes: [1, 0] }, ...(bias ? [{ name: "bias", parameter: bias }] : [])];
      const config = { units: numberOf(node.attributes, "features"), use_bias: bias !== undefined, activation: "linear" };
      b.layer("Dense", config, [b.of(operand(node))], { to: result(node), weights });
    },
  },
});
