import type { Instance } from "../ir/origin.ts";
import type { LayerElement, Parameter } from "../syntax/ast.ts";
import { boundOf, checkType, coerceDefault, declaredParameters, parametersOf, typeText } from "./call.ts";
import type { Context } from "./context.ts";
import { report, spanAt } from "./context.ts";
import type { BlockDatum, Bound, Datum, Declared, Target } from "./data.ts";
import { argumentsText, formatDatum, spanIn, targetName, UNKNOWN } from "./data.ts";
import { elaborateBody, labelled } from "./elaborate.ts";
import { evaluate } from "./evaluate.ts";
import { aliasTarget, define, moduleScope } from "./module-scope.ts";
import { blockPath, nameScope, scopePath } from "./naming.ts";
import { networkElement } from "./network.ts";
import { makeOperator } from "./operator.ts";
import { registerName } from "./registry.ts";
import type { Flow, Scope } from "./scope.ts";
import { isValue } from "./scope.ts";
import { BudgetSpent, LIMITS } from "./session.ts";

/** A use of a block value as a chain element. */
export function instantiate(block: BlockDatum, element: LayerElement, flow: Flow, context: Context): Flow {
  const { target } = block;
  if (target.kind === "none") {
    report(context, element, {
      code: "RN0602",
      message: "`none` makes no path, so nothing can follow it in a chain",
      help: ["As a layer without effect write `identity`; `none` is for `shortcuts none` and option=none."],
    });
    return labelled(element, "unknown", undefined, 0, context);
  }
  if (flow === "none" && context.network?.inputs.length === 0) return labelled(element, "unknown", undefined, 0, context);
  if (flow === "none") {
    report(context, element, {
      code: "RN0701",
      message: "this network has several inputs; say with `from` where this chain starts",
      help: [`For example \`from ${[...context.labels.entries.keys()][0] ?? "image"} -> …\`.`],
    });
    return labelled(element, "unknown", undefined, 0, context);
  }
  let from: Flow = flow;
  if (typeof flow === "object" && !isValue(flow)) {
    const names = [...flow.outputs.keys()];
    report(context, element, {
      code: "RN0703",
      message: `\`${flow.declaration}\` has ${names.length} outputs (${names.join(", ")}); say with \`from\` which one goes on`,
      help: [flow.label ? `For example \`from ${flow.label}.${names[names.length - 1] ?? ""} -> …\`.` : `Give it a label: \`b: ${flow.declaration}\`, then \`from b.${names[names.length - 1] ?? ""}\`.`],
    });
    from = "unknown";
  }
  if (target.kind === "operator") return makeOperator(block, target.record, element, from, context);
  const { ast } = target.declared;
  if (ast.keyword === "recipe") {
    report(context, element, { code: "RN0602", message: `\`${ast.name.name}\` is a recipe, not a layer`, help: ["Recipes are used by training: `rnc train SPEC --recipe NAME`."] });
    return labelled(element, "unknown", undefined, 0, context);
  }
  if (ast.keyword === "network") return networkElement(block, element, from, context);
  return enterBlock(block, element, from, context, context.inserted);
}

/** An alias without parameters stands for its target with the arguments of both. */
export function unaliased(block: BlockDatum, context: Context): { readonly block: BlockDatum; readonly declared: Declared } | undefined {
  let current = block;
  for (;;) {
    if (current.target.kind !== "declaration") return undefined;
    const { declared } = current.target;
    if (declared.ast.target === undefined || declared.ast.parameters !== undefined) return { block: current, declared };
    const alias = aliasTarget(declared, context);
    if (alias.kind !== "block") return undefined;
    current = { kind: "block", target: alias.target, bound: new Map([...alias.bound, ...current.bound]) };
  }
}

