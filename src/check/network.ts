import type { Span } from "../base/source-file.ts";
import type { Dim } from "../ir/dim.ts";
import type { Value } from "../ir/graph.ts";
import type { Instance } from "../ir/origin.ts";
import type { Expect, LayerElement } from "../syntax/ast.ts";
import { boundOf } from "./call.ts";
import type { Context } from "./context.ts";
import { report, spanAt } from "./context.ts";
import type { BlockDatum, Declared } from "./data.ts";
import { argumentsText, describeDatum, spanIn, targetName, UNKNOWN } from "./data.ts";
import { elaborateBody, elaborateItems, labelled } from "./elaborate.ts";
import { evaluate } from "./evaluate.ts";
import { bindParameters } from "./instantiate.ts";
import { aliasTarget, define, moduleScope } from "./module-scope.ts";
import { blockPath, nameScope, scopePath } from "./naming.ts";
import { restateInputs } from "./network-items.ts";
import { registerName } from "./registry.ts";
import type { Flow, Scope, SeveralValues } from "./scope.ts";
import { isValue } from "./scope.ts";
import { LIMITS } from "./session.ts";

/** A contract and where it was written. */
export interface Contract {
  readonly item: Expect;
  readonly context: Context;
}

/** One elaboration of a network, on top or as an element of another. */
export interface NetworkRun {
  /** `undefined` on top; else the value that flows in. */
  readonly received: Value | "unknown" | undefined;
  /** Shapes that replace those of the text: from an alias, or from the command line. */
  readonly restated: Map<string, readonly Dim[]>;
  /** Shapes for inputs by position, from `--input`. */
  readonly sizes: readonly (readonly number[])[];
  readonly inputs: { readonly name: string; readonly value: Value | "unknown"; readonly span: Span }[];
  readonly outputs: Map<string, { readonly value: Flow; readonly span: Span }>;
  readonly contracts: Contract[];
  readonly element: { readonly context: Context; readonly element: LayerElement } | undefined;
}

export function createRun(received: NetworkRun["received"], sizes: NetworkRun["sizes"], element: NetworkRun["element"]): NetworkRun {
  return { received, restated: new Map(), sizes, inputs: [], outputs: new Map(), contracts: [], element };
}

/** What running a network's text gave: the end of its chain, and the context its text ended in. */
interface Ran {
  readonly flow: Flow;
  readonly context: Context | undefined;
}

/**
 * Runs a network's text. An alias first says what it restates, then its target runs, then the rest of its own body; its
 * contracts count only for itself without further arguments.
 */
export function runNetwork(block: BlockDatum, outer: Context, run: NetworkRun, isItself: boolean): Ran {
  const nothing: Ran = { flow: "unknown", context: undefined };
  if (block.target.kind !== "declaration") return nothing;
  const { declared } = block.target;
  const { ast } = declared;
  const context = networkContext(declared, outer, run);
  if (outer.nesting > LIMITS.nesting) {
    const at = run.element ?? { context, element: ast.name };
    report(at.context, at.element, { code: "RN0802", message: `networks are nested deeper than ${LIMITS.nesting}`, help: ["A network cannot contain itself."] });
    return nothing;
  }
  if (ast.broken) {
    // Part of its text was lost: what is left is read for names, and nothing is said to be missing.
    context.labels.incomplete = true;
    const readRun = createRun("unknown", [], run.element);
    for (const parameter of ast.parameters ?? []) define(context, parameter.name, { datum: UNKNOWN, role: "parameter", span: spanIn(declared.module.source, parameter.name) });
    if (ast.body) elaborateBody(ast.body, "unknown", { ...context, network: readRun, input: "unknown" });
    return nothing;
  }
  if (ast.target === undefined) {
    if (!bindParameters(declared, block.bound, context, run.element ?? { context, element: ast.name })) return nothing;
    return { flow: ast.body ? elaborateBody(ast.body, "none", context) : "none", context };
  }

  const items = ast.body?.groups.flat() ?? [];
  let target: BlockDatum;
  if (ast.parameters === undefined) {
    const alias = aliasTarget(declared, outer);
    if (alias.kind !== "block") return nothing;
    target = { ...alias, bound: new Map([...alias.bound, ...block.bound]) };
  } else {
    if (!bindParameters(declared, block.bound, context, run.element ?? { context, element: ast.name })) return nothing;
    // What guards the alias's own parameters speaks before its target is built with them.
    if (elaborateItems(items.filter((item) => item.kind === "require"), "none", context) === "unknown") return nothing;
    const datum = evaluate(ast.target, context);
    if (datum.kind !== "block") return nothing;
    target = datum;
  }
  if (target.target.kind !== "declaration" || target.target.declared.ast.keyword !== "network") {
    report(context, ast.target, { code: "RN0302", message: `\`${declared.name}\` must stand for a network, and this is ${describeDatum(target)}` });
    return nothing;
  }
  restateInputs(items, inputNames(target, outer), context, run);
  const inner = runNetwork(target, { ...outer, nesting: outer.nesting + 1 }, run, false);
  if (inner.context === undefined) return nothing;
  // The alias's text sees the target's symbols and labels, not its parameters.
  for (const [name, binding] of inner.context.scope.bindings) {
    if (binding.role === "symbol" && !context.scope.bindings.has(name)) context.scope.bindings.set(name, binding);
  }
  const own: Context = { ...context, labels: inner.context.labels, input: inner.context.input };
  if (items.some((item) => item.kind === "output")) run.outputs.clear();
  for (const item of items) {
    if (item.kind === "input" || (item.kind === "require" && ast.parameters !== undefined)) continue;
    if (item.kind === "chain" || item.kind === "shortcuts") {
      report(own, item, {
        code: "RN0707",
        message: "the body of an alias adds no layers: it may restate inputs and outputs and add contracts",
        help: [`To go on from it, make a network with an input of its own, and use \`${targetName(target.target)}\` as a layer there: \`${targetName(target.target)} -> …\`.`],
      });
      continue;
    }
    if (item.kind === "expect" && !isItself) continue;
    elaborateItems([item], inner.flow, own);
  }
  return { flow: inner.flow, context: own };
}

