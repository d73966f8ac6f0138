import { InputError } from "../base/input-error.ts";
import { CHANNELS, sizeText } from "./pixels.ts";
import type { Size } from "./pixels.ts";
import { isValueStep, withoutDraws } from "./steps.ts";
import type { Step } from "./steps.ts";

/** What the training images look like on the whole; values on the scale 0 … 255. Plain data: it can be stored and sent. */
export interface Statistics {
  /** How many images were measured. */
  readonly count: number;
  readonly channelMean: readonly number[];
  /** Standard deviation of all values of a channel. */
  readonly channelDeviation: readonly number[];
  /** Principal components of red, green and blue on the scale 0 … 1, the greatest first. */
  readonly colours: readonly { readonly variance: number; readonly direction: readonly number[] }[];
  /** The mean of each value, [3, height, width], where it was asked for. */
  readonly image: (Size & { readonly mean: Float32Array }) | undefined;
}

/** What must be measured before images can go through these steps. */
export interface Measurement {
  /** What an image goes through before it is measured: the steps up to the first that needs the result, without draws. */
  readonly before: readonly Step[];
  readonly perPixel: boolean;
}

export function measurementFor(steps: readonly Step[]): Measurement | undefined {
  if (!steps.some(({ kind }) => kind === "subtract_mean" || kind === "pca_color")) return undefined;
  return { before: withoutDraws(steps.slice(0, steps.findIndex(isValueStep))), perPixel: steps.some((step) => step.kind === "subtract_mean" && step.per === "pixel") };
}

/** Adds up images one at a time. Sums of bytes are exact, so the order of the images does not matter. */
export interface StatisticsCollector {
  /**
   * @param values [3, height, width], 0 … 255
   * @throws {@link InputError} that names the image where a mean of every pixel is measured and it has another size than the first
   */
  add(values: Uint8Array | Float32Array, size: Size, name: string): void;
  /** What was added so far, for another collector. */
  sums(): StatisticsSums;
  /** Adds what another collector has added up. */
  merge(sums: StatisticsSums): void;
  /** @throws {@link InputError} where there was no image */
  result(): Statistics;
}

/** Exact sums over some images; plain data. */
export interface StatisticsSums {
  readonly count: number;
  readonly pixels: number;
  readonly first: (Size & { readonly name: string }) | undefined;
  readonly channels: Float64Array;
  /** Of two channels each, in the upper triangle of a 3x3 matrix. */
  readonly products: Float64Array;
  readonly values: Float64Array | undefined;
}

export function createStatisticsCollector({ perPixel }: { readonly perPixel: boolean }): StatisticsCollector {
  let first: (Size & { readonly name: string }) | undefined;
  let sums: Float64Array | undefined;
  let count = 0;
  let pixels = 0;
  const channelSums = new Float64Array(CHANNELS);
  const products = new Float64Array(CHANNELS * CHANNELS);
  const expectSize = (size: Size, name: string): void => {
    first ??= { width: size.width, height: size.height, name };
    if (!perPixel || (first.width === size.width && first.height === size.height)) return;
    throw new InputError(`\`${name}\` has ${sizeText(size)} pixels, and \`${first.name}\` has ${sizeText(first)}; the mean of every pixel needs images of one size`, {
      help: ["Begin the recipe's steps with `resize(…) -> crop(…)`, or take `subtract_mean(per=channel)`."],
    });
  };
  return {
    add(values, size, name) {
      const plane = size.width * size.height;
      expectSize(size, name);
      if (perPixel) {
        sums ??= new Float64Array(values.length);
        for (let at = 0; at < values.length; at++) sums[at] = (sums[at] as number) + (values[at] as number);
      }
      for (let pixel = 0; pixel < plane; pixel++) {
        const red = values[pixel] as number;
        const green = values[pixel + plane] as number;
        const blue = values[pixel + 2 * plane] as number;
        addTo(channelSums, 0, red, green, blue);
        addTo(products, 0, red * red, red * green, red * blue);
        addTo(products, 4, green * green, green * blue, 0);
        products[8] = (products[8] as number) + blue * blue;
      }
      count++;
      pixels += plane;
    },
    sums: () => ({ count, pixels, first, channels: channelSums, products, values: sums }),
    merge(other) {
      if (other.first === undefined) return;
      expectSize(other.first, other.first.name);
      count += other.count;
      pixels += other.pixels;
      other.channels.forEach((sum, at) => (channelSums[at] = (channelSums[at] as number) + sum));
      other.products.forEach((sum, at) => (products[at] = (products[at] as number) + sum));
      if (other.values === undefined) return;
      const own = (sums ??= new Float64Array(other.values.length));
      other.values.forEach((sum, at) => (own[at] = (own[at] as number) + sum));
    },
    result() {
      if (count === 0 || first === undefined) throw new InputError("the recipe subtracts the mean of the training images, and none of them can be used", { help: ["`rnc data check DIR` says what is wrong with each."] });
      const channelMean = [...channelSums].map((sum) => sum / pixels);
      const covariance = [0, 1, 2].map((a) => [0, 1, 2].map((b) => (products[Math.min(a, b) * CHANNELS + Math.max(a, b)] as number) / pixels - (channelMean[a] as number) * (channelMean[b] as number)));
      return {
        count,
        channelMean,
        channelDeviation: covariance.map((row, channel) => Math.sqrt(Math.max(0, row[channel] as number))),
        colours: principalComponents(covariance.map((row) => row.map((value) => value / 255 ** 2))),
        image: sums && { width: first.width, height: first.height, mean: Float32Array.from(sums, (sum) => sum / count) },
      };
    },
  };
}

function addTo(sums: Float64Array, at: number, a: number, b: number, c: number): void {
  sums[at] = (sums[at] as number) + a;
  sums[at + 1] = (sums[at + 1] as number) + b;
  sums[at + 2] = (sums[at + 2] as number) + c;
}

/** Jacobi's rotations: more than enough of them for a 3x3 matrix to become diagonal. */
const SWEEPS = 32;

/** Eigenvalues and eigenvectors of a symmetric 3x3 matrix, the greatest value first; the greatest part of a vector is positive. */
export function principalComponents(matrix: readonly (readonly number[])[]): Statistics["colours"] {
  const a = matrix.map((row) => [...row]) as [number, number, number][];
  const vectors: [number, number, number][] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const [p, q] of [[0, 1], [0, 2], [1, 2]] as const) {
      const [rowP, rowQ] = [a[p], a[q]] as [[number, number, number], [number, number, number]];
      if (rowP[q] === 0) continue;
      const theta = (rowQ[q] - rowP[p]) / (2 * rowP[q]);
      const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
      const cosine = 1 / Math.sqrt(tangent * tangent + 1);
      const sine = tangent * cosine;
      for (const row of a) [row[p], row[q]] = [cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]];
      for (const k of [0, 1, 2] as const) [rowP[k], rowQ[k]] = [cosine * rowP[k] - sine * rowQ[k], sine * rowP[k] + cosine * rowQ[k]];
      for (const row of vectors) [row[p], row[q]] = [cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]];
    }
  }
  return ([0, 1, 2] as const)
    .map((component) => {
      const direction = vectors.map((row) => row[component]);
      const greatest = direction.reduce((best, part) => (Math.abs(part) > Math.abs(best) ? part : best), 0);
      return { variance: (a[component] as readonly number[])[component] as number, direction: greatest < 0 ? direction.map((part) => -part) : direction };
    })
    .sort((one, other) => other.variance - one.variance);
}
