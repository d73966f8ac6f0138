import { InputError } from "../base/input-error.ts";
import { testPasses, trainingSteps } from "../data/steps.ts";
import type { Step } from "../data/steps.ts";
import type { Graph } from "../ir/graph.ts";
import type { WeightChoice } from "../program/prepare.ts";
import { compileStandalone } from "../program/standalone.ts";
import type { Compiled } from "../program/compile.ts";
import type { Recipe } from "../program/recipes.ts";
import { planOf, withOverrides } from "../training/plan.ts";
import type { TrainingPlan } from "../training/plan.ts";
import type { TrainingStepOptions } from "./compile-training.ts";
import type { CliHost } from "./host.ts";
import { UsageError } from "./host.ts";
import { findRecipe } from "./recipe-target.ts";
import { reportProblems } from "./report.ts";
import { countText } from "./table.ts";
import type { NetworkOptions } from "./target.ts";
import { buildOpened, openNetwork } from "./target.ts";
import { VERSION } from "./version.ts";
import { writeOutput } from "./write-output.ts";

/** What `rnc compile --target tfjs --standalone` was given. */
export interface StandaloneCommandOptions extends NetworkOptions, TrainingStepOptions {
  readonly output: string;
  readonly batch?: number;
  readonly seed?: number;
  readonly softmax?: boolean;
  readonly foldBn?: boolean;
}

/** A network and the recipe that trains it. */
export interface StandaloneSubject {
  readonly graph: Graph;
  readonly recipe: Recipe;
}

/** The network and the recipe; what is wrong with them is printed, and nothing comes back. */
export async function openStandalone(host: CliHost, target: string, options: StandaloneCommandOptions): Promise<StandaloneSubject | undefined> {
  if (options.recipe === undefined) throw new UsageError("a training needs a recipe", { help: ["Name one: `--recipe Cifar10`; `rnc list` prints those of the library."] });
  if (options.softmax) throw new UsageError("`--softmax` is not for a training: its loss takes the softmax itself");
  if (options.foldBn) throw new UsageError("`--fold-bn` is not for a training: a batch norm that is folded cannot be trained");
  const { program, network } = await openNetwork(host, target);
  const built = buildOpened(program, network, options);
  reportProblems(host, built.problems);
  if (built.value === undefined) return undefined;
  const { value, problems } = await findRecipe(options.recipe, program, host);
  if (value === undefined) reportProblems(host, problems);
  return value && { graph: built.value, recipe: value };
}

/** The project, before any byte is written. */
export function standaloneOf({ graph, recipe }: StandaloneSubject, options: StandaloneCommandOptions, choice: WeightChoice): Compiled {
  const { batch, momentum, nesterov, weightDecay, decay, labelSmoothing, freeze, seed } = options;
  const said = { batch, momentum, nesterov, weightDecay, decay, labelSmoothing, freeze, seed };
  const plan = planOf(withOverrides(recipe, Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))));
  return compileStandalone(graph, { ...choice, version: VERSION, recipe: recipe.name, plan, augment: trainingSteps(plan.augment), test: singleView(plan, graph), ...(options.lossOn === undefined ? {} : { lossOn: options.lossOn }) });
}

/** One view of each image: as the recipe tests, or the middle at the network's own size. */
function singleView({ test, augment }: TrainingPlan, { inputs }: Graph): readonly Step[] {
  const passes = testPasses(test, augment);
  const [{ before, tenCrop, values } = { before: [], tenCrop: undefined, values: [] }] = passes;
  if (passes.length === 1) return [...before, ...(tenCrop ? [{ kind: "center_crop" as const, size: tenCrop }] : []), ...values];
  const [height, width] = (inputs[0]?.type.shape.slice(2) ?? []).map(Number);
  if (height === undefined || width === undefined) throw new InputError("the network has no image");
  return [{ kind: "resize", shorter: Math.min(height, width) }, { kind: "center_crop", size: { height, width } }, ...values];
}

/** Writes the project and says how to begin. */
export async function writeStandalone(host: CliHost, { files }: Compiled, output: string, seconds: () => string): Promise<void> {
  const { out } = host;
  const written = await writeOutput(files, output, host);
  const sizeInBytes = written.reduce((sum, file) => sum + file.sizeInBytes, 0);
  out.write(`${out.colors.bold("wrote")} ${output}  ${countText(sizeInBytes)} bytes: a training in TensorFlow.js, which needs nothing of rnc\n`);
  out.write(`  train.js has the recipe, model/ the network with the weights that it begins with; ${seconds()} s\n`);
  out.write(`  begin: \`cd ${output} && npm install && node train.js DATA\` (README.md says what DATA is)\n`);
}
