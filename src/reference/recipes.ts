import type { RecipeField, RecipeFunction, RecipeMetric, RecipeParameter } from "../program/recipes.ts";
import { recipeFields, recipeForm, recipeMetrics } from "../program/recipes.ts";
import type { Code, Document } from "./document.ts";
import { code, document, prose, table } from "./document.ts";
import { inlineCode } from "./markdown.ts";

/** A field of recipes, a function that fields are made of, or a metric that they look at. */
export function recipeDocument(name: string): Document | undefined {
  const field = recipeFields.find((candidate) => candidate.name === name);
  if (field) return fieldDocument(field);
  const users = recipeFields.filter((candidate) => functionsOf(candidate).some((record) => record.name === name));
  const [record] = users.flatMap((user) => functionsOf(user).filter((candidate) => candidate.name === name));
  if (record) return functionDocument(record, users);
  const metric = recipeMetrics.find((candidate) => candidate.name === name);
  return metric && document(name, [prose(`A metric that schedules and warm-ups of recipes look at. ${metric.doc}`)]);
}

/** The words of recipes that can be explained. */
export const RECIPE_WORDS: readonly string[] = [...new Set([...recipeFields.flatMap((field) => [field.name, ...functionsOf(field).map(({ name }) => name)]), ...recipeMetrics.map(({ name }: RecipeMetric) => name)])];

function functionsOf(field: RecipeField): readonly RecipeFunction[] {
  return field.form === "number" ? [] : field.functions;
}

function fieldDocument(field: RecipeField): Document {
  const default_ = field.default === undefined ? "" : ` Without it: ${inlineCode(String(field.default))}.`;
  const instead = field.insteadOf ? ` It stands in place of ${field.insteadOf.map(inlineCode).join(", ")}.` : "";
  const form = field.form === "number" ? `a number (${inlineCode(field.type)})` : field.form === "call" ? "one of the functions below" : "functions joined by `->`";
  return document(field.name, [
    prose(`A field of recipes, ${form}. ${field.doc}${default_}${instead}`),
    table(["function", "what it says"], functionsOf(field).map((record) => [inlineCode(recipeForm(record)), record.doc])),
    exampleOf(field, field.sample),
  ]);
}

function functionDocument(record: RecipeFunction, users: readonly RecipeField[]): Document {
  return document(record.name, [
    code(recipeForm(record), { info: "text" }),
    prose(`For the field ${users.map(({ name }) => inlineCode(name)).join(" or ")} of recipes. ${record.doc}`),
    table(["argument", "type", "default", "meaning"], record.parameters.map((parameter) => [inlineCode(parameter.name), recipeTypeText(parameter), recipeDefaultText(parameter), parameter.doc])),
    ...users.slice(0, 1).map((field) => exampleOf(field, record.sample ?? record.name)),
  ]);
}

/** A recipe that takes everything else from one of the library. */
function exampleOf(field: RecipeField, value: string): Code {
  return code(`use std.recipes { Cifar10 }\n\nrecipe Mine = Cifar10 {\n  ${field.name}: ${value}\n}`, { caption: "Example:" });
}

/** `word, one of "pixel", "channel"` */
export function recipeTypeText(parameter: RecipeParameter): string {
  return `${parameter.type}${parameter.choices ? `, one of ${parameter.choices.map((choice) => inlineCode(JSON.stringify(choice))).join(", ")}` : ""}`;
}

function recipeDefaultText(parameter: RecipeParameter): string {
  if (parameter.default !== undefined) return inlineCode(JSON.stringify(parameter.default));
  return parameter.optional ? "" : "required";
}
