import { didYouMean } from "../base/suggest.ts";
import type { Problem } from "../diagnostics/problem.ts";
import { operators } from "../ops/registry.ts";
import type { Module } from "../syntax/ast.ts";
import type { Context } from "./context.ts";
import { report } from "./context.ts";
import type { BlockDatum, Datum, Declared, Unknown } from "./data.ts";
import { spanIn, UNKNOWN } from "./data.ts";
import { evaluate } from "./evaluate.ts";
import { FUNCTIONS } from "./functions.ts";
import { renaming } from "./mend.ts";
import { isUseFailure, moduleDeclaring } from "./module-index.ts";
import { nameScope } from "./naming.ts";
import type { Binding, Scope } from "./scope.ts";
import { ownBinding } from "./scope.ts";
import type { Session } from "./session.ts";

const NO_ARGUMENTS: BlockDatum["bound"] = new Map();

/** Operators, joins, `none` and functions: the outermost scope. */
const BUILTIN: ReadonlyMap<string, Binding> = new Map<string, Binding>([
  ...Object.values(operators)
    .filter((record) => record.level === "language")
    .map((record): [string, Binding] => [
      record.name,
      { datum: { kind: "block", target: { kind: "operator", record }, bound: NO_ARGUMENTS }, role: "builtin", span: undefined },
    ]),
  ["none", { datum: { kind: "block", target: { kind: "none" }, bound: NO_ARGUMENTS }, role: "builtin", span: undefined }],
  ...Object.keys(FUNCTIONS).map((name): [string, Binding] => [name, { datum: { kind: "function", name }, role: "builtin", span: undefined }]),
]);

/** A module's own names: what it declares, imports and lets. */
export interface ModuleScope {
  readonly module: Module;
  readonly scope: Scope;
  readonly declared: readonly Declared[];
  /** What was said of its `use`s and names: that happens once, whichever network asks first. */
  readonly problems: Problem[];
}

/** Module scopes by module, for one check; imports lead from one to the next. */
export type ModuleScopes = Map<Module, ModuleScope>;

/** The scope of a module; made on first use, with the problems of its `use`s and names reported once and kept. */
export function moduleScope(module: Module, session: Session): ModuleScope {
  const { scopes } = session;
  const known = scopes.get(module);
  if (known) return known;
  const builtin: Scope = { parent: undefined, bindings: BUILTIN as Map<string, Binding>, source: module.source, level: "builtin", owner: "" };
  const scope: Scope = { parent: builtin, bindings: new Map(), source: module.source, level: "module", owner: module.source.path, broken: module.broken === true };
  const declared: Declared[] = [];
  const made: ModuleScope = { module, scope, declared, problems: [] };
  scopes.set(module, made);
  const before = session.problems().length;
  const context = moduleContext(made, session);

  // Declarations first: they see each other whatever their order.
  for (const item of module.items) {
    if (item.kind !== "declaration") continue;
    const entry: Declared = { ast: item, module, name: item.name.name };
    declared.push(entry);
    define(context, item.name, { datum: { kind: "block", target: { kind: "declaration", declared: entry }, bound: NO_ARGUMENTS }, role: "declaration", span: spanIn(module.source, item.name) });
  }
  for (const item of module.items) if (item.kind === "use") importNames(item, context, made);
  for (const item of module.items) {
    if (item.kind === "let") define(context, item.name, { datum: evaluate(item.value, context), role: "let", span: spanIn(module.source, item.name) });
  }
  made.problems.push(...session.problems().slice(before));
  return made;
}

/** A context for expressions at the level of a module. */
export function moduleContext(made: ModuleScope, session: Session): Context {
  return {
    session,
    scope: made.scope,
    labels: { parent: undefined, entries: new Map() },
    names: nameScope("named", ""),
    repeated: false,
    policy: { parent: undefined, current: undefined },
    instance: undefined,
    input: undefined,
    inserted: false,
    nesting: 0,
    loopIndex: undefined,
    network: undefined,
  };
}

/** Adds a name to a scope; the same name twice in one declaration (or file) is reported. */
export function define(context: Context, name: { readonly name: string; readonly start: number; readonly end: number }, binding: Binding): void {
  const { scope } = context;
  const earlier = ownBinding(scope, name.name);
  if (earlier) {
    report(context, name, {
      code: "RN0205",
      message: `\`${name.name}\` is already ${roleText(earlier)} here`,
      secondary: earlier.span ? [{ span: earlier.span, text: "the first one" }] : [],
      help: [`Choose another name: within one ${scope.level === "module" ? "file" : "declaration"} a name means one thing.`],
    });
    return;
  }
  scope.bindings.set(name.name, binding);
}

function roleText(binding: Binding): string {
  const words = { parameter: "a parameter", let: "a `let`", loop: "a loop variable", symbol: "a size of the input", declaration: "declared", import: "imported", builtin: "built in" };
  return words[binding.role];
}

