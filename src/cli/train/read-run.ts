import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { InputError } from "../../base/input-error.ts";
import type { TrainingRun } from "../../report/run.ts";
import type { Evaluation, MetricsLine } from "../../training/loop.ts";
import { planOf, stepsOf } from "../../training/plan.ts";
import { batchesOfEpoch } from "../data/batches.ts";
import { inspectRun, RUN_FILES } from "./run-folder.ts";
import { readJson } from "./run-json.ts";
import { isInUse } from "./run-lock.ts";

/** What `result.json` says of a training that went to its end. */
export interface RunResult {
  readonly steps: number;
  readonly best?: { readonly step: number; readonly error: number };
  readonly test?: Evaluation;
}

/**
 * What a run's folder tells, whether it is finished, stopped, or another process is at it. Nothing is changed.
 *
 * @throws {@link InputError} when it is no run, or a part is damaged
 */
export function readRun(path: string): TrainingRun {
  const { record, recipe } = inspectRun(path);
  const result = readResult(path);
  const plan = planOf(recipe);
  const lines = readLines<MetricsLine>(join(path, RUN_FILES.metrics));
  const timing = readLines<{ readonly step: number; readonly seconds: number }>(join(path, RUN_FILES.timing));
  const seconds = timing.reduce((sum, line) => sum + line.seconds, 0);
  const timed = timing.at(-1)?.step ?? 0;
  const { network, data, overrides, seed, weights, engine, versions } = record;
  return {
    name: basename(resolve(path)),
    network: network.name,
    recipe,
    overrides,
    seed,
    ...(weights === undefined ? {} : { weights }),
    data: { path: data.path, classes: data.classes.length, train: data.train, validation: data.validation, validationOf: data.validationOf ?? "" },
    engine,
    versions,
    state: result ? "finished" : isInUse(path) ? "running" : "stopped",
    totalSteps: stepsOf(plan, batchesOfEpoch(data.train, plan.batch)),
    lines,
    ...(seconds > 0 ? { imagesPerSecond: (timed * plan.batch) / seconds } : {}),
    ...(result?.test ? { test: result.test } : {}),
  };
}

/** The result of a run that went to its end; absent before. */
export function readResult(path: string): RunResult | undefined {
  const file = join(path, RUN_FILES.result);
  return existsSync(file) ? readJson<RunResult>(file, `\`${path}\` lacks a part`, ["steps"]) : undefined;
}

/** Lines of JSON; the last may be half there while another process writes it. */
function readLines<T>(path: string): readonly T[] {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const whole = text.slice(0, text.lastIndexOf("\n") + 1).split("\n").slice(0, -1);
  return whole.map((line, index) => {
    try {
      return JSON.parse(line) as T;
    } catch (error) {
      throw new InputError(`line ${index + 1} of \`${path}\` is no JSON`, { notes: [error instanceof Error ? error.message : String(error)], help: ["Was it edited? `rnc train --resume` goes on from the last checkpoint and takes away what came after it."] });
    }
  });
}
