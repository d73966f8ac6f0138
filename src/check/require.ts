import type { Fix } from "../diagnostics/problem.ts";
import { symbolPlusOffset } from "../ir/dim.ts";
import type { SymbolFact } from "../ir/dim.ts";
import type { BinaryExpression, BinaryOperator, Expression, Require } from "../syntax/ast.ts";
import type { Context } from "./context.ts";
import { elementText, report } from "./context.ts";
import type { Datum } from "./data.ts";
import { formatDatum, number } from "./data.ts";
import { compareSizes, evaluate } from "./evaluate.ts";
import { numberPlace } from "./mend.ts";
import { findBinding, nestedScope } from "./scope.ts";

/** `require C, "why"`: C holds, or is an assumption about sizes, or is a mistake with the author's words (then `false`). */
export function requireCondition(item: Require, context: Context): boolean {
  let holds = true;
  for (const part of conjuncts(item.condition)) {
    if (learn(part, context)) continue;
    const datum = evaluate(part, context);
    if (datum.kind === "unknown" || (datum.kind === "boolean" && datum.value)) continue;
    if (datum.kind !== "boolean") {
      report(context, part, { code: "RN0302", message: `\`require\` wants true or false, this is ${formatDatum(datum)}` });
      continue;
    }
    const text = elementText(context, part);
    report(context, part, {
      code: "RN0305",
      message: item.message ?? `${text} does not hold`,
      label: `${text} is false`,
      notes: valuesIn(part, context),
      ...nearestValid(item, part, context),
    });
    holds = false;
  }
  return holds;
}

/** How far from the value given others are tried. */
const FARTHEST = 64;

/** The nearest values of the one parameter of a condition for which everything required here holds, below and above. */
function nearestValid(item: Require, part: Expression, context: Context): { readonly help?: readonly string[]; readonly fixes?: readonly Fix[] } {
  const names = [...namedValues(part, context)];
  const [only] = names;
  if (only === undefined || names.length > 1) return {};
  const [name, datum] = only;
  const binding = findBinding(context.scope, name);
  if (binding?.role !== "parameter" || datum.kind !== "number" || typeof datum.value !== "number") return {};
  const given = datum.value;
  const holds = (value: number): boolean => {
    const scope = { ...nestedScope(context.scope), bindings: new Map([[name, { ...binding, datum: number(value) }]]) };
    return conjuncts(item.condition).every((each) => {
      const result = evaluate(each, { ...context, scope });
      return result.kind === "boolean" && result.value;
    });
  };
  const steps = Array.from({ length: FARTHEST }, (_, index) => index + 1);
  const near = [-1, 1].flatMap((sign) => steps.map((step) => given + sign * step).find((value) => Number.isInteger(value) && holds(value)) ?? []);
  near.sort((a, b) => Math.abs(a - given) - Math.abs(b - given));
  const place = binding.given && numberPlace(binding.given, context);
  if (near.length === 0) return {};
  return {
    help: [`The nearest that ${near.length === 1 ? "holds is" : "hold are"} ${near.map((value) => `${name} = ${value}`).join(" and ")}.`],
    fixes: place && !place.source.standard ? near.map((value) => ({ title: `${name} = ${value}`, edits: [{ span: place, text: String(value) }] })) : [],
  };
}

function conjuncts(expression: Expression): Expression[] {
  if (expression.kind !== "binary" || expression.operator !== "and") return [expression];
  return [...conjuncts(expression.left), ...conjuncts(expression.right)];
}

