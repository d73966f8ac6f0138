import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { open, rename, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { groupDigits } from "../../base/digits.ts";
import { InputError } from "../../base/input-error.ts";
import type { Statistics } from "../../data/statistics.ts";
import type { TrainingLayout } from "../../engines/training.ts";
import type { Recipe } from "../../program/recipes.ts";
import type { Position } from "../../training/loop.ts";
import { BEGINNING } from "../../training/loop.ts";
import { codeOf } from "../node-host.ts";
import { shellWord } from "../shell-word.ts";
import { writingProblem } from "../write-files.ts";
import { isTaken, makeOwnFolder } from "./own-folder.ts";
import type { OwnFolder } from "./own-folder.ts";
import { digestOf, readJson } from "./run-json.ts";
import { lockRun } from "./run-lock.ts";
import { statisticsText } from "./statistics-file.ts";

/** What a run was asked to do, and with what: `run.json`. */
export interface RunRecord {
  /** Of this file's form. */
  readonly form: 1;
  readonly network: {
    readonly name: string;
    /** As the command line had it. */
    readonly target: string;
    readonly set: Readonly<Record<string, string>>;
    readonly input: readonly (readonly number[])[];
    /** Every file of the text, and its copy in this folder; none for the standard library. */
    readonly files: readonly { readonly path: string; readonly copy: string }[];
  };
  readonly data: { readonly path: string; readonly classes: readonly string[]; readonly train: number; readonly validation: number; /** `test images`; absent where nothing is for validation. */ readonly validationOf?: string };
  readonly recipe: string;
  /** What the command line said instead of the recipe, as written. */
  readonly overrides: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** The file of weights that it began with; absent: initial weights of the seed. */
  readonly weights?: string;
  readonly lossOn?: string;
  readonly engine: { readonly name: string; readonly version: string; readonly device: string; readonly threads: number; /** Images a second of each engine that was compared, where `auto` chose. */ readonly compared?: Readonly<Record<string, number>>; /** Of maps in memory, where the engine has a choice; runs go on in it. */ readonly layout?: TrainingLayout };
  readonly every: number;
  readonly evaluateEvery?: number;
  readonly versions: { readonly rnc: string; readonly node: string; readonly platform: string };
}

/** A position, and where its files of lines end. */
export interface SavedPosition extends Position {
  readonly metricsBytes: number;
  readonly timingBytes: number;
  /** SHA-256 of the file with weights and momenta. */
  readonly stateDigest: string;
  /** SHA-256 of the recipe and of each text of the network: a run goes on as it began. */
  readonly given?: Readonly<Record<string, string>>;
}

export interface Checkpoint {
  readonly position: SavedPosition;
  /** Weights and momenta. */
  readonly statePath: string;
}

/** Files of a run. */
export const RUN_FILES = {
  record: "run.json",
  recipe: "recipe.json",
  statistics: "statistics.json",
  metrics: "metrics.jsonl",
  timing: "timing.jsonl",
  best: "best.safetensors",
  last: "last.safetensors",
  model: "model.onnx",
  result: "result.json",
  report: "report.html",
} as const;

const CHECKPOINTS = "checkpoints";
const STATE = "state.safetensors";
const POSITION = "position.json";
const SPEC = "spec";
/** The last and the one before it. */
const KEPT = 2;

/** A folder with everything of a training. */
export interface RunFolder {
  readonly path: string;
  file(name: string): string;
  /** Makes a checkpoint under a temporary name; under its own it is complete. */
  checkpoint(position: Position, writeState: (path: string) => Promise<void>): Promise<void>;
  append(name: "metrics" | "timing", line: object): Promise<void>;
  /** Writes its record once more, with what is known now. */
  amend(record: RunRecord): Promise<void>;
  /** Takes away a run that has only just begun; one that goes on stays. */
  discard(): void;
}

/** What a run begins with. */
export interface Beginning {
  readonly record: RunRecord;
  readonly recipe: Recipe;
  /** Texts of the network by the path of their copy in the folder. */
  readonly texts: ReadonlyMap<string, string>;
  /** What was measured of the training images, where the recipe needs it: tests need it, too. */
  readonly statistics: Statistics | undefined;
  /** Writes the weights that it begins with. */
  readonly writeState: (path: string) => Promise<void>;
}

/** Begins a run in a folder that is not there yet, or empty: then it is a run with a checkpoint, or is as it was. */
export async function createRun(path: string, { record, recipe, texts, statistics, writeState }: Beginning): Promise<RunFolder> {
  const own = isTaken(path) ? undefined : await onDisk(path, async () => makeOwnFolder(path, CHECKPOINTS));
  if (own === undefined) {
    throw new InputError(`\`${path}\` is there already, and a run needs a folder of its own`, { help: [existsSync(join(path, RUN_FILES.record)) ? `Go on with it: \`rnc train --resume ${shellWord(path)}\`; or name another folder with \`-o\`.` : "Name another folder with `-o`."] });
  }
  const folder = runFolder(path, own);
  try {
    await onDisk(path, () => fillRun(path, { record, recipe, texts, statistics }));
    await folder.checkpoint(BEGINNING, writeState);
  } catch (error) {
    own.remove();
    throw error;
  }
  return folder;
}

async function fillRun(path: string, { record, recipe, texts, statistics }: Omit<Beginning, "writeState">): Promise<void> {
  if (texts.size > 0) mkdirSync(join(path, SPEC));
  for (const [copy, text] of texts) await writeFile(join(path, copy), text);
  await writeFile(join(path, RUN_FILES.recipe), `${JSON.stringify(recipe, null, 2)}\n`);
  if (statistics) await writeFile(join(path, RUN_FILES.statistics), statisticsText(statistics));
  await writeFile(join(path, RUN_FILES.metrics), "");
  await writeFile(join(path, RUN_FILES.timing), "");
  // Last: with it the folder is a run.
  await writeFile(join(path, RUN_FILES.record), `${JSON.stringify(record, null, 2)}\n`);
}

/**
 * Reads what a run was asked to do. It may be under way: nothing of it is touched.
 *
 * @throws {@link InputError} when it is no run
 */
export function inspectRun(path: string): { readonly folder: RunFolder; readonly record: RunRecord; readonly recipe: Recipe } {
  const record = readJson<RunRecord>(join(path, RUN_FILES.record), `\`${path}\` is no run`, ["network.name", "network.target", "network.files", "data.path", "data.classes", "data.train", "recipe", "overrides", "engine.name", "engine.threads", "every", "versions.rnc"]);
  const recipe = readJson<Recipe>(join(path, RUN_FILES.recipe), `\`${path}\` lacks a part`, ["name", "fields"]);
  return { folder: runFolder(path), record, recipe };
}

/** Where the weights of a run's last checkpoint are, with momenta; nothing where there is none yet. */
export function lastState(path: string): string | undefined {
  const folder = join(path, CHECKPOINTS);
  const last = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith("step-")).sort().at(-1) : undefined;
  return last === undefined ? undefined : join(folder, last, STATE);
}

