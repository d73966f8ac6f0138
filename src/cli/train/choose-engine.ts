import { InputError } from "../../base/input-error.ts";
import type { Engine, EngineStatus } from "../../engines/engine.ts";
import { ENGINES } from "../../engines/registry.ts";
import { probeInChildProcess } from "../engine-process.ts";
import type { Timed, Trial } from "./time-engine.ts";
import { timeEngine } from "./time-engine.ts";

/** A GPU's library may compile its kernels at its first start. */
const LIMIT_S = 60;
/** For fewer steps a comparison takes longer than it gains. */
const WORTH_COMPARING = 200;

type Works = Extract<EngineStatus, { readonly kind: "works" }>;

export interface ChosenEngine {
  readonly engine: Engine;
  readonly status: Works;
  /** Why this one; a sentence for people. */
  readonly why: string;
  /** Images a second of each engine that was compared. */
  readonly compared?: Readonly<Record<string, number>>;
}

/** Engines that train, and what is asked of them: tests give others. */
export interface EngineChoice {
  readonly engines?: readonly Engine[];
  readonly probe?: (engine: Engine) => Promise<EngineStatus>;
  readonly time?: (engine: Engine, trial: Trial) => Promise<Timed>;
}

/**
 * The engine that trains: the one that is wanted; with `auto` the fastest of those that work here, by some real steps of the
 * training; where only one works, or the training is short, the first of the list.
 *
 * @param trial a training of so many steps; absent: nothing is compared
 * @throws {@link InputError} with the reasons of those that do not work
 */
export async function chooseTrainingEngine(wanted: string, trial?: Trial & { readonly steps: number }, choice: EngineChoice = {}): Promise<ChosenEngine> {
  const { engines = ENGINES, probe = ({ name }) => probeInChildProcess(name, LIMIT_S), time = timeEngine } = choice;
  const trains = engines.filter(({ openTraining }) => openTraining !== undefined);
  const candidates = wanted === "auto" ? trains : trains.filter(({ name }) => name === wanted);
  if (candidates.length === 0) throw new InputError(`the engine \`${wanted}\` does not train`, { help: [`These do: ${trains.map(({ name }) => `\`${name}\``).join(", ")}.`] });
  const compares = wanted === "auto" && trial !== undefined && trial.steps >= WORTH_COMPARING;
  const working: { readonly engine: Engine; readonly status: Works }[] = [];
  const failed: { readonly engine: Engine; readonly status: Exclude<EngineStatus, Works> }[] = [];
  for (const engine of candidates) {
    if (working.length > 0 && (!compares || isLastResort(engine))) break;
    const status = await probe(engine);
    if (status.kind === "works") working.push({ engine, status });
    else failed.push({ engine, status });
  }
  const [first] = working;
  if (first === undefined) throw nothingTrains(wanted, failed);
  const others = trains.filter((engine) => engine !== first.engine).map(({ name }) => `\`--engine ${name}\``);
  if (wanted !== "auto") return { ...first, why: "the one that was chosen" };
  if (!compares || working.length === 1) return { ...first, why: `${compares ? "the only one that works here" : "the first choice that works here"} (there are ${others.join(", ")})` };
  return fastest(working, trial, time);
}

/** TensorFlow.js in plain JavaScript is tens of times slower than any other. */
const isLastResort = ({ name }: Engine): boolean => name === "tfjs";

async function fastest(working: readonly { readonly engine: Engine; readonly status: Works }[], trial: Trial, time: NonNullable<EngineChoice["time"]>): Promise<ChosenEngine> {
  const timed: { readonly engine: Engine; readonly status: Works; readonly result: Timed }[] = [];
  for (const { engine, status } of working) timed.push({ engine, status, result: await time(engine, trial) });
  const speedOf = ({ result }: (typeof timed)[number]): number => (result.kind === "measured" ? result.imagesPerSecond : 0);
  const order = [...timed].sort((a, b) => speedOf(b) - speedOf(a));
  const [best] = order;
  if (best === undefined || best.result.kind !== "measured") {
    throw new InputError("no engine here trains this network in a time that can be measured", { notes: timed.map(({ engine, result }) => `${engine.name}: ${timedText(result)}`), help: ["Choose one: `--engine onnxruntime`."] });
  }
  return {
    engine: best.engine,
    status: best.status,
    why: order.map(({ engine, result }, place) => `${place === 0 ? "the fastest here: " : `${engine.name} `}${timedText(result)}`).join("; "),
    compared: Object.fromEntries(order.flatMap(({ engine, result }) => (result.kind === "measured" ? [[engine.name, Number(result.imagesPerSecond.toFixed(1))]] : []))),
  };
}

function timedText(result: Timed): string {
  switch (result.kind) {
    case "measured":
      return `${speedText(result.imagesPerSecond)} images/s`;
    case "slow":
      return `less than ${speedText(result.atMost)} images/s`;
    case "refused":
      return `does not train this network (${result.reason})`;
  }
}

const speedText = (speed: number): string => (speed >= 10 ? speed.toFixed(0) : speed.toPrecision(2));

function nothingTrains(wanted: string, failed: readonly { readonly engine: Engine; readonly status: Exclude<EngineStatus, Works> }[]): InputError {
  const help = failed.flatMap(({ engine, status }) => (status.kind === "missing" ? [`\`${engine.install}\` adds ${engine.packageName}.`] : status.help));
  return new InputError(wanted === "auto" ? "nothing here trains" : `the engine \`${wanted}\` does not work here`, {
    notes: failed.map(({ engine, status }) => `${engine.name}: ${status.kind === "missing" ? "not installed" : status.reason}`),
    help: [...(wanted === "auto" ? help.slice(0, 1) : help), "`rnc doctor` says what is installed and what works."],
  });
}
