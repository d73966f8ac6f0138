import { didYouMean } from "../base/suggest.ts";
import * as rational from "../base/rational.ts";
import type { CallExpression, Declaration, Expression, Identifier, Parameter, TypeExpression } from "../syntax/ast.ts";
import { callForm } from "./call-form.ts";
import type { Context } from "./context.ts";
import { report, spanAt } from "./context.ts";
import type { BlockDatum, Bound, Datum, Declared, Target, Unknown } from "./data.ts";
import { describeDatum, formatDatum, spanIn, targetName, UNKNOWN } from "./data.ts";
import { evaluate, reportUnknown } from "./evaluate.ts";
import { aliasTarget, moduleScope } from "./module-scope.ts";
import { renaming, replacing } from "./mend.ts";
import { findBinding, findLabel, inBrokenModule } from "./scope.ts";
import { LIMITS } from "./session.ts";
import type { SourceFile, Span } from "../base/source-file.ts";

/** A parameter of a block value, whether the language or an operator's record declares it. */
export interface ParameterInfo {
  readonly name: string;
  readonly positional: boolean;
  readonly type: ParameterType;
  readonly required: boolean;
  /** Where it is declared; operators have no place. */
  readonly span: Span | undefined;
}

/** A parameter that a declaration writes out. */
export interface DeclaredParameter extends ParameterInfo {
  readonly nameSpan: Span;
  readonly ast: Parameter;
}

export interface ParameterType {
  readonly base: "int" | "float" | "bool" | "string" | "block";
  /** `any`: a list of any length (an int stands for every axis). */
  readonly list: "no" | "any" | number | "computed";
}

const BASES = ["int", "float", "bool", "string", "block"] as const;

/** The type a declaration's text names; unknown names are reported by {@link checkType} and taken as `block`-free. */
export function parameterType(type: TypeExpression): ParameterType | undefined {
  const base = BASES.find((name) => name === type.name.name);
  if (base === undefined) return undefined;
  if (type.list === undefined) return { base, list: "no" };
  const length = type.list[0];
  if (length === undefined) return { base, list: "any" };
  const fixed = length.kind === "number" ? rational.parseRational(length.text) : undefined;
  return { base, list: typeof fixed === "number" ? fixed : "computed" };
}

export function checkType(type: TypeExpression, context: Context): void {
  if (parameterType(type) === undefined) {
    report(context, type.name, {
      code: "RN0306",
      message: `there is no parameter type \`${type.name.name}\``,
      label: didYouMean(type.name.name, BASES),
      fixes: renaming(context, type.name, type.name.name, BASES),
      help: ["Types are int, float, bool, string and block, with `[]` or `[4]` for lists."],
    });
  } else if (type.list && type.list.length > 1) {
    report(context, type, { code: "RN0306", message: "a list type has one length: `int[4]`, or none: `int[]`" });
  }
}

/** The parameters of what is called, in order. */
export function parametersOf(target: Target, context: Context): readonly ParameterInfo[] {
  for (let steps = 0; target.kind === "declaration" && target.declared.ast.parameters === undefined && target.declared.ast.target !== undefined; steps++) {
    if (steps > LIMITS.nesting) return [];
    const alias = aliasTarget(target.declared, context);
    if (alias.kind !== "block") return [];
    target = alias.target;
  }
  if (target.kind === "none") return [];
  return target.kind === "operator" ? callForm(target.record).parameters : declaredParameters(target.declared);
}

/** The parameters a declaration writes out. */
export function declaredParameters(declared: Declared): readonly DeclaredParameter[] {
  declared.parameters ??= (declared.ast.parameters ?? []).map((parameter) => declaredParameter(parameter, declared.module.source));
  return declared.parameters;
}

function declaredParameter(ast: Parameter, source: SourceFile): DeclaredParameter {
  return {
    name: ast.name.name,
    positional: true,
    type: parameterType(ast.type) ?? { base: "int", list: "no" },
    required: ast.default === undefined,
    span: spanIn(source, ast),
    nameSpan: spanIn(source, ast.name),
    ast,
  };
}

