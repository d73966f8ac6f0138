import { didYouMean, nearest } from "../base/suggest.ts";
import * as rational from "../base/rational.ts";
import { addDims, compareDims, floorDim, isAtLeast, isSymbolic, scaleDim, subtractDims } from "../ir/dim.ts";
import type { Fix } from "../diagnostics/problem.ts";
import type { Dim } from "../ir/dim.ts";
import type { BinaryExpression, BinaryOperator, CallExpression, Expression, ListExpression, MemberExpression, SizeLiteral, UnaryExpression } from "../syntax/ast.ts";
import { bindCall } from "./call.ts";
import type { Context } from "./context.ts";
import { report, spendWork } from "./context.ts";
import type { Datum, DimensionDatum, FunctionDatum, NumberDatum } from "./data.ts";
import { boolean, describeDatum, equalData, formatDatum, number, UNKNOWN } from "./data.ts";
import { findOperator } from "../ops/registry.ts";
import { applyFunction, exact, fromDim } from "./functions.ts";
import { importing, renaming, replacing } from "./mend.ts";
import { moduleDeclaring } from "./module-index.ts";
import { findBinding, findLabel, inBrokenModule, isValue, namesInScope } from "./scope.ts";

/** The value of an expression; what cannot be worked out is reported once and becomes `unknown`. */
export function evaluate(expression: Expression, context: Context): Datum {
  spendWork(1, context, expression);
  switch (expression.kind) {
    case "number":
      return exact(rational.parseRational(expression.text), expression, context);
    case "size":
      return evaluateSize(expression, context);
    case "string":
      return { kind: "string", value: expression.value };
    case "boolean":
      return boolean(expression.value);
    case "name":
      return evaluateName(expression.name, expression, context);
    case "in":
      report(context, expression, {
        code: "RN0307",
        message: "`in` is not a value by itself",
        help: ["Ask for `in.channels`, `in.size` or `in.rank`; a chain continues from it with `from in`."],
      });
      return UNKNOWN;
    case "list":
      return evaluateList(expression, context);
    case "unary":
      return evaluateUnary(expression, context);
    case "binary":
      return evaluateBinary(expression, context);
    case "conditional": {
      const condition = evaluateCondition(expression.condition, context);
      if (condition === undefined) {
        evaluate(expression.then, context);
        evaluate(expression.otherwise, context);
        return UNKNOWN;
      }
      return evaluate(condition ? expression.then : expression.otherwise, context);
    }
    case "call":
      return evaluateCall(expression, context);
    case "index":
      return evaluateIndex(expression.object, expression.index, expression, context);
    case "member":
      return evaluateMember(expression, context);
  }
}

// Each kind is a function of its own: a closure in this one would cost every expression.
function evaluateSize(expression: SizeLiteral, context: Context): Datum {
  return { kind: "list", items: expression.entries.map((entry) => exact(rational.parseRational(entry), expression, context)) };
}

function evaluateList(expression: ListExpression, context: Context): Datum {
  return { kind: "list", items: expression.entries.map((entry) => evaluate(entry, context)) };
}

function evaluateUnary(expression: UnaryExpression, context: Context): Datum {
  const operand = evaluate(expression.operand, context);
  if (operand.kind === "unknown") return UNKNOWN;
  if (expression.operator === "-") {
    if (operand.kind === "number") return number(rational.negate(operand.value));
    if (operand.kind === "dimension") return fromDim(scaleDim(operand.dim, -1));
  } else if (operand.kind === "boolean") return boolean(!operand.value);
  return cannot(expression, expression.operator === "-" ? "negate" : "say `not` of", operand, context);
}

function evaluateCall(expression: CallExpression, context: Context): Datum {
  const callee = evaluate(expression.callee, context);
  if (callee.kind === "block") return bindCall(callee, expression, context);
  if (callee.kind === "function") return callFunction(callee, expression, context);
  for (const argument of expression.arguments) evaluate(argument.value, context);
  if (callee.kind !== "unknown" && !reportHidden(expression.callee, callee, context)) {
    report(context, expression.callee, { code: "RN0304", message: `${describeDatum(callee)} takes no arguments` });
  }
  return UNKNOWN;
}

function callFunction(callee: FunctionDatum, expression: CallExpression, context: Context): Datum {
  for (const argument of expression.arguments) {
    if (argument.name) report(context, argument, { code: "RN0301", message: `\`${callee.name}\` takes its values by position` });
  }
  return applyFunction(callee.name, expression.arguments.map((argument) => evaluate(argument.value, context)), expression, context);
}

