import { groupDigits } from "../base/digits.ts";
import * as rational from "../base/rational.ts";
import type { Rational } from "../base/rational.ts";
import { addDims, ceilDim, floorDim, isSymbolic } from "../ir/dim.ts";
import type { Dim } from "../ir/dim.ts";
import type { Context } from "./context.ts";
import { report, spendWork } from "./context.ts";
import type { Datum } from "./data.ts";
import { describeDatum, number, UNKNOWN } from "./data.ts";

interface Range {
  readonly start: number;
  readonly end: number;
}

/** The functions of the language, each with what `explain` says of it, and lines of a network that use it. */
export const FUNCTIONS: Readonly<Record<string, { readonly usage: string; readonly doc: string; readonly sample: string }>> = {
  ceil: { usage: "ceil(a)", doc: "The least whole number not below a.", sample: "conv(1x1, ceil(in.channels / 2))" },
  floor: { usage: "floor(a)", doc: "The greatest whole number not above a.", sample: "conv(1x1, floor(100 / 16))" },
  len: { usage: "len(list)", doc: "How many entries a list has.", sample: "let widths = [16, 32, 64]\nlen(widths) x conv(3x3, widths[0])" },
  max: { usage: "max(a, b, …) or max(list)", doc: "The greatest number.", sample: "conv(1x1, max(floor(in.channels / 4), 8))" },
  min: { usage: "min(a, b, …) or min(list)", doc: "The least number.", sample: "conv(1x1, min(in.channels * 4, 64))" },
  range: { usage: "range(n) or range(first, end)", doc: "The whole numbers 0 … n-1, or first … end-1.", sample: "for i in range(3) { conv(3x3, 16 * (i + 1)) -> relu }" },
  round: { usage: "round(a)", doc: "The nearest whole number; halves go up.", sample: "conv(1x1, round(in.channels * 0.7))" },
  total: { usage: "total(list)", doc: "The sum of a list.", sample: "let widths = [8, 16, 8]\nconv(1x1, total(widths))" },
};

export function applyFunction(name: string, values: readonly Datum[], range: Range, context: Context): Datum {
  if (values.some((value) => value.kind === "unknown")) return UNKNOWN;
  const wrong = (): Datum => {
    const got = values.length === 0 ? "nothing" : values.map(describeDatum).join(" and ");
    report(context, range, {
      code: "RN0302",
      message: `\`${name}\` cannot work with ${got}`,
      help: [`Its form is \`${FUNCTIONS[name]?.usage}\`.`],
    });
    return UNKNOWN;
  };
  const only = values.length === 1 ? values[0] : undefined;
  switch (name) {
    case "floor":
    case "ceil":
    case "round":
      if (only?.kind === "number") return exact(rational[name](only.value), range, context);
      if (only?.kind === "dimension" && name !== "round") return fromDim(name === "floor" ? floorDim(only.dim) : ceilDim(only.dim));
      return wrong();
    case "len":
      return only?.kind === "list" ? number(only.items.length) : wrong();
    case "range":
      return rangeOf(values, range, context) ?? wrong();
    case "total":
    case "min":
    case "max": {
      if (only?.kind === "list") spendWork(only.items.length, context, range);
      const items = only?.kind === "list" ? only.items : name === "total" ? undefined : values;
      if (items === undefined || (items.length === 0 && name !== "total")) return wrong();
      if (name === "total") return sumOf(items, range, context) ?? wrong();
      const numbers = items.flatMap((item) => (item.kind === "number" ? [item.value] : []));
      if (numbers.length !== items.length) return wrong();
      const better = (a: Rational, b: Rational): boolean => (name === "min" ? rational.compare(a, b) < 0 : rational.compare(a, b) > 0);
      return number(numbers.reduce((best, value) => (better(value, best) ? value : best)));
    }
    default:
      return wrong();
  }
}

function sumOf(items: readonly Datum[], range: Range, context: Context): Datum | undefined {
  let sum: Rational | undefined = 0;
  let symbolic: Dim = 0;
  for (const item of items) {
    if (item.kind === "number" && sum !== undefined) sum = rational.add(sum, item.value);
    else if (item.kind === "dimension") symbolic = addDims(symbolic, item.dim);
    else return undefined;
  }
  if (!isSymbolic(symbolic)) return exact(sum, range, context);
  return sum !== undefined && typeof sum === "number" ? fromDim(addDims(symbolic, sum)) : undefined;
}

function rangeOf(values: readonly Datum[], range: Range, context: Context): Datum | undefined {
  const whole = values.flatMap((value) => (value.kind === "number" && typeof value.value === "number" ? [value.value] : []));
  if (whole.length !== values.length || whole.length < 1 || whole.length > 2) return undefined;
  const [first, end] = whole.length === 2 ? (whole as [number, number]) : [0, whole[0] as number];
  const count = Math.max(0, end - first);
  if (count > context.session.stepsLeft) {
    report(context, range, {
      code: "RN0801",
      message: `${groupDigits(count)} entries are more than the ${groupDigits(context.session.stepsLeft)} elaboration steps that are left`,
      help: ["Repeat fewer times."],
    });
    return UNKNOWN;
  }
  spendWork(count, context, range);
  return { kind: "list", items: Array.from({ length: count }, (_, i) => number(first + i)) };
}

/** A number, or the message that it is too large. */
export function exact(value: Rational | undefined, range: Range, context: Context): Datum {
  if (value !== undefined) return number(value);
  report(context, range, {
    code: "RN0803",
    message: "this number is too large to compute with",
    notes: [`Exact numbers have up to ${groupDigits(rational.MAXIMUM_BITS)} bits and exponents up to 300.`],
  });
  return UNKNOWN;
}

export function fromDim(dim: Dim): Datum {
  return isSymbolic(dim) ? { kind: "dimension", dim } : number(dim);
}

