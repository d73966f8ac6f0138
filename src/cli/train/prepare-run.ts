import { availableParallelism } from "node:os";
import { existsSync } from "node:fs";
import { InputError } from "../../base/input-error.ts";
import type { EngineName } from "../../engines/engine.ts";
import type { TrainingOptions } from "../../engines/training.ts";
import type { Graph } from "../../ir/graph.ts";
import { trainingStep } from "../../passes/gradient.ts";
import { trainedPart } from "../../passes/training/logits.ts";
import { frozenBy } from "../../program/freeze.ts";
import { prepare } from "../../program/prepare.ts";
import { recipeWith } from "../../program/training-recipe.ts";
import type { Overrides, TrainingPlan } from "../../training/plan.ts";
import { planOf, stepsOf, withOverrides } from "../../training/plan.ts";
import { needsValidation } from "../../training/loop.ts";
import { writeSafetensors } from "../../weights/safetensors-writer.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import { openWeightsAt } from "../open-weights-at.ts";
import { createWaiting } from "../progress.ts";
import { openRecipe } from "../recipe-target.ts";
import { reportProblems } from "../report.ts";
import { shellWord } from "../shell-word.ts";
import type { NetworkOptions } from "../target.ts";
import { buildOpened, openNetwork } from "../target.ts";
import { VERSION } from "../version.ts";
import { writeEmittedFiles } from "../write-files.ts";
import { chooseTrainingEngine } from "./choose-engine.ts";
import type { ChosenEngine } from "./choose-engine.ts";
import { createRun, reopenRun } from "./run-folder.ts";
import type { Checkpoint, RunFolder, RunRecord } from "./run-folder.ts";
import { copiesOf, recordTexts, replayTexts } from "./spec-copy.ts";
import type { Trial } from "./time-engine.ts";
import { openTrainingData } from "./training-data.ts";
import type { TrainingData } from "./training-data.ts";

/** What `rnc train` was given. */
export interface TrainOptions extends NetworkOptions, Overrides {
  readonly data?: string;
  readonly recipe?: string;
  /** Fields of the recipe said anew, in the language. */
  readonly with?: readonly string[];
  readonly output?: string;
  readonly resume?: string;
  readonly engine?: string;
  readonly threads?: number;
  readonly weights?: string;
  readonly lossOn?: string;
  readonly every?: number;
  readonly evaluateEvery?: number;
  readonly json?: boolean;
}

/** A run that is ready to go on from a checkpoint. */
export interface PreparedRun {
  readonly network: Graph;
  readonly plan: TrainingPlan;
  readonly data: TrainingData;
  readonly classes: number;
  readonly engine: EngineName;
  readonly engineOptions: TrainingOptions;
  readonly folder: RunFolder;
  readonly record: RunRecord;
  readonly from: Checkpoint;
  /** What was decided; sentences to show. */
  readonly remarks: readonly string[];
}

const DEFAULT_EVERY = 100;

/**
 * Begins a run: network, recipe and data are looked at before the folder is made, which then has a checkpoint of the beginning.
 *
 * @returns nothing where the network or the recipe has mistakes, which are printed
 */
