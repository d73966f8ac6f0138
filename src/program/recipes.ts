import type { Declared } from "../check/data.ts";
import { moduleContext, moduleScope } from "../check/module-scope.ts";
import type { Recipe } from "../check/recipes.ts";
import { resolveRecipe } from "../check/recipes.ts";
import { createSession } from "../check/session.ts";
import type { Outcome } from "../diagnostics/problem.ts";
import { hasErrors, sortProblems } from "../diagnostics/problem.ts";
import type { Program } from "./load.ts";

export type { Recipe, RecipeCall, RecipeCondition, RecipeDraw, RecipeFieldValue, RecipeValue } from "../check/recipes.ts";
export { recipeFields, recipeForm, recipeMetrics } from "../check/recipe-registry.ts";
export type { RecipeField, RecipeFunction, RecipeMetric, RecipeParameter } from "../check/recipe-registry.ts";

/** A recipe of a program's root file. */
export interface RecipeEntry {
  readonly name: string;
  readonly doc: string | undefined;
  readonly declared: Declared;
}

/** The recipes a program's root file declares, in order. */
export function listRecipes(program: Program): readonly RecipeEntry[] {
  const session = createSession(program.checker.index, program.checker.scopes);
  return moduleScope(program.root, session)
    .declared.filter((declared) => declared.ast.keyword === "recipe")
    .map((declared) => ({ name: declared.name, doc: declared.ast.doc, declared }));
}

/** One recipe as plain data, defaults filled in; absent when there were errors. */
export function buildRecipe(program: Program, entry: RecipeEntry): Outcome<Recipe | undefined> {
  const session = createSession(program.checker.index, program.checker.scopes);
  const made = moduleScope(entry.declared.module, session);
  const recipe = resolveRecipe(entry.declared, moduleContext(made, session));
  const problems = sortProblems([...program.problems, ...session.problems()]);
  return { value: hasErrors(problems) ? undefined : recipe, problems };
}
