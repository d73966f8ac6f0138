import { recipeMetrics } from "../program/recipes.ts";
import type { Recipe, RecipeCall, RecipeFieldValue, RecipeValue } from "../program/recipes.ts";

/** A recipe as the language writes it, nothing left out: read again, it is the same recipe. */
export function recipeText({ name, fields }: Recipe): string {
  return [`recipe ${name} {`, ...Object.entries(fields).flatMap(([field, value]) => fieldText(field, value)), "}"].join("\n");
}

/** A chain without steps is what a field has that is left out, and cannot be written. */
function fieldText(field: string, value: RecipeFieldValue): readonly string[] {
  if (typeof value === "number") return [`  ${field}: ${value}`];
  const calls = "function" in value ? [value] : value;
  return calls.length === 0 ? [] : [`  ${field}: ${calls.map(callText).join(" -> ")}`];
}

function callText({ function: name, arguments: given }: RecipeCall): string {
  const values = Object.entries(given).map(([parameter, value]) => `${parameter}=${valueText(value)}`);
  return values.length === 0 ? name : `${name}(${values.join(", ")})`;
}

function valueText(value: RecipeValue): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return recipeMetrics.some(({ name }) => name === value) ? value : JSON.stringify(value);
  if ("uniform" in value) return `uniform(${value.uniform.join(", ")})`;
  if ("metric" in value) return `${value.metric} ${value.relation} ${value.value}`;
  return `[${value.map((each) => (typeof each === "string" ? JSON.stringify(each) : String(each))).join(", ")}]`;
}
