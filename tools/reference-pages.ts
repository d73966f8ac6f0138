/** The generated pages of the language reference, from the records that the compiler itself works with. */
import { QUANTITIES } from "../src/check/contracts.ts";
import { FUNCTIONS } from "../src/check/functions.ts";
import type { RecipeField, RecipeFunction, RecipeParameter } from "../src/check/recipe-registry.ts";
import { recipeFields, recipeForm, recipeMetrics } from "../src/check/recipe-registry.ts";
import { catalogue } from "../src/diagnostics/catalogue.ts";
import type { Code } from "../src/diagnostics/catalogue.ts";
import type { OpRecord, Unsupported } from "../src/ops/define-op.ts";
import { isUnsupported } from "../src/ops/define-op.ts";
import { anchorOf, inlineCode as code, markdownTable as table, renderMarkdown } from "../src/reference/markdown.ts";
import { messageDocument } from "../src/reference/messages.ts";
import { LANGUAGE_OPERATORS as language, operatorDocument, operatorForm } from "../src/reference/operators.ts";
import { recipeTypeText } from "../src/reference/recipes.ts";
import { cliPage } from "./cli-page.ts";
import { keywordsPage } from "./keywords-page.ts";
import { libraryPage } from "./library-page.ts";
import { rulesPage } from "./rules-page.ts";

/** The pages by their path in the repository. */
export async function referencePages(): Promise<Readonly<Record<string, string>>> {
  return {
    "grammar/CLI.md": await cliPage(),
    "grammar/DIAGNOSTICS.md": await diagnosticsPage(),
    "grammar/KEYWORDS.md": keywordsPage(),
    "grammar/OPERATORS.md": operatorsPage(),
    "grammar/RULES.md": await rulesPage(),
    "grammar/STDLIB.md": libraryPage(),
    "grammar/TARGETS.md": targetsPage(),
  };
}

