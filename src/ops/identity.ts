import { defineOp } from "./define-op.ts";
import { inputOf } from "./families/axes.ts";
import { aliasInput } from "./families/lowering.ts";

export const identity = defineOp({
  name: "identity",
  level: "language",
  form: "layer",
  kind: "identity",
  summary: "Gives its input unchanged.",
  doc: "`y = x`: a branch of a join that passes its input on, a shortcut policy that inserts nothing (He et al. 2015, Eq. 1), a block parameter that means \"none here\". It makes no layer.",
  sample: "input image: float32[N, 3, 32, 32]\nconcat { identity | conv(3x3, 8) }",
  attributes: [],
  shape: (c) => [inputOf(c)],
  vanishes: () => true,
  gradient: { backward: (_e, c) => [c.needs[0] ? c.gradient : undefined] },
  lower: { onnx: aliasInput, tfjs: aliasInput },
});
