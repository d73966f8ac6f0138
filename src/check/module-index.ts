import type { Module, Use } from "../syntax/ast.ts";

/** The modules a check may see, already read and parsed: the host reads files, checking reads none. */
export interface ModuleIndex {
  /** The module a `use` names, or why there is none. */
  resolve(from: Module, use: Use): Module | UseFailure;
  /** Modules of the standard library by name (`std.blocks`). */
  readonly standard: ReadonlyMap<string, Module>;
}

export type UseFailure =
  | { readonly kind: "missing"; readonly tried: string; readonly candidates: readonly string[] }
  | { readonly kind: "unreadable"; readonly tried: string; readonly reason: string };

export function isUseFailure(found: Module | UseFailure): found is UseFailure {
  return "tried" in found;
}

/** The module of the standard library that declares a name. */
export function moduleDeclaring(name: string, { standard }: ModuleIndex): string | undefined {
  return [...standard].find(([, module]) => module.items.some((item) => item.kind === "declaration" && item.name.name === name))?.[0];
}
