import { join, resolve } from "node:path";
import { InputError } from "../../base/input-error.ts";
import { didYouMean } from "../../base/suggest.ts";
import { CIFAR10 } from "../../data/cifar10.ts";
import { splitAtRandom, trainOnAll } from "../../data/order.ts";
import type { Split } from "../../data/order.ts";
import type { Size } from "../../data/pixels.ts";
import type { Recipe } from "../../program/recipes.ts";
import { callOf } from "../../training/plan.ts";
import type { DataSet, Part } from "../data/data-set.ts";
import { openDataSet } from "../data/open-data-set.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import type { NamedModel, NamedRun } from "./models.ts";
import type { EvalOptions } from "./options.ts";

/** The images that are tested, and what they are. */
export interface TestedImages {
  readonly set: DataSet;
  readonly part: Part;
  /** The images of the same data set that train; nothing where it has none. */
  readonly train: Part | undefined;
  /** Places in the part. */
  readonly images: Uint32Array;
  /** By place in the part: the class, as the models number them. */
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  /** `test images`. */
  readonly of: string;
  /** How many there are of these, before a limit. */
  readonly available: number;
  /** The size that all of them have, where that is known. */
  readonly size: Size | undefined;
  readonly remarks: readonly string[];
}

/** Folders of a data set that has nothing to train on, by the parts they are. */
const FOLDERS: readonly (readonly [folder: string, part: Part["name"]])[] = [["test", "test"], ["val", "val"], ["validation", "val"]];

/**
 * Opens the images for a test: the part that was asked for, else those for tests, else those for validation.
 *
 * @throws {@link InputError} where there are none, or their classes are not those of a run
 */
export function openTestedImages(models: readonly NamedModel[], options: EvalOptions, host: CliHost): TestedImages {
  const runs = models.filter((model) => model.kind === "run");
  const [run] = runs;
  const path = options.data ?? run?.record.data.path;
  if (path === undefined) throw new UsageError("a test needs images", { help: ["Name their folder: `--data DIR`."] });
  if (run && options.data === undefined && host.pathKind(path) === "missing") throw new InputError(`\`${run.name}\` was trained on the images of \`${path}\`, and there is no such folder here`, { help: ["Name the images: `--data DIR`."] });
  const opened = openSet(path, options, host);
  const { set } = opened;
  const chosen = choose(opened, run && resolve(run.record.data.path) === resolve(path) ? run : undefined, options);
  const { classes, labels, remarks } = numbered(set, chosen.part, runs);
  return {
    set,
    part: chosen.part,
    train: opened.only !== undefined || opened.isWhole ? undefined : set.parts.find(({ name }) => name === "train"),
    images: limited(chosen.images, options.limit),
    labels,
    classes,
    of: chosen.of,
    available: chosen.images.length,
    size: set.kind === "cifar10" ? { width: CIFAR10.side, height: CIFAR10.side } : undefined,
    remarks: [...set.remarks, ...remarks],
  };
}

interface OpenedSet {
  readonly set: DataSet;
  /** Where only this part was there and was opened as a data set of its own. */
  readonly only: Part["name"] | undefined;
  /** True where classes lie in the folder itself, so that nobody says what they are for. */
  readonly isWhole: boolean;
}

/** A folder that has images for tests alone is a whole data set here: nothing is trained. */
function openSet(path: string, { split }: EvalOptions, host: CliHost): OpenedSet {
  if (host.pathKind(path) === "missing" && /(^|\/)cifar-?10\/?$/i.test(path)) throw new InputError(`there is no folder \`${path}\``, { help: [`\`rnc data fetch cifar10 -o ${path}\` brings CIFAR-10.`] });
  const has = (name: string): boolean => host.pathKind(join(path, name)) === "folder";
  const only = has("train") ? undefined : FOLDERS.find(([folder, part]) => has(folder) && (split === undefined || split === part));
  const set = openDataSet(only === undefined ? path : join(path, only[0]));
  return { set, only: only?.[1], isWhole: only === undefined && set.kind === "folder" && !has("train") };
}

interface Chosen {
  readonly part: Part;
  readonly images: Uint32Array;
  readonly of: string;
}

