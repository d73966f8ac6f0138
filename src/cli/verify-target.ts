import { dirname, join } from "node:path";
import { InputError } from "../base/input-error.ts";
import type { Engine, EngineName, EngineStatus, FloatTensor } from "../engines/engine.ts";
import { runNamed } from "../engines/model-data.ts";
import { ENGINES } from "../engines/registry.ts";
import { formatDim, isSymbolic } from "../ir/dim.ts";
import type { Graph } from "../ir/graph.ts";
import { calibrate, noise } from "../program/calibrate.ts";
import { prepare } from "../program/prepare.ts";
import { tfjsPlaces } from "../program/tfjs-places.ts";
import { calibrationShift } from "../verify/calibration.ts";
import { givenLayers } from "../verify/given-layers.ts";
import { givenOnnx } from "../verify/given-onnx.ts";
import type { GivenFile } from "../verify/given.ts";
import { reportOf } from "../verify/report.ts";
import type { NotRun, WeightsTold } from "../verify/report.ts";
import { ownSubjects } from "../verify/subject.ts";
import type { RunningEngine, Subject } from "../verify/subject.ts";
import { verify } from "../verify/verify.ts";
import { parseRename } from "../weights/rename.ts";
import type { ByteSource, WeightSource } from "../weights/source.ts";
import { openInChildProcess, probeInChildProcess } from "./engine-process.ts";
import type { CliHost } from "./host.ts";
import { openWeightsAt } from "./open-weights-at.ts";
import { createWaiting } from "./progress.ts";
import { reportProblems, writeJson } from "./report.ts";
import type { NetworkOptions } from "./target.ts";
import { buildOpened, openNetwork } from "./target.ts";
import { verifyText } from "./verify-text.ts";
import { VERSION } from "./version.ts";

export interface VerifyCommandOptions extends NetworkOptions {
  readonly weights?: string;
  readonly rename?: readonly string[];
  readonly ignore?: readonly string[];
  readonly seed: number;
  readonly engine?: readonly EngineName[];
  readonly against?: readonly string[];
  readonly batch?: number;
  readonly tolerance: number;
  readonly json?: boolean;
}

/** A first start of a GPU's library can take that long. */
const PROBE_SECONDS = 120;
/** Examples in the batch that statistics are measured with, where the command line fixes another one. */
const CALIBRATION_BATCH = 8;

/** What `rnc verify` does: finds engines and weights, compares, prints; everything it opened is closed. */
export async function verifyTarget(target: string, options: VerifyCommandOptions, host: CliHost): Promise<number> {
  const { network, program } = await openNetwork(host, target);
  const { value: graph, problems } = buildOpened(program, network, options);
  reportProblems(host, problems);
  if (graph === undefined) return 1;
  refuseOpenSizes(graph);
  const opened: { close?(): Promise<void> }[] = [];
  try {
    const given = await Promise.all((options.against ?? []).map((path) => openGiven(path, host, opened)));
    const engines = await findEngines(options.engine, host);
    const calibrated = async (): Promise<WeightSource> => {
      const sizes = options.input?.map(([, ...rest]) => [CALIBRATION_BATCH, ...rest]);
      // The command line may fix a batch of one, which has no variance; a network that fixes it itself keeps it.
      const wider = sizes && buildOpened(program, network, { ...options, input: sizes }).value;
      return measured(wider ?? graph, options.seed, host);
    };
    const { source, told, symbols } = await chooseWeights(graph, options, host, { opened, calibrated });
    const inputs: FloatTensor[] = [];
    for (const input of graph.inputs) inputs.push(await noise(input, symbols, options.seed));

    const own = ownSubjects(graph, source, engines.running, VERSION);
    const [refused] = own.refused;
    if (refused && options.engine) throw refused.error;
    const subjects: Subject[] = [...own.subjects];
    for (const { format, file } of given) {
      const engine = await engineFor(format, file.path, engines, host);
      const make = format === "onnx" ? givenOnnx : givenLayers;
      subjects.push(await make(graph, file, engine, inputs.map(({ shape }) => shape)));
    }
    const notRun: readonly NotRun[] = [...engines.notRun, ...own.refused.map(({ engine, error }) => ({ engine: engine.name, reason: [error.message, ...error.notes].join("; "), help: error.help }))];
    if (subjects.length < 2) throw nothingToCompare(graph, subjects, notRun, options.engine !== undefined);

    const progress = createSteps(host);
    const verification = await verify({ graph, subjects, inputs, tolerance: options.tolerance, onRun: progress.next }).finally(progress.end);
    const report = reportOf(verification, { graph, inputs, weights: told, seed: options.seed, tolerance: options.tolerance, notRun });
    if (options.json) writeJson(host, report);
    else host.out.write(verifyText(report, verification.blocks, host.out.colors));
    return report.agrees ? 0 : 1;
  } finally {
    for (const each of opened) await each.close?.();
  }
}