/** What a value has bound, its own arguments over those of the values it is an alias of. */
export function boundOf(block: BlockDatum, context: Context): ReadonlyMap<string, Bound> {
  let { bound } = block;
  let { target } = block;
  // A longer row of aliases is reported where it is built.
  for (let steps = 0; steps <= LIMITS.nesting && target.kind === "declaration" && target.declared.ast.parameters === undefined; steps++) {
    const alias = aliasTarget(target.declared, context);
    if (alias.kind !== "block") break;
    if (alias.bound.size > 0) bound = new Map([...alias.bound, ...bound]);
    target = alias.target;
  }
  return bound;
}

/** f(a, k=v): positional arguments fill the parameters not yet bound, in order; a named one may rebind. */
export function bindCall(callee: BlockDatum, call: CallExpression, context: Context): BlockDatum | Unknown {
  if (callee.target.kind === "declaration" && callee.target.declared.ast.broken) {
    for (const argument of call.arguments) evaluate(argument.value, context);
    return UNKNOWN;
  }
  const parameters = parametersOf(callee.target, context);
  const alreadyBound = boundOf(callee, context);
  const bound = new Map(callee.bound);
  let position = 0;
  let namedBefore = false;
  let failed = false;

  for (const argument of call.arguments) {
    let parameter: ParameterInfo | undefined;
    if (argument.name) {
      namedBefore = true;
      parameter = parameterNamed(argument.name.name, parameters);
      if (parameter === undefined) {
        reportNoParameter(argument.name, callee.target, parameters, context);
      }
    } else {
      while (position < parameters.length && !isOpen(parameters[position], alreadyBound)) position++;
      parameter = parameters[position++];
      if (namedBefore || parameter === undefined) {
        failed = true;
        report(context, argument, {
          code: "RN0304",
          message: namedBefore ? "a positional argument stands after a named one" : `\`${targetName(callee.target)}\` takes ${positions(parameters, alreadyBound)}, and this is one more`,
          notes: [signature(targetName(callee.target), parameters)],
          help: positionalHelp(callee.target, parameters),
        });
        parameter = undefined;
      }
    }
    const datum = argumentValue(argument.value, parameter, callee.target, context);
    if (parameter === undefined) {
      failed = true;
      continue;
    }
    // What this call has bound is not what the callee had.
    if (bound.get(parameter.name) !== callee.bound.get(parameter.name)) {
      failed = true;
      report(context, argument, { code: "RN0304", message: `\`${parameter.name}\` is given twice` });
      continue;
    }
    const typed = coerce(datum, parameter, argument.value, context, callee.target);
    bound.set(parameter.name, { datum: typed, span: spanAt(context, argument.value) });
  }
  return failed ? UNKNOWN : { kind: "block", target: callee.target, bound };
}

function reportNoParameter(wanted: Identifier, target: Target, parameters: readonly ParameterInfo[], context: Context): void {
  const { name } = wanted;
  const names = parameters.map((parameter) => parameter.name);
  report(context, wanted, {
    code: "RN0301",
    message: `\`${targetName(target)}\` has no parameter \`${name}\``,
    label: didYouMean(name, names),
    fixes: renaming(context, wanted, name, names),
    help: context.scope.source.standard ? [`\`${context.scope.owner}\` gives it one: what it is handed must take \`${name}\`.`] : [],
    notes: [names.length > 0 ? `It takes ${names.join(", ")}.` : "It takes none."],
    secondary: declarationLabel(target),
  });
}

export function parameterNamed(name: string, parameters: readonly ParameterInfo[]): ParameterInfo | undefined {
  for (const parameter of parameters) if (parameter.name === name) return parameter;
  return undefined;
}

const isOpen = (parameter: ParameterInfo | undefined, bound: BlockDatum["bound"]): boolean => parameter?.positional === true && !bound.has(parameter.name);

/** What an argument is worth. An unknown name where a block has a default gets the blocks beside that default as advice. */
function argumentValue(value: Expression, parameter: ParameterInfo | undefined, target: Target, context: Context): Datum {
  const isUnknown = value.kind === "name" && parameter?.type.base === "block" && !findBinding(context.scope, value.name) && !findLabel(context.labels, value.name) && !inBrokenModule(context.scope);
  const beside = isUnknown ? blocksBesideDefault(parameter, target, context) : undefined;
  if (beside === undefined || value.kind !== "name") return evaluate(value, context);
  reportUnknown(value.name, value, context, [beside]);
  return UNKNOWN;
}

