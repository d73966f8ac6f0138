import { didYouMean } from "../base/suggest.ts";
import type { Chain, Element, Expression, Identifier, Item } from "../syntax/ast.ts";
import type { Context } from "./context.ts";
import { report, spanAt } from "./context.ts";
import type { BlockDatum, Bound, Declared } from "./data.ts";
import { spanIn, UNKNOWN } from "./data.ts";
import { evaluate } from "./evaluate.ts";
import { bindParameters } from "./instantiate.ts";
import { renaming } from "./mend.ts";
import { aliasTarget, define, moduleContext, moduleScope } from "./module-scope.ts";
import type { RecipeField, RecipeFunction } from "./recipe-registry.ts";
import { recipeFields } from "./recipe-registry.ts";
import type { RecipeCall } from "./recipe-values.ts";
import { bindRecipeCall, plainValue } from "./recipe-values.ts";
import { requireCondition } from "./require.ts";
import type { Scope } from "./scope.ts";
import { LIMITS } from "./session.ts";
import type { Session } from "./session.ts";

export type { RecipeCall, RecipeCondition, RecipeDraw, RecipeValue } from "./recipe-values.ts";

/** The value of a field: a number, one call (`optimizer`), or the calls of a chain in order (`augment`). */
export type RecipeFieldValue = number | RecipeCall | readonly RecipeCall[];

/** A recipe as plain data, for training. */
export interface Recipe {
  readonly name: string;
  readonly doc: string | undefined;
  /** By the names of {@link recipeFields}; what was left out has its default, or is absent where there is none. */
  readonly fields: Readonly<Record<string, RecipeFieldValue>>;
}

/** The fields one recipe says, before defaults; `sound` is false after a mistake. */
interface Said {
  readonly fields: ReadonlyMap<string, RecipeFieldValue>;
  readonly sound: boolean;
}

const saidBy = new WeakMap<Session, Map<Declared, Said>>();

/** Checks a recipe: fields, functions, metrics and values. Parameters without a value are left open. */
export function checkRecipe(declared: Declared, context: Context): void {
  readRecipe(declared, new Map(), context, "open");
}

/** A recipe with everything worked out; `undefined` after a mistake, which is reported to the session of `context`. */
export function resolveRecipe(declared: Declared, context: Context): Recipe | undefined {
  const said = readRecipe(declared, new Map(), context, "needed");
  if (!said.sound) return undefined;
  const fields: Record<string, RecipeFieldValue> = {};
  for (const field of recipeFields) {
    const value = said.fields.get(field.name) ?? defaultOf(field);
    if (value !== undefined) fields[field.name] = value;
  }
  return { name: declared.name, doc: declared.ast.doc, fields };
}

function defaultOf(field: RecipeField): RecipeFieldValue | undefined {
  if (field.form === "number" || field.default === undefined) return field.default as number | undefined;
  const record = field.functions.find((candidate) => candidate.name === field.default) as RecipeFunction;
  const values = Object.fromEntries(record.parameters.flatMap((parameter) => (parameter.default === undefined ? [] : [[parameter.name, parameter.default]])));
  const call: RecipeCall = { function: record.name, arguments: values };
  return field.form === "call" ? call : [call];
}

function readRecipe(declared: Declared, bound: ReadonlyMap<string, Bound>, context: Context, parameters: "open" | "needed"): Said {
  const { session } = context;
  const memo = saidBy.get(session) ?? new Map<Declared, Said>();
  saidBy.set(session, memo);
  const known = bound.size === 0 ? memo.get(declared) : undefined;
  if (known) return known;
  const said = readDeclaration(declared, bound, context, parameters);
  if (bound.size === 0 && (declared.ast.parameters ?? []).length === 0) memo.set(declared, said);
  return said;
}

const NOTHING: Said = { fields: new Map(), sound: false };

