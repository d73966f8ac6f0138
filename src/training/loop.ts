import { InputError } from "../base/input-error.ts";
import type { TrainingBatch, TrainingResult } from "../engines/training.ts";
import type { RecipeCondition } from "../program/recipes.ts";
import type { TrainingPlan } from "./plan.ts";
import { stepsOf } from "./plan.ts";
import type { Metrics, ScheduleState } from "./schedule.ts";
import { createSchedule, FRESH_SCHEDULE } from "./schedule.ts";

/** What `train_error` and `train_loss` of a recipe look back on. */
export const WINDOW = 100;
/** So many steps in a row above {@link DIVERGED} times the loss of a guess, and a training is given up. */
const DIVERGED_STEPS = 20;
const DIVERGED = 10;
/** What networks with batch norm begin with. */
const USUAL_RATE = 0.1;

/** The network on the images for validation. Errors are fractions. */
export interface Evaluation {
  readonly images: number;
  readonly loss: number;
  readonly error: number;
  /** Absent with five classes or fewer. */
  readonly error5?: number;
}

/** Loss and right answers of some steps, to be divided by the number of steps or images. */
interface Sums {
  readonly steps: number;
  readonly loss: number;
  readonly right: number;
}

/** Where a training stands, besides weights and momentum: plain data. The order of images follows from seed and epoch. */
export interface Position {
  /** Steps that were done. */
  readonly step: number;
  readonly schedule: ScheduleState;
  /** Loss and right answers of the last steps, {@link WINDOW} at most. */
  readonly recent: readonly (readonly [loss: number, right: number])[];
  /** Since the last line of metrics. */
  readonly interval: Sums;
  readonly best?: { readonly step: number; readonly error: number };
}

export const BEGINNING: Position = { step: 0, schedule: FRESH_SCHEDULE, recent: [], interval: { steps: 0, loss: 0, right: 0 } };

/** A line of `metrics.jsonl`: the same bytes in every run of the same training. */
export interface MetricsLine {
  readonly step: number;
  /** Passes over the training images so far. */
  readonly epoch: number;
  /** Of the step before. */
  readonly lr: number;
  /** Of the steps since the line before. */
  readonly train_loss: number;
  readonly train_error: number;
  readonly val_loss?: number;
  readonly val_error?: number;
  readonly val_error5?: number;
}

/** What a training needs of the world. */
export interface TrainingPorts {
  /** Makes steps one after another, each with a rate of its own: {@link TrainingPorts.most} in one go. */
  steps(batches: readonly TrainingBatch[], rates: readonly number[]): Promise<readonly TrainingResult[]>;
  readonly most: number;
  /** The batch of the next step; asked for while the steps before run. */
  next(): Promise<TrainingBatch>;
  /** The network as it is now, on the images for validation; absent where there are none. */
  readonly evaluate?: () => Promise<Evaluation>;
  /** After every step. */
  stepDone(done: { readonly step: number; readonly loss: number; readonly right: number; readonly learningRate: number }): void;
  /** A new line of metrics. */
  report(line: MetricsLine): Promise<void>;
  /** Weights are the best so far. */
  keepBest(step: number): Promise<void>;
  /** Everything is kept, to go on from here. */
  checkpoint(position: Position): Promise<void>;
  /** Whether somebody wants to stop; looked at between two steps. */
  stopped(): boolean;
}

export interface LoopOptions {
  readonly plan: TrainingPlan;
  readonly classes: number;
  readonly stepsPerEpoch: number;
  /** Steps between two lines of metrics, each with a checkpoint. */
  readonly every: number;
  /** Steps between two evaluations; absent: after each epoch. The last step has one in any case. */
  readonly evaluateEvery?: number;
}

/**
 * Trains from a position to the end of the plan, or until somebody wants to stop: then a checkpoint is kept, too.
 *
 * @returns where it stands, and whether that is the end
 * @throws {@link InputError} when the loss is no number any longer, or far above that of a guess
 */