function evaluateName(name: string, range: Expression, context: Context): Datum {
  const binding = findBinding(context.scope, name);
  if (binding) return binding.datum;
  const label = findLabel(context.labels, name);
  if (label) {
    report(context, range, {
      code: "RN0201",
      message: `\`${name}\` is the label of a layer, not a value`,
      secondary: [{ span: label.span, text: "the label" }],
      help: [`To continue from that layer write \`from ${name}\`.`],
    });
    return UNKNOWN;
  }
  if (inBrokenModule(context.scope)) return UNKNOWN;
  reportUnknown(name, range, context);
  return UNKNOWN;
}

/** Nothing has this name: says what may have been meant, and where the library has it. */
export function reportUnknown(name: string, range: Expression, context: Context, more: readonly string[] = []): void {
  const known = namesInScope(context.scope);
  const meant = didYouMean(name, known);
  // Of the library, names are looked for as they are written, and misspelt ones where nothing nearer is meant.
  const offered = moduleDeclaring(name, context.session.index);
  const near = offered === undefined && meant === undefined ? nearestInLibrary(name, context) : [];
  const [only] = near.length === 1 ? near : [];
  const [first] = near;
  const { help, fixes } = offered ? fromLibrary(name, offered, range, context) : only ? fromLibrary(only.name, only.from, range, context) : { help: first ? [`Import the one that is meant: \`use ${first.from} { ${first.name} }\`.`] : [], fixes: renaming(context, range, name, known) };
  report(context, range, {
    code: "RN0201",
    message: `nothing is called \`${name}\` here`,
    label: meant ?? (near.length > 0 ? `did you mean ${near.map((each) => `\`${each.name}\``).join(" or ")} of the standard library?` : "not a parameter, a `let`, a declaration of this file, an import or an operator"),
    help: help.length > 0 || meant !== undefined ? help : more,
    fixes,
  });
}

function nearestInLibrary(name: string, context: Context): readonly { readonly name: string; readonly from: string }[] {
  const declared = [...context.session.index.standard.values()].flatMap(({ items }) => items.flatMap((item) => (item.kind === "declaration" ? [item.name.name] : [])));
  const found = nearest(name, declared);
  const sameLetters = found.find((near) => near.toLowerCase() === name.toLowerCase());
  return (sameLetters === undefined ? found : [sameLetters]).flatMap((near) => {
    const from = moduleDeclaring(near, context.session.index);
    return from === undefined ? [] : [{ name: near, from }];
  });
}

/** How a name of the library gets into this file, also when it was misspelt here. */
function fromLibrary(name: string, from: string, range: Expression, context: Context): { readonly help: readonly string[]; readonly fixes: readonly Fix[] } {
  const help = [`The standard library has ${range.kind === "name" && range.name === name ? "it" : `\`${name}\``}: \`use ${from} { ${name} }\`.`];
  const edits = importing(context, name, from);
  if (edits.length === 0) return { help, fixes: [] };
  const isMisspelt = range.kind !== "name" || range.name !== name;
  return { help, fixes: [{ title: `import \`${name}\``, isSafe: !isMisspelt, edits: isMisspelt ? [...edits, ...replacing(context, range, "", name).flatMap((fix) => fix.edits)] : edits }] };
}

/** `dropout(dropout)`: a name of the declaration hides the operator that was meant. */
export function reportHidden(callee: Expression, datum: Datum, context: Context): boolean {
  if (callee.kind !== "name" || findOperator(callee.name)?.level !== "language") return false;
  const binding = findBinding(context.scope, callee.name);
  if (!binding || binding.role === "builtin" || binding.role === "declaration" || binding.role === "import") return false;
  report(context, callee, {
    code: "RN0202",
    message: `here \`${callee.name}\` is your ${binding.role === "parameter" ? "parameter" : binding.role === "loop" ? "loop variable" : "`let`"} (${describeDatum(datum)}); it hides the operator`,
    secondary: binding.span ? [{ span: binding.span, text: "it is declared here" }] : [],
    help: ["Give it another name."],
  });
  return true;
}

/** A condition's value; `undefined` when it is not known (reported, unless something before was). */
export function evaluateCondition(expression: Expression, context: Context): boolean | undefined {
  const datum = evaluate(expression, context);
  if (datum.kind === "boolean") return datum.value;
  if (datum.kind !== "unknown") {
    report(context, expression, { code: "RN0302", message: `a condition is true or false, this is ${describeDatum(datum)}` });
  }
  return undefined;
}

