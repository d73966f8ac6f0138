import { QUANTITIES } from "../check/contracts.ts";
import { FUNCTIONS } from "../check/functions.ts";
import { catalogue } from "../diagnostics/catalogue.ts";
import type { Code } from "../diagnostics/catalogue.ts";
import { RULES } from "../lint/registry.ts";
import { findRule } from "../lint/settings.ts";
import { findOperator } from "../ops/registry.ts";
import { standardLibrary, standardNames } from "../program/standard-library.ts";
import { KEYWORDS, SIGNS } from "../syntax/keywords.ts";
import type { Document } from "./document.ts";
import { document, prose, table } from "./document.ts";
import { functionDocument, keywordDocument, quantityDocument } from "./language.ts";
import { libraryEntry, moduleDocument, sourceDocument } from "./library.ts";
import { messageDocument } from "./messages.ts";
import { LANGUAGE_OPERATORS, operatorDocument } from "./operators.ts";
import { RECIPE_WORDS, recipeDocument } from "./recipes.ts";
import { ruleDocument } from "./rules.ts";

/** The page about what has this name; `undefined` where nothing has it. */
export async function documentAbout(name: string): Promise<Document | undefined> {
  const code = codeOf(name);
  if (code) return messageDocument(code);
  const rule = findRule(name);
  if (rule) return ruleDocument(rule);
  const record = findOperator(name);
  const entry = libraryEntry(name);
  const module = standardLibrary.get(name);
  return (
    keywordDocument(name) ??
    (record?.level === "language" ? operatorDocument(record) : undefined) ??
    functionDocument(name) ??
    quantityDocument(name) ??
    (entry ? sourceDocument(entry) : undefined) ??
    (module ? moduleDocument(module) : undefined) ??
    recipeDocument(name)
  );
}

function codeOf(name: string): Code | undefined {
  const upper = name.toUpperCase();
  return (Object.hasOwn(catalogue, upper) ? upper : Object.keys(catalogue).find((key) => catalogue[key as Code].slug === name)) as Code | undefined;
}

/** Every name that {@link documentAbout} knows. */
export function subjectNames(): readonly string[] {
  return [
    ...Object.entries(catalogue).flatMap(([code, { slug }]) => [code, slug]),
    ...RULES.flatMap(({ code, name }) => [code, name]),
    ...Object.keys(KEYWORDS),
    ...Object.keys(SIGNS),
    ...LANGUAGE_OPERATORS.map(({ name }) => name),
    ...Object.keys(FUNCTIONS),
    ...Object.keys(QUANTITIES),
    ...(["network", "block", "recipe"] as const).flatMap(standardNames),
    ...standardLibrary.keys(),
    ...RECIPE_WORDS,
  ];
}

/** What there is to ask for. */
export function overviewDocument(): Document {
  const list = (title: string, names: Iterable<string>): ReturnType<typeof prose> => prose(`${title}: ${[...names].join(", ")}.`);
  return document("What can be explained", [
    list("Words of the language", [...Object.keys(KEYWORDS), ...Object.keys(SIGNS)]),
    list("Operators", LANGUAGE_OPERATORS.map(({ name }) => name)),
    list("Functions", Object.keys(FUNCTIONS)),
    list("Quantities of `expect`", Object.keys(QUANTITIES)),
    list("Fields, functions and metrics of recipes", RECIPE_WORDS),
    list("Modules of the library", standardLibrary.keys()),
    prose("Everything that these declare: `rnc list` prints it."),
    table(["code", "message", "about"], Object.entries(catalogue).map(([code, { slug, summary }]) => [code, slug, summary])),
    table(["code", "rule of `rnc lint`", "about"], RULES.map(({ code, name, summary }) => [code, name, summary])),
  ]);
}