function readDeclaration(declared: Declared, bound: ReadonlyMap<string, Bound>, outer: Context, parameters: "open" | "needed"): Said {
  const { ast } = declared;
  const made = moduleScope(declared.module, outer.session);
  const scope: Scope = { parent: made.scope, bindings: new Map(), source: declared.module.source, level: "declaration", owner: declared.name };
  const context: Context = { ...moduleContext(made, outer.session), scope, nesting: outer.nesting + 1 };
  if (context.nesting > LIMITS.nesting) {
    report(context, ast.name, { code: "RN0802", message: `recipes are aliases of one another deeper than ${LIMITS.nesting}`, help: ["A recipe cannot be an alias of itself."] });
    return NOTHING;
  }
  const given = new Map(bound);
  if (parameters === "open") {
    for (const parameter of ast.parameters ?? []) {
      if (!parameter.default && !given.has(parameter.name.name)) given.set(parameter.name.name, { datum: UNKNOWN, span: spanIn(declared.module.source, parameter) });
    }
  }
  if (!bindParameters(declared, given, context, { context, element: ast.name })) return NOTHING;

  const inherited = ast.target === undefined ? undefined : readTarget(declared, ast.target, bound, context, parameters);
  const fields = new Map(inherited?.fields ?? []);
  let sound = inherited?.sound ?? true;
  const own = new Map<string, Identifier>();
  const { body } = ast;
  if (body && (body.groups.length > 1 || body.leadingBar)) {
    report(context, body.bars[0] ?? body, { code: "RN1001", message: "`|` has no meaning in a recipe", help: ["Write one field a line."] });
    sound = false;
  }
  for (const item of body?.groups.flat() ?? []) {
    if (item.kind !== "chain") {
      if (!statement(item, context)) sound = false;
      continue;
    }
    const read = readField(item, own, context);
    if (read === undefined) {
      sound = false;
      continue;
    }
    for (const other of read.field.insteadOf ?? []) fields.delete(other);
    fields.set(read.field.name, read.value);
  }
  return { fields, sound };
}

/** What an alias stands for: another recipe, with arguments where it has parameters. */
function readTarget(declared: Declared, target: Expression, bound: ReadonlyMap<string, Bound>, context: Context, parameters: "open" | "needed"): Said {
  const datum = declared.ast.parameters === undefined ? aliasTarget(declared, context) : evaluate(target, context);
  if (datum.kind === "unknown") return NOTHING;
  const block: BlockDatum | undefined = datum.kind === "block" ? datum : undefined;
  if (block?.target.kind !== "declaration" || block.target.declared.ast.keyword !== "recipe") {
    report(context, target, { code: "RN0302", message: `\`${declared.name}\` is a recipe, so it can only be an alias of a recipe`, help: ["For example `recipe Mine = Cifar10 { batch: 64 }`."] });
    return NOTHING;
  }
  // An alias without parameters of its own keeps its target's: what is given to it goes on.
  const passed = declared.ast.parameters === undefined ? new Map([...block.bound, ...bound]) : block.bound;
  return readRecipe(block.target.declared, passed, context, parameters);
}

/** `let` and `require` are allowed beside fields; true when the item was one of them. */
function statement(item: Exclude<Item, Chain>, context: Context): boolean {
  if (item.kind === "let") {
    define(context, item.name, { datum: evaluate(item.value, context), role: "let", span: spanAt(context, item.name) });
    return true;
  }
  if (item.kind === "require") {
    requireCondition(item, context);
    return true;
  }
  report(context, item, { code: "RN1001", message: `\`${item.kind}\` belongs in a network, and this is a recipe`, help: ["A recipe has fields: `batch: 128`."] });
  return false;
}

const fieldNames = recipeFields.map((field) => field.name);

