import { invariant } from "../base/assert.ts";
import type { BatchNormFold } from "../ir/batch-norm-fold.ts";
import type { TensorInfo, WeightSource } from "./source.ts";
import { transposedShape } from "./tensor-layout.ts";

/**
 * The weights of a network whose batch norms were folded, made from those of the network as it was. Weights are scaled
 * while they pass through; only the statistics, a few numbers per channel, are ever held.
 */
export function foldedWeights(source: WeightSource, folds: readonly BatchNormFold[]): WeightSource {
  const byWeight = new Map(folds.map((fold) => [fold.weight, fold]));
  const byBias = new Map(folds.map((fold) => [fold.bias, fold]));
  const gone = new Set(folds.flatMap((fold) => [fold.scale, fold.shift, fold.runningMean, fold.runningVariance]));
  const factorsOf = new Map<BatchNormFold, Promise<Float64Array>>();
  const factors = (fold: BatchNormFold): Promise<Float64Array> => {
    const known = factorsOf.get(fold) ?? readFactors(source, fold);
    factorsOf.set(fold, known);
    return known;
  };
  const addedBiases = folds.filter((fold) => fold.oldBias === undefined).map((fold) => fold.bias);

  return {
    description: source.description,
    names() {
      const listed = source.names().filter((name) => !gone.has(name));
      return listed.length === 0 ? listed : [...listed, ...addedBiases];
    },
    info(name): TensorInfo | undefined {
      if (gone.has(name)) return undefined;
      const fold = byBias.get(name);
      return fold ? { name, dtype: "F32", shape: [fold.channels] } : source.info(name);
    },
    async *read(name, axes) {
      const weightFold = byWeight.get(name);
      const biasFold = byBias.get(name);
      if (biasFold) yield await foldedBias(source, biasFold, await factors(biasFold));
      else if (weightFold) yield* scaled(source, name, axes, await factors(weightFold));
      else yield* source.read(name, axes);
    },
    async close() {
      await source.close?.();
    },
  };
}

/** scale / √(variance + eps) for every channel. */
async function readFactors(source: WeightSource, fold: BatchNormFold): Promise<Float64Array> {
  const factors = await readVector(source, fold.scale, fold.channels);
  const variance = await readVector(source, fold.runningVariance, fold.channels);
  for (let channel = 0; channel < fold.channels; channel++) {
    factors[channel] = (factors[channel] as number) / Math.sqrt((variance[channel] as number) + fold.epsilon);
  }
  return factors;
}

async function foldedBias(source: WeightSource, fold: BatchNormFold, factors: Float64Array): Promise<Uint8Array> {
  const shift = await readVector(source, fold.shift, fold.channels);
  const mean = await readVector(source, fold.runningMean, fold.channels);
  const bias = fold.oldBias === undefined ? new Float64Array(fold.channels) : await readVector(source, fold.oldBias, fold.channels);
  const view = new DataView(new ArrayBuffer(fold.channels * 4));
  for (let channel = 0; channel < fold.channels; channel++) {
    const centred = (bias[channel] as number) - (mean[channel] as number);
    view.setFloat32(channel * 4, (factors[channel] as number) * centred + (shift[channel] as number), true);
  }
  return new Uint8Array(view.buffer);
}

/** The weight with every slice of its axis 0 times that channel's factor; axis 0 may stand elsewhere in the layout asked for. */
async function* scaled(source: WeightSource, name: string, axes: readonly number[] | undefined, factors: Float64Array): AsyncIterable<Uint8Array> {
  const info = source.info(name);
  invariant(info, `${source.description} has ${name}`);
  const position = axes ? axes.indexOf(0) : 0;
  const inner = transposedShape(info.shape, axes).slice(position + 1).reduce((product, size) => product * size, 1);
  let copy = new Uint8Array(0);
  let element = 0;
  for await (const chunk of source.read(name, axes)) {
    invariant(chunk.length % 4 === 0, "weights come in whole numbers");
    if (copy.length < chunk.length) copy = new Uint8Array(chunk.length);
    copy.set(chunk);
    const view = new DataView(copy.buffer);
    const count = chunk.length / 4;
    for (let at = 0; at < count; ) {
      const slice = Math.floor((element + at) / inner);
      const factor = factors[slice % factors.length] as number;
      const end = Math.min(count, (slice + 1) * inner - element);
      for (; at < end; at++) view.setFloat32(at * 4, view.getFloat32(at * 4, true) * factor, true);
    }
    element += count;
    yield copy.subarray(0, chunk.length);
  }
}

/** A small tensor as numbers. */
async function readVector(source: WeightSource, name: string, length: number): Promise<Float64Array> {
  const values = new Float64Array(length);
  let filled = 0;
  for await (const chunk of source.read(name)) {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at + 4 <= chunk.length; at += 4) values[filled++] = view.getFloat32(at, true);
  }
  invariant(filled === length, `${name} has ${filled} values in ${source.description}, not ${length}`);
  return values;
}
