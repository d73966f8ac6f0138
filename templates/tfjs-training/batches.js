// Which images train, in which order, and as which numbers.
import { prepare, shorterSide } from "./augment.js";
import { createDraws, permutation } from "./random.js";

const VALUE_STEPS = ["subtract_mean", "normalize", "pca_color"];

/** The images that train and those that validate: kept apart by the recipe, or a part of the data set of their own. */
export function splitImages({ train, val, test }, split, seed) {
  const count = train.labels.length;
  const all = (part) => part && { ...part, indices: Uint32Array.from(part.labels, (_, index) => index) };
  if (split === null) return { train: all(train), validation: all(val ?? test) };
  if (split.train + split.val > count) throw new Error(`the recipe splits ${split.train} + ${split.val} images, and there are ${count}`);
  const order = permutation(count, seed, "split");
  const some = (from, to) => ({ ...train, indices: order.slice(from, to).sort() });
  return { train: some(0, split.train), validation: split.val > 0 ? some(split.train, split.train + split.val) : all(val ?? test) };
}

/** What is left of an epoch that is no whole batch does not train. */
export function batchesOfEpoch({ indices }, batch) {
  const count = Math.floor(indices.length / batch);
  if (count === 0) throw new Error(`a batch has ${batch} images, and only ${indices.length} train`);
  return count;
}

/** Means and colours of the training images, as far as the recipe's steps need them. */
export async function measure({ indices, read }, augment) {
  if (!augment.some(({ step }) => step === "subtract_mean" || step === "pca_color")) return undefined;
  const before = augment.slice(0, augment.findIndex(({ step }) => VALUE_STEPS.includes(step)));
  const perPixel = augment.some(({ step, per }) => step === "subtract_mean" && per === "pixel");
  let sums;
  let pixels = 0;
  const channels = [0, 0, 0];
  const products = [[0, 0, 0], [0, 0, 0], [0, 0, 0]];
  for (const index of indices) {
    const { width, height, values } = prepare(await read(index, shorterSide(before, index)), before, { index });
    const plane = width * height;
    if (perPixel) sums ??= new Float64Array(values.length);
    if (sums && sums.length !== values.length) throw new Error("the mean of every pixel needs images of one size: begin with resize and crop");
    if (sums) values.forEach((value, at) => (sums[at] += value));
    for (let a = 0; a < 3; a++) {
      for (let at = 0; at < plane; at++) {
        channels[a] += values[a * plane + at];
        for (let b = 0; b < 3; b++) products[a][b] += values[a * plane + at] * values[b * plane + at];
      }
    }
    pixels += plane;
  }
  const means = channels.map((sum) => sum / pixels);
  const covariance = products.map((row, a) => row.map((sum, b) => (sum / pixels - means[a] * means[b]) / 255 ** 2));
  return { channels: means, mean: Float32Array.from(sums ?? [], (sum) => sum / indices.length), colours: principalComponents(covariance) };
}

/** Eigenvalues and eigenvectors of a covariance of three, the greatest first: repeated multiplication, then its part is taken away. */
function principalComponents(matrix) {
  const rest = matrix.map((row) => [...row]);
  const times = (v) => rest.map((row) => row.reduce((sum, value, at) => sum + value * v[at], 0));
  const length = (v) => Math.sqrt(v.reduce((sum, value) => sum + value * value, 0));
  return [0, 1, 2].map(() => {
    let direction = [1, 0.7, 0.4];
    for (let turn = 0; turn < 1000; turn++) {
      const next = times(direction);
      if (length(next) > 0) direction = next.map((value) => value / length(next));
    }
    const variance = length(times(direction));
    rest.forEach((row, a) => row.forEach((_, b) => (row[b] -= variance * direction[a] * direction[b])));
    return { variance, direction };
  });
}

/** Batches as numbers [N, height, width, 3]. The order of an epoch and what is drawn follow from the seed. */
export function createBatches({ part, recipe, statistics, height, width }) {
  const { batch, augment, test, seed } = recipe;
  const perEpoch = batchesOfEpoch(part, batch);
  let step = 0;
  let order;
  let draws;
  let coming;

  const load = async ({ labels, read }, indices, steps, drawn) => {
    const pixels = new Float32Array(indices.length * height * width * 3);
    await Promise.all(
      [...indices].map(async (index, slot) => {
        const image = prepare(await read(index, shorterSide(steps, index, drawn)), steps, { index, draws: drawn, statistics });
        if (image.width !== width || image.height !== height) throw new Error(`the recipe's steps give ${image.width}x${image.height} pixels, and the network takes ${width}x${height}`);
        put(image.values, pixels, slot * height * width * 3);
      }),
    );
    return { pixels, labels: Int32Array.from(indices, (index) => labels[index]) };
  };
  const begin = () => {
    const [epoch, at] = [Math.floor(step / perEpoch), step % perEpoch];
    if (at === 0) {
      order = permutation(part.indices.length, seed, `order/${epoch}`).map((place) => part.indices[place]);
      draws = augment.map((_, place) => createDraws(seed, epoch, place));
    }
    step++;
    return load(part, order.slice(at * batch, (at + 1) * batch), augment, draws);
  };

  return {
    /** The next batch of the training; the one after it is prepared meanwhile. */
    async next() {
      const ready = await (coming ?? begin());
      coming = begin();
      // Whoever asks for it is told.
      coming.catch(() => undefined);
      return ready;
    },
    async *forTest({ indices, ...images }) {
      for (let at = 0; at < indices.length; at += batch) yield load(images, indices.slice(at, at + batch), test);
    },
  };
}

/** [3, pixels] as [pixels, 3]. */
function put(values, into, at) {
  const plane = values.length / 3;
  for (let pixel = 0; pixel < plane; pixel++) {
    for (let channel = 0; channel < 3; channel++) into[at + pixel * 3 + channel] = values[channel * plane + pixel];
  }
}