function operatorsPage(): string {
  const groups = (["layer", "join"] as const).map((form) => {
    const records = language.filter((record) => record.form === form);
    return `## ${form === "layer" ? "Operators" : "Joins"}\n\n${table([form === "layer" ? "operator" : "join", "first name", "what it does"], records.map((record) => [`[${operatorForm(record)}](#${record.name})`, code(`${record.kind}1`), record.summary]))}`;
  });
  return [
    "# Operators, functions, quantities, recipe fields\n\n",
    "Made from the compiler's own records by `npm run generate:reference`; not edited by hand. [LANGUAGE.md](LANGUAGE.md) says how they are used.\n\n",
    "`…` stands for a default that depends on others; [each operator's table](#each-operator) has it, and says which arguments go by position. ",
    "A list argument (`int[]`) has one number for every spatial axis; a single number stands for all of them. ",
    "*First name* is what the first one without a label is [called](LANGUAGE.md#names-of-parameters).\n\n",
    ...groups,
    `## Functions\n\n${table(["form", "value"], Object.values(FUNCTIONS).map(({ usage, doc }) => [code(usage), doc]))}`,
    `## Quantities\n\nWhat [\`expect\`](LANGUAGE.md#expect) measures.\n\n${table(["quantity", "what it is"], Object.entries(QUANTITIES).map(([name, { doc }]) => [code(name), doc]))}`,
    recipesPart(),
    facetsPart(),
    "## Each operator\n\n",
    ...language.map((record) => renderMarkdown(operatorDocument(record), 3)),
  ].join("");
}

/** Which facets each operator has; what is missing has its reason. */
function facetsPart(): string {
  const reasons: string[] = [];
  const facet = (record: OpRecord, name: string, value: unknown): string => {
    if (!isUnsupported(value)) return "yes";
    const reason = `${record.name}, ${name}: ${value.unsupported}.`;
    reasons.push(`${reasons.length + 1}. ${reason}\n`);
    return `no (${reasons.length})`;
  };
  const rows = language.map((record) => [
    code(record.name),
    record.parameters ? "yes" : "",
    record.macs ? "yes" : "",
    record.weighted ? "yes" : "",
    record.window ? "yes" : "",
    facet(record, "gradient", record.gradient),
  ]);
  const heads = ["operator", "parameters", "multiply-adds", "counts in `depth`", "looks around", "gradient"];
  return `## Facets\n\nWhat is recorded of each operator beside its shape. [TARGETS.md](TARGETS.md) says what it becomes in ONNX and in TensorFlow.js.\n\n${table(heads, rows)}${reasons.length > 0 ? `Missing:\n\n${reasons.join("")}\n` : ""}`;
}

/** What can be written of each operator for each target, and trained there. */
function targetsPage(): string {
  const only = (facet: unknown, limit: string | Unsupported | undefined): string => {
    const none = isUnsupported(facet) ? facet : isUnsupported(limit) ? limit : undefined;
    if (none) return `no: ${none.unsupported}`;
    return limit === undefined ? "yes" : `in part: ${String(limit)}`;
  };
  const rows = language.map(({ name, lower: { onnx, tfjs }, limits = {} }) => [
    `[${name}](OPERATORS.md#${name})`,
    only(onnx, undefined),
    only(tfjs, limits.tfjs),
    isUnsupported(tfjs) ? "no" : only(tfjs, limits.tfjsTraining),
  ]);
  return [
    "# Targets\n\n",
    "Made from the compiler's own records by `npm run generate:reference`; not edited by hand. [OPERATORS.md](OPERATORS.md) says what each operator is.\n\n",
    "`rnc compile` writes ONNX by default; `--target tfjs` writes a LayersModel of TensorFlow.js 4.22, of built-in layers alone. What these do not ",
    "say exactly is refused before any file is written, by name, place and reason. The last column is about what runs: a gradient that ",
    "TensorFlow.js lacks, or gets wrong, is no gradient.\n\n",
    table(["operator", "ONNX", "TensorFlow.js runs it", "TensorFlow.js trains it"], rows),
  ].join("");
}

function recipesPart(): string {
  const fields = recipeFields.map((field) => [code(field.name), fieldForm(field), fieldDefault(field), field.doc]);
  const details = recipeFields.flatMap((field) => (field.form === "number" ? [] : [`#### ${field.name}\n\n${field.functions.map(functionPart).join("")}`]));
  return [
    `## Recipes\n\n${table(["field", "form", "default", "meaning"], fields)}`,
    "### Metrics\n\n",
    table(["metric", "what it is"], recipeMetrics.map(({ name, doc }) => [code(name), doc])),
    "### Functions of recipe fields\n\n",
    ...details,
  ].join("");
}

function fieldForm(field: RecipeField): string {
  if (field.form === "number") return code(field.type);
  return field.form === "call" ? "one of the functions below" : "functions joined by `->`";
}

function fieldDefault(field: RecipeField): string {
  return field.default === undefined ? "" : code(String(field.default));
}

function functionPart(record: RecipeFunction): string {
  const head = `- ${code(recipeForm(record))}: ${record.doc}\n`;
  return `${head}${record.parameters.map((parameter) => `  - ${code(parameter.name)} (${parameterText(parameter)}): ${parameter.doc}\n`).join("")}\n`;
}

function parameterText(parameter: RecipeParameter): string {
  const given = parameter.default !== undefined ? `, default ${code(JSON.stringify(parameter.default))}` : parameter.optional ? ", optional" : "";
  return `${recipeTypeText(parameter)}${given}`;
}

async function diagnosticsPage(): Promise<string> {
  const codes = Object.keys(catalogue).sort() as Code[];
  return [
    "# Messages\n\n",
    "Made from the compiler's own catalogue by `npm run generate:reference`; not edited by hand. `rnc explain CODE` prints one of these. Codes are stable and never used again for something else.\n\n",
    table(["code", "name", "about"], codes.map((key) => [`[${key}](#${anchorOf(`${key} ${catalogue[key].slug}`)})`, catalogue[key].slug, catalogue[key].summary])),
    ...(await Promise.all(codes.map(async (key) => renderMarkdown(await messageDocument(key), 2)))),
  ].join("");
}