function importNames(use: Extract<Module["items"][number], { kind: "use" }>, context: Context, made: ModuleScope): void {
  const { session } = context;
  const found = session.index.resolve(made.module, use);
  if (isUseFailure(found)) {
    const message = found.kind === "missing" ? (use.isPath ? `there is no file \`${found.tried}\`` : `there is no module \`${found.tried}\``) : `\`${found.tried}\` cannot be read: ${found.reason}`;
    const candidates = found.kind === "missing" ? found.candidates : [];
    report(context, use.from, { code: "RN0203", message, label: didYouMean(use.from.name, candidates), fixes: use.isPath ? [] : renaming(context, use.from, use.from.name, candidates), help: use.isPath && found.kind === "missing" ? ["A path begins at the folder of the file that it stands in."] : candidates.length > 0 && !use.isPath ? [`The library has ${candidates.join(", ")}.`] : [] });
    for (const wanted of use.imports) if (!ownBinding(context.scope, (wanted.alias ?? wanted.name).name)) defineImport(context, wanted, UNKNOWN);
    return;
  }
  const cycle = cycleThrough(made.module, found, session);
  if (cycle) {
    report(context, use.from, {
      code: "RN0203",
      message: `\`${made.module.source.path}\` imports itself${cycle.length > 0 ? ` through ${cycle.map((path) => `\`${path}\``).join(", ")}` : ""}`,
      help: ["Move what both need into a file of its own."],
    });
    for (const wanted of use.imports) if (!ownBinding(context.scope, (wanted.alias ?? wanted.name).name)) defineImport(context, wanted, UNKNOWN);
    return;
  }
  const other = moduleScope(found, session);
  for (const wanted of use.imports) {
    const binding = other.scope.bindings.get(wanted.name.name);
    if (binding && binding.role !== "import") {
      defineImport(context, wanted, binding.datum);
      continue;
    }
    if (found.broken) {
      defineImport(context, wanted, UNKNOWN);
      continue;
    }
    const names = [...other.scope.bindings].filter(([, candidate]) => candidate.role !== "import").map(([name]) => name);
    const elsewhere = moduleDeclaring(wanted.name.name, session.index);
    report(context, wanted.name, { code: "RN0203", message: `\`${use.from.name}\` has no \`${wanted.name.name}\``, label: didYouMean(wanted.name.name, names), fixes: renaming(context, wanted.name, wanted.name.name, names), notes: names.length > 0 ? [`It has ${names.slice(0, 20).join(", ")}${names.length > 20 ? ", …" : ""}.`] : [], help: elsewhere === undefined ? [] : [`The standard library has it elsewhere: \`use ${elsewhere} { ${wanted.name.name} }\`.`] });
    defineImport(context, wanted, UNKNOWN);
  }
}

function defineImport(context: Context, wanted: { readonly name: { name: string; start: number; end: number }; readonly alias: { name: string; start: number; end: number } | undefined }, datum: Datum): void {
  const name = wanted.alias ?? wanted.name;
  define(context, name, { datum, role: "import", span: { source: context.scope.source, start: name.start, end: name.end } });
}

/** The files from `to` back to `from`, when following imports leads there. */
function cycleThrough(from: Module, to: Module, session: Session): string[] | undefined {
  const cameFrom = new Map<Module, Module | undefined>([[to, undefined]]);
  const queue = [to];
  for (let module = queue.shift(); module; module = queue.shift()) {
    if (module === from) {
      const path: string[] = [];
      for (let at = cameFrom.get(module); at; at = cameFrom.get(at)) path.unshift(at.source.path);
      return path;
    }
    for (const item of module.items) {
      if (item.kind !== "use") continue;
      const next = session.index.resolve(module, item);
      if (!isUseFailure(next) && !cameFrom.has(next)) {
        cameFrom.set(next, module);
        queue.push(next);
      }
    }
  }
  return undefined;
}

/** Follows aliases of aliases; reports when they lead back to `declared`. */
function leadsBack(datum: BlockDatum, declared: Declared, context: Context): boolean {
  const seen = new Set<Declared>();
  for (let at: BlockDatum | Unknown | "working" | undefined = datum; typeof at === "object" && at.kind === "block" && at.target.kind === "declaration"; ) {
    const next: Declared = at.target.declared;
    if (next === declared) {
      reportOwnAlias(declared, context);
      return true;
    }
    if (next.ast.target === undefined || next.ast.parameters !== undefined || seen.has(next)) return false;
    seen.add(next);
    at = next.alias;
  }
  return false;
}

function reportOwnAlias(declared: Declared, context: Context): void {
  context.session.report({
    code: "RN0802",
    message: `\`${declared.name}\` is an alias of itself`,
    span: spanIn(declared.module.source, declared.ast.name),
    help: ["Let one of them say what it is: `network A = B(…)` needs a `B` that is not `A`."],
  });
}

/** What an alias stands for: its target worked out in its module. An alias of itself is reported. */
export function aliasTarget(declared: Declared, context: Context): BlockDatum | Unknown {
  if (declared.alias === "working") {
    reportOwnAlias(declared, context);
    return UNKNOWN;
  }
  if (declared.alias) {
    context.session.repeat(declared.aliasProblems ?? []);
    return declared.alias;
  }
  if (declared.ast.target === undefined || declared.ast.broken) return UNKNOWN;
  declared.alias = "working";
  const made = moduleScope(declared.module, context.session);
  const before = context.session.problems().length;
  const datum = evaluate(declared.ast.target, moduleContext(made, context.session));
  const result = datum.kind === "block" && !leadsBack(datum, declared, context) ? datum : UNKNOWN;
  if (datum.kind !== "block" && datum.kind !== "unknown") {
    report(moduleContext(made, context.session), declared.ast.target, { code: "RN0302", message: `\`${declared.name}\` must stand for a ${declared.ast.keyword}, and this is no block` });
  }
  if ((declared.alias as unknown) === "working") declared.alias = result;
  declared.aliasProblems = context.session.problems().slice(before);
  return result;
}
