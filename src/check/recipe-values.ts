import { didYouMean } from "../base/suggest.ts";
import * as rational from "../base/rational.ts";
import type { Argument, BinaryExpression, Expression, Relation } from "../syntax/ast.ts";
import type { Context } from "./context.ts";
import { report, spanAt } from "./context.ts";
import type { Datum } from "./data.ts";
import { describeDatum } from "./data.ts";
import { evaluate } from "./evaluate.ts";
import type { RecipeFunction, RecipeParameter } from "./recipe-registry.ts";
import { recipeForm, recipeMetrics } from "./recipe-registry.ts";
import { findBinding } from "./scope.ts";

/** A metric compared with a number: `train_error < 0.80`. */
export interface RecipeCondition {
  readonly metric: string;
  readonly relation: Relation;
  readonly value: number;
}

/** A whole number drawn anew for every image, both ends included: `uniform(256, 480)`. */
export interface RecipeDraw {
  readonly uniform: readonly [number, number];
}

/** The value of an argument. A `size` is `[height, width]`. */
export type RecipeValue = number | boolean | string | readonly number[] | readonly string[] | RecipeCondition | RecipeDraw;

/** One function of a recipe with its arguments; those left out have their defaults, optional ones are absent. */
export interface RecipeCall {
  readonly function: string;
  readonly arguments: Readonly<Record<string, RecipeValue>>;
}

/** Works out one call of a recipe function; `undefined` after a mistake, which is reported. */
export function bindRecipeCall(record: RecipeFunction, given: readonly Argument[], range: Expression, context: Context): RecipeCall | undefined {
  const values: Record<string, RecipeValue> = {};
  const taken = new Map<string, Argument>();
  const positional = record.parameters.filter((parameter) => parameter.positional);
  let position = 0;
  let failed = false;
  for (const argument of given) {
    const parameter = argument.name ? named(argument.name, record, context) : positional[position++];
    if (parameter === undefined) {
      failed = true;
      if (!argument.name) report(context, argument, { code: "RN0304", message: `\`${record.name}\` takes ${positional.length === 0 ? "no value" : `only ${positional.length}`} by position`, help: [`Its form is \`${recipeForm(record)}\`.`] });
      continue;
    }
    const earlier = taken.get(parameter.name);
    if (earlier) {
      failed = true;
      report(context, argument, { code: "RN0304", message: `\`${parameter.name}\` of \`${record.name}\` is given twice`, secondary: [{ span: spanAt(context, earlier), text: "the first time" }] });
      continue;
    }
    taken.set(parameter.name, argument);
    const value = argumentValue(parameter, record, argument.value, context);
    if (value === undefined) failed = true;
    else values[parameter.name] = value;
  }
  for (const parameter of record.parameters) {
    if (taken.has(parameter.name)) continue;
    if (parameter.default !== undefined) values[parameter.name] = parameter.default;
    else if (!parameter.optional && !failed) {
      failed = true;
      report(context, range, { code: "RN0304", message: `\`${record.name}\` still needs \`${parameter.name}\``, notes: [`${parameter.name}: ${parameter.doc}`], help: [`Its form is \`${recipeForm(record)}\`.`] });
    }
  }
  const { oneOf } = record;
  if (oneOf && !failed) {
    const chosen = oneOf.filter((name) => taken.has(name));
    const second = chosen[1] === undefined ? undefined : taken.get(chosen[1]);
    if (chosen.length !== 1) {
      failed = true;
      const names = oneOf.map((name) => `\`${name}\``).join(", ");
      report(context, second ?? range, { code: "RN0304", message: chosen.length === 0 ? `\`${record.name}\` does not say when it ends: give one of ${names}` : `\`${record.name}\` takes only one of ${names}` });
    }
  }
  return failed ? undefined : { function: record.name, arguments: values };
}

function named(name: { readonly name: string; readonly start: number; readonly end: number }, record: RecipeFunction, context: Context): RecipeParameter | undefined {
  const found = record.parameters.find((parameter) => parameter.name === name.name);
  if (found) return found;
  const names = record.parameters.map((parameter) => parameter.name);
  report(context, name, {
    code: "RN0301",
    message: `\`${record.name}\` has no parameter \`${name.name}\``,
    label: didYouMean(name.name, names),
    help: [names.length === 0 ? "It takes no arguments." : `Its form is \`${recipeForm(record)}\`.`],
  });
  return undefined;
}

const RELATIONS: Readonly<Record<string, Relation>> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

function argumentValue(parameter: RecipeParameter, record: RecipeFunction, expression: Expression, context: Context): RecipeValue | undefined {
  const wrong = (what: string, got: string): undefined => {
    report(context, expression, { code: "RN0302", message: `\`${parameter.name}\` of \`${record.name}\` is ${what}, got ${got}`, notes: [parameter.doc] });
    return undefined;
  };
  switch (parameter.type) {
    case "metric":
      return metricName(expression, context);
    case "condition":
      return condition(expression, context);
    case "word": {
      const choices = parameter.choices ?? [];
      const word = bareWord(expression, context) ?? stringOf(evaluate(expression, context));
      if (word === undefined) return undefined;
      if (choices.includes(word)) return word;
      return wrong(choices.map((choice) => JSON.stringify(choice)).join(" or "), JSON.stringify(word));
    }
    case "sampled":
      return uniform(parameter, expression, context, wrong) ?? undefined;
    default:
      return plainValue(parameter, evaluate(expression, context), wrong);
  }
}