function readField(chain: Chain, own: Map<string, Identifier>, context: Context): { readonly field: RecipeField; readonly value: RecipeFieldValue } | undefined {
  const [first] = chain.elements;
  const label = first?.label;
  if (label === undefined) {
    report(context, first ?? chain, { code: "RN1001", message: "a recipe is made of fields, and this has no field's name before it", help: ["Write `batch: 128`, `optimizer: sgd(lr=0.1)`, `augment: pad(4) -> crop(32x32)`."] });
    return undefined;
  }
  const field = recipeFields.find((candidate) => candidate.name === label.name);
  if (field === undefined) {
    report(context, label, { code: "RN1001", message: `a recipe has no field \`${label.name}\``, label: didYouMean(label.name, fieldNames), fixes: renaming(context, label, label.name, fieldNames), help: [`Fields are ${fieldNames.join(", ")}.`] });
    return undefined;
  }
  const clash = [field.name, ...(field.insteadOf ?? [])].map((name) => own.get(name)).find((found) => found !== undefined);
  if (clash) {
    const message = clash.name === field.name ? `\`${field.name}\` is given twice` : `\`${field.name}\` and \`${clash.name}\` say the same thing: keep one`;
    report(context, label, { code: "RN1001", message, secondary: [{ span: spanAt(context, clash), text: "the first one" }] });
    return undefined;
  }
  own.set(field.name, label);
  const value = field.form === "number" ? readNumber(field, chain, context) : readCalls(field, chain, context);
  return value === undefined ? undefined : { field, value };
}

function readNumber(field: Extract<RecipeField, { form: "number" }>, chain: Chain, context: Context): number | undefined {
  const expression = onlyExpression(chain.elements[0] as Element, field, context);
  const second = chain.elements[1];
  if (second) {
    report(context, second, { code: "RN1001", message: `\`${field.name}\` is a number, and nothing can follow it in its line`, help: ["Write every field in a line of its own."] });
    return undefined;
  }
  if (expression === undefined) return undefined;
  const value = plainValue(field, evaluate(expression, context), (what, got) => {
    report(context, expression, { code: "RN0302", message: `\`${field.name}\` is ${what}, got ${got}`, notes: [field.doc] });
    return undefined;
  });
  return value as number | undefined;
}

function readCalls(field: Extract<RecipeField, { form: "call" | "chain" }>, chain: Chain, context: Context): RecipeFieldValue | undefined {
  const calls = chain.elements.map((element, index) => {
    if (index > 0 && element.label) {
      report(context, element.label, { code: "RN1001", message: `\`${element.label.name}\` is a label in the middle of the steps of \`${field.name}\``, help: ["Write every field in a line of its own."] });
      return undefined;
    }
    if (index > 0 && field.form === "call") {
      if (index === 1) report(context, element, { code: "RN1001", message: `\`${field.name}\` has one value, not steps in a row` });
      return undefined;
    }
    const expression = onlyExpression(element, field, context);
    return expression && readCall(field, expression, context);
  });
  if (calls.includes(undefined)) return undefined;
  return field.form === "call" ? calls[0] : (calls as RecipeCall[]);
}

function readCall(field: Extract<RecipeField, { form: "call" | "chain" }>, expression: Expression, context: Context): RecipeCall | undefined {
  const name = expression.kind === "call" ? expression.callee : expression;
  const names = field.functions.map((record) => record.name);
  const record = name.kind === "name" ? field.functions.find((candidate) => candidate.name === name.name) : undefined;
  if (record) return bindRecipeCall(record, expression.kind === "call" ? expression.arguments : [], expression, context);
  const known = names.map((known) => `\`${known}\``).join(", ");
  report(context, name, {
    code: "RN1001",
    message: name.kind === "name" ? `\`${field.name}\` does not know \`${name.name}\`` : `\`${field.name}\` takes ${names.length === 1 ? known : `one of ${known}`}`,
    label: name.kind === "name" ? didYouMean(name.name, names) : undefined,
    notes: [field.doc],
    help: [names.length === 1 ? `It takes ${known}.` : `It takes ${field.form === "chain" ? "steps made of " : "one of "}${known}.`],
  });
  return undefined;
}

function onlyExpression(element: Element, field: RecipeField, context: Context): Expression | undefined {
  if (element.kind === "layer" && !element.repeated && !element.body) return element.callee;
  const what = element.kind === "layer" ? (element.repeated ? "a repetition" : "a body in braces") : element.kind === "group" ? "a body in braces" : `\`${element.kind}\``;
  report(context, element, { code: "RN1001", message: `\`${field.name}\` takes ${field.form === "number" ? "a number" : "what the recipe functions give"}, and ${what} has no meaning here` });
  return undefined;
}
