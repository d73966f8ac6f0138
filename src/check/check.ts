import type { SourceFile } from "../base/source-file.ts";
import type { Code } from "../diagnostics/catalogue.ts";
import type { Outcome, Problem } from "../diagnostics/problem.ts";
import { hasErrors, sortProblems } from "../diagnostics/problem.ts";
import type { Graph, Value } from "../ir/graph.ts";
import { formatShape } from "../ir/tensor-type.ts";
import type { Instance } from "../ir/origin.ts";
import type { Argument, Expression, Module } from "../syntax/ast.ts";
import { bindCall, parametersOf, boundOf } from "./call.ts";
import { checkContracts } from "./contracts.ts";
import type { Context } from "./context.ts";
import { report } from "./context.ts";
import type { BlockDatum, Datum, Declared } from "./data.ts";
import { spanIn, UNKNOWN } from "./data.ts";
import { elaborateBody } from "./elaborate.ts";
import { evaluate } from "./evaluate.ts";
import { checkParameterTypes } from "./instantiate.ts";
import type { ModuleIndex } from "./module-index.ts";
import { aliasTarget, define, moduleContext, moduleScope } from "./module-scope.ts";
import type { ModuleScopes } from "./module-scope.ts";
import { createRun, reportNoInput, runNetwork } from "./network.ts";
import { checkRecipe } from "./recipes.ts";
import { isValue, nestedScope } from "./scope.ts";
import { BudgetSpent, createSession } from "./session.ts";
import type { Session } from "./session.ts";

/** `name=value` for a parameter: the expression is read in the file's scope, then in all of the standard library. */
export interface Setting {
  readonly name: string;
  readonly value: Expression;
  /** The text of the setting, for messages: a source file of its own. */
  readonly source: SourceFile;
}

export interface ElaborateOptions {
  readonly settings?: readonly Setting[];
  /** Shapes for the inputs, in order: `--input 1x3x224x224`. */
  readonly sizes?: readonly (readonly number[])[];
}

/** A network of a module that can be named on the command line. */
export interface NetworkEntry {
  readonly name: string;
  readonly doc: string | undefined;
  /** Parameters without a value: while there are any the network cannot be built as it stands. */
  readonly open: readonly { readonly name: string; readonly type: string }[];
  readonly declared: Declared;
}

/** Checks modules of one {@link ModuleIndex}; scopes are shared between its networks. */
export interface Checker {
  readonly index: ModuleIndex;
  readonly scopes: ModuleScopes;
}

export function createChecker(index: ModuleIndex): Checker {
  return { index, scopes: new Map() };
}

function sessionOf(checker: Checker): Session {
  return createSession(checker.index, checker.scopes);
}

/** The networks a module declares, in order, with what they still need. */
export function networksOf(checker: Checker, module: Module): readonly NetworkEntry[] {
  const session = sessionOf(checker);
  return withinBudget(() => {
    const made = moduleScope(module, session);
    return made.declared.filter((declared) => declared.ast.keyword === "network").map((declared) => networkEntry(declared, session));
  }) ?? [];
}

/** The result, or nothing when the budget was spent on the way (which has been reported). */
function withinBudget<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof BudgetSpent) return undefined;
    throw error;
  }
}

function networkEntry(declared: Declared, session: Session): NetworkEntry {
  const block: BlockDatum = { kind: "block", target: { kind: "declaration", declared }, bound: new Map() };
  const context = moduleContext(moduleScope(declared.module, session), session);
  const bound = boundOf(block, context);
  const open = parametersOf(block.target, context)
    .filter((parameter) => parameter.required && !bound.has(parameter.name))
    .map((parameter) => ({ name: parameter.name, type: parameter.type.base + (parameter.type.list === "no" ? "" : "[]") }));
  return { name: declared.name, doc: declared.ast.doc, open, declared };
}

/** A network that was built. */
export interface Built extends Outcome<Graph | undefined> {
  /** The graph, also where contracts are broken and nothing else is wrong: to be looked at, not to be compiled. */
  readonly review: Graph | undefined;
}

const BROKEN_CONTRACT: Code = "RN0901";

/** Elaborates one network: its graph (absent after errors) and everything that is to be said about it. */
export function elaborateNetwork(checker: Checker, declared: Declared, options: ElaborateOptions = {}): Built {
  const session = sessionOf(checker);
  const graph = withinBudget(() => {
    const context = topContext(declared, session);
    const block = withSettings({ kind: "block", target: { kind: "declaration", declared }, bound: new Map() }, options.settings ?? [], context, checker);
    return block && buildGraph(block, declared, context, options);
  });
  const problems = session.problems();
  // What is wrong with a name that it uses may have been said when somebody asked for that name before.
  const said = graph === undefined && !hasErrors(problems) ? problemsOfScopes(checker) : [];
  return {
    value: hasErrors(problems) ? undefined : graph,
    review: hasErrors(problems.filter(({ code }) => code !== BROKEN_CONTRACT)) ? undefined : graph,
    problems: sortProblems([...problems, ...said]),
  };
}