/**
 * Opens a run to go on with it. What was written after its last checkpoint is taken away.
 *
 * @throws {@link InputError} when it is no run, or has no checkpoint
 */
export async function reopenRun(path: string): Promise<{ readonly folder: RunFolder; readonly record: RunRecord; readonly recipe: Recipe; readonly checkpoint: Checkpoint }> {
  const { record, recipe } = inspectRun(path);
  const folder = join(path, CHECKPOINTS);
  // First: what has another name than a checkpoint may be one that another process is making.
  await onDisk(path, async () => lockRun(path));
  const names = existsSync(folder) ? readdirSync(folder) : [];
  for (const name of names.filter((each) => each.startsWith("."))) rmSync(join(folder, name), { recursive: true, force: true });
  const last = names.filter((name) => name.startsWith("step-")).sort().at(-1);
  if (last === undefined) throw new InputError(`\`${path}\` has no checkpoint: it ended before the first was made`, { help: ["Begin it anew, in another folder."] });
  const position = await readCheckpoint(folder, last, names);
  const statePath = join(folder, last, STATE);
  await refuseChanges(path, position, statePath);
  await onDisk(path, async () => {
    await truncate(join(path, RUN_FILES.metrics), position.metricsBytes);
    await truncate(join(path, RUN_FILES.timing), position.timingBytes);
  });
  return { folder: runFolder(path), record, recipe, checkpoint: { position, statePath } };
}

/** @throws {@link InputError} when it is damaged, saying which is the one before */
async function readCheckpoint(folder: string, name: string, names: readonly string[]): Promise<SavedPosition> {
  const path = join(folder, name);
  const before = names.filter((other) => other.startsWith("step-") && other < name).sort().at(-1);
  const help = [before === undefined ? "There is no other: begin anew, in another folder." : `The one before it, \`${before}\`, may be whole: take \`${path}\` away, and go on again.`];
  try {
    const position = readJson<SavedPosition>(join(path, POSITION), "its position", ["step", "schedule", "recent", "interval", "metricsBytes", "timingBytes", "stateDigest"]);
    if ((await digestOf(join(path, STATE))) === position.stateDigest) return position;
  } catch (error) {
    throw new InputError(`the checkpoint \`${path}\` is damaged`, { notes: [error instanceof Error ? error.message : String(error)], help });
  }
  throw new InputError(`the checkpoint \`${path}\` is damaged`, { notes: [`\`${STATE}\` is not what was written.`], help });
}

