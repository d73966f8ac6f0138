import { join } from "node:path";
import { writeFile } from "node:fs/promises";
import { openWeights, writeSafetensors } from "../../src/index.ts";
import type { Graph, WeightSource } from "../../src/index.ts";
import { loadOnnxRuntime, ONNX_RUNTIME } from "../../src/engines/onnx-session.ts";
import { openOnnxTraining } from "../../src/engines/onnx-training.ts";
import { apiOf } from "../../src/engines/runtime.ts";
import type { Training, TrainingLayout, TrainingOptions } from "../../src/engines/training.ts";
import { prepare } from "../../src/program/prepare.ts";
import type { WeightChoice } from "../../src/program/prepare.ts";
import { diskFile, memoryFile } from "./byte-source.ts";
import { batchOf } from "./cifar10.ts";
import type { Images } from "./cifar10.ts";
import { bytesOf } from "./compiled.ts";
import { standardNetwork } from "./networks.ts";
import { runPython } from "./python.ts";
import { values } from "./weight-values.ts";

const CLASSES = 10;
const OPTIMIZER = { momentum: 0.9, weightDecay: 1e-4 } as const;

/** Where a training begins: a network, its weights, and images in their order. */
export interface Beginning {
  readonly network: Graph;
  /** The same network for `nets.py`. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly weights: WeightSource;
  /** A file of the weights, and one of the images as [steps, batch, 3, 32, 32] in float32. */
  readonly files: { readonly weights: string; readonly images: string };
  readonly images: Float32Array;
  readonly labels: readonly number[];
  readonly batch: number;
  /** The rate of each step. */
  readonly rates: readonly number[];
}

export interface Trained {
  readonly losses: readonly number[];
  readonly right: readonly number[];
}

/** How PyTorch computes; what is absent is as it is without a word: float32, NCHW, two threads, oneDNN. */
export interface TorchForm {
  readonly double?: boolean;
  readonly threads?: number;
  readonly layout?: "contiguous_format" | "channels_last";
  readonly mkldnn?: boolean;
  readonly compiled?: boolean;
}

export interface BeginningOptions {
  readonly network: "ResNet20" | "ResNet20ASplit";
  readonly choice: WeightChoice;
  /** The first image of the first batch. */
  readonly first?: number;
  readonly batch: number;
  readonly rates: readonly number[];
  /** Where its files go; it is empty. */
  readonly folder: string;
}

/** Writes what both sides begin with: consecutive images, and weights in float32. */
export async function begin(images: Images, { network: name, choice, first = 0, batch, rates, folder }: BeginningOptions): Promise<Beginning> {
  const network = standardNetwork(name);
  const { weights } = prepare(network, choice);
  const files = { weights: join(folder, "weights.safetensors"), images: join(folder, "images.f32") };
  const { size, chunks } = writeSafetensors(network.parameters, weights);
  const bytes = await bytesOf({ path: "", sizeInBytes: size, chunks });
  const { data } = batchOf(images, first, batch * rates.length);
  await writeFile(files.weights, bytes);
  await writeFile(files.images, new Uint8Array(data.buffer));
  const spec = { net: "resnet", unit: "Basic", depths: [3, 3, 3], widths: [16, 32, 64], stem: "3x3", stem_width: 16, classes: CLASSES, option: name === "ResNet20" ? "A" : "A split" };
  return { network, spec, weights: await openWeights(memoryFile(bytes, "weights.safetensors")), files, images: data, labels: images.labels.slice(first, first + batch * rates.length), batch, rates };
}

const openHere = ({ network, weights, batch }: Beginning, options: Pick<TrainingOptions, "layout" | "threads" | "weightDecay">): Promise<Training> =>
  openOnnxTraining(apiOf(loadOnnxRuntime(), ONNX_RUNTIME), network, weights, { batch, momentum: OPTIMIZER.momentum, nesterov: false, decays: "weights", labelSmoothing: 0, seed: 0, ...options });

function batchAt({ images, labels, batch }: Beginning, step: number) {
  const pixels = 3 * 32 * 32 * batch;
  return { inputs: [{ data: images.slice(step * pixels, (step + 1) * pixels), shape: [batch, 3, 32, 32] }], labels: Int32Array.from(labels.slice(step * batch, (step + 1) * batch)) };
}

/** The losses of a training here, in the layout that the engine chooses or in the portable one. */
export async function trainHere(start: Beginning, how: { readonly layout?: "portable"; readonly threads?: number } = {}): Promise<Trained & { readonly layout: TrainingLayout | undefined }> {
  const training = await openHere(start, { weightDecay: OPTIMIZER.weightDecay, threads: 2, ...how });
  const results = [];
  for (const [step, rate] of start.rates.entries()) results.push(await training.step(batchAt(start, step), rate));
  await training.close();
  return { losses: results.map(({ loss }) => loss), right: results.map(({ right }) => right), layout: training.layout?.name };
}

/** The gradients of the first step here, by the names of their parameters. */
export async function gradientsHere(start: Beginning, layout?: "portable"): Promise<ReadonlyMap<string, Float32Array>> {
  const training = await openHere(start, { weightDecay: 0, threads: 2, ...(layout ? { layout } : {}) });
  await training.step(batchAt(start, 0), 0);
  const state = await training.readState();
  await training.close();
  const found = new Map<string, Float32Array>();
  // With a momentum of zero before and no decay, the next momentum is the gradient.
  for (const name of state.names()) if (name.startsWith("momentum.")) found.set(name.slice("momentum.".length), Float32Array.from(await values(state, name)));
  return found;
}

/** The losses of the same training in PyTorch, for each form; where a form is paired with a path, the first gradients go there. */
export function trainInTorch(start: Beginning, forms: readonly (TorchForm & { readonly gradients?: string })[]): readonly Trained[] {
  const { spec, files, labels, rates } = start;
  const requests = forms.map(({ gradients, ...form }) => ({
    do: "losses", spec, weights: files.weights, images: files.images, labels, rates, momentum: OPTIMIZER.momentum, decay: OPTIMIZER.weightDecay, form, ...(gradients ? { gradients } : {}),
  }));
  return JSON.parse(runPython("training_step.py", [], JSON.stringify(requests)).toString()) as Trained[];
}

/** The greatest relative difference of the first losses. */
export const lossesApart = (found: Trained, expected: Trained, steps: number): number =>
  Math.max(...expected.losses.slice(0, steps).map((loss, step) => (Number.isFinite(found.losses[step]) ? Math.abs(found.losses[step]! - loss) / loss : Infinity)));

/** Weights of a file on disk, as {@link begin} takes them. */
export async function publishedWeights(path: string): Promise<WeightChoice> {
  return { weights: await openWeights(await diskFile(path)), renames: [{ from: "linear", to: "fc" }] };
}
