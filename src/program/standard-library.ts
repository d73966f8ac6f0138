import type { SourceFile } from "../base/source-file.ts";
import type { Module } from "../syntax/ast.ts";
import { sources } from "./standard-library.generated.ts";

const opened = new Map<string, Module>();

/** The module `std.NAME`; its tree was made when rnc was built, so nothing is parsed here. */
function open(name: string): Module | undefined {
  const known = opened.get(name);
  if (known) return known;
  const entry = Object.hasOwn(sources, name) ? sources[name] : undefined;
  if (entry === undefined) return undefined;
  const source: SourceFile = { path: name, text: entry.text, standard: true };
  const module = { ...(JSON.parse(entry.tree) as Omit<Module, "source">), source };
  opened.set(name, module);
  return module;
}

const names: readonly string[] = Object.keys(sources).sort();

/** The standard library by module name (`std.blocks`); modules are opened when they are first asked for. */
export const standardLibrary: ReadonlyMap<string, Module> = {
  size: names.length,
  get: open,
  has: (name) => Object.hasOwn(sources, name),
  keys: () => names.values(),
  values: () => names.flatMap((name) => open(name) ?? []).values(),
  entries: () => names.flatMap((name) => { const module = open(name); return module ? [[name, module] as [string, Module]] : []; }).values(),
  forEach: (visit) => names.forEach((name) => visit(open(name) as Module, name, standardLibrary)),
  [Symbol.iterator]: () => standardLibrary.entries(),
};

/** The library module that declares this name (`ResNet50`), and the declaration's keyword. */
export function standardDeclaration(name: string): { readonly module: Module; readonly keyword: "network" | "block" | "recipe" } | undefined {
  for (const [moduleName, entry] of Object.entries(sources)) {
    const keyword = Object.hasOwn(entry.declarations, name) ? entry.declarations[name] : undefined;
    if (keyword !== undefined) return { module: open(moduleName) as Module, keyword };
  }
  return undefined;
}

/** Every name the library declares, by keyword. */
export function standardNames(keyword: "network" | "block" | "recipe"): string[] {
  return Object.values(sources).flatMap((entry) => Object.entries(entry.declarations).flatMap(([name, word]) => (word === keyword ? [name] : [])));
}
