import type { Recipe } from "../program/recipes.ts";
import type { Evaluation, MetricsLine } from "../training/loop.ts";

/** What is told of a training: as its folder has it, with nothing worked out. */
export interface TrainingRun {
  /** What it is called among others. */
  readonly name: string;
  readonly network: string;
  /** What was used; every field is decided. */
  readonly recipe: Recipe;
  /** What the command line said instead of the recipe. */
  readonly overrides: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** The file of weights that it began with; absent: initial weights of the seed. */
  readonly weights?: string;
  readonly data: { readonly path: string; readonly classes: number; readonly train: number; readonly validation: number; /** `test images`; empty where nothing is for validation. */ readonly validationOf: string };
  readonly engine: { readonly name: string; readonly version: string; readonly device: string; readonly threads: number };
  readonly versions: { readonly rnc: string; readonly node: string; readonly platform: string };
  readonly state: "running" | "stopped" | "finished";
  readonly totalSteps: number;
  /** In the order of steps. */
  readonly lines: readonly MetricsLine[];
  /** Images of the training in a second, mean of all intervals; absent before the first. */
  readonly imagesPerSecond?: number;
  /** On test images that were not looked at before, with the last weights. */
  readonly test?: Evaluation;
}

/** The error of a training, fractions. */
export interface RunErrors {
  readonly step: number;
  /** Of the steps of the last interval. */
  readonly training?: number;
  /** Of the last evaluation. */
  readonly validation?: number;
  readonly best?: { readonly step: number; readonly error: number };
}

/** Where the errors of a training stand. */
export function errorsOf({ lines }: Pick<TrainingRun, "lines">): RunErrors {
  const last = lines.at(-1);
  let best: RunErrors["best"];
  let validation: number | undefined;
  for (const { step, val_error: error } of lines) {
    if (error === undefined) continue;
    validation = error;
    if (best === undefined || error < best.error) best = { step, error };
  }
  return {
    step: last?.step ?? 0,
    ...(last === undefined ? {} : { training: last.train_error }),
    ...(validation === undefined ? {} : { validation }),
    ...(best === undefined ? {} : { best }),
  };
}

/** What a run was told instead of its recipe, for people: single values by their names, fields as they were written. */
export const overridesText = ({ overrides }: Pick<TrainingRun, "overrides">): string =>
  Object.entries(overrides).flatMap(([name, value]) => (name === "with" && Array.isArray(value) ? value.map(String) : [`${name} ${String(value)}`])).join(", ");
