import type { Span } from "../base/source-file.ts";
import type { Declared } from "../check/data.ts";
import { isUseFailure } from "../check/module-index.ts";
import { moduleScope } from "../check/module-scope.ts";
import { createSession } from "../check/session.ts";
import type { Program } from "../program/load.ts";
import { buildRecipe } from "../program/recipes.ts";
import type { Ranged } from "../syntax/ast.ts";
import { itemsOf } from "../syntax/elements.ts";
import { spanOf } from "./analysis/edits.ts";

/** A recipe that the linted file declares or imports, worked out. */
export interface RecipeFacts {
  readonly name: string;
  /** Images at once. */
  readonly batch: number;
  /** The `batch` field in the linted file, or the recipe's name there where another recipe says it. */
  readonly batchAt: Span;
}

/** The recipes of a program's root file and those it imports, in order; one that is broken, open or without a batch is none. */
export function recipesOf(program: Program): readonly RecipeFacts[] {
  const { root, checker } = program;
  const session = createSession(checker.index, checker.scopes);
  const facts = (declared: Declared | undefined, at: Ranged): readonly RecipeFacts[] => {
    if (declared?.ast.keyword !== "recipe") return [];
    const batch = buildRecipe(program, { name: declared.name, doc: undefined, declared }).value?.fields["batch"];
    return typeof batch === "number" ? [{ name: declared.name, batch, batchAt: spanOf(root, at) }] : [];
  };
  const own = moduleScope(root, session).declared;
  return root.items.flatMap((item) => {
    if (item.kind === "declaration") return item.keyword === "recipe" ? facts(own.find(({ ast }) => ast === item), batchField(item.body) ?? item.name) : [];
    const found = item.kind === "use" ? checker.index.resolve(root, item) : undefined;
    if (item.kind !== "use" || found === undefined || isUseFailure(found)) return [];
    const { declared } = moduleScope(found, session);
    return item.imports.flatMap((each) => facts(declared.find(({ name }) => name === each.name.name), each.alias ?? each.name));
  });
}

function batchField(body: Parameters<typeof itemsOf>[0] | undefined): Ranged | undefined {
  const field = body && itemsOf(body).find((item) => item.kind === "chain" && item.elements[0]?.label?.name === "batch");
  return field?.kind === "chain" ? field.elements[0] : undefined;
}