export async function beginRun(target: string, options: TrainOptions, host: CliHost): Promise<PreparedRun | undefined> {
  const { data: dataPath, recipe: recipeName } = options;
  if (dataPath === undefined) throw new UsageError("a training needs images", { help: ["Name their folder: `--data DIR`."] });
  if (recipeName === undefined) throw new UsageError("a training needs a recipe", { help: ["Name one: `--recipe Cifar10`; `rnc list` prints those of the library."] });
  const recording = recordTexts(host);
  const { program, network: entry } = await openNetwork(recording.host, target);
  const built = buildOpened(program, entry, options);
  reportProblems(host, built.problems);
  const network = built.value;
  if (network === undefined) return undefined;
  const fields = options.with ?? [];
  const named = await openRecipe(recipeName, program, recording.host);
  const found = await recipeWith(named.name, fields, named.program, recording.host.files);
  if (found.value === undefined) {
    reportProblems(host, found.problems);
    return undefined;
  }
  const overrides = overridesOf(options);
  const recipe = withOverrides(found.value, overrides);
  const plan = planOf(recipe);
  const part = trainedPart(network, options.lossOn);
  const threads = options.threads ?? availableParallelism();
  const engineOptions = engineOptionsOf(network, plan, { threads, ...(options.lossOn === undefined ? {} : { lossOn: options.lossOn }) });
  // What cannot be trained is refused here, where the lines of the text are known.
  const { notes } = trainingStep(network, { ...engineOptions, sizes: new Map(network.symbols.map((symbol) => [symbol, plan.batch])) });
  const classes = Number(part.logits.type.shape[1]);
  const data = await openTrainingData(dataPath, network, classes, plan, host);
  if (data.validation === undefined && needsValidation(plan)) {
    throw new InputError(`the rate of the recipe \`${recipeName}\` follows what is measured on images for validation, and \`${dataPath}\` has none`, { help: ['Keep some apart (`--with "split: random(train=…, val=…)"`), or add a folder `val`.'] });
  }
  const given = options.weights === undefined ? undefined : await openWeightsAt(host, options.weights);
  try {
    const { weights, remarks } = prepare(network, { seed: plan.seed, fan: plan.fan, ...(given ? { weights: given, ignore: ["momentum"] } : {}) });
    const chosen = await chooseFor({ network, weights, options: engineOptions, steps: stepsOf(plan, data.stepsPerEpoch) }, options.engine, host);
    const files = copiesOf(recording.texts);
    const record: RunRecord = {
      form: 1,
      network: { name: network.name, target, set: options.set ?? {}, input: options.input ?? [], files },
      data: { path: dataPath, classes: data.set.classes, train: data.train, validation: data.validation?.count ?? 0, ...(data.validation ? { validationOf: data.validation.of } : {}) },
      recipe: recipeName,
      overrides: { ...(fields.length > 0 ? { with: fields } : {}), ...overrides },
      seed: plan.seed,
      ...(options.weights === undefined ? {} : { weights: options.weights }),
      ...(options.lossOn === undefined ? {} : { lossOn: options.lossOn }),
      engine: { name: chosen.engine.name, version: chosen.status.version, device: chosen.status.device, threads, ...(chosen.compared ? { compared: chosen.compared } : {}) },
      every: options.every ?? DEFAULT_EVERY,
      ...(options.evaluateEvery === undefined ? {} : { evaluateEvery: options.evaluateEvery }),
      versions: { rnc: VERSION, node: process.versions.node, platform: `${process.platform} ${process.arch}` },
    };
    const path = options.output ?? freeFolder(network.name);
    const folder = await createRun(path, {
      record,
      recipe,
      texts: new Map(files.map((file) => [file.copy, recording.texts.get(file.path) ?? ""])),
      statistics: data.statistics,
      async writeState(statePath) {
        const { size, chunks } = writeSafetensors(network.parameters, weights, { "rnc.network": network.name });
        await writeEmittedFiles([{ path: "", sizeInBytes: size, chunks }], statePath);
      },
    });
    const { checkpoint } = await reopenRun(path);
    return {
      network, plan, data, classes, engineOptions, folder, record,
      engine: chosen.engine.name,
      from: checkpoint,
      remarks: [...remarks, ...(given?.remarks ?? []), ...notes, ...aboutEngine(chosen, threads), ...data.set.remarks],
    };
  } finally {
    await given?.close?.();
  }
}

