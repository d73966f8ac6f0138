import { defineRule } from "../rule.ts";

/** Found by `suppress.ts`, when all other rules have been asked. */
export const unusedIgnore = defineRule({
  code: "RL08",
  name: "unused-ignore",
  severity: "warning",
  summary: "An `rnc-ignore` that ignores nothing: no finding, no such rule, no reason, or in a wrong place.",
  why: `An ignore that is left behind hides the next finding on its line, which nobody has looked at. One with a slip in its name only seems to
work. And one without a reason cannot be judged by whoever reads it next.`,
  evidence: undefined,
  exceptions: `An ignore of a rule that was not asked (\`--select\`, \`--ignore\`, rnc.toml, a severity that is not shown), or about blocks that no
network of the file uses, is not judged.`,
  wrong: `network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  // rnc-ignore single-layer: the form of section 3.2, to compare
  residual { conv(3x3, 16) -> bn -> relu -> conv(3x3, 16) -> bn } -> relu
  globalavgpool -> fc: linear(10)
}
`,
  right: `network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  residual { conv(3x3, 16) -> bn -> relu -> conv(3x3, 16) -> bn } -> relu
  globalavgpool -> fc: linear(10)
}
`,
});