/** @throws {@link InputError} where what the run was given, or what it has told, is not as its checkpoint says */
async function refuseChanges(path: string, { given = {}, metricsBytes, timingBytes }: SavedPosition, statePath: string): Promise<void> {
  const help = [`Put it back from a copy. Otherwise begin another run, which may go on from these weights: \`--weights ${shellWord(statePath)}\`.`];
  const now = await digestsOfGiven(path);
  const changed = Object.keys(given).find((name) => now[name] !== given[name]);
  if (changed !== undefined) throw new InputError(`\`${join(path, changed)}\` ${now[changed] === undefined ? "is not there any more" : "was changed"}, and a run goes on as it began`, { help });
  for (const [name, needed] of [[RUN_FILES.metrics, metricsBytes], [RUN_FILES.timing, timingBytes]] as const) {
    const size = statSync(join(path, name), { throwIfNoEntry: false })?.size;
    if (size === undefined || size < needed) throw new InputError(`\`${join(path, name)}\` ${size === undefined ? "is not there any more" : "has lost lines"}: its checkpoint counts on ${groupDigits(needed)} bytes`, { help });
  }
}

async function digestsOfGiven(path: string): Promise<Readonly<Record<string, string>>> {
  const texts = existsSync(join(path, SPEC)) ? readdirSync(join(path, SPEC)).sort().map((name) => `${SPEC}/${name}`) : [];
  const names = [RUN_FILES.recipe, ...texts].filter((name) => existsSync(join(path, name)));
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await digestOf(join(path, name))] as const)));
}

function runFolder(path: string, own?: OwnFolder): RunFolder {
  const checkpoints = join(path, CHECKPOINTS);
  const file = (name: string): string => join(path, name);
  let given: ReturnType<typeof digestsOfGiven> | undefined;
  return {
    path,
    file,
    async checkpoint(position, writeState) {
      const name = `step-${String(position.step).padStart(9, "0")}`;
      const temporary = join(checkpoints, `.${name}`);
      await onDisk(path, async () => {
        rmSync(temporary, { recursive: true, force: true });
        mkdirSync(temporary);
        await writeState(join(temporary, STATE));
        const saved: SavedPosition = { ...position, metricsBytes: statSync(file(RUN_FILES.metrics)).size, timingBytes: statSync(file(RUN_FILES.timing)).size, stateDigest: await digestOf(join(temporary, STATE)), given: await (given ??= digestsOfGiven(path)) };
        await writeFile(join(temporary, POSITION), `${JSON.stringify(saved)}\n`);
        for (const part of [file(RUN_FILES.metrics), file(RUN_FILES.timing), join(temporary, STATE), join(temporary, POSITION)]) await reachDisk(part);
        await rename(temporary, join(checkpoints, name));
        const older = readdirSync(checkpoints).filter((each) => each.startsWith("step-")).sort().slice(0, -KEPT);
        for (const each of older) {
          // It must not be half there under its name.
          await rename(join(checkpoints, each), join(checkpoints, `.${each}`));
          rmSync(join(checkpoints, `.${each}`), { recursive: true, force: true });
        }
      });
    },
    amend: (record) =>
      onDisk(path, async () => {
        const temporary = file(`.${RUN_FILES.record}`);
        await writeFile(temporary, `${JSON.stringify(record, null, 2)}\n`);
        await reachDisk(temporary);
        await rename(temporary, file(RUN_FILES.record));
      }),
    discard: () => own?.remove(),
    append: (name, line) =>
      onDisk(path, async () => {
        const into = file(RUN_FILES[name]);
        const { size } = statSync(into);
        // Half a line does not stay: where the disk is full, the whole line is written again.
        await writeFile(into, `${JSON.stringify(line)}\n`, { flag: "a" }).catch(async (error: unknown) => {
          await truncate(into, size);
          throw error;
        });
      }),
  };
}

/** What is only in the system's memory would be gone with the power. */
async function reachDisk(path: string): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The disk is full: there is room for a training to wait for. */
export class DiskFull extends InputError {
  override name = "DiskFull";
}

async function onDisk<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const full = codeOf(error) === "ENOSPC" || codeOf(error) === "EDQUOT" || (error instanceof InputError && error.message.includes("the disk is full"));
    if (full) throw new DiskFull(`\`${path}\` cannot be written: the disk is full`, { help: ["Make room; a checkpoint is complete or not there at all."] });
    if (error instanceof InputError || codeOf(error) === undefined) throw error;
    const problem = codeOf(error) === "ENOENT" ? error : writingProblem(error, path);
    throw problem instanceof InputError ? problem : new InputError(`\`${path}\` cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}