/** Opens a run to go on with it, from its own copies of the network and the recipe. */
export async function resumeRun(path: string, options: TrainOptions, host: CliHost): Promise<PreparedRun | undefined> {
  const { folder, record, recipe, checkpoint } = await reopenRun(path);
  if (options.data === undefined && !existsSync(record.data.path)) {
    throw new InputError(`\`${path}\` was trained on the images of \`${record.data.path}\`, and there is no such folder here`, { help: [`Name the images: \`rnc train --resume ${shellWord(path)} --data DIR\`.`] });
  }
  const { target, set, input, files } = record.network;
  const { program, network: entry } = await openNetwork(files.length === 0 ? host : replayTexts(host, folder, files), target);
  const built = buildOpened(program, entry, { set, input });
  reportProblems(host, built.problems);
  const network = built.value;
  if (network === undefined) return undefined;
  const plan = planOf(recipe);
  const chosen = await chooseTrainingEngine(options.engine ?? record.engine.name);
  const threads = options.threads ?? record.engine.threads;
  const data = await openTrainingData(options.data ?? record.data.path, network, record.data.classes.length, plan, host);
  if (data.train !== record.data.train || data.set.classes.join("\n") !== record.data.classes.join("\n")) {
    throw new InputError(`the images at \`${data.set.path}\` are not those of this run: ${data.train} train now, and ${record.data.train} did`, { help: ["Name the right folder with `--data DIR`, or begin a new run."] });
  }
  const now = { rnc: VERSION, engine: `${chosen.engine.name} ${chosen.status.version}`, threads };
  const then = { rnc: record.versions.rnc, engine: `${record.engine.name} ${record.engine.version}`, threads: record.engine.threads };
  const others = (["rnc", "engine", "threads"] as const).filter((name) => now[name] !== then[name]).map((name) => `${name}: ${now[name]}, began with ${then[name]}`);
  return {
    network, plan, data, folder, record,
    classes: record.data.classes.length,
    engine: chosen.engine.name,
    engineOptions: engineOptionsOf(network, plan, { threads, firstStep: checkpoint.position.step, ...(record.engine.layout === undefined ? {} : { layout: record.engine.layout }), ...(record.lossOn === undefined ? {} : { lossOn: record.lossOn }) }),
    from: checkpoint,
    remarks: [...aboutEngine(chosen, threads), ...(others.length > 0 ? [`not as the run began, so its numbers may differ in their last digits: ${others.join("; ")}`] : [])],
  };
}

async function chooseFor(trial: Trial & { readonly steps: number }, wanted: string | undefined, host: CliHost): Promise<ChosenEngine> {
  const waiting = createWaiting(host, wanted === undefined || wanted === "auto" ? "comparing engines" : "starting the engine");
  return chooseTrainingEngine(wanted ?? "auto", trial).finally(() => waiting.end());
}

function aboutEngine({ engine, status, why }: ChosenEngine, threads: number): string[] {
  const onThreads = engine.name === "onnxruntime" ? `, ${threads} ${threads === 1 ? "thread" : "threads"}` : "";
  return [`engine: ${engine.name} ${status.version} (${status.device}${onThreads}): ${why}`];
}

function engineOptionsOf(network: Graph, plan: TrainingPlan, more: Pick<TrainingOptions, "threads" | "firstStep" | "layout" | "lossOn">): TrainingOptions {
  const { batch, momentum, nesterov, weightDecay, decays, labelSmoothing, seed, freeze, freezeStatistics } = plan;
  return { batch, momentum, nesterov, weightDecay, decays, labelSmoothing, seed, frozen: frozenBy(network, freeze, freezeStatistics), ...more };
}

function overridesOf({ lr, momentum, nesterov, weightDecay, decay, batch, steps, epochs, seed, labelSmoothing, freeze }: TrainOptions): Overrides {
  const all = { lr, momentum, nesterov, weightDecay, decay, batch, steps, epochs, seed, labelSmoothing, freeze };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** `runs/ResNet20-1`, the first number that is free. */
function freeFolder(name: string): string {
  for (let number = 1; ; number++) {
    const path = `runs/${name}-${number}`;
    if (!existsSync(path)) return path;
  }
}