/** The inputs a network's text names, through its aliases; none where that cannot be read off. */
function inputNames(block: BlockDatum, context: Context): readonly string[] {
  let { target } = block;
  for (let steps = 0; steps <= LIMITS.nesting && target.kind === "declaration"; steps++) {
    const { ast } = target.declared;
    if (ast.target === undefined) return (ast.body?.groups.flat() ?? []).flatMap((item) => (item.kind === "input" ? [item.name.name] : []));
    if (ast.parameters !== undefined) return [];
    const alias = aliasTarget(target.declared, context);
    if (alias.kind !== "block") return [];
    target = alias.target;
  }
  return [];
}

function networkContext(declared: Declared, outer: Context, run: NetworkRun): Context {
  const scope: Scope = {
    parent: moduleScope(declared.module, outer.session).scope,
    bindings: new Map(),
    source: declared.module.source,
    level: "declaration",
    owner: declared.name,
  };
  return { ...outer, scope, labels: { parent: undefined, entries: new Map() }, policy: { parent: undefined, current: undefined }, input: "none", loopIndex: undefined, network: run };
}

/** A network that says nowhere what it receives. */
export function reportNoInput(declared: Declared, context: Context): void {
  context.session.report({
    code: "RN0708",
    message: `\`${declared.name}\` has no input`,
    span: spanIn(declared.module.source, declared.ast.name),
    help: ["Say what it receives: `input image: float32[N, 3, 224, 224]`."],
  });
}

/** A network as an element: its input is matched by shape, its outputs flow on. */
export function networkElement(block: BlockDatum, element: LayerElement, flow: Flow, context: Context): Flow {
  const { session } = context;
  const name = targetName(block.target);
  const span = spanAt(context, element);
  const firstNode = session.builder.nodes.length;
  if (!isValue(flow)) {
    if (element.label === undefined) context.labels.incomplete = true;
    return labelled(element, "unknown", undefined, firstNode, context);
  }
  let path = blockPath(context.names, element.label?.name, context.repeated);
  if (path !== undefined) path = registerName(path, element.label ? spanAt(context, element.label) : span, context);
  const declared = (block.target as { declared: Declared }).declared;
  const instance: Instance = {
    parent: context.instance,
    kind: "network",
    declaration: name,
    path: path ?? scopePath(context.names),
    label: element.label?.name,
    callSpan: span,
    declarationSpan: spanIn(declared.module.source, declared.ast.name),
    arguments: argumentsText(boundOf(block, context)),
    loopIndex: context.loopIndex,
    inserted: context.inserted,
    residual: undefined,
  };
  const run = createRun(flow, [], { context, element });
  const inner: Context = {
    ...context,
    names: path === undefined ? context.names : nameScope("named", path),
    repeated: false,
    instance,
    nesting: context.nesting + 1,
  };
  const ran = runNetwork(block, inner, run, false);
  if (run.inputs.length > 1) {
    report(context, element, {
      code: "RN0701",
      message: `\`${name}\` has ${run.inputs.length} inputs, and one value flows into a layer`,
      help: ["Only a network with one input can stand in a chain."],
    });
    return labelled(element, "unknown", path, firstNode, context);
  }
  if (run.inputs.length === 0 && ran.context) {
    if (!ran.context.labels.incomplete) reportNoInput(declared, context);
    return labelled(element, "unknown", path, firstNode, context);
  }
  let result: Flow = ran.flow;
  if (run.outputs.size === 1) result = [...run.outputs.values()][0]?.value ?? "unknown";
  else if (run.outputs.size > 1) {
    const outputs = new Map([...run.outputs].map(([key, output]) => [key, isValue(output.value) ? output.value : ("unknown" as const)]));
    const several: SeveralValues = { kind: "several", declaration: name, label: element.label?.name, outputs };
    result = several;
  }
  if (path === undefined && ran.context) {
    for (const [key, entry] of ran.context.labels.entries) if (!context.labels.entries.has(key)) context.labels.entries.set(key, entry);
  }
  return labelled(element, result, path, firstNode, context);
}
