import type { Element } from "../../syntax/ast.ts";
import { calledName, isRepetition } from "../../syntax/elements.ts";
import { inserted, spanOf, textOf } from "../analysis/edits.ts";
import { isActivation, isNormalisation, isWeighted } from "../analysis/layers.ts";
import { hidesOperator } from "../analysis/names.ts";
import { defineRule } from "../rule.ts";

/** What belongs to the convolution before it, when it follows in the same chain. */
const belongs = (element: Element): boolean => {
  const name = calledName(element);
  return name !== undefined && (isNormalisation(name) || isActivation(name) || name === "dropout");
};

export const repeatedOperator = defineRule({
  code: "RL01",
  name: "repeated-operator",
  severity: "warning",
  summary: "`x` repeats a single layer, and its normalisation or activation follows once.",
  why: `\`x\` reaches one element: \`3 x conv(3x3, 64) -> bn -> relu\` is three convolutions with nothing between them, then one batch norm
and one ReLU. Three convolutions in a row are one linear map, with the parameters of three.`,
  evidence: undefined,
  exceptions: "Only where a batch norm, an activation or a dropout follows the repeated layer in the same chain.",
  wrong: `network Small {
  input image: float32[N, 3, 32, 32]
  3 x conv(3x3, 16) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  right: `network Small {
  input image: float32[N, 3, 32, 32]
  3 x { conv(3x3, 16) -> bn -> relu }
  globalavgpool -> fc: linear(10)
}
`,
  checkModule(context) {
    const { module } = context;
    for (const { element, chain } of context.elements) {
      if (!chain || !isRepetition(element)) continue;
      const { repeated } = element;
      const name = calledName(repeated);
      if (name === undefined || !isWeighted(name) || hidesOperator(module, name)) continue;
      const following = chain.elements.slice(chain.elements.indexOf(element) + 1);
      const end = following.findIndex((next) => !belongs(next));
      const row = end === -1 ? following : following.slice(0, end);
      const last = row.at(-1);
      if (last === undefined || calledName(row[0] as Element) === "dropout") continue;
      const count = textOf(module, element.callee);
      const rest = row.map((next) => `\`${calledName(next) ?? ""}\``).join(", ");
      context.report({
        at: spanOf(module, element),
        message: `\`x\` repeats \`${name}\` alone: ${rest} ${row.length === 1 ? "comes" : "come"} once, after the last of them`,
        label: `${count} layers with nothing between them`,
        help: [`Braces make them one element: \`${count} x { ${name}(…) -> ${row.map((next) => calledName(next) ?? "").join(" -> ")} }\`.`],
        fixes: [{ title: "repeat the whole row", edits: [inserted(module.source, repeated.start, "{ "), inserted(module.source, last.end, " }")] }],
      });
    }
  },
});
