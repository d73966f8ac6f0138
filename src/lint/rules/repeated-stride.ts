import * as rational from "../../base/rational.ts";
import type { Fix } from "../../diagnostics/problem.ts";
import { findOperator } from "../../ops/registry.ts";
import type { Argument, CallExpression, Element, Expression, Module } from "../../syntax/ast.ts";
import { callOf, calledName, isRepetition } from "../../syntax/elements.ts";
import type { PlacedElement } from "../../syntax/elements.ts";
import { replaced, spanOf, textOf } from "../analysis/edits.ts";
import { hidesOperator, namesIn } from "../analysis/names.ts";
import { defineRule } from "../rule.ts";

export const repeatedStride = defineRule({
  code: "RL06",
  name: "repeated-stride",
  severity: "warning",
  summary: "A block is repeated with a stride, so that every pass strides, not only the first.",
  why: `\`4 x unit(128, stride=2)\` builds four blocks of stride 2: the map is 16 times smaller on a side, not 2 times. In a stage of a residual
network the first block strides and the others keep the size (He et al. 2015, Table 1).`,
  evidence: undefined,
  exceptions: `Operators may be repeated with a stride (\`4 x { conv(3x3, 64, stride=2) -> relu }\` says plainly what it does), and so may blocks whose arguments
change from pass to pass.`,
  wrong: `block unit(width: int, stride: int = 1) {
  conv(3x3, width, stride=stride) -> bn -> relu
  conv(3x3, width) -> bn -> relu
}
network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  layer1: 4 x unit(32, stride=2)
  globalavgpool -> fc: linear(10)
}
`,
  right: `block unit(width: int, stride: int = 1) {
  conv(3x3, width, stride=stride) -> bn -> relu
  conv(3x3, width) -> bn -> relu
}
network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  layer1: for i in range(4) { unit(32, stride = 2 if i == 0 else 1) }
  globalavgpool -> fc: linear(10)
}
`,
  checkModule(context) {
    const { module } = context;
    for (const placed of context.elements) {
      const found = stridedCall(placed, module);
      if (found === undefined) continue;
      const { name, stride, repetition, call } = found;
      const passes = passesOf(repetition, module);
      if (passes?.number === 1) continue;
      const by = textOf(module, stride.value);
      context.report({
        at: spanOf(module, stride),
        message: `every pass of \`${name}\` strides by ${by}, not only the first`,
        label: (passes?.number === undefined ? undefined : total(passes.number, stride.value)) ?? "the same in every pass",
        secondary: [{ span: spanOf(module, isRepetition(repetition) ? repetition.callee : repetition), text: "repeated here" }],
        help: [`To stride once: \`for i in range(${passes?.text ?? "n"}) { ${strideOnce(module, call, stride, "i")} }\`.`],
        fixes: fixFor(placed, module, call, stride),
      });
    }
  },
});

interface StridedCall {
  readonly name: string;
  readonly call: CallExpression;
  readonly stride: Argument;
  /** The `x` or `for` around it. */
  readonly repetition: Element;
}

/** A call of a block with a fixed stride above 1, directly in a repetition, with nothing in it that changes from pass to pass. */
function stridedCall({ element, within }: PlacedElement, module: Module): StridedCall | undefined {
  const repetition = within.at(-1);
  if (repetition === undefined || (repetition.kind !== "for" && !isRepetition(repetition))) return undefined;
  const call = callOf(element);
  const name = calledName(element);
  if (!call || name === undefined) return undefined;
  if (findOperator(name) && !hidesOperator(module, name)) return undefined;
  const stride = call.arguments.find((argument) => argument.name?.name === "stride");
  if (!stride || (literalStride(stride.value) ?? 1) <= 1) return undefined;
  if (isRepetition(repetition)) return { name, call, stride, repetition };
  if (namesIn(call).has(repetition.variable.name)) return undefined;
  return { name, call, stride, repetition };
}

/** The greatest step of a stride that is written out: 2 of `2`, of `2x2`, of `[1, 2]`. */
function literalStride(value: Expression): number | undefined {
  const numbers = value.kind === "number" ? [value.text] : value.kind === "size" ? value.entries : value.kind === "list" ? value.entries.flatMap((entry) => (entry.kind === "number" ? [entry.text] : [])) : [];
  const steps = numbers.map((text) => rational.parseRational(text));
  return steps.length === 0 ? undefined : Math.max(...steps.map((step) => (typeof step === "number" ? step : 1)));
}

/** How often a repetition runs: the text of the count, and its number where it is written out. */
function passesOf(repetition: Element, module: Module): { readonly text: string; readonly number: number | undefined } | undefined {
  const count = isRepetition(repetition) ? repetition.callee : repetition.kind === "for" ? rangeOf(repetition.iterable) : undefined;
  if (count === undefined) return undefined;
  const number = count.kind === "number" ? rational.parseRational(count.text) : undefined;
  return { text: textOf(module, count), number: typeof number === "number" ? number : undefined };
}

function rangeOf(iterable: Expression): Expression | undefined {
  if (iterable.kind !== "call" || iterable.callee.kind !== "name" || iterable.callee.name !== "range" || iterable.arguments.length !== 1) return undefined;
  return iterable.arguments[0]?.value;
}

function total(passes: number, stride: Expression): string | undefined {
  const step = stride.kind === "number" ? literalStride(stride) : undefined;
  const factor = step === undefined ? undefined : step ** passes;
  return factor === undefined || !Number.isSafeInteger(factor) ? undefined : `${passes} times: the map gets ${factor} times smaller on a side`;
}

/** The call with its stride in the first pass alone. */
function strideOnce(module: Module, call: CallExpression, { value }: Argument, variable: string): string {
  const text = textOf(module, call);
  const start = value.start - call.start;
  const equals = /\s*=\s*$/.exec(text.slice(0, start));
  return `${text.slice(0, start - (equals?.[0].length ?? 0))} = ${textOf(module, value)} if ${variable} == 0 else 1${text.slice(value.end - call.start)}`;
}

function fixFor({ element, within }: PlacedElement, module: Module, call: CallExpression, stride: Argument): readonly Fix[] {
  const repetition = within.at(-1);
  const title = "stride in the first pass alone";
  if (repetition === undefined || element.label) return [];
  if (isRepetition(repetition)) {
    const start = repetition.callee.start;
    const variable = ["i", "j", "k", "pass"].find((name) => !namesIn(call).has(name) && !within.some((outer) => outer.kind === "for" && outer.variable.name === name));
    if (variable === undefined) return [];
    const text = `for ${variable} in range(${textOf(module, repetition.callee)}) { ${strideOnce(module, call, stride, variable)} }`;
    return [{ title, edits: [replaced(module.source, { start, end: repetition.end }, text)] }];
  }
  if (repetition.kind !== "for" || rangeOf(repetition.iterable) === undefined) return [];
  return [{ title, edits: [replaced(module.source, call, strideOnce(module, call, stride, repetition.variable.name))] }];
}
