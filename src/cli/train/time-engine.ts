import { join } from "node:path";
import { InputError } from "../../base/input-error.ts";
import type { Engine } from "../../engines/engine.ts";
import type { TrainingOptions } from "../../engines/training.ts";
import type { Graph } from "../../ir/graph.ts";
import { noise } from "../../program/calibrate.ts";
import { writeSafetensors } from "../../weights/safetensors-writer.ts";
import type { WeightSource } from "../../weights/source.ts";
import { inFolder } from "../engine-process.ts";
import { writeEmittedFiles } from "../write-files.ts";
import type { TrainingProcess } from "./training-process.ts";
import { openTrainingInChildProcess } from "./training-process.ts";

/** A training that is tried out. */
export interface Trial {
  readonly network: Graph;
  readonly weights: WeightSource;
  readonly options: TrainingOptions;
}

export type Timed =
  | { readonly kind: "measured"; readonly imagesPerSecond: number }
  /** It was given up. */
  | { readonly kind: "slow"; readonly atMost: number }
  | { readonly kind: "refused"; readonly reason: string };

/** A first step compiles, fills caches and grows memory: it does not count. */
const MEASURED_MS = 1_500;
const MOST_STEPS = 20;
/** For the start of the process and the first step, and then for the steps that count. */
const START_LIMIT_MS = 20_000;
const STEPS_LIMIT_MS = 8_000;

/** Makes some steps of a training on noise in an engine's process; one that is slow is ended. */
export async function timeEngine({ name }: Engine, { network, weights, options }: Trial): Promise<Timed> {
  const { batch } = options;
  const inputs = [];
  for (const input of network.inputs) inputs.push(await noise(input, new Map(network.symbols.map((symbol) => [symbol, batch])), 0));
  const given = { inputs, labels: new Int32Array(batch) };
  let training: TrainingProcess | undefined;
  try {
    return await inFolder(async (folder) => {
      const path = join(folder, "weights.safetensors");
      const { size, chunks } = writeSafetensors(network.parameters, weights);
      await writeEmittedFiles([{ path: "", sizeInBytes: size, chunks }], path);
      const opening = openTrainingInChildProcess(name, network, path, options);
      // Where it is given up, it ends when it has begun.
      const started = await within(START_LIMIT_MS, opening.then(async (opened) => (training = opened).step(given, 0)));
      if (started === undefined) {
        opening.then((late) => late.kill(), () => undefined);
        return { kind: "slow", atMost: (1000 * batch) / START_LIMIT_MS };
      }
      const begun = performance.now();
      let steps = 0;
      while (steps < MOST_STEPS && performance.now() - begun < MEASURED_MS) {
        if ((await within(STEPS_LIMIT_MS, training?.step(given, 0) ?? Promise.resolve(undefined))) === undefined) return { kind: "slow", atMost: (1000 * batch) / STEPS_LIMIT_MS };
        steps++;
      }
      return { kind: "measured", imagesPerSecond: (1000 * steps * batch) / (performance.now() - begun) };
    });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { kind: "refused", reason: [error.message, ...error.notes].join("; ") };
  } finally {
    training?.kill();
  }
}

/** What work gives in time, else nothing; what it says later is not listened to. */
async function within<T>(limitInMs: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  work.catch(() => undefined);
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), limitInMs)));
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