function cannot(range: Expression, verb: string, datum: Datum, context: Context): Datum {
  report(context, range, { code: "RN0307", message: `cannot ${verb} ${describeDatum(datum)}`, help: datum.kind === "block" ? ["A block has no value to compute with: write the number itself, or make it a parameter."] : [] });
  return UNKNOWN;
}

/** The order of two sizes where it is the same for all values of their symbols. */
export function compareSizes(a: NumberDatum | DimensionDatum, b: NumberDatum | DimensionDatum, context: Context): -1 | 0 | 1 | undefined {
  if (a.kind === "number" && b.kind === "number") return Math.sign(rational.compare(a.value, b.value)) as -1 | 0 | 1;
  return compareDims(asDim(a), asDim(b), context.session.facts);
}

/** A number as a (constant) dimension; fractions included. */
export function asDim(datum: NumberDatum | DimensionDatum): Dim {
  if (datum.kind === "dimension") return datum.dim;
  return typeof datum.value === "number" ? datum.value : scaleDim(1, datum.value);
}

function evaluateBinary(expression: BinaryExpression, context: Context): Datum {
  const { operator } = expression;
  const left = evaluate(expression.left, context);
  if (operator === "and" || operator === "or") {
    if (left.kind === "boolean" && left.value === (operator === "or")) return left;
    const right = evaluate(expression.right, context);
    if (left.kind !== "boolean" && left.kind !== "unknown") return cannot(expression.left, `say \`${operator}\` of`, left, context);
    if (right.kind !== "boolean" && right.kind !== "unknown") return cannot(expression.right, `say \`${operator}\` of`, right, context);
    if (right.kind === "boolean" && right.value === (operator === "or")) return right;
    return left.kind === "boolean" && right.kind === "boolean" ? right : UNKNOWN;
  }
  const right = evaluate(expression.right, context);
  if (left.kind === "unknown" || right.kind === "unknown") return UNKNOWN;
  if (operator === "==" || operator === "!=") {
    const equal = isEqual(left, right, expression, context);
    if (equal === undefined) return undecided(expression, left, right, context);
    return boolean(equal === (operator === "=="));
  }
  if (!isSize(left) || !isSize(right)) {
    const wrong = isSize(left) ? ([expression.right, right] as const) : ([expression.left, left] as const);
    return cannot(wrong[0], isOrder(operator) ? "compare" : `compute \`${operator}\` with`, wrong[1], context);
  }
  if (isOrder(operator)) {
    const verdict = ordered(operator, left, right, context);
    return verdict === undefined ? undecided(expression, left, right, context) : boolean(verdict);
  }
  return arithmetic(operator, left, right, expression, context);
}

function isEqual(left: Datum, right: Datum, expression: BinaryExpression, context: Context): boolean | undefined {
  return equalData(left, right, (a, b) => {
    spendWork(1, context, expression);
    const order = compareSizes(a, b, context);
    return order === undefined ? undefined : order === 0;
  });
}

/** What `<` and its like come to; `undefined` where it is not the same for all sizes. */
export function ordered(operator: "<" | "<=" | ">" | ">=", a: NumberDatum | DimensionDatum, b: NumberDatum | DimensionDatum, context: Context): boolean | undefined {
  if (operator === "<" || operator === "<=") return ordered(operator === "<" ? ">" : ">=", b, a, context);
  if (a.kind === "number" && b.kind === "number") return operator === ">" ? rational.compare(a.value, b.value) > 0 : rational.compare(a.value, b.value) >= 0;
  const { facts } = context.session;
  const order = compareSizes(a, b, context);
  if (order !== undefined) return operator === ">" ? order > 0 : order >= 0;
  // Not known to be more, and yet never less, or never more.
  if (operator === ">=" && isAtLeast(asDim(a), asDim(b), facts)) return true;
  return operator === ">" && isAtLeast(asDim(b), asDim(a), facts) ? false : undefined;
}

const isSize = (datum: Datum): datum is NumberDatum | DimensionDatum => datum.kind === "number" || datum.kind === "dimension";
const isOrder = (operator: BinaryOperator): operator is "<" | "<=" | ">" | ">=" => operator === "<" || operator === "<=" || operator === ">" || operator === ">=";