/** @param trainer the run that was trained on these very images */
function choose({ set, only, isWhole }: OpenedSet, trainer: NamedRun | undefined, { split }: EvalOptions): Chosen {
  const whole = (part: Part, of: string): Chosen => ({ part, images: trainOnAll(part.labels.length).train, of });
  const nameOf = (part: Part["name"]): string => ({ test: "test images", val: "images of the part `val`", train: "training images" })[part];
  const [first] = set.parts;
  if (only !== undefined && first) return whole(first, nameOf(only));
  const partCalled = (name: Part["name"]): Part | undefined => set.parts.find((part) => part.name === name);
  const train = partCalled("train");
  const own = trainer && train ? { part: train, ...splitOf(trainer.recipe, train) } : undefined;
  const kept = own && own.validation.length > 0 ? { part: own.part, images: own.validation, of: "images that the run kept for validation" } : undefined;
  if (split === "train" && own) return { part: own.part, images: own.train, of: nameOf("train") };
  if (split === "val" && kept) return kept;
  const part = split === undefined ? (partCalled("test") ?? partCalled("val")) : partCalled(split);
  if (part) return whole(part, isWhole ? "images" : nameOf(part.name));
  if (isWhole && trainer === undefined && split === undefined && train) return whole(train, "images");
  if (kept && split === undefined) return kept;
  throw new InputError(split === undefined ? `\`${set.path}\` has no images for tests` : `\`${set.path}\` has no images of the part \`${split}\``, {
    notes: [isWhole ? "It has classes, and no folders `train`, `val` or `test` of them." : `It has the parts ${set.parts.map(({ name }) => `\`${name}\``).join(", ")}.`],
    help: [trainer ? "Its images have trained the network: `--split train` measures how well it knows them, `--data DIR` names others." : "Put them into a folder `test` or `val` beside `train`, or take `--split train`."],
  });
}

/**
 * How a recipe divides the images for training.
 *
 * @throws {@link InputError} where it divides another number of them
 */
export function splitOf(recipe: Recipe, { labels }: Part): Split {
  const { function: kind, arguments: given } = callOf(recipe, "split") ?? { function: "all", arguments: {} };
  const { seed } = recipe.fields;
  return kind === "random" ? splitAtRandom(labels.length, { train: Number(given["train"]), val: Number(given["val"]) }, typeof seed === "number" ? seed : 0) : trainOnAll(labels.length);
}

/** Evenly over the images: folders are read class by class. */
function limited(images: Uint32Array, limit: number = images.length): Uint32Array {
  const count = Math.min(limit, images.length);
  return Uint32Array.from({ length: count }, (_, index) => images[Math.floor((index * images.length) / count)] as number);
}

/** Labels as the models number their classes: a run knows their names, other models have the order of the folders. */
function numbered(set: DataSet, { labels }: Part, runs: readonly NamedRun[]): Pick<TestedImages, "classes" | "labels" | "remarks"> {
  const [run, ...others] = runs;
  if (run === undefined) return { classes: set.classes, labels, remarks: [] };
  const { classes } = run.record.data;
  const other = others.find(({ record }) => record.data.classes.join("\n") !== classes.join("\n"));
  if (other) throw new InputError(`\`${run.name}\` and \`${other.name}\` were trained on different classes, so their answers cannot be averaged`);
  const unknown = set.classes.filter((name) => !classes.includes(name));
  const [first] = unknown;
  if (first !== undefined) {
    const guess = didYouMean(first, classes);
    throw new InputError(`\`${set.path}\` has ${unknown.length === 1 ? "a class" : "classes"} on which \`${run.name}\` was not trained: ${listed(unknown)}`, { help: [...(guess ? [guess] : []), `It knows ${listed(classes)}.`] });
  }
  const missing = classes.filter((name) => !set.classes.includes(name));
  const numbers = set.classes.map((name) => classes.indexOf(name));
  return {
    classes,
    labels: labels.map((label) => numbers[label] as number),
    remarks: missing.length === 0 ? [] : [`\`${set.path}\` has no folder for ${listed(missing)}: nothing tests ${missing.length === 1 ? "this class" : "these classes"}`],
  };
}

const SHOWN = 5;

function listed(names: readonly string[]): string {
  return names.length > SHOWN ? `${names.slice(0, SHOWN).join(", ")} and ${names.length - SHOWN} more` : names.join(", ");
}
