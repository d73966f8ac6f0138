import { InputError } from "../base/input-error.ts";
import { runNamed } from "../engines/model-data.ts";
import { formatDim, isSymbolic } from "../ir/dim.ts";
import type { Graph } from "../ir/graph.ts";
import { calibrate } from "../program/calibrate.ts";
import { prepare } from "../program/prepare.ts";
import { tfjsPlaces } from "../program/tfjs-places.ts";
import { calibrationShift } from "../verify/calibration.ts";
import type { WeightsTold } from "../verify/report.ts";
import { parseRename } from "../weights/rename.ts";
import type { WeightSource } from "../weights/source.ts";
import { openInChildProcess } from "./engine-process.ts";
import type { CliHost } from "./host.ts";
import { openWeightsAt } from "./open-weights-at.ts";
import { createWaiting } from "./progress.ts";
import type { NetworkOptions } from "./target.ts";
import type { VerifyCommandOptions } from "./verify-target.ts";
import { VERSION } from "./version.ts";

/** Examples in the batch that statistics are measured with, where the command line fixes another one. */
const CALIBRATION_BATCH = 8;

/**
 * The network that statistics are measured with, where the command line gives sizes: it may fix a batch of one, which has no
 * variance; a network that fixes it itself keeps it.
 */
export function widerBatch({ input }: NetworkOptions, build: (input: readonly (readonly number[])[]) => Graph | undefined): Graph | undefined {
  return input && build(input.map(([, ...rest]) => [CALIBRATION_BATCH, ...rest]));
}

/** Only the batch may be open: what a network computes is compared on an input of some size. */
export function refuseOpenSizes(graph: Graph): void {
  const batches = new Set(graph.inputs.flatMap(({ type: { shape } }) => (shape[0] !== undefined && isSymbolic(shape[0]) ? [formatDim(shape[0])] : [])));
  const open = graph.symbols.filter((symbol) => !batches.has(symbol));
  if (open.length === 0) return;
  const example = graph.inputs.map(({ type }) => `--input ${type.shape.map((size, axis) => (isSymbolic(size) ? (axis === 0 ? 1 : 224) : size)).join("x")}`);
  throw new InputError(`${open.map((name) => `\`${name}\``).join(" and ")} of ${graph.name} ${open.length === 1 ? "is" : "are"} open, and a network runs on an input of some size`, {
    help: [`Give one: \`${example.join(" ")}\`.`],
  });
}

export interface ChosenWeights {
  readonly source: WeightSource;
  readonly told: WeightsTold;
  readonly symbols: ReadonlyMap<string, number>;
}

/** The weights of a file, else those of the first model that was given, else calibrated ones. */
export async function chooseWeights(
  graph: Graph,
  options: Pick<VerifyCommandOptions, "weights" | "against" | "batch" | "rename" | "ignore">,
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

/**
 * Weights with which every layer does something, made with ONNX Runtime.
 *
 * @param shift where the shifts of batch norms are spread
 */
export async function calibratedWeights(graph: Graph, seed: number, host: CliHost, shift = calibrationShift(graph)): Promise<WeightSource> {
  const waiting = createWaiting(host, "calibrating weights");
  try {
    return await calibrate(graph, {
      version: VERSION,
      seed,
      shift,
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
