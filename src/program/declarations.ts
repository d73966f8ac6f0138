import type { Declaration, Module } from "../syntax/ast.ts";

/** What there is to say of a declaration before it is used. */
export interface Described {
  readonly name: string;
  readonly kind: "network" | "block" | "shortcut" | "recipe";
  readonly module: string;
  /** `(width: int, stride: int = 1)`, as written; empty without parameters. */
  readonly parameters: string;
  readonly doc: string | undefined;
}

/** A shortcut option is a block that takes `channels` and `stride`. */
function kindOf(declaration: Declaration): Described["kind"] {
  if (declaration.keyword !== "block") return declaration.keyword;
  const names = new Set(declaration.parameters?.map((parameter) => parameter.name.name));
  return names.has("channels") && names.has("stride") ? "shortcut" : "block";
}

/** The declarations of a module, in order. */
export function declarationsOf(module: Module): readonly Declaration[] {
  return module.items.flatMap((item) => (item.kind === "declaration" ? [item] : []));
}

/** A declaration in words. */
export function describeDeclaration(declaration: Declaration, module: Module): Described {
  const { text, path } = module.source;
  const parameters = (declaration.parameters ?? []).map(({ start, end }) => text.slice(start, end).replace(/\s+/g, " "));
  return {
    name: declaration.name.name,
    kind: kindOf(declaration),
    module: path,
    parameters: declaration.parameters ? `(${parameters.join(", ")})` : "",
    doc: declaration.doc,
  };
}

/** The first sentence of a doc comment, or its first line. */
export function firstSentence(doc: string | undefined): string {
  const [line = ""] = (doc ?? "").trim().split("\n");
  const end = /^(.*?[^.A-Z]\.)\s+[A-Z`]/.exec(line);
  return end?.[1] ?? line;
}

/** A doc comment without its example, and the example: the last lines, where they are indented by four blanks or more. */
export function splitDoc(doc: string | undefined): { readonly prose: string; readonly example: string | undefined } {
  const lines = (doc ?? "").trimEnd().split("\n");
  let first = lines.length;
  while (first > 0 && /^ {4}|^$/.test(lines[first - 1] ?? "")) first--;
  const example = lines.slice(first).map((line) => line.slice(4)).join("\n").trim();
  return { prose: lines.slice(0, first).join("\n").trim(), example: example === "" ? undefined : example };
}