function problemsOfScopes(checker: Checker): readonly Problem[] {
  return [...checker.scopes.values()].flatMap(({ problems }) => problems);
}

function topContext(declared: Declared, session: Session): Context {
  const span = spanIn(declared.module.source, declared.ast.name);
  const instance: Instance = {
    parent: undefined,
    kind: "network",
    declaration: declared.name,
    path: "",
    label: undefined,
    callSpan: span,
    declarationSpan: span,
    arguments: "",
    loopIndex: undefined,
    inserted: false,
    residual: undefined,
  };
  return { ...moduleContext(moduleScope(declared.module, session), session), instance };
}

function buildGraph(block: BlockDatum, declared: Declared, context: Context, options: ElaborateOptions): Graph | undefined {
  const { session } = context;
  const run = createRun(undefined, options.sizes ?? [], undefined);
  const isItself = block.bound.size === 0 && (options.sizes ?? []).length === 0;
  const ran = runNetwork(block, context, run, isItself);
  if (ran.context === undefined) return undefined;
  const name = declared.ast.name;
  if (run.inputs.length === 0) {
    if (!ran.context.labels.incomplete) reportNoInput(declared, context);
    return undefined;
  }
  const sizes = options.sizes ?? [];
  if (sizes.length > run.inputs.length) {
    report(context, name, { code: "RN0706", message: `${sizes.length} input sizes are given, and \`${declared.name}\` has ${run.inputs.length} input${run.inputs.length === 1 ? "" : "s"}` });
  }
  const outputs: { name: string; value: Value }[] = [];
  if (run.outputs.size > 0) {
    for (const [key, output] of run.outputs) if (isValue(output.value)) outputs.push({ name: key, value: output.value });
  } else if (isValue(ran.flow)) outputs.push({ name: "output", value: ran.flow });
  else if (ran.flow === "none") report(context, name, { code: "RN0701", message: `\`${declared.name}\` has several inputs and no chain from one of them to an output`, help: ["Start a chain with `from`, or say `output NAME = LABEL`."] });
  else if (typeof ran.flow === "object") report(context, name, { code: "RN0703", message: `\`${ran.flow.declaration}\` has several outputs, and this network ends in it`, help: ["Name what it returns: `output NAME = LABEL.OUTPUT`."] });
  if (outputs.length === 0 || hasErrors(session.problems())) return undefined;

  const graph = session.builder.finish({
    name: declared.name,
    outputs,
    symbols: [...session.symbols.keys()],
    facts: session.facts,
    assumptions: session.assumptions,
    instance: context.instance,
  });
  reportDeadLayers(graph, session);
  reportTotals(context, name);
  if (hasErrors(session.problems())) return undefined;
  checkContracts(run.contracts, graph);
  return graph;
}

/** Counts past 2^53 would be wrong in their last digits; layers whose sizes are open have no count yet. */
function reportTotals(context: Context, at: { readonly start: number; readonly end: number }): void {
  const { parameters, macs } = context.session.totals;
  for (const [what, total] of [["parameters", parameters], ["multiply-adds", macs]] as const) {
    if (Number.isSafeInteger(total)) continue;
    report(context, at, { code: "RN0803", message: `this network has too many ${what} to count exactly`, notes: ["Counts are exact up to 2^53."] });
  }
}

/** Layers whose value reaches no output: the end of every such chain is named. */
function reportDeadLayers(graph: Graph, session: Session): void {
  const reached = graph.nodes.map(() => false);
  const reach = ({ producer }: Value): void => {
    if (producer.kind === "node") reached[producer.node.id] = true;
  };
  for (const output of graph.outputs) reach(output.value);
  // What a node reads is made before it.
  for (let id = graph.nodes.length - 1; id >= 0; id--) if (reached[id]) graph.nodes[id]?.inputs.forEach(reach);
  if (!reached.includes(false)) return;
  const used = new Set<Value>();
  for (const node of graph.nodes) for (const value of node.inputs) used.add(value);
  for (const node of graph.nodes) {
    if (reached[node.id] || node.outputs.some((output) => used.has(output)) || !node.origin) continue;
    session.report({
      code: "RN0705",
      message: `\`${node.name}\` reaches no output of the network`,
      span: node.origin.span,
      instance: node.origin.instance,
      label: `its value ${formatShape(node.outputs[0]?.type.shape ?? [])} is used nowhere`,
      help: [`Continue from it with \`from\`, make it an output with \`output NAME\`, or remove it.`],
    });
  }
}