/** Makes one instance of a declared block: binds its parameters, opens its scope of names, runs its body. */
export function enterBlock(outer: BlockDatum, element: LayerElement, flow: Flow, context: Context, inserted: boolean): Flow {
  const name = targetName(outer.target);
  const span = spanAt(context, element);
  const firstNode = context.session.builder.nodes.length;
  const real = unaliased(outer, context);
  if (real === undefined) {
    const aliased = outer.target.kind === "declaration" ? aliasTarget(outer.target.declared, context) : UNKNOWN;
    if (aliased.kind === "block" && aliased.target.kind !== "declaration") {
      return instantiate({ ...aliased, bound: boundOf(outer, context) }, element, flow, context);
    }
    return labelled(element, "unknown", undefined, firstNode, context);
  }
  const { block, declared } = real;
  if (context.nesting >= LIMITS.nesting) {
    report(context, element, {
      code: "RN0802",
      message: `blocks are nested deeper than ${LIMITS.nesting}: ${chainOf(context.instance, name)}`,
      help: ["A block cannot contain itself; repeat with `x` or `for`."],
    });
    throw new BudgetSpent();
  }
  if (!isValue(flow) || declared.ast.broken) {
    // Its body is read where it is declared; here only the call can still be wrong.
    if (element.label === undefined) context.labels.incomplete = true;
    const missing = declared.ast.broken ? [] : missingOf(declared, block.bound);
    if (missing.length > 0) reportMissing(declared, missing, context, element);
    return labelled(element, "unknown", undefined, firstNode, context);
  }
  const label = element.label?.name;
  let path = blockPath(context.names, label, context.repeated);
  if (path !== undefined) path = registerName(path, element.label ? spanAt(context, element.label) : span, context);

  const instance: Instance = {
    parent: context.instance,
    kind: "block",
    declaration: name,
    path: path ?? scopePath(context.names),
    label,
    callSpan: span,
    declarationSpan: spanIn(declared.module.source, declared.ast.name),
    arguments: argumentsText(block.bound),
    loopIndex: context.loopIndex,
    inserted,
    residual: undefined,
  };
  const scope: Scope = {
    parent: moduleScope(declared.module, context.session).scope,
    bindings: new Map(),
    source: declared.module.source,
    level: "declaration",
    owner: name,
  };
  const inner: Context = {
    session: context.session,
    scope,
    labels: { parent: undefined, entries: new Map() },
    names: path === undefined ? context.names : nameScope("named", path),
    repeated: false,
    policy: { parent: context.policy, current: undefined },
    instance,
    input: flow,
    inserted,
    nesting: context.nesting + 1,
    loopIndex: undefined,
    network: undefined,
  };
  if (!bindParameters(declared, block.bound, inner, { context, element })) return labelled(element, "unknown", path, firstNode, context);

  const { body, target: aliased } = declared.ast;
  let result: Flow;
  if (aliased !== undefined) {
    const datum = evaluate(aliased, inner);
    result = datum.kind === "block" ? instantiate(datum, { ...element, label: undefined }, flow, { ...inner, scope: { ...inner.scope, source: context.scope.source } }) : "unknown";
    if (body) report(inner, body, { code: "RN0707", message: "only the alias of a network has a body: its inputs, outputs and contracts" });
  } else {
    result = body ? elaborateBody(body, flow, inner) : flow;
  }
  if (path === undefined) {
    // A dissolved block's labels also belong to the body that holds it.
    for (const [key, entry] of inner.labels.entries) if (!context.labels.entries.has(key)) context.labels.entries.set(key, entry);
  }
  return labelled(element, result, path, firstNode, context);
}

function chainOf(instance: Instance | undefined, last: string): string {
  const names = [last];
  for (let at = instance; at && names.length < 4; at = at.parent) if (at.declaration) names.unshift(at.declaration);
  return `… → ${names.join(" → ")}`;
}

/** Gives every parameter its value: what was bound, else its default (which may use those to its left). */
export function bindParameters(
  declared: Declared,
  bound: ReadonlyMap<string, Bound>,
  inner: Context,
  call: { readonly context: Context; readonly element: { readonly start: number; readonly end: number } },
): boolean {
  const target: Target = { kind: "declaration", declared };
  let isMissing = false;
  for (const parameter of declaredParameters(declared)) {
    const { ast, name, nameSpan } = parameter;
    const given = bound.get(name);
    let datum: Datum = UNKNOWN;
    if (given) datum = withLength(given, ast, declared, inner);
    else if (ast.default) datum = coerceDefault(evaluate(ast.default, inner), parameter, ast.default, inner, target);
    else isMissing = true;
    define(inner, ast.name, { datum, role: "parameter", span: nameSpan, given: given?.span });
  }
  if (isMissing) reportMissing(declared, missingOf(declared, bound), call.context, call.element);
  return !isMissing;
}

/** The parameters that need a value and have none. */
function missingOf(declared: Declared, bound: ReadonlyMap<string, Bound>): readonly Parameter[] {
  return (declared.ast.parameters ?? []).filter((parameter) => parameter.default === undefined && !bound.has(parameter.name.name));
}

function reportMissing(declared: Declared, missing: readonly Parameter[], context: Context, element: { readonly start: number; readonly end: number }): void {
  const names = missing.map((parameter) => `\`${parameter.name.name}\``).join(" and ");
  const target = { kind: "declaration" as const, declared };
  report(context, element, {
    code: "RN0304",
    message: `\`${declared.name}\` still needs ${names}`,
    notes: [`Its parameters: ${parametersOf(target, context).map((p) => `${p.name}: ${typeText(p.type)}${p.required ? "" : " (has a default)"}`).join(", ")}.`],
    secondary: missing.map((parameter) => ({ span: spanIn(declared.module.source, parameter), text: "no default" })),
    help: missing.map(({ name }) => name.name).join() === "channels,stride"
      ? [`A shortcut option is no layer of a chain: \`shortcuts ${declared.name}\` uses it for every \`residual\` below.`]
      : [`Give ${missing.length === 1 ? "it" : "them"}: \`${declared.name}(${missing.map((parameter) => `${parameter.name.name}=…`).join(", ")})\`.`],
  });
}

/** Checks a list whose length is computed from parameters to its left: `int[n]`. */
function withLength(given: Bound, parameter: Parameter, declared: Declared, inner: Context): Datum {
  const length = parameter.type.list?.[0];
  if (length === undefined || length.kind === "number" || given.datum.kind !== "list") return given.datum;
  const wanted = evaluate(length, inner);
  if (wanted.kind !== "number" || wanted.value === given.datum.items.length) return given.datum;
  inner.session.report({
    code: "RN0302",
    message: `\`${parameter.name.name}\` of \`${declared.name}\` has ${formatDatum(wanted)} entries, got ${given.datum.items.length}`,
    span: given.span,
    instance: inner.instance,
    secondary: [{ span: spanIn(declared.module.source, parameter), text: "the parameter" }],
  });
  return UNKNOWN;
}

/** Reports parameter types of a declaration that do not exist. */
export function checkParameterTypes(declared: Declared, context: Context): void {
  for (const parameter of declared.ast.parameters ?? []) checkType(parameter.type, context);
}
