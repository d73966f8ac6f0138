import { networksOf } from "../../src/check/check.ts";
import { moduleContext, moduleScope } from "../../src/check/module-scope.ts";
import { resolveRecipe } from "../../src/check/recipes.ts";
import type { Recipe } from "../../src/check/recipes.ts";
import { createSession } from "../../src/check/session.ts";
import { loadProgram } from "../../src/program/load.ts";

/** The recipe of this name in a text, worked out; fails with the problems when there are any. */
export async function resolveNamed(text: string, name: string): Promise<Recipe | undefined> {
  const { root, checker } = await loadProgram({ path: "mine.resnet", text, standard: false });
  networksOf(checker, root);
  const session = createSession(checker.index, checker.scopes);
  const made = moduleScope(root, session);
  const declared = made.declared.find((candidate) => candidate.name === name);
  if (declared === undefined) throw new Error(`no recipe ${name}`);
  const recipe = resolveRecipe(declared, moduleContext(made, session));
  const problems = session.problems();
  if (problems.length > 0) throw new Error(problems.map((problem) => problem.message).join("\n"));
  return recipe;
}
