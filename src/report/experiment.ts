import { InputError } from "../base/input-error.ts";
import { didYouMean } from "../base/suggest.ts";

/** Trainings that are compared, as plain data: networks, a recipe, and what is shown of them. */
export interface Experiment {
  readonly title: string;
  /** Where it was published. */
  readonly source: string;
  /** What it asks, and what to look at. */
  readonly about: string;
  /** `errors`: the form of the paper's Fig. 6; `responses`: that of Fig. 7, of the convolutions with this kernel. */
  readonly figure: { readonly kind: "errors" } | { readonly kind: "responses"; readonly kernel: number; readonly images: number };
  /** Minutes on a processor. */
  readonly small: ExperimentLength;
  /** As published. */
  readonly full: ExperimentLength;
}

export interface ExperimentLength {
  readonly recipe: string;
  /** Steps between two lines of metrics; absent: as `rnc train` has it. */
  readonly every?: number;
  /** Steps between two validations; absent: after each epoch. */
  readonly evaluateEvery?: number;
  readonly panels: readonly ExperimentPanel[];
}

export interface ExperimentPanel {
  readonly title: string;
  readonly networks: readonly ExperimentNetwork[];
}

export interface ExperimentNetwork {
  /** What tables and figures call it. */
  readonly name: string;
  /** As `rnc train` takes it. */
  readonly network: string;
  /** As `--set` takes them. */
  readonly set: Readonly<Record<string, string>>;
  /** Instead of the recipe of the others. */
  readonly recipe?: string;
  /** The published test error, in percent. */
  readonly published?: number;
}

/**
 * Reads an experiment from the text of a JSON file (`grammar/experiment.schema.json`).
 *
 * @throws {@link InputError} that names the place in the file
 */
export function readExperiment(text: string, path: string): Experiment {
  const root = objectOf(parsed(text, path), path, ["title", "source", "about", "figure", "kernel", "images", "small", "full"]);
  const figure = root.text("figure");
  if (figure !== "errors" && figure !== "responses") throw wrong(`${path}: figure`, 'has to be "errors" or "responses"');
  if (figure === "errors" && (root.has("kernel") || root.has("images"))) throw wrong(`${path}: ${root.has("kernel") ? "kernel" : "images"}`, "belongs to a figure of responses, and this one is of errors");
  return {
    title: root.text("title"),
    source: root.text("source"),
    about: root.text("about"),
    figure: figure === "errors" ? { kind: "errors" } : { kind: "responses", kernel: root.count("kernel"), images: root.count("images") },
    small: lengthOf(root.value("small"), `${path}: small`),
    full: lengthOf(root.value("full"), `${path}: full`),
  };
}

/** All networks of a length, in order. */
export const networksOf = ({ panels }: ExperimentLength): readonly ExperimentNetwork[] => panels.flatMap(({ networks }) => networks);

function lengthOf(value: unknown, where: string): ExperimentLength {
  const given = objectOf(value, where, ["recipe", "every", "evaluateEvery", "panels"]);
  const panels = given.list("panels").map((panel, index): ExperimentPanel => {
    const at = `${where}.panels[${index}]`;
    const fields = objectOf(panel, at, ["title", "networks"]);
    return { title: fields.text("title"), networks: fields.list("networks").map((network, place) => networkOf(network, `${at}.networks[${place}]`)) };
  });
  const length: ExperimentLength = {
    recipe: given.text("recipe"),
    ...(given.has("every") ? { every: given.count("every") } : {}),
    ...(given.has("evaluateEvery") ? { evaluateEvery: given.count("evaluateEvery") } : {}),
    panels,
  };
  const names = networksOf(length).map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw wrong(where, `calls two networks \`${twice}\``);
  return length;
}

function networkOf(value: unknown, where: string): ExperimentNetwork {
  const given = objectOf(value, where, ["name", "network", "set", "recipe", "published"]);
  const set = given.has("set") ? given.value("set") : {};
  if (!isRecord(set) || Object.values(set).some((each) => typeof each !== "string")) throw wrong(`${where}.set`, 'has to hold texts by the names of parameters, as {"depth": "20"}');
  return {
    name: given.text("name"),
    network: given.text("network"),
    set: set as Readonly<Record<string, string>>,
    ...(given.has("recipe") ? { recipe: given.text("recipe") } : {}),
    ...(given.has("published") ? { published: given.number("published") } : {}),
  };
}

interface Fields {
  has(name: string): boolean;
  value(name: string): unknown;
  text(name: string): string;
  number(name: string): number;
  /** A whole number of at least 1. */
  count(name: string): number;
  /** With one element at least. */
  list(name: string): readonly unknown[];
}

function objectOf(value: unknown, where: string, known: readonly string[]): Fields {
  if (!isRecord(value)) throw wrong(where, "has to be an object, { … }");
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) throw wrong(where, `has no \`${unknown}\``, didYouMean(unknown, known) ?? `There are ${known.join(", ")}.`);
  const at = (name: string): string => `${where}${where.includes(": ") ? "." : ": "}${name}`;
  const checked = <T>(name: string, what: string, holds: (given: unknown) => given is T): T => {
    const given = value[name];
    if (!holds(given)) throw wrong(at(name), given === undefined ? `is missing; it ${what}` : what);
    return given;
  };
  const isNumber = (given: unknown): given is number => typeof given === "number";
  return {
    has: (name) => value[name] !== undefined,
    value: (name) => value[name],
    text: (name) => checked(name, "has to be a text that is not empty", (given): given is string => typeof given === "string" && given.trim() !== ""),
    number: (name) => checked(name, "has to be a number", isNumber),
    count: (name) => checked(name, "has to be a whole number of at least 1", (given): given is number => isNumber(given) && Number.isSafeInteger(given) && given >= 1),
    list: (name) => checked(name, "has to be a list that is not empty", (given): given is unknown[] => Array.isArray(given) && given.length > 0),
  };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null && !Array.isArray(value);

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`\`${path}\` is no JSON`, { notes: [error instanceof Error ? error.message : String(error)] });
  }
}

const wrong = (where: string, what: string, help?: string): InputError => new InputError(`${where} ${what}`, { help: [...(help === undefined ? [] : [help]), "`grammar/experiment.schema.json` says what an experiment has."] });
