import { elementCount } from "../ir/tensor-type.ts";
import { InputError } from "../base/input-error.ts";
import type { EmittedFile } from "../backends/backend.ts";
import { emitOnnx } from "../backends/onnx/index.ts";
import { formatDim, isSymbolic } from "../ir/dim.ts";
import type { Graph, Parameter, Value } from "../ir/graph.ts";
import { trainingForward } from "../passes/gradient.ts";
import { gather } from "../weights/gather.ts";
import { seededWeights } from "../weights/seeded.ts";
import type { WeightSource } from "../weights/source.ts";

/** Runs a model once and gives the outputs asked for; an engine does it. */
export type RunModel = (
  model: EmittedFile,
  inputs: Readonly<Record<string, { readonly data: Float32Array; readonly shape: readonly number[] }>>,
  outputs: readonly string[],
) => Promise<Readonly<Record<string, { readonly data: Float32Array }>>>;

export interface CalibrateOptions {
  readonly version: string;
  readonly seed: number;
  readonly run: RunModel;
  /**
   * Where the shifts are spread (0.7). Without shortcuts each ReLU lets rounding grow by a twelfth there, and 110 of them make
   * an answer of it; around 2 they are all but straight.
   */
  readonly shift?: number;
}

/** Examples in the batch of noise: enough for a variance where a layer sees one position of each. */
const BATCH = 8;

/**
 * Weights for tests and measurements, better than initial ones: those make every batch norm the identity, which hides
 * mistakes, and let hundreds of blocks grow past float32. Here the scales are spread around 1 and the shifts around 0.7
 * (around 0 half of all units would be shut, and hundreds of blocks would turn rounding into answers),
 * and running means and variances are what one batch of noise gives, so that values keep an ordinary size in any depth.
 *
 * @returns a source of all parameters; statistics are held, everything else is made while it is read
 */
export async function calibrate(graph: Graph, options: CalibrateOptions): Promise<WeightSource> {
  const { seed, version, run, shift = 0.7 } = options;
  const initial = spreadWeights(graph.parameters, seed, shift);
  const symbols = sizesOf(graph);
  const forward = trainingForward(graph, symbols);
  const statistics = new Map<string, Float32Array>();
  if (forward.batchStatistics.length > 0) {
    const [model] = emitOnnx(forward.graph, initial, { version, externalData: false });
    if (model === undefined) throw new InputError("this network is too large to be calibrated");
    const inputs: Record<string, { data: Float32Array; shape: readonly number[] }> = {};
    for (const input of forward.graph.inputs) inputs[input.name] = await noise(input, symbols, seed);
    const results = await run(model, inputs, forward.batchStatistics.map(({ output }) => output));
    for (const { parameter, output } of forward.batchStatistics) {
      const measured = results[output];
      if (measured === undefined || !measured.data.every(Number.isFinite)) throw new InputError(`the statistics of \`${parameter.name}\` are not finite`, { help: ["Another `--seed` may do."] });
      statistics.set(parameter.name, measured.data);
    }
  }
  return withStatistics(initial, statistics, seed);
}

function withStatistics(initial: WeightSource, statistics: ReadonlyMap<string, Float32Array>, seed: number): WeightSource {
  return {
    ...initial,
    description: `calibrated, seed ${seed}`,
    async *read(name, axes) {
      const known = statistics.get(name);
      // One axis: there is no other order.
      if (known) yield bytesOf(known);
      else yield* initial.read(name, axes);
    },
  };
}

/** Seeded weights whose scales are uniform in [0.5, 1.5] and shifts as far around `shift`. */
function spreadWeights(parameters: readonly Parameter[], seed: number, shift: number): WeightSource {
  const centers = new Map<string, number>();
  const spread = parameters.map((parameter): Parameter => {
    if (parameter.role !== "scale" && parameter.role !== "shift") return parameter;
    centers.set(parameter.name, parameter.role === "scale" ? 1 : shift);
    return { ...parameter, initializer: { kind: "uniform", bound: 0.5 } };
  });
  const source = seededWeights(spread, { seed });
  return {
    ...source,
    async *read(name, axes) {
      for await (const chunk of source.read(name, axes)) yield plus(centers.get(name) ?? 0, chunk);
    },
  };
}

function plus(amount: number, chunk: Uint8Array): Uint8Array {
  if (amount === 0) return chunk;
  const values = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  for (let at = 0; at < chunk.byteLength; at += 4) values.setFloat32(at, values.getFloat32(at, true) + amount, true);
  return chunk;
}

/** Standard normal noise in the shape of an input; an open size without a symbol's size is 1. */
export async function noise(input: Value, symbols: ReadonlyMap<string, number>, seed: number): Promise<{ data: Float32Array; shape: readonly number[] }> {
  const shape = input.type.shape.map((dim) => (isSymbolic(dim) ? (symbols.get(formatDim(dim)) ?? 1) : dim));
  const name = `noise for ${input.name}`;
  const count = elementCount(shape);
  // A fan of 2 is a variance of 1.
  const made: Parameter = { name, role: "weight", shape, dtype: "float32", initializer: { kind: "he_normal", fanIn: 2, fanOut: 2 }, value: input };
  const bytes = await gather(seededWeights([made], { seed }).read(name), count * 4);
  return { data: new Float32Array(bytes.buffer), shape };
}

/** The batch gets a size; any other open size has to be given, because the statistics depend on it. */
function sizesOf(graph: Graph): ReadonlyMap<string, number> {
  const batches = new Set(graph.inputs.flatMap(({ type: { shape } }) => (shape[0] !== undefined && isSymbolic(shape[0]) ? [formatDim(shape[0])] : [])));
  const open = graph.symbols.filter((symbol) => !batches.has(symbol));
  if (open.length > 0) throw new InputError(`${open.join(" and ")} ${open.length === 1 ? "is" : "are"} open, and statistics need an image of some size`, { help: ["Give one: `--input 8x3x224x224`."] });
  return new Map([...batches].map((symbol) => [symbol, BATCH]));
}

function bytesOf(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setFloat32(index * 4, value, true));
  return bytes;
}
