import { InputError } from "../base/input-error.ts";
import type { Recipe, RecipeCall, RecipeFieldValue } from "../program/recipes.ts";
import { stepOf } from "../program/training-recipe.ts";

/** What a command line says instead of the recipe. */
export interface Overrides {
  readonly lr?: number;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly weightDecay?: number;
  readonly decay?: "weights" | "all";
  readonly batch?: number;
  readonly steps?: number;
  readonly epochs?: number;
  readonly seed?: number;
  readonly labelSmoothing?: number;
  readonly freeze?: readonly string[];
}

/** What a training does, of a recipe that leaves nothing open. */
export interface TrainingPlan {
  readonly batch: number;
  readonly length: { readonly by: "steps" | "epochs"; readonly count: number };
  readonly learningRate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  readonly decays: "weights" | "all";
  readonly labelSmoothing: number;
  readonly freeze: readonly string[];
  readonly freezeStatistics: boolean;
  readonly seed: number;
  readonly fan: "in" | "out";
  readonly schedule: RecipeCall;
  readonly warmup: RecipeCall | undefined;
  readonly split: RecipeCall;
  readonly augment: readonly RecipeCall[];
  readonly test: readonly RecipeCall[];
}

/**
 * The recipe with other values; what it says then is what a run records.
 *
 * @throws {@link InputError} for steps and epochs at once
 */
export function withOverrides(recipe: Recipe, o: Overrides): Recipe {
  if (o.steps !== undefined && o.epochs !== undefined) throw new InputError("`--steps` and `--epochs` both say how long the training is: choose one");
  const fields: Record<string, RecipeFieldValue> = { ...recipe.fields };
  const set = (name: string, value: RecipeFieldValue | undefined): void => {
    if (value !== undefined) fields[name] = value;
  };
  if (o.steps !== undefined) delete fields["epochs"];
  if (o.epochs !== undefined) delete fields["steps"];
  set("steps", o.steps);
  set("epochs", o.epochs);
  set("batch", o.batch);
  set("seed", o.seed);
  set("label_smoothing", o.labelSmoothing);
  if (o.freeze !== undefined) fields["freeze"] = { function: "layers", arguments: { paths: o.freeze, statistics: true } };
  const optimizer = Object.entries({ lr: o.lr, momentum: o.momentum, nesterov: o.nesterov, weight_decay: o.weightDecay, decay: o.decay }).filter(([, value]) => value !== undefined);
  if (optimizer.length > 0) {
    const said = callOf(recipe, "optimizer") ?? { function: "sgd", arguments: { momentum: 0, weight_decay: 0, decay: "weights", nesterov: false } };
    fields["optimizer"] = { ...said, arguments: { ...said.arguments, ...(Object.fromEntries(optimizer) as RecipeCall["arguments"]) } };
  }
  return { ...recipe, fields };
}

/**
 * What a recipe asks for.
 *
 * @throws {@link InputError} that names what it leaves open
 */
export function planOf(recipe: Recipe): TrainingPlan {
  const step = stepOf(recipe);
  const needed = <T>(value: T | undefined, what: string, help: string): T => {
    if (value === undefined) throw new InputError(`the recipe \`${recipe.name}\` does not say ${what}`, { help: [help] });
    return value;
  };
  const number = (name: string): number | undefined => (typeof recipe.fields[name] === "number" ? recipe.fields[name] : undefined);
  const [steps, epochs] = [number("steps"), number("epochs")];
  const count = needed(steps ?? epochs, "how long the training is", "Write `steps` or `epochs`, or give `--steps 1000` or `--epochs 10`.");
  if (step.nesterov === true && step.momentum === 0) throw new InputError("Nesterov's form looks ahead along the momentum, and the momentum is 0");
  return {
    batch: needed(step.batch, "how many images a step takes", "Write `batch: 128`, or give `--batch 128`."),
    length: { by: steps === undefined ? "epochs" : "steps", count },
    learningRate: needed(step.learningRate, "the learning rate", "Write `optimizer: sgd(lr=0.1)`, or give `--lr 0.1`."),
    momentum: step.momentum ?? 0,
    nesterov: step.nesterov ?? false,
    weightDecay: step.weightDecay ?? 0,
    decays: step.decays ?? "weights",
    labelSmoothing: step.labelSmoothing ?? 0,
    freeze: step.freeze ?? [],
    freezeStatistics: step.freezeStatistics ?? true,
    seed: step.seed ?? 0,
    fan: step.fan ?? "out",
    schedule: callOf(recipe, "schedule") ?? { function: "constant", arguments: {} },
    warmup: callOf(recipe, "warmup"),
    split: callOf(recipe, "split") ?? { function: "all", arguments: {} },
    augment: chainOf(recipe, "augment"),
    test: chainOf(recipe, "test"),
  };
}

/** All steps of a training. */
export function stepsOf({ length }: TrainingPlan, stepsPerEpoch: number): number {
  return length.by === "steps" ? length.count : length.count * stepsPerEpoch;
}

/** A field that is one function with its arguments; nothing where the recipe does not have it so. */
export function callOf({ fields }: Recipe, name: string): RecipeCall | undefined {
  const value = fields[name];
  return typeof value === "object" && "function" in value ? value : undefined;
}

/** A field that is functions joined by `->`; none where the recipe does not have it. */
export function chainOf({ fields }: Recipe, name: string): readonly RecipeCall[] {
  const value = fields[name];
  if (value === undefined || typeof value === "number") return [];
  return "function" in value ? [value] : value;
}