const stringOf = (datum: Datum): string | undefined => (datum.kind === "string" ? datum.value : datum.kind === "unknown" ? undefined : describeDatum(datum));

/** A name that no parameter or `let` of the recipe has stands for itself. */
function bareWord(expression: Expression, context: Context): string | undefined {
  if (expression.kind !== "name") return undefined;
  const role = findBinding(context.scope, expression.name)?.role;
  return role === "parameter" || role === "let" ? undefined : expression.name;
}

function metricName(expression: Expression, context: Context): string | undefined {
  const names = recipeMetrics.map((metric) => metric.name);
  const word = expression.kind === "name" ? expression.name : undefined;
  if (word !== undefined && names.includes(word)) return word;
  report(context, expression, {
    code: "RN1001",
    message: word === undefined ? "this is no metric" : `there is no metric \`${word}\``,
    label: word === undefined ? undefined : didYouMean(word, names),
    help: [`Metrics are ${names.join(", ")}.`],
  });
  return undefined;
}

/** `metric < number`, either way round; other expressions are no condition of a recipe. */
function condition(expression: Expression, context: Context): RecipeCondition | undefined {
  const relation = expression.kind === "binary" ? expression.operator : undefined;
  if (relation === undefined || RELATIONS[relation] === undefined) {
    report(context, expression, { code: "RN1001", message: "this is no condition on a metric", help: ["Compare a metric with a number: `until=train_error < 0.80`."] });
    return undefined;
  }
  const { left, right } = expression as BinaryExpression;
  const swapped = left.kind !== "name" && right.kind === "name";
  const metric = metricName(swapped ? right : left, context);
  const bound = evaluate(swapped ? left : right, context);
  if (bound.kind === "unknown" || metric === undefined) return undefined;
  if (bound.kind !== "number") {
    report(context, swapped ? left : right, { code: "RN0302", message: `a metric is compared with a number, not with ${describeDatum(bound)}` });
    return undefined;
  }
  const value = rational.toNumber(bound.value);
  return { metric, relation: (swapped ? RELATIONS[relation] : relation) as Relation, value };
}

type Wrong = (what: string, got: string) => undefined;

function uniform(parameter: RecipeParameter, expression: Expression, context: Context, wrong: Wrong): RecipeValue | undefined {
  const whole: RecipeParameter = { ...parameter, type: "int" };
  if (expression.kind !== "call" || expression.callee.kind !== "name") return plainValue(whole, evaluate(expression, context), wrong);
  if (expression.callee.name !== "uniform") {
    if (findBinding(context.scope, expression.callee.name)) return plainValue(whole, evaluate(expression, context), wrong);
    report(context, expression.callee, { code: "RN1001", message: `there is no distribution \`${expression.callee.name}\``, label: didYouMean(expression.callee.name, ["uniform"]), help: ["Write a number, or `uniform(256, 480)`."] });
    return undefined;
  }
  const ends = expression.arguments.map((argument) => (argument.name ? undefined : plainValue(whole, evaluate(argument.value, context), wrong)));
  const [low, high] = ends;
  if (ends.length !== 2 || expression.arguments.some((argument) => argument.name)) {
    report(context, expression, { code: "RN0304", message: "`uniform` takes its two ends: `uniform(256, 480)`" });
    return undefined;
  }
  if (typeof low !== "number" || typeof high !== "number") return undefined;
  return low <= high ? { uniform: [low, high] } : wrong("a range that rises", `uniform(${low}, ${high})`);
}

/** A worked-out value as plain data, checked against type and range. */
export function plainValue(spec: Pick<RecipeParameter, "type" | "minimum" | "maximum">, datum: Datum, wrong: Wrong): RecipeValue | undefined {
  if (datum.kind === "unknown") return undefined;
  const number = (entry: Datum, whole: boolean): number | undefined => {
    if (entry.kind === "unknown") return undefined;
    if (entry.kind !== "number") return wrong(whole ? "a whole number" : "a number", describeDatum(entry));
    if (whole && !rational.isWhole(entry.value)) return wrong("a whole number", rational.formatRational(entry.value));
    const value = rational.toNumber(entry.value);
    if (spec.minimum !== undefined && value < spec.minimum) return wrong(`at least ${spec.minimum}`, String(value));
    if (spec.maximum !== undefined && value > spec.maximum) return wrong(`at most ${spec.maximum}`, String(value));
    return value;
  };
  const all = <T>(entries: readonly (T | undefined)[]): readonly T[] | undefined => (entries.includes(undefined) ? undefined : (entries as readonly T[]));
  switch (spec.type) {
    case "int":
      return number(datum, true);
    case "float":
      return number(datum, false);
    case "bool":
      return datum.kind === "boolean" ? datum.value : wrong("true or false", describeDatum(datum));
    case "int[]":
    case "float[]":
      if (datum.kind !== "list") return wrong("a list of numbers", describeDatum(datum));
      return all(datum.items.map((item) => number(item, spec.type === "int[]")));
    case "size": {
      const sides = datum.kind === "list" ? datum.items : [datum, datum];
      if (sides.length !== 2) return wrong("a height and a width, as `32x32`", `${sides.length} numbers`);
      return all(sides.map((side) => number(side, true)));
    }
    case "string[]":
      if (datum.kind !== "list") return wrong("a list of texts", describeDatum(datum));
      return all(datum.items.map((item) => (item.kind === "string" ? item.value : item.kind === "unknown" ? undefined : wrong("a list of texts", describeDatum(item)))));
    default:
      return undefined;
  }
}