/** A condition on a symbol that is not decided yet becomes a fact for the shape checker. */
function learn(expression: Expression, context: Context): boolean {
  if (expression.kind !== "binary") return false;
  if (!RELATIONS.has(expression.operator)) return false;
  const sides = [evaluate(expression.left, context), evaluate(expression.right, context)] as const;
  // What cannot be worked out has been reported.
  if (sides[0].kind === "unknown" || sides[1].kind === "unknown") return true;
  const { operator, left, right } = sizeFirst(expression, sides);
  const isRemainder = operator === "==" && left.kind === "binary" && left.operator === "%";
  const isBound = operator === ">=" || operator === ">";
  const isEqual = operator === "==";
  const subject = evaluate(isRemainder ? left.left : left, context);
  if (subject.kind !== "dimension") return false;
  const value = evaluate(right, context);
  if (value.kind !== "number" && value.kind !== "dimension") return false;
  const whole = value.kind === "number" && typeof value.value === "number" ? value.value : undefined;
  const symbol = symbolPlusOffset(subject.dim);
  const { facts, assumptions } = context.session;
  const assume = (): true => {
    const text = elementText(context, expression);
    if (!assumptions.includes(text)) assumptions.push(text);
    return true;
  };
  if (symbol && whole !== undefined && isRemainder) {
    const modulus = evaluate(left.right, context);
    if (modulus.kind !== "number" || typeof modulus.value !== "number" || modulus.value < 1) return false;
    const fact: SymbolFact = { modulus: modulus.value, remainder: mod(whole - symbol.offset, modulus.value), minimum: 1 };
    const merged = mergeFacts(facts.get(symbol.symbol), fact);
    if (merged === undefined) {
      report(context, expression, { code: "RN0305", message: `${symbol.symbol} cannot satisfy this and an earlier \`require\`` });
      return true;
    }
    facts.set(symbol.symbol, merged);
    return assume();
  }
  if (symbol && whole !== undefined && isBound) {
    const minimum = whole - symbol.offset + (operator === ">" ? 1 : 0);
    const known = facts.get(symbol.symbol) ?? { modulus: 1, remainder: 0, minimum: 1 };
    facts.set(symbol.symbol, { ...known, minimum: Math.max(known.minimum, minimum) });
    return assume();
  }
  if (isRemainder || compareSizes(subject, value, context) !== undefined) return false;
  // Any other condition on open sizes is recorded for whoever runs the network, but proves nothing here.
  if (!isEqual) return assume();
  report(context, expression, {
    code: "RN0308",
    message: `${formatDatum(subject)} and ${formatDatum(value)} cannot be made equal by a \`require\``,
    help: ["Write the number, or one name for both sizes, in the input's type: `float32[N, 3, S, S]`."],
  });
  return true;
}

const RELATIONS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);
const MIRRORED: Readonly<Partial<Record<BinaryOperator, BinaryOperator>>> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

/** `32 <= H` says what `H >= 32` says. */
function sizeFirst(expression: BinaryExpression, [first, second]: readonly [Datum, Datum]): Pick<BinaryExpression, "operator" | "left" | "right"> {
  const { operator, left, right } = expression;
  if (first.kind !== "number" || second.kind !== "dimension") return expression;
  return { operator: MIRRORED[operator] ?? operator, left: right, right: left };
}

const mod = (a: number, b: number): number => ((a % b) + b) % b;

/** Both facts at once (Chinese remainders by search over the smaller modulus); nothing when they contradict. */
function mergeFacts(known: SymbolFact | undefined, fact: SymbolFact): SymbolFact | undefined {
  if (!known || known.modulus === 1) return { ...fact, minimum: Math.max(fact.minimum, known?.minimum ?? 1) };
  const [large, small] = known.modulus >= fact.modulus ? [known, fact] : [fact, known];
  if (small.modulus > 10_000) return large;
  for (let step = 0; step < small.modulus; step++) {
    const remainder = large.remainder + step * large.modulus;
    if (remainder % small.modulus === small.remainder) {
      const modulus = leastCommonMultiple(large.modulus, small.modulus);
      return { modulus, remainder: remainder % modulus, minimum: Math.max(known.minimum, fact.minimum) };
    }
  }
  return undefined;
}

function leastCommonMultiple(a: number, b: number): number {
  let x = a;
  let y = b;
  while (y > 0) [x, y] = [y, x % y];
  return (a / x) * b;
}

/** `n = 0`: the values of the names in a condition that failed. */
function valuesIn(expression: Expression, context: Context): string[] {
  const seen = namedValues(expression, context);
  return seen.size === 0 ? [] : [[...seen].map(([name, datum]) => `${name} = ${formatDatum(datum)}`).join(", ")];
}

function namedValues(expression: Expression, context: Context): ReadonlyMap<string, Datum> {
  const seen = new Map<string, Datum>();
  const visit = (part: Expression): void => {
    if (part.kind === "name") {
      const datum = evaluate(part, context);
      if (datum.kind !== "function" && datum.kind !== "unknown") seen.set(part.name, datum);
    } else if (part.kind === "binary") {
      visit(part.left);
      visit(part.right);
    } else if (part.kind === "unary") visit(part.operand);
    else if (part.kind === "index") visit(part.object);
    else if (part.kind === "call") part.arguments.forEach((argument) => visit(argument.value));
    else if (part.kind === "member") {
      const datum = evaluate(part, context);
      if (datum.kind !== "unknown") seen.set(`in.${part.member.name}`, datum);
    }
  };
  visit(expression);
  return seen;
}
