import type { Body, Element, Expression, Module } from "../../syntax/ast.ts";
import { itemsOf } from "../../syntax/elements.ts";

/** Every name an expression speaks of; names of arguments are none. */
export function namesIn(expression: Expression): ReadonlySet<string> {
  const names = new Set<string>();
  visitNames(expression, (name) => names.add(name));
  return names;
}

/** Calls `visit` for every name in an expression, in the order of the text. */
export function visitNames(expression: Expression, visit: (name: string) => void): void {
  switch (expression.kind) {
    case "name":
      return visit(expression.name);
    case "list":
      for (const entry of expression.entries) visitNames(entry, visit);
      return;
    case "unary":
      return visitNames(expression.operand, visit);
    case "binary":
      visitNames(expression.left, visit);
      return visitNames(expression.right, visit);
    case "conditional":
      visitNames(expression.then, visit);
      visitNames(expression.condition, visit);
      return visitNames(expression.otherwise, visit);
    case "call":
      visitNames(expression.callee, visit);
      for (const argument of expression.arguments) visitNames(argument.value, visit);
      return;
    case "index":
      visitNames(expression.object, visit);
      return visitNames(expression.index, visit);
    case "member":
      return visitNames(expression.object, visit);
    case "number":
    case "size":
    case "string":
    case "boolean":
    case "in":
      return;
  }
}

const hidersOf = new WeakMap<Module, ReadonlySet<string>>();

/** True where a file gives a name of an operator another meaning somewhere: what it stands for cannot be read off the text. */
export function hidesOperator(module: Module, name: string): boolean {
  let made = hidersOf.get(module);
  if (made === undefined) {
    made = madeNames(module);
    hidersOf.set(module, made);
  }
  return made.has(name);
}

/** Every name that a file imports, declares, or makes in a declaration. */
function madeNames(module: Module): ReadonlySet<string> {
  const names = new Set<string>();
  for (const item of module.items) {
    if (item.kind === "use") for (const { name, alias } of item.imports) names.add((alias ?? name).name);
    else names.add(item.name.name);
    if (item.kind !== "declaration") continue;
    for (const { name } of item.parameters ?? []) names.add(name.name);
    if (item.body) addMadeIn(item.body, names);
  }
  return names;
}

function addMadeIn(body: Body, names: Set<string>): void {
  for (const item of itemsOf(body)) {
    if (item.kind === "let") names.add(item.name.name);
    if (item.kind === "chain") for (const element of item.elements) addMadeBy(element, names);
  }
}

function addMadeBy(element: Element, names: Set<string>): void {
  switch (element.kind) {
    case "for":
      names.add(element.variable.name);
      return addMadeIn(element.body, names);
    case "group":
      return addMadeIn(element.body, names);
    case "if":
      addMadeIn(element.then, names);
      if (element.otherwise) {
        if ("groups" in element.otherwise) addMadeIn(element.otherwise, names);
        else addMadeBy(element.otherwise, names);
      }
      return;
    case "layer":
      if (element.repeated) addMadeBy(element.repeated, names);
      if (element.body) addMadeIn(element.body, names);
      return;
    case "from":
      return;
  }
}
