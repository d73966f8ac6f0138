import { defineOp } from "./define-op.ts";
import { equalShapes } from "./families/joins.ts";
import { summation } from "./sum.ts";

export const residual = defineOp({
  name: "residual",
  level: "language",
  form: "join",
  kind: "residual",
  summary: "F(x) + shortcut(x): adds its body and the path that the shortcut policy makes.",
  doc: `\`y = F(x) + P(x)\` (He et al. 2015, arXiv 1512.03385, Eq. 1 and 2). F is the body (several branches are summed); P is the
policy: the argument, as in \`residual(C) { … }\`, else the last \`shortcuts\` before it, else the identity. P is a block that takes the
\`channels\` of F's result and the \`stride\` F has taken; what it makes is marked as inserted. \`none\` makes no path: y = F(x).`,
  sample: "input image: float32[N, 8, 32, 32]\nresidual { conv(3x3, 8) -> bn -> relu -> conv(3x3, 8) -> bn }\nrelu",
  attributes: [],
  shape(c) {
    const type = equalShapes(c, "residual");
    return type && [type];
  },
  ...summation,
});
