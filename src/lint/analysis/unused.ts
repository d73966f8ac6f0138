import type { Body, Declaration, Element, Expression, Identifier, Import, Item, LayerElement, Let, Module, Parameter, Path, TypeExpression, Use } from "../../syntax/ast.ts";
import { bodiesOf } from "../../syntax/elements.ts";

/** A name that a file makes and never speaks of again. */
export type Unused =
  | { readonly kind: "import"; readonly name: Identifier; readonly import: Import; readonly use: Use }
  | { readonly kind: "let"; readonly name: Identifier; readonly item: Let }
  | { readonly kind: "parameter"; readonly name: Identifier; readonly parameter: Parameter; readonly of: Declaration }
  | { readonly kind: "label"; readonly name: Identifier; readonly element: Element };

interface Entry {
  readonly made: Unused | undefined;
  used: boolean;
}

/** Names of one level: a file, a declaration, a pass of a loop. A `let` in either arm of an `if` is one name, made twice in the text. */
interface Level {
  readonly outer: Level | undefined;
  /** Absent while nothing is named here, as in nearly all loops and groups. */
  entries: Map<string, Entry[]> | undefined;
}

/** How the file uses one of its own blocks: called in a chain, or handed on, so that someone else decides what it is given. */
interface Usage {
  called: boolean;
  handedOn: boolean;
}

/**
 * The names of a file that nothing in it uses. Left out is what others may use or decide: `let`s and declarations of the file
 * (another file may import them), labels that name parameters, and parameters of blocks that are handed on.
 */
export function unusedNames(module: Module): readonly Unused[] {
  const walk = createWalk();
  const top = walk.level(undefined);
  for (const item of module.items) {
    if (item.kind === "use") for (const each of item.imports) walk.make(top, each.alias ?? each.name, { kind: "import", name: each.alias ?? each.name, import: each, use: item });
    else walk.make(top, item.name, undefined);
  }
  for (const item of module.items) {
    if (item.kind === "let") walk.expression(item.value, top);
    if (item.kind === "declaration") walk.declaration(item, top);
  }
  return walk.unused().sort((a, b) => a.name.start - b.name.start);
}

function createWalk() {
  const entries: Entry[] = [];
  const usage = new Map<string, Usage>();
  const labels: { readonly name: Identifier; readonly element: Element }[] = [];
  const named = new Set<string>();

  const level = (outer: Level | undefined): Level => ({ outer, entries: undefined });

  const make = (at: Level, name: Identifier, made: Unused | undefined): void => {
    const entry: Entry = { made, used: false };
    entries.push(entry);
    at.entries ??= new Map();
    const known = at.entries.get(name.name);
    if (known) known.push(entry);
    else at.entries.set(name.name, [entry]);
  };

  const use = (name: string, at: Level, how: "called" | "handedOn"): void => {
    for (let from: Level | undefined = at; from; from = from.outer) {
      const found = from.entries?.get(name);
      if (found === undefined) continue;
      for (const entry of found) entry.used = true;
      if (from.outer !== undefined) return;
      const known = usage.get(name) ?? { called: false, handedOn: false };
      known[how] = true;
      usage.set(name, known);
      return;
    }
  };

  const expression = (value: Expression, at: Level): void => {
    switch (value.kind) {
      case "name":
        return use(value.name, at, "handedOn");
      case "list":
        for (const entry of value.entries) expression(entry, at);
        return;
      case "unary":
        return expression(value.operand, at);
      case "binary":
        expression(value.left, at);
        return expression(value.right, at);
      case "conditional":
        expression(value.condition, at);
        expression(value.then, at);
        return expression(value.otherwise, at);
      case "call":
        expression(value.callee, at);
        for (const argument of value.arguments) expression(argument.value, at);
        return;
      case "index":
        expression(value.object, at);
        return expression(value.index, at);
      case "member":
        return expression(value.object, at);
      case "number":
      case "size":
      case "string":
      case "boolean":
      case "in":
        return;
    }
  };

  const path = (value: Path | undefined): void => {
    if (value) for (const part of value.parts) named.add(part.name);
  };

  const type = (value: TypeExpression, at: Level): void => {
    for (const entry of value.list ?? []) expression(entry, at);
  };

  const layer = (element: LayerElement, at: Level): void => {
    const { callee } = element;
    const called = callee.kind === "call" ? callee.callee : callee;
    if (called.kind === "name" && !element.repeated) {
      use(called.name, at, "called");
      if (callee.kind === "call") for (const argument of callee.arguments) expression(argument.value, at);
    } else expression(callee, at);
    if (element.repeated) elementOf(element.repeated, level(at));
  };

  const elementOf = (element: Element, at: Level): void => {
    if (element.label && isWithoutEffect(element)) labels.push({ name: element.label, element });
    if (element.kind === "from") path(element.path);
    if (element.kind === "layer") layer(element, at);
    if (element.kind === "from" || (element.kind === "layer" && !element.body)) return;
    for (let arm: Element | undefined = element; arm?.kind === "if"; arm = arm.otherwise && "kind" in arm.otherwise ? arm.otherwise : undefined) expression(arm.condition, at);
    if (element.kind === "for") expression(element.iterable, at);
    const inner = element.kind === "if" ? at : level(at);
    // A loop's variable counts the passes; that nobody asks for the count is usual.
    if (element.kind === "for") make(inner, element.variable, undefined);
    for (const each of bodiesOf(element)) body(each, inner);
  };

  const item = (each: Item, at: Level): void => {
    switch (each.kind) {
      case "let":
        expression(each.value, at);
        return make(at, each.name, { kind: "let", name: each.name, item: each });
      case "input":
        return type(each.type, at);
      case "output":
        named.add(each.name.name);
        return path(each.path);
      case "shortcuts":
        return expression(each.policy, at);
      case "require":
        return expression(each.condition, at);
      case "expect":
        path(each.quantity);
        return expression(each.value, at);
      case "chain":
        for (const element of each.elements) elementOf(element, at);
        return;
    }
  };

  const body = (value: Body, at: Level): void => {
    for (const group of value.groups) for (const each of group) item(each, at);
  };

  const declaration = (value: Declaration, top: Level): void => {
    const at = level(top);
    for (const parameter of value.parameters ?? []) {
      type(parameter.type, at);
      if (parameter.default) expression(parameter.default, at);
      make(at, parameter.name, { kind: "parameter", name: parameter.name, parameter, of: value });
    }
    if (value.target) expression(value.target, at);
    if (value.body) body(value.body, at);
  };

  const isFree = ({ of, name }: Extract<Unused, { kind: "parameter" }>): boolean => {
    if (of.keyword !== "block") return true;
    const names = of.parameters?.map((parameter) => parameter.name.name) ?? [];
    // What a shortcut option is told, and what a block that is handed on is given, others decide.
    if ((name.name === "channels" || name.name === "stride") && names.includes("channels") && names.includes("stride")) return false;
    const known = usage.get(of.name.name);
    return known?.called === true && !known.handedOn;
  };

  const unused = (): Unused[] => [
    ...entries.flatMap(({ made, used }) => (made && !used && (made.kind !== "parameter" || isFree(made)) ? [made] : [])),
    ...labels.filter(({ name }) => !named.has(name.name)).map((label): Unused => ({ kind: "label", ...label })),
  ];

  return { level, make, expression, declaration, unused };
}

/** `skip: identity`, `a: from b`: a label that names a value and no parameter. */
function isWithoutEffect(element: Element): boolean {
  return element.kind === "from" || (element.kind === "layer" && !element.repeated && element.callee.kind === "name" && element.callee.name === "identity");
}