function refuseOpenSizes(graph: Graph): void {
  const batches = new Set(graph.inputs.flatMap(({ type: { shape } }) => (shape[0] !== undefined && isSymbolic(shape[0]) ? [formatDim(shape[0])] : [])));
  const open = graph.symbols.filter((symbol) => !batches.has(symbol));
  if (open.length === 0) return;
  const example = graph.inputs.map(({ type }) => `--input ${type.shape.map((size, axis) => (isSymbolic(size) ? (axis === 0 ? 1 : 224) : size)).join("x")}`);
  throw new InputError(`${open.map((name) => `\`${name}\``).join(" and ")} of ${graph.name} ${open.length === 1 ? "is" : "are"} open, and a network runs on an input of some size`, {
    help: [`Give one: \`${example.join(" ")}\`.`],
  });
}

interface Given {
  readonly format: "onnx" | "tfjs";
  readonly file: GivenFile;
}

/** A model at a path: an ONNX file, or a TF.js model by its folder or its `model.json`. What it opens is noted to be closed. */
async function openGiven(path: string, host: CliHost, opened: { close?(): Promise<void> }[]): Promise<Given> {
  const kind = host.pathKind(path);
  if (kind === "missing") throw new InputError(`there is no file \`${path}\``, { notes: ["`--against` names a model to compare with the network"] });
  const main = kind === "folder" ? join(path, "model.json") : path;
  if (kind === "folder" && host.pathKind(main) !== "file") throw new InputError(`\`${path}\` is a folder without a \`model.json\`, so it is no TF.js model`, { help: ["Name an ONNX file, or the folder of a LayersModel."] });
  const open = async (name: string): Promise<ByteSource> => {
    const bytes = await host.openBytes(name);
    opened.push(bytes);
    return bytes;
  };
  const bytes = await open(main);
  const start = await bytes.read(0, Math.min(64, bytes.size));
  const isJson = /^\s*\{/.test(String.fromCharCode(...start));
  // An ONNX model is a protobuf message that begins with its version, a small whole number.
  if (!isJson && start[0] !== 0x08) throw new InputError(`\`${path}\` is neither an ONNX file nor a model of TensorFlow.js`, { help: ["A file of weights is given with `--weights`."] });
  return { format: isJson ? "tfjs" : "onnx", file: { path, bytes, beside: (name) => open(join(dirname(main), name)) } };
}

interface FoundEngines {
  readonly running: readonly RunningEngine[];
  readonly notRun: readonly NotRun[];
}

/** Every engine that works here, or those that were asked for. */
async function findEngines(wanted: readonly EngineName[] | undefined, host: CliHost): Promise<FoundEngines> {
  const candidates = ENGINES.filter(({ name }) => wanted === undefined || wanted.includes(name));
  const waiting = createWaiting(host, "starting engines");
  const found = await Promise.all(candidates.map(async (engine) => ({ engine, status: await probeInChildProcess(engine.name, PROBE_SECONDS) }))).finally(() => waiting.end());
  const notRun = found.flatMap(({ engine, status }) => (status.kind === "works" ? [] : [notRunning(engine, status)]));
  const [failed] = notRun;
  if (failed && wanted) throw new InputError(`the engine \`${failed.engine}\` does not run here: ${failed.reason}`, { help: failed.help });
  return { running: found.flatMap(({ engine, status }) => (status.kind === "works" ? [running(engine, status)] : [])), notRun };
}

function running({ name, format }: Engine, { version, device }: Extract<EngineStatus, { readonly kind: "works" }>): RunningEngine {
  return { name, format, version, device, open: (model) => openInChildProcess(name, model) };
}

function notRunning(engine: Engine, status: Exclude<EngineStatus, { readonly kind: "works" }>): NotRun {
  if (status.kind === "missing") return { engine: engine.name, reason: `${engine.packageName} is not installed`, help: [`\`${engine.install}\` adds it.`] };
  return { engine: engine.name, reason: status.reason, help: status.help };
}

/** The engine for a model that was given: one that runs anyway, or the first other one that works. */
async function engineFor(format: Engine["format"], path: string, { running: known, notRun }: FoundEngines, host: CliHost): Promise<RunningEngine> {
  const ready = known.find((engine) => engine.format === format);
  if (ready) return ready;
  const fitting = ENGINES.filter((engine) => engine.format === format);
  const failed: NotRun[] = notRun.filter(({ engine }) => fitting.some(({ name }) => name === engine));
  const waiting = createWaiting(host, "starting engines");
  try {
    for (const engine of fitting.filter(({ name }) => !failed.some((each) => each.engine === name))) {
      const status = await probeInChildProcess(engine.name, PROBE_SECONDS);
      if (status.kind === "works") return running(engine, status);
      failed.push(notRunning(engine, status));
    }
  } finally {
    waiting.end();
  }
  throw new InputError(`nothing here runs \`${path}\``, {
    notes: failed.map(({ engine, reason }) => `${engine}: ${reason}`),
    help: [...fitting.slice(0, 1).map(({ install }) => `\`${install}\` adds the first choice.`), "`rnc doctor` says what is installed and what works."],
  });
}

interface ChosenWeights {
  readonly source: WeightSource;
  readonly told: WeightsTold;
  readonly symbols: ReadonlyMap<string, number>;
}

/** The weights of a file, else those of the first model that was given, else calibrated ones. */
async function chooseWeights(
  graph: Graph,
  options: VerifyCommandOptions,
  host: CliHost,
  { opened, calibrated }: { readonly opened: { close?(): Promise<void> }[]; readonly calibrated: () => Promise<WeightSource> },
): Promise<ChosenWeights> {
  const { weights: file, against: [model] = [], batch } = options;
  const path = file ?? model;
  const choice = { renames: (options.rename ?? []).map(parseRename), ignore: options.ignore ?? [], ...(batch === undefined ? {} : { batch }) };
  if (path === undefined) {
    const source = await calibrated();
    return { source, told: { kind: "calibrated", description: source.description }, symbols: prepare(graph, choice).symbols };
  }
  const weights = await openWeightsAt(host, path, { places: async () => tfjsPlaces(graph) }).catch((error: unknown) => {
    if (file !== undefined || !(error instanceof InputError)) throw error;
    throw new InputError(error.message, { notes: error.notes, help: [...error.help, WITH_WEIGHTS] });
  });
  opened.push(weights);
  try {
    const { weights: source, symbols } = prepare(graph, { ...choice, weights });
    return { source, told: { kind: file === undefined ? "model" : "file", description: path }, symbols };
  } catch (error) {
    if (file !== undefined || !(error instanceof InputError)) throw error;
    throw new InputError(error.message, { notes: error.notes, help: [...error.help, WITH_WEIGHTS] });
  }
}

const WITH_WEIGHTS = "Without `--weights` they are taken from the model that was given; name the file the model was made with: `--weights FILE`.";

async function measured(graph: Graph, seed: number, host: CliHost): Promise<WeightSource> {
  const waiting = createWaiting(host, "calibrating weights");
  try {
    return await calibrate(graph, {
      version: VERSION,
      seed,
      shift: calibrationShift(graph),
      async run(model, inputs) {
        const inference = await openInChildProcess("onnxruntime", { format: "onnx", files: [model] });
        try {
          return await runNamed(inference, inputs);
        } finally {
          await inference.close();
        }
      },
    });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(error.message, { notes: [...error.notes, "Weights are calibrated with ONNX Runtime."], help: [...error.help, "Or give weights of your own: `--weights FILE`."] });
  } finally {
    waiting.end();
  }
}

function nothingToCompare(graph: Graph, subjects: readonly Subject[], notRun: readonly NotRun[], chosen: boolean): InputError {
  const [only] = subjects;
  const install = ENGINES.filter(({ name }) => notRun.some(({ engine }) => engine === name) && name !== only?.name).slice(0, 2);
  return new InputError(only ? `only \`${only.name}\` ${chosen ? "is to" : "can"} run ${graph.name}${chosen ? "" : " here"}, and a comparison needs two` : `nothing here can run ${graph.name}`, {
    notes: notRun.map(({ engine, reason }) => `${engine}: ${reason}`),
    help: [...(chosen ? ["Name a second `--engine`, or none: then every one that works is run."] : []), ...install.map((engine) => `\`${engine.install}\` adds ${engine.title}.`), "Or compare with a model of your own: `--against FILE`.", "`rnc doctor` says what is installed and what works."],
  });
}

/** One line on a terminal at a time, for each run that takes more than a second. */
function createSteps(host: CliHost): { readonly next: (label: string) => void; readonly end: () => void } {
  let waiting: { end(): void } | undefined;
  const end = (): void => waiting?.end();
  return {
    next(label) {
      end();
      waiting = createWaiting(host, label);
    },
    end,
  };
}
