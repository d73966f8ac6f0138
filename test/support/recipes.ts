import { loadProgram } from "../../src/program/load.ts";
import { buildRecipe, listRecipes } from "../../src/program/recipes.ts";
import type { Recipe } from "../../src/program/recipes.ts";

/** The recipe of this name in a text, worked out; fails with the problems when there are any. */
export async function resolveNamed(text: string, name: string): Promise<Recipe | undefined> {
  const program = await loadProgram({ path: "mine.resnet", text, standard: false });
  const entry = listRecipes(program).find((candidate) => candidate.name === name);
  if (entry === undefined) throw new Error(`no recipe ${name}`);
  const { value, problems } = buildRecipe(program, entry);
  if (problems.length > 0) throw new Error(problems.map((problem) => problem.message).join("\n"));
  return value;
}
