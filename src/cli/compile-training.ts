import { basename, dirname, join, resolve } from "node:path";
import { ONNX_IR_VERSION, ONNX_OPSET } from "../backends/onnx/index.ts";
import { InputError } from "../base/input-error.ts";
import type { Graph } from "../ir/graph.ts";
import { formatShape } from "../ir/tensor-type.ts";
import { compileTraining } from "../program/compile-training.ts";
import type { CompiledTraining } from "../program/compile-training.ts";
import type { WeightChoice } from "../program/prepare.ts";
import type { RecipeOfStep } from "../program/training-recipe.ts";
import { stepOf } from "../program/training-recipe.ts";
import type { Command } from "./command.ts";
import type { CliHost } from "./host.ts";
import { UsageError } from "./host.ts";
import { collectText } from "./options.ts";
import { findRecipe } from "./recipe-target.ts";
import { reportProblems } from "./report.ts";
import { countText } from "./table.ts";
import type { NetworkOptions } from "./target.ts";
import { buildOpened, openNetwork } from "./target.ts";
import { VERSION } from "./version.ts";
import { writeOutput } from "./write-output.ts";

/** Options of `rnc compile` that are about a training step alone. */
export interface TrainingStepOptions {
  readonly recipe?: string;
  readonly lossOn?: string;
  readonly freeze?: readonly string[];
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly weightDecay?: number;
  readonly decay?: "weights" | "all";
  readonly labelSmoothing?: number;
}

const TRAINING_ONLY: Readonly<Record<keyof TrainingStepOptions, string>> = {
  recipe: "--recipe",
  lossOn: "--loss-on",
  freeze: "--freeze",
  momentum: "--momentum",
  nesterov: "--nesterov",
  weightDecay: "--weight-decay",
  decay: "--decay",
  labelSmoothing: "--label-smoothing",
};

/** Adds them to a command. */
export function addTrainingStepOptions(command: Command): Command {
  return command
    .option("--recipe <name>", "onnx-training: batch, optimizer, smoothing, freezing and initial weights as a recipe says; other options come first")
    .option("--loss-on <output>", "onnx-training: the output that is trained, where there are several")
    .option("--freeze <pattern>", "onnx-training: leave parameters as they are: a name or the path of a layer, `*` for any characters; repeatable", collectText)
    .option("--momentum <m>", "onnx-training: momentum of SGD (default: 0.9)", numberUpTo("--momentum", 1))
    .option("--nesterov", "onnx-training: Nesterov's form of it")
    .option("--weight-decay <d>", "onnx-training: weight decay (default: 1e-4)", numberUpTo("--weight-decay", Infinity))
    .option("--decay <what>", "onnx-training: what decays: weights or all (default: weights)", decayed)
    .option("--label-smoothing <share>", "onnx-training: share of a label that all classes get (default: 0)", numberUpTo("--label-smoothing", 1));
}

function numberUpTo(option: string, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= 0 && value <= most) || value === Infinity) {
      throw new UsageError(`\`${option} ${text}\`: a number ${most === Infinity ? "of at least 0" : `from 0 to ${most}`} is needed`);
    }
    return value;
  };
}

function decayed(text: string): "weights" | "all" {
  if (text === "weights" || text === "all") return text;
  throw new UsageError(`\`--decay ${text}\`: \`weights\` or \`all\` is needed`);
}

/** Refuses these options for any other target. */
export function refuseTrainingOptions(target: string, options: TrainingStepOptions): void {
  for (const [key, option] of Object.entries(TRAINING_ONLY) as [keyof TrainingStepOptions, string][]) {
    if (options[key] === undefined) continue;
    throw new UsageError(`\`${option}\` is about a training step, and \`--target ${target}\` writes a network that answers`, { help: ["A training step is `--target onnx-training`."] });
  }
}

/** Refuses what a training step cannot have. */
export function refuseForTraining(options: { readonly output: string; readonly softmax?: boolean; readonly foldBn?: boolean; readonly externalData?: boolean }): void {
  if (options.output === "-") throw new UsageError("a training step is two files, the model and the state that it begins with, and standard output is one", { help: ["Name a file: `-o step.onnx`."] });
  if (options.softmax) throw new UsageError("`--softmax` is not for a training step: its loss takes the softmax itself");
  if (options.foldBn) throw new UsageError("`--fold-bn` is not for a training step: a batch norm that is folded cannot be trained");
  if (options.externalData) throw new UsageError("`--external-data` is not for a training step: its weights are in a file of their own anyway");
}

