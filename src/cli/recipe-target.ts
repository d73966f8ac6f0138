import type { Outcome } from "../diagnostics/problem.ts";
import type { Program } from "../program/load.ts";
import { loadProgram } from "../program/load.ts";
import type { Recipe } from "../program/recipes.ts";
import { recipeCalled } from "../program/training-recipe.ts";
import type { CliHost } from "./host.ts";
import { splitTarget } from "./target.ts";

/** A recipe's name, and the program whose file it is looked for in before the library. */
export interface RecipeTarget {
  readonly name: string;
  readonly program: Program;
}

/** What `--recipe` names: `Cifar10`, of the network's own file or the library, or `FILE#Name`. */
export async function openRecipe(text: string, program: Program, host: CliHost): Promise<RecipeTarget> {
  const { path, name } = splitTarget(host, text);
  if (name === undefined || path === "") return { name: text, program };
  return { name, program: await loadProgram({ path, text: await host.readText(path), standard: false }, host.files) };
}

/** The recipe itself. */
export async function findRecipe(text: string, program: Program, host: CliHost): Promise<Outcome<Recipe | undefined>> {
  const target = await openRecipe(text, program, host);
  return recipeCalled(target.name, target.program);
}
