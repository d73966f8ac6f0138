import type { Program } from "../program/load.ts";
import { loadProgram } from "../program/load.ts";
import type { CliHost } from "./host.ts";

/** A recipe's name, and the program whose file it is looked for in before the library. */
export interface RecipeTarget {
  readonly name: string;
  readonly program: Program;
}

/** What `--recipe` names: `Cifar10`, of the network's own file or the library, or `FILE#Name`. */
export async function openRecipe(text: string, program: Program, host: CliHost): Promise<RecipeTarget> {
  const at = text.lastIndexOf("#");
  if (at <= 0) return { name: text, program };
  const path = text.slice(0, at);
  return { name: text.slice(at + 1), program: await loadProgram({ path, text: await host.readText(path), standard: false }, host.files) };
}