/** Binds what the command line set; a parameter that does not exist is reported. */
function withSettings(block: BlockDatum, settings: readonly Setting[], context: Context, checker: Checker): BlockDatum | undefined {
  if (settings.length === 0) return block;
  const library = libraryScope(context, checker);
  let result: BlockDatum = block;
  for (const setting of settings) {
    const inSetting: Context = { ...context, scope: { ...nestedScope(library.scope), source: setting.source }, instance: undefined };
    const place = { start: 0, end: setting.source.text.length };
    const value: Argument = { start: setting.value.start, end: setting.value.end, name: { ...place, name: setting.name }, value: setting.value };
    const bound = bindCall(result, { kind: "call", ...place, callee: setting.value, arguments: [value] }, inSetting);
    if (bound.kind !== "block") return undefined;
    result = bound;
  }
  return result;
}

/** The file's names, and under them everything the standard library declares. */
function libraryScope(context: Context, checker: Checker): Context {
  const bindings = new Map<string, { datum: Datum; role: "import"; span: undefined }>();
  for (const module of checker.index.standard.values()) {
    for (const declared of moduleScope(module, context.session).declared) {
      if (!bindings.has(declared.name)) bindings.set(declared.name, { datum: { kind: "block", target: { kind: "declaration", declared }, bound: new Map() }, role: "import", span: undefined });
    }
  }
  const own = context.scope;
  const under = { ...own, bindings, parent: own.parent };
  return { ...context, scope: { ...own, parent: under } };
}

/** A network of a module, as far as it could be built. */
export interface CheckedNetwork extends Pick<Built, "review"> {
  readonly name: string;
  readonly graph: Graph | undefined;
}

/** Checks everything a module declares: networks that can be built are built, the rest is read for names and types. */
export function checkModule(checker: Checker, module: Module): Outcome<readonly CheckedNetwork[]> {
  const session = sessionOf(checker);
  const problems: Problem[] = [];
  const graphs: CheckedNetwork[] = [];
  withinBudget(() => checkDeclarations(checker, module, session, problems, graphs));
  return { value: graphs, problems: sortProblems([...problems, ...session.problems(), ...problemsOfScopes(checker)]) };
}

function checkDeclarations(checker: Checker, module: Module, session: Session, problems: Problem[], graphs: CheckedNetwork[]): void {
  const made = moduleScope(module, session);
  // The declarations that some network is made of, by where their names begin.
  const built = new Set<number>();
  for (const declared of made.declared) {
    const { ast } = declared;
    const context = moduleContext(made, session);
    checkParameterTypes(declared, context);
    if (ast.target !== undefined && ast.parameters === undefined) aliasTarget(declared, context);
    if (ast.keyword === "recipe") checkRecipe(declared, context);
    if (ast.keyword !== "network" || networkEntry(declared, session).open.length > 0) continue;
    built.add(ast.name.start);
    const outcome = elaborateNetwork(checker, declared);
    problems.push(...outcome.problems);
    graphs.push({ name: declared.name, graph: outcome.value, review: outcome.review });
    if (outcome.value) addUsed(outcome.value, module.source, built);
  }
  for (const declared of made.declared) {
    if (declared.ast.keyword !== "recipe" && (declared.ast.target === undefined || declared.ast.parameters !== undefined) && !built.has(declared.ast.name.start)) readOnly(declared, session);
  }
}

/** Adds the declarations of a file that a graph was made of. */
function addUsed(graph: Graph, file: SourceFile, built: Set<number>): void {
  const seen = new Set<Instance>();
  for (const { origin } of graph.nodes) {
    for (let at = origin?.instance; at && !seen.has(at); at = at.parent) {
      seen.add(at);
      if (at.declarationSpan.source === file) built.add(at.declarationSpan.start);
    }
  }
}

/** Reads a block that nothing instantiates: names and argument types, no shapes (those need an input). */
function readOnly(declared: Declared, session: Session): void {
  const context = topContext(declared, session);
  const scope = { ...nestedScope(context.scope), level: "declaration" as const, owner: declared.name };
  const inner: Context = {
    ...context,
    scope,
    input: "unknown",
    network: declared.ast.keyword === "network" ? createRun("unknown", [], undefined) : undefined,
  };
  if (declared.ast.broken) inner.labels.incomplete = true;
  for (const parameter of declared.ast.parameters ?? []) {
    define(inner, parameter.name, { datum: UNKNOWN, role: "parameter", span: spanIn(declared.module.source, parameter.name) });
  }
  if (declared.ast.target) evaluate(declared.ast.target, inner);
  else if (declared.ast.body) elaborateBody(declared.ast.body, "unknown", inner);
}

