import { InputError } from "../base/input-error.ts";
import { nearest } from "../base/suggest.ts";
import type { Outcome } from "../diagnostics/problem.ts";
import type { StepChoice } from "./compile-training.ts";
import type { ModuleHost, Program } from "./load.ts";
import { loadProgram, standardProgram } from "./load.ts";
import type { WeightChoice } from "./prepare.ts";
import type { Recipe, RecipeCall } from "./recipes.ts";
import { buildRecipe, listRecipes } from "./recipes.ts";
import { standardDeclaration, standardNames } from "./standard-library.ts";

/** What a recipe says of a single step and of initial weights; what it leaves open is absent. */
export interface RecipeOfStep extends StepChoice, Pick<WeightChoice, "seed" | "fan"> {
  /** The rate before warm-up and schedule change it. */
  readonly learningRate?: number;
}

/**
 * A recipe by its name: of the program's own file, or of the standard library.
 *
 * @throws {@link InputError} when there is none of this name
 */
export function recipeCalled(name: string, program: Program): Outcome<Recipe | undefined> {
  const own = listRecipes(program);
  const entry = own.find((candidate) => candidate.name === name);
  if (entry) return buildRecipe(program, entry);
  const declared = standardDeclaration(name);
  if (declared?.keyword === "recipe") {
    const library = standardProgram(declared.module);
    const found = listRecipes(library).find((candidate) => candidate.name === name);
    if (found) return buildRecipe(library, found);
  }
  const names = [...own.map((candidate) => candidate.name), ...standardNames("recipe")];
  const near = nearest(name, names);
  throw new InputError(`there is no recipe \`${name}\`${near.length > 0 ? `; did you mean ${near.map((other) => `\`${other}\``).join(" or ")}?` : ""}`, {
    notes: [`There are ${names.join(", ")}.`],
  });
}

/**
 * A recipe with some of its fields said anew, each in the language: `split: random(train=2000, val=200)`.
 *
 * @throws {@link InputError} when there is no recipe of this name
 */
export async function recipeWith(name: string, fields: readonly string[], program: Program, host?: ModuleHost): Promise<Outcome<Recipe | undefined>> {
  const named = recipeCalled(name, program);
  if (named.value === undefined || fields.length === 0) return named;
  const own = listRecipes(program).map((entry) => entry.name);
  const alias = [...own, name].reduce((longest, other) => (other.length > longest.length ? other : longest)) + "With";
  const said = `recipe ${alias} = ${name} {\n${fields.map((field) => `  ${field}\n`).join("")}}\n`;
  // An alias replaces the fields that it names: the language says what a field may be, and in which words it is wrong.
  const library = standardDeclaration(name)?.module.source.path;
  const source = own.includes(name) ? { ...program.root.source, text: `${program.root.source.text}\n${said}` } : { path: "--with", text: `use ${library} { ${name} }\n${said}`, standard: false };
  const loaded = await loadProgram(source, host);
  const entry = listRecipes(loaded).find((candidate) => candidate.name === alias);
  if (entry === undefined) return { value: undefined, problems: loaded.problems };
  const { value, problems } = buildRecipe(loaded, entry);
  return { value: value && { ...value, name }, problems };
}

/** What a recipe says of a single step. */
export function stepOf({ fields }: Recipe): RecipeOfStep {
  const call = (field: string): RecipeCall | undefined => {
    const value = fields[field];
    return typeof value === "object" && "function" in value ? value : undefined;
  };
  const number = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
  const optimizer = call("optimizer")?.arguments ?? {};
  const fan = call("init")?.arguments["fan"];
  const { decay } = optimizer;
  const frozen = call("freeze")?.arguments ?? {};
  return {
    ...given("batch", number(fields["batch"])),
    ...given("momentum", number(optimizer["momentum"])),
    ...given("nesterov", typeof optimizer["nesterov"] === "boolean" ? optimizer["nesterov"] : undefined),
    ...given("weightDecay", number(optimizer["weight_decay"])),
    ...given("decays", decay === "weights" || decay === "all" ? decay : undefined),
    ...given("labelSmoothing", number(fields["label_smoothing"])),
    ...given("freeze", Array.isArray(frozen["paths"]) ? frozen["paths"].map(String) : undefined),
    ...given("freezeStatistics", typeof frozen["statistics"] === "boolean" ? frozen["statistics"] : undefined),
    ...given("seed", number(fields["seed"])),
    ...given("fan", fan === "in" || fan === "out" ? fan : undefined),
    ...given("learningRate", number(optimizer["lr"])),
  };
}

function given<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V });
}
