import { defineOp } from "./define-op.ts";
import { numberOf, operand, result } from "./families/attributes.ts";
import { inputOf } from "./families/axes.ts";
import { aliasInput } from "./families/lowering.ts";
import { perExample, randomMask } from "./families/random.ts";

export const droppath = defineOp({
  name: "droppath",
  level: "language",
  form: "layer",
  kind: "droppath",
  summary: "Stochastic depth: in training drops the whole branch of an example at random; at inference does nothing.",
  doc: `In training each example keeps the branch with probability \`keep\` and then divides it by \`keep\`, so that the mean stays; else
all of it is 0. At inference \`y = x\`. Huang et al. 2016 (arXiv 1603.09382) multiply by \`keep\` at test time instead of dividing in
training, which is the same up to the scale of the weights before; this form is the one of torchvision and timm.`,
  sample: "input image: float32[N, 8, 32, 32]\nresidual { conv(3x3, 8) -> bn -> droppath(keep=0.8) } -> relu",
  attributes: [{ name: "keep", type: "float", minimum: 0, maximum: 1, doc: "Probability that the branch survives, above 0 and at most 1." }],
  resolve(c) {
    const keep = c.given.keep as number;
    if (keep > 0) return { keep };
    return c.fail({ code: "RN0403", message: "`droppath` with keep=0 drops its branch always", attribute: "keep", help: ["use a probability above 0, or leave the branch out"] });
  },
  shape: (c) => [inputOf(c)],
  vanishes: (attributes) => attributes.keep === 1,
  gradient: randomMask(({ attributes }) => numberOf(attributes, "keep"), perExample),
  lower: {
    onnx: aliasInput,
    /** One draw for an example: the noise is stretched over everything after the batch. */
    tfjs(b, node) {
      const noise = operand(node).type.shape.map((_, axis) => (axis === 0 ? null : 1));
      b.layer("Dropout", { rate: 1 - numberOf(node.attributes, "keep"), noise_shape: noise }, [b.of(operand(node))], { to: result(node) });
    },
  },
});