function undecided(expression: BinaryExpression, left: Datum, right: Datum, context: Context): Datum {
  report(context, expression, {
    code: "RN0308",
    message: `whether ${formatDatum(left)} ${expression.operator} ${formatDatum(right)} depends on a size that is not known yet`,
    help: ["Decide it with a `require` in the network, or give the input a fixed size."],
  });
  return UNKNOWN;
}

const OPERATIONS: Readonly<Record<string, (x: rational.Rational, y: rational.Rational) => rational.Rational | undefined>> = {
  "+": rational.add, "-": rational.subtract, "*": rational.multiply, "/": rational.divide, "%": rational.modulo,
};

function arithmetic(
  operator: BinaryOperator,
  left: NumberDatum | DimensionDatum,
  right: NumberDatum | DimensionDatum,
  range: BinaryExpression,
  context: Context,
): Datum {
  if ((operator === "/" || operator === "%") && right.kind === "number" && right.value === 0) {
    report(context, range, { code: "RN0307", message: `${formatDatum(left)} ${operator} 0: nothing can be divided by zero` });
    return UNKNOWN;
  }
  if (left.kind === "number" && right.kind === "number") {
    return exact(OPERATIONS[operator]?.(left.value, right.value), range, context);
  }
  const a = asDim(left);
  const b = asDim(right);
  if (operator === "+") return fromDim(addDims(a, b));
  if (operator === "-") return fromDim(subtractDims(a, b));
  if (operator === "*") {
    if (left.kind === "number") return fromDim(scaleDim(b, left.value));
    if (right.kind === "number") return fromDim(scaleDim(a, right.value));
  }
  if (right.kind === "number") {
    const inverse = rational.divide(1, right.value);
    if (inverse === undefined) return exact(undefined, range, context);
    const quotient = scaleDim(a, inverse);
    if (operator === "/") return fromDim(quotient);
    if (isSymbolic(quotient)) return fromDim(subtractDims(a, scaleDim(floorDim(quotient), right.value)));
  }
  report(context, range, { code: "RN0307", message: `cannot compute ${formatDatum(left)} ${operator} ${formatDatum(right)} while both sizes are open` });
  return UNKNOWN;
}

function evaluateIndex(object: Expression, index: Expression, range: Expression, context: Context): Datum {
  const list = evaluate(object, context);
  const at = evaluate(index, context);
  if (list.kind === "unknown" || at.kind === "unknown") return UNKNOWN;
  if (at.kind !== "number" || typeof at.value !== "number") {
    report(context, index, { code: "RN0303", message: `an index is a whole number, got ${formatDatum(at)}` });
    return UNKNOWN;
  }
  if (list.kind === "number" && list.everyAxis) return { kind: "number", value: list.value };
  if (list.kind !== "list") return cannot(object, "take an entry of", list, context);
  const item = list.items[at.value];
  if (item === undefined) {
    report(context, range, {
      code: "RN0307",
      message: `there is no entry ${at.value} in a list of ${list.items.length}`,
      notes: list.items.length > 0 ? [`Entries count from 0 to ${list.items.length - 1}.`] : [],
    });
    return UNKNOWN;
  }
  return item;
}

const PARTS = ["channels", "features", "size", "rank"];

function evaluateMember(expression: MemberExpression, context: Context): Datum {
  const { object, member } = expression;
  if (object.kind !== "in") {
    const datum = evaluate(object, context);
    if (datum.kind !== "unknown") {
      report(context, member, {
        code: "RN0307",
        message: `${describeDatum(datum)} has no parts`,
        help: ["Only `in` has: `in.channels`, `in.size`, `in.rank`. A list entry is `list[0]`."],
      });
    }
    return UNKNOWN;
  }
  const { input } = context;
  if (input === undefined) {
    report(context, expression, { code: "RN0204", message: "`in` has a meaning only inside a block", help: ["It is what the enclosing block receives: write this in the block that needs it."] });
    return UNKNOWN;
  }
  if (!PARTS.includes(member.name)) {
    const meant = didYouMean(member.name, PARTS);
    report(context, member, { code: "RN0201", message: `\`in\` has no \`${member.name}\``, label: meant, help: ["It has `channels` (also called `features`), `size` and `rank`."] });
    return UNKNOWN;
  }
  if (!isValue(input)) return UNKNOWN;
  const { shape } = input.type;
  if (member.name === "rank") return number(shape.length);
  if (member.name === "size") return { kind: "list", items: shape.slice(2).map(fromDim) };
  const channels = shape[1];
  return channels === undefined ? UNKNOWN : fromDim(channels);
}
