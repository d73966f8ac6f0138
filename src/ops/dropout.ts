import { defineOp } from "./define-op.ts";
import { numberOf, operand, result } from "./families/attributes.ts";
import { inputOf } from "./families/axes.ts";
import { aliasInput } from "./families/lowering.ts";
import { randomMask } from "./families/random.ts";

export const dropout = defineOp({
  name: "dropout",
  level: "language",
  form: "layer",
  kind: "dropout",
  summary: "In training sets numbers to zero at random; at inference does nothing.",
  doc: `In training every number is kept with probability \`1 - rate\` and then divided by it, so that the mean stays (Srivastava et
al. 2014); else it is 0. At inference \`y = x\`.`,
  sample: "input image: float32[N, 3, 32, 32]\nglobalavgpool -> linear(64) -> relu -> dropout(0.5) -> linear(10)",
  attributes: [{ name: "rate", type: "float", positional: true, default: 0.5, minimum: 0, maximum: 1, doc: "Probability of a zero, from 0 to below 1." }],
  resolve(c) {
    const rate = c.given.rate as number;
    if (rate < 1) return { rate };
    return c.fail({ code: "RN0403", message: "`dropout` with a rate of 1 leaves nothing", attribute: "rate", help: ["use a rate below 1, such as 0.5"] });
  },
  shape: (c) => [inputOf(c)],
  vanishes: (attributes) => attributes.rate === 0,
  gradient: randomMask(({ attributes }) => 1 - numberOf(attributes, "rate"), (sizes) => sizes),
  lower: {
    onnx: aliasInput,
    tfjs(b, node) {
      b.layer("Dropout", { rate: numberOf(node.attributes, "rate") }, [b.of(operand(node))], { to: result(node) });
    },
  },
});