/** What `rnc compile --target onnx-training` was given. */
export interface CompileStepOptions extends NetworkOptions, TrainingStepOptions {
  readonly output: string;
  readonly weights?: string;
  readonly batch?: number;
}

/** A network, and what a recipe says of its training; nothing where none is named. */
export interface Trained {
  readonly graph: Graph;
  readonly recipe: RecipeOfStep;
}

/** The network and the recipe of a training step; what is wrong with them is printed, and nothing comes back. */
export async function openTrained(host: CliHost, target: string, options: CompileStepOptions): Promise<Trained | undefined> {
  const { program, network } = await openNetwork(host, target);
  const built = buildOpened(program, network, options);
  reportProblems(host, built.problems);
  if (built.value === undefined) return undefined;
  if (options.recipe === undefined) return { graph: built.value, recipe: {} };
  const { value, problems } = await findRecipe(options.recipe, program, host);
  if (value !== undefined) return { graph: built.value, recipe: stepOf(value) };
  reportProblems(host, problems);
  return undefined;
}

/** The model and the state that goes beside it, before any byte is written. */
export function trainingStepOf({ graph, recipe }: Trained, options: CompileStepOptions, choice: WeightChoice): CompiledTraining {
  const isOpen = graph.inputs.some(({ type }) => typeof type.shape[0] !== "number");
  const { learningRate: _rate, batch, ...ofRecipe } = recipe;
  const said = Object.fromEntries(
    Object.entries({
      batch: options.batch ?? (isOpen ? batch : undefined),
      momentum: options.momentum,
      nesterov: options.nesterov,
      weightDecay: options.weightDecay,
      decays: options.decay,
      labelSmoothing: options.labelSmoothing,
      freeze: options.freeze,
      lossOn: options.lossOn,
    }).filter(([, value]) => value !== undefined),
  );
  const stateName = `${basename(options.output).replace(/\.onnx$/i, "")}.safetensors`;
  refuseOverWeights(join(dirname(options.output), stateName), options.weights);
  return compileTraining(graph, { ...ofRecipe, ...choice, ...said, version: VERSION, stateName });
}

/** Nobody names the state: weights that happen to be called like it are not written over. */
function refuseOverWeights(state: string, weights: string | undefined): void {
  if (weights === undefined || resolve(state) !== resolve(weights)) return;
  throw new InputError(`the state to begin with would be written over \`${weights}\`, which the weights are read from`, {
    notes: ["It stands beside the model, under the model's name."],
    help: [`Name the model otherwise: \`-o ${state.replace(/\.safetensors$/, "-step.onnx")}\`.`],
  });
}

/** Writes both files and says what the model takes and gives. */
export async function writeTrainingStep(host: CliHost, { files, step }: CompiledTraining, { recipe }: Trained, output: string, seconds: () => string): Promise<void> {
  const told = host.out;
  const { bold } = told.colors;
  const written = await writeOutput(files, output, host);
  for (const [index, { path, sizeInBytes }] of written.entries()) {
    told.write(`${bold("wrote")} ${path}  ${countText(sizeInBytes)} bytes${index === 0 ? "" : ": the state to begin with"}\n`);
  }
  const types = new Map(step.graph.inputs.map((input) => [input.name, input.type.shape]));
  const shown = [...step.images, step.labels, step.learningRate, ...step.random].map((input) => `\`${input}\` ${formatShape(types.get(input) ?? [])}`);
  told.write(`  ONNX opset ${ONNX_OPSET}, IR version ${ONNX_IR_VERSION}; ${seconds()} s\n`);
  told.write(`  in:  ${shown.join(", ")} and the state; a row of \`${step.labels}\` has 1 at the right class, else 0\n`);
  told.write(`  out: \`${step.loss}\`, \`${step.right}\`, \`${step.logits}\` and \`NAME.next\` for ${countText(step.state.length)} tensors of the state\n`);
  if (recipe.learningRate !== undefined) {
    told.write(`  the recipe's learning rate of ${recipe.learningRate} and its schedule are for the loop that feeds \`${step.learningRate}\`\n`);
  }
}