export async function runTraining(options: LoopOptions, from: Position, ports: TrainingPorts): Promise<{ readonly position: Position; readonly finished: boolean }> {
  const { plan, classes, stepsPerEpoch, every, evaluateEvery = stepsPerEpoch } = options;
  const evaluates = (step: number): boolean => step % evaluateEvery === 0 || (step % stepsPerEpoch === 0 && needsValidation(plan));
  const total = stepsOf(plan, stepsPerEpoch);
  const schedule = createSchedule({ ...plan, stepsPerEpoch, totalSteps: total }, from.schedule);
  const recent = [...from.recent];
  let { step, interval, best } = from;
  let saved = step;
  let tooHigh = 0;
  const coming = createQueue(ports.next);
  const position = (): Position => ({ step, schedule: schedule.state(), recent: [...recent], interval, ...(best ? { best } : {}) });

  /** Steps that can be made in one go: nothing is looked at, and no rate is decided, before their end. */
  const inOneGo = (): number => (schedule.isKnown() ? Math.min(ports.most, total - step, ...[every, evaluateEvery, stepsPerEpoch].map((length) => length - (step % length))) : 1);

  while (step < total && !ports.stopped()) {
    const count = inOneGo();
    const rates = Array.from({ length: count }, (_, index) => schedule.rate(step + index));
    const running = ports.steps(await coming.take(count), rates);
    coming.prepare(Math.min(ports.most, total - step - count));
    let metrics: Metrics = {};
    for (const [index, { loss, right }] of (await running).entries()) {
      const rate = rates[index] ?? 0;
      tooHigh = loss > DIVERGED * Math.log(classes) ? tooHigh + 1 : 0;
      if (!Number.isFinite(loss) || tooHigh >= DIVERGED_STEPS) throw diverged(step + 1, rate, loss, saved, plan);
      step++;
      recent.push([loss, right]);
      if (recent.length > WINDOW) recent.shift();
      interval = { steps: interval.steps + 1, loss: interval.loss + loss, right: interval.right + right };
      ports.stepDone({ step, loss, right, learningRate: rate });
      metrics = recentMetrics(recent, plan.batch);
      schedule.stepDone(step - 1, metrics);
    }

    const found = step === total || evaluates(step) ? await ports.evaluate?.() : undefined;
    if (found && (best === undefined || found.error < best.error)) {
      best = { step, error: found.error };
      await ports.keepBest(step);
    }
    if (step % stepsPerEpoch === 0) schedule.epochDone({ ...metrics, ...(found ? validationMetrics(found) : {}) });
    if (!found && step % every !== 0 && step !== total) continue;
    const images = interval.steps * plan.batch;
    await ports.report({
      step,
      epoch: Math.floor(step / stepsPerEpoch),
      lr: rates.at(-1) ?? 0,
      train_loss: interval.loss / interval.steps,
      train_error: 1 - interval.right / images,
      ...(found ? validationMetrics(found) : {}),
    });
    interval = BEGINNING.interval;
    await ports.checkpoint(position());
    saved = step;
  }
  if (saved !== step) await ports.checkpoint(position());
  return { position: position(), finished: step >= total };
}

/** Batches in their order, asked for ahead; each is asked for when the one before is there. */
function createQueue(next: () => Promise<TrainingBatch>): { prepare(count: number): void; take(count: number): Promise<readonly TrainingBatch[]> } {
  const coming: Promise<TrainingBatch>[] = [];
  let last: Promise<unknown> = Promise.resolve();
  const prepare = (count: number): void => {
    while (coming.length < count) {
      const batch = last.then(next);
      coming.push(batch);
      last = batch;
      // Whoever takes it is told; meanwhile a failure of a step comes first.
      batch.catch(() => undefined);
    }
  };
  return {
    prepare,
    take(count) {
      prepare(count);
      return Promise.all(coming.splice(0, count));
    },
  };
}

/** Whether the rate depends on images for validation, which are then looked at after each epoch. */
export function needsValidation({ schedule, warmup }: TrainingPlan): boolean {
  const until = warmup?.arguments["until"] as RecipeCondition | undefined;
  return [schedule.arguments["metric"], until?.metric].some((metric) => typeof metric === "string" && metric.startsWith("val_"));
}

/** Only a full window says something: a few images of the first steps can all be right by chance. */
function recentMetrics(recent: Position["recent"], batch: number): Metrics {
  if (recent.length < WINDOW) return {};
  const sum = (index: 0 | 1): number => recent.reduce((total, entry) => total + entry[index], 0);
  return { train_error: 1 - sum(1) / (recent.length * batch), train_loss: sum(0) / recent.length };
}

function validationMetrics({ loss, error, error5 }: Evaluation): { readonly val_loss: number; readonly val_error: number; readonly val_error5?: number } {
  return { val_loss: loss, val_error: error, ...(error5 === undefined ? {} : { val_error5: error5 }) };
}

function diverged(step: number, rate: number, loss: number, saved: number, { learningRate, warmup }: TrainingPlan): InputError {
  const is = Number.isFinite(loss) ? `has been above ${loss > 1e4 ? loss.toExponential(1) : loss.toFixed(1)} for ${DIVERGED_STEPS} steps, far above that of a guess` : `is ${Number.isNaN(loss) ? "no number (NaN)" : "infinite"}`;
  return new InputError(`the training diverged: at step ${step}, with a learning rate of ${rateText(rate)}, the loss ${is}`, {
    notes: [saved > 0 ? `The checkpoint of step ${saved} is kept.` : "There is no checkpoint but the beginning."],
    help: [
      `Take a lower rate: \`--lr ${rateText(Math.min(learningRate / 10, USUAL_RATE))}\`.`,
      ...(warmup ? [] : ['Or begin gently: `--with "warmup: constant(lr=0.01, until=train_error < 0.80)"`.']),
      "Look at the data: values that are not around 0 (no `subtract_mean` or `normalize`) or wrong labels do this, too.",
    ],
  });
}

/** 0.1 · 0.1 is 0.010000000000000002 for a machine. */
export function rateText(rate: number): string {
  return String(Number(rate.toPrecision(6)));
}
