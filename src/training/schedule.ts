import type { RecipeCall, RecipeCondition } from "../program/recipes.ts";

/** What a schedule or a warm-up looks at, by the recipe's names; absent: not known yet. */
export type Metrics = Readonly<Partial<Record<string, number>>>;

/** Where a schedule stands: plain data, so that a training that was stopped goes on. */
export interface ScheduleState {
  /** The first step without warm-up; absent while it lasts. */
  readonly warmedUpAt?: number;
  /** How often a plateau has lowered the rate. */
  readonly falls: number;
  /** The least value of the plateau's metric, and the epochs since. */
  readonly best?: number;
  readonly epochsSince: number;
}

export const FRESH_SCHEDULE: ScheduleState = { falls: 0, epochsSince: 0 };

export interface ScheduleOptions {
  readonly learningRate: number;
  readonly schedule: RecipeCall;
  readonly warmup: RecipeCall | undefined;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

/** How the learning rate goes in a training. Steps and epochs count from 0. */
export interface Schedule {
  rate(step: number): number;
  /** Whether the rates up to the end of the epoch are known already: no condition can change them before. */
  isKnown(): boolean;
  /** To be told after every step. */
  stepDone(step: number, metrics: Metrics): void;
  /** To be told after every epoch, with what was measured then. */
  epochDone(metrics: Metrics): void;
  state(): ScheduleState;
}

/** Follows a recipe's `schedule` and `warmup`; points count from the first step, warm-up included. */
export function createSchedule(options: ScheduleOptions, from: ScheduleState = FRESH_SCHEDULE): Schedule {
  const { warmup, schedule } = options;
  let state = from;
  const warm = (at: number): void => void (state = { ...state, warmedUpAt: at });
  const until = warmup?.arguments["until"] as RecipeCondition | undefined;
  const length = warmup && lengthOf(warmup, options.stepsPerEpoch);
  // A length is known from the beginning: the state is only about conditions.
  const inWarmup = (step: number): boolean => warmup !== undefined && (length === undefined ? state.warmedUpAt === undefined || step < state.warmedUpAt : step < length);
  let current = 0;
  return {
    rate: (step) => (warmup && inWarmup(step) ? warmupRate(warmup, step, length ?? 1, options) : scheduledRate(step, state.falls, options)),
    isKnown: () => until === undefined || state.warmedUpAt !== undefined,
    stepDone(step, metrics) {
      current = step + 1;
      if (until && state.warmedUpAt === undefined && holds(until, metrics)) warm(current);
    },
    epochDone(metrics) {
      if (until && state.warmedUpAt === undefined && holds(until, metrics)) warm(current);
      if (schedule.function === "plateau" && !inWarmup(current)) state = afterPlateau(state, schedule, metrics);
    },
    state: () => state,
  };
}

function lengthOf(warmup: RecipeCall, stepsPerEpoch: number): number | undefined {
  const { steps, epochs } = warmup.arguments;
  return typeof steps === "number" ? steps : typeof epochs === "number" ? epochs * stepsPerEpoch : undefined;
}

function warmupRate(warmup: RecipeCall, step: number, length: number, { learningRate }: ScheduleOptions): number {
  if (warmup.function === "constant") return numberOf(warmup, "lr");
  const start = numberOf(warmup, "start");
  return start + ((learningRate - start) * step) / length;
}

function scheduledRate(step: number, falls: number, { schedule, learningRate, stepsPerEpoch, totalSteps }: ScheduleOptions): number {
  switch (schedule.function) {
    case "step": {
      const at = schedule.arguments["at"] as readonly number[];
      const unit = schedule.arguments["by"] === "epochs" ? stepsPerEpoch : 1;
      return learningRate * numberOf(schedule, "factor") ** at.filter((point) => step >= point * unit).length;
    }
    case "plateau":
      return Math.max(Math.min(learningRate, numberOf(schedule, "minimum")), learningRate * numberOf(schedule, "factor") ** falls);
    case "cosine": {
      const end = numberOf(schedule, "end");
      return end + ((learningRate - end) * (1 + Math.cos((Math.PI * step) / Math.max(1, totalSteps - 1)))) / 2;
    }
    default:
      return learningRate;
  }
}

function afterPlateau(state: ScheduleState, schedule: RecipeCall, metrics: Metrics): ScheduleState {
  const value = metrics[String(schedule.arguments["metric"])];
  if (value === undefined) return state;
  if (state.best === undefined || value < state.best) return { ...state, best: value, epochsSince: 0 };
  const epochsSince = state.epochsSince + 1;
  return epochsSince < numberOf(schedule, "patience") ? { ...state, epochsSince } : { ...state, epochsSince: 0, falls: state.falls + 1 };
}

function holds({ metric, relation, value }: RecipeCondition, metrics: Metrics): boolean {
  const found = metrics[metric];
  if (found === undefined) return false;
  switch (relation) {
    case "<":
      return found < value;
    case "<=":
      return found <= value;
    case ">":
      return found > value;
    case ">=":
      return found >= value;
    case "==":
      return found === value;
    case "!=":
      return found !== value;
  }
}

const numberOf = (call: RecipeCall, name: string): number => {
  const value = call.arguments[name];
  return typeof value === "number" ? value : 0;
};