/** `option` is `B` unless it is given; std.shortcuts has A, B, C and D. */
function blocksBesideDefault(parameter: ParameterInfo, target: Target, context: Context): string | undefined {
  for (let steps = 0; target.kind === "declaration" && target.declared.ast.parameters === undefined && steps <= LIMITS.nesting; steps++) {
    const alias = aliasTarget(target.declared, context);
    if (alias.kind !== "block") return undefined;
    target = alias.target;
  }
  if (target.kind !== "declaration") return undefined;
  const { declared } = target;
  const value = declared.ast.parameters?.find(({ name }) => name.name === parameter.name)?.default;
  const name = value?.kind === "call" ? value.callee : value;
  if (name?.kind !== "name") return undefined;
  const datum = findBinding(moduleScope(declared.module, context.session).scope, name.name)?.datum;
  if (datum?.kind !== "block" || datum.target.kind !== "declaration") return undefined;
  const { module } = datum.target.declared;
  const required = ({ parameters }: Declaration): string => (parameters ?? []).flatMap((each) => (each.default ? [] : [each.name.name])).join();
  const wanted = required(datum.target.declared.ast);
  const names = module.items.flatMap((item) => (item.kind === "declaration" && item.keyword === "block" && required(item) === wanted ? [item.name.name] : []));
  return `\`${parameter.name}\` is \`${name.name}\` unless it is given; ${module.source.path} has ${names.slice(0, 12).join(", ")}${names.length > 12 ? ", …" : ""}.`;
}

function positions(parameters: readonly ParameterInfo[], bound: BlockDatum["bound"]): string {
  const open = parameters.filter((parameter) => isOpen(parameter, bound));
  const more = bound.size > 0;
  const names = open.map((parameter) => parameter.name).join(", ");
  if (open.length === 0) return more ? "no further argument by position" : "no argument by position";
  return `${open.length === 1 ? "one argument" : `${open.length} arguments`} by position (${names})`;
}

function positionalHelp(target: Target, parameters: readonly ParameterInfo[]): string[] {
  if (target.kind !== "operator") return [];
  const byName = parameters.filter((parameter) => !parameter.positional).map((parameter) => parameter.name);
  const help = byName.length > 0 ? [`The rest goes by name: ${byName.join(", ")}.`] : [];
  if (target.record.name === "conv") help.push("The order is kernel, channels: PyTorch's `Conv2d(64, 128, 3)` is `conv(3x3, 128)` here; input channels are never written.");
  if (target.record.name === "linear") help.push("PyTorch's `Linear(2048, 1000)` is `linear(1000)` here; input features are never written.");
  return help;
}

function signature(name: string, parameters: readonly ParameterInfo[]): string {
  return `Its parameters: ${name}(${parameters.map((parameter) => `${parameter.name}: ${typeText(parameter.type)}`).join(", ")}).`;
}

export function typeText(type: ParameterType): string {
  if (type.list === "no") return type.base;
  return `${type.base}[${type.list === "any" ? "" : type.list === "computed" ? "…" : type.list}]`;
}

function declarationLabel(target: Target): { span: Span; text: string }[] {
  if (target.kind !== "declaration") return [];
  const { declared } = target;
  return [{ span: spanIn(declared.module.source, declared.ast.name), text: `\`${declared.name}\` is declared here` }];
}

/** The datum as the parameter's type wants it, or a report and `unknown`. */
export function coerce(datum: Datum, parameter: ParameterInfo, at: Expression, context: Context, target: Target): Datum {
  return fitted(datum, parameter.type, target) ?? refuse(datum, parameter, at, context, target);
}

/** The value of a parameter's own default: where that does not fit, the parameter needs no mark beside it. */
export function coerceDefault(datum: Datum, parameter: ParameterInfo, at: Expression, context: Context, target: Target): Datum {
  return fitted(datum, parameter.type, target) ?? refuse(datum, { ...parameter, span: undefined }, at, context, target);
}

/** The datum as a type wants it; nothing where it does not fit. */
function fitted(datum: Datum, { base, list }: ParameterType, target: Target): Datum | undefined {
  if (datum.kind === "unknown") return UNKNOWN;
  if (list === "no") return fits(datum, base) ? datum : undefined;
  if (datum.kind === "number" && base === "int") return rational.isWhole(datum.value) ? { kind: "number", value: datum.value, everyAxis: true } : undefined;
  const isFit = datum.kind === "list" && (typeof list !== "number" || datum.items.length === list) && datum.items.every((item) => fitsList(item, base, target));
  return isFit ? datum : undefined;
}

function fits(datum: Datum, base: ParameterType["base"]): boolean {
  switch (base) {
    case "int":
      return datum.kind === "number" && rational.isWhole(datum.value);
    case "float":
      return datum.kind === "number";
    case "bool":
      return datum.kind === "boolean";
    case "string":
    case "block":
      return datum.kind === base;
  }
}

/** A block may take a table and index it; an operator has no use for one. */
function fitsList(item: Datum, base: ParameterType["base"], target: Target): boolean {
  return item.kind === "unknown" || (item.kind === "list" && target.kind === "declaration") || fits(item, base);
}

/** Says why a datum is not what a parameter takes. */
function refuse(datum: Datum, parameter: ParameterInfo, at: Expression, context: Context, target: Target): Unknown {
  const { base, list } = parameter.type;
  const whose = `\`${parameter.name}\` of \`${targetName(target)}\``;
  const [message, code = "RN0302"] = refusal(datum, parameter.type, whose, at, context, target);
  const flag = base === "bool" && datum.kind === "number" && at.kind === "number" ? { 0: "false", 1: "true" }[String(datum.value)] : undefined;
  const fixes = flag === undefined ? [] : replacing(context, at, `write \`${flag}\``, flag);
  const help = code === "RN0303" && datum.kind === "number" ? [...multiplesNear(at, context), "`floor`, `ceil` and `round` make it whole on purpose."] : list !== "no" && base === "int" && datum.kind !== "list" ? ["Write one number for every axis, or a list: `1`, `[1, 0]`, `3x3`."] : [];
  report(context, at, { code, message, help, secondary: parameter.span ? [{ span: parameter.span, text: "the parameter" }] : declarationLabel(target), fixes });
  return UNKNOWN;
}

function refusal(datum: Datum, type: ParameterType, whose: string, at: Expression, context: Context, target: Target): readonly [string, ("RN0302" | "RN0303")?] {
  const { base, list } = type;
  if (base === "int" && datum.kind === "number") return [`${whose} must be whole, got ${formatDatum(datum)}${workings(at, context)}`, "RN0303"];
  if (base === "int" && datum.kind === "dimension" && list === "no") return [`${whose} must be a known number, and ${formatDatum(datum)} depends on the input`, "RN0303"];
  if (datum.kind !== "list" || list === "no") return [`${whose} is ${typeText(type)}, got ${describeDatum(datum)}`];
  if (typeof list === "number" && datum.items.length !== list) {
    const counted = base === "block" ? "block" : "number";
    return [`${whose} is ${typeText(type)}, got ${datum.items.length} ${counted}${datum.items.length === 1 ? "" : "s"}`];
  }
  const item = datum.items.find((each) => !fitsList(each, base, target)) ?? UNKNOWN;
  if (base === "int" && item.kind === "number") return [`${whose} holds whole numbers, got ${formatDatum(item)}`, "RN0303"];
  return [`${whose} is ${typeText(type)}, and ${describeDatum(item)} is in the list`];
}

/** What could be divided instead of 100 where 16 does not divide it. */
function multiplesNear(at: Expression, context: Context): string[] {
  if (at.kind !== "binary" || at.operator !== "/") return [];
  const [whole, part] = [evaluate(at.left, context), evaluate(at.right, context)];
  if (whole.kind !== "number" || part.kind !== "number" || typeof whole.value !== "number" || typeof part.value !== "number" || whole.value < part.value || part.value < 2) return [];
  const below = whole.value - (whole.value % part.value);
  return [`${whole.value} is no multiple of ${part.value}; the nearest are ${below} and ${below + part.value}.`];
}

/** ` = 100 / 16` after a computed number, so that the reader sees where 6.25 came from. */
function workings(at: Expression, context: Context): string {
  if (at.kind !== "binary") return "";
  const side = (expression: Expression): string => {
    if (expression.kind === "number") return expression.text;
    const datum = evaluate(expression, context);
    return formatDatum(datum);
  };
  const text = ` = ${side(at.left)} ${at.operator} ${side(at.right)}`;
  // A fraction that is not to be shortened is its own working.
  return text.replace(/[ =]/g, "") === formatDatum(evaluate(at, context)) ? "" : text;
}
