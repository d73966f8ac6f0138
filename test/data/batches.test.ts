import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { batchesOfEpoch, testBatches, trainingBatches } from "../../src/cli/data/batches.ts";
import type { Batch, BatchStream, TestStreamOptions, TrainingStreamOptions } from "../../src/cli/data/batches.ts";
import type { DataSet, Part } from "../../src/cli/data/data-set.ts";
import { measureStatistics } from "../../src/cli/data/measure.ts";
import { openDataSet } from "../../src/cli/data/open-data-set.ts";
import { orderOfEpoch, trainOnAll } from "../../src/data/order.ts";
import { testPasses, trainingSteps } from "../../src/data/steps.ts";
import type { StepCall } from "../../src/data/steps.ts";
import { inFolder } from "../support/cli.ts";
import { expectInputError } from "../support/expect-input-error.ts";
import { jpeg, patterned, png, writeCifar, writeTree } from "../support/image-sets.ts";

const call = (name: string, given: Readonly<Record<string, unknown>> = {}): StepCall => ({ function: name, arguments: given });
const CIFAR: readonly StepCall[] = [call("pad", { width: 4 }), call("crop", { size: [32, 32] }), call("hflip", { rate: 0.5 }), call("subtract_mean", { per: "pixel" })];
const PHOTOS: readonly StepCall[] = [call("resize", { shorter: { uniform: [20, 28] } }), call("crop", { size: [16, 16] }), call("hflip", { rate: 0.5 }), call("pca_color", { sigma: 0.1 }), call("subtract_mean", { per: "pixel" })];
const PLAIN: readonly StepCall[] = [call("normalize", { mean: [0, 0, 0], std: [1, 1, 1] })];

const trainOf = ({ parts }: DataSet): Part => parts[0]!;

async function take(stream: BatchStream, count: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  try {
    while (batches.length < count) {
      const batch = await stream.next();
      if (batch === undefined) break;
      batches.push(batch);
    }
  } finally {
    await stream.close();
  }
  return batches;
}

type Training = Pick<TrainingStreamOptions, "part" | "workers"> & Partial<TrainingStreamOptions>;

async function training(calls: readonly StepCall[], side: number, options: Training): Promise<BatchStream> {
  const steps = trainingSteps(calls);
  const images = options.images ?? trainOnAll(options.part.labels.length).train;
  const statistics = await measureStatistics({ part: options.part, images, steps, workers: options.workers });
  return trainingBatches({ images, batch: 4, steps, statistics, size: { width: side, height: side }, seed: 3, skipLimit: 10, ...options });
}

function tests(part: Part, options: Partial<TestStreamOptions>): BatchStream {
  return testBatches({ part, images: trainOnAll(part.labels.length).train, batch: 4, pass: testPasses([], PLAIN)[0]!, statistics: undefined, size: { width: 8, height: 6 }, workers: 0, skipLimit: 0, ...options });
}

/** Three classes of four photographs, wide and tall, and a PNG each. */
async function writePhotos(folder: string): Promise<void> {
  for (const [label, name] of ["ant", "bee", "cow"].entries()) {
    for (let image = 0; image < 4; image++) writeTree(folder, { [`train/${name}/${image}.jpg`]: await jpeg(image % 2 ? 40 : 30, image % 2 ? 30 : 44, patterned(label * 10 + image)) });
    writeTree(folder, { [`train/${name}/x.png`]: png(33, 31, patterned(label)) });
  }
}

describe("data: batches", function () {
  this.timeout(120_000);

  it("of CIFAR-10 are what the recipe's steps make of the images, pixel by pixel", () =>
    inFolder(async (folder) => {
      writeCifar(folder, 8);
      const part = trainOf(openDataSet(folder));
      const images = part.images.kind === "packed" ? part.images.records : new Uint8Array();
      const value = (image: number, channel: number, y: number, x: number): number => (y < 0 || x < 0 || y > 31 || x > 31 ? 0 : images[image * 3073 + 1 + channel * 1024 + y * 32 + x]!);
      const mean = (channel: number, y: number, x: number): number => Math.fround(Array.from({ length: 40 }, (_, image) => value(image, channel, y, x)).reduce((sum, one) => sum + one) / 40);
      const shifts = new Set<string>();
      for (const { data, labels, images: places, shape } of await take(await training(CIFAR, 32, { part, workers: 0 }), 25)) {
        expect(shape).to.deep.equal([4, 3, 32, 32]);
        for (const [slot, image] of places.entries()) {
          expect(labels[slot]).to.equal(image % 8);
          // Which of the 9 x 9 places and two directions it is, is found by looking.
          const at = (channel: number, y: number, x: number): number => data[slot * 3072 + channel * 1024 + y * 32 + x]!;
          const matches: string[] = [];
          for (let top = -4; top <= 4; top++) {
            for (let left = -4; left <= 4; left++) {
              for (const flip of [false, true]) {
                const same = (channel: number, y: number, x: number): boolean => at(channel, y, x) === Math.fround(value(image, channel, y + top, (flip ? 31 - x : x) + left) - mean(channel, y, x));
                const probes = [[0, 16, 16], [1, 5, 9], [2, 20, 3], [0, 0, 0], [1, 31, 31], [2, 0, 31], [0, 31, 0], [1, 12, 27]] as const;
                if (probes.every(([channel, y, x]) => same(channel, y, x)) && Array.from({ length: 3072 }, (_, all) => same(all >> 10, (all >> 5) & 31, all & 31)).every(Boolean)) matches.push(`${top} ${left} ${flip}`);
              }
            }
          }
          expect(matches, `image ${image}`).to.have.lengthOf(1);
          shifts.add(matches[0]!);
        }
      }
      // 100 draws of 162 give 75 different ones on average.
      expect(shifts.size).to.be.greaterThan(55);
    }));

  it("are the same bits with any number of workers, from files and from memory", () =>
    inFolder(async (folder) => {
      writeCifar(join(folder, "cifar"), 4);
      await writePhotos(join(folder, "photos"));
      const cifar = trainOf(openDataSet(join(folder, "cifar")));
      const photos = trainOf(openDataSet(join(folder, "photos")));
      for (const [part, calls, side] of [[cifar, CIFAR, 32], [photos, PHOTOS, 16]] as const) {
        const expected = await take(await training(calls, side, { part, workers: 0 }), 9);
        expect(expected.map(({ epoch }) => epoch)).to.include(1);
        expect(expected[0]!.data).to.not.deep.equal(expected[1]!.data);
        for (const workers of [1, 3]) expect(await take(await training(calls, side, { part, workers }), 9), `${workers} workers`).to.deep.equal(expected);
        // From the middle of a pass, and past its end.
        const steps = batchesOfEpoch(part.labels.length, 4);
        expect(await take(await training(calls, side, { part, workers: 0, from: { epoch: 0, step: 2 } }), 3)).to.deep.equal(expected.slice(2, 5));
        expect(await take(await training(calls, side, { part, workers: 0, from: { epoch: 0, step: steps + 1 } }), 2)).to.deep.equal(expected.slice(steps + 1, steps + 3));
        expect((await take(await training(calls, side, { part, workers: 0, seed: 4 }), 1))[0]!.data).to.not.deep.equal(expected[0]!.data);
      }
    }));

  it("go through every image of a pass once, in its order", () =>
    inFolder(async (folder) => {
      writeCifar(folder, 4);
      const part = trainOf(openDataSet(folder));
      const batches = await take(await training(CIFAR, 32, { part, workers: 0 }), 10);
      for (const epoch of [0, 1]) {
        const seen = batches.filter((batch) => batch.epoch === epoch).flatMap(({ images }) => [...images]);
        expect(seen).to.deep.equal([...orderOfEpoch(trainOnAll(20).train, 3, epoch)]);
        expect(new Set(seen).size).to.equal(20);
      }
    }));

  it("replace what is broken by the next image of the pass, name it, and give up at the limit", () =>
    inFolder(async (folder) => {
      await writePhotos(folder);
      const broken = join(folder, "train/bee/1.jpg");
      const before = await take(await training(PHOTOS, 16, { part: trainOf(openDataSet(folder)), workers: 0 }), 3);
      writeFileSync(broken, "no image");
      const part = trainOf(openDataSet(folder));
      const place = part.images.kind === "files" ? part.images.paths.indexOf(broken) : -1;
      const order = [...orderOfEpoch(trainOnAll(15).train, 3, 0)];
      const used = order.map((image, at) => (image === place ? order[(at + 1) % 15]! : image));
      for (const workers of [0, 2]) {
        const stream = await training(PHOTOS, 16, { part, workers });
        const batches = await take(stream, 3);
        expect(batches.flatMap(({ images }) => [...images])).to.deep.equal(used.slice(0, 12));
        expect(used.slice(0, 12)).to.not.include(place);
        if (order.slice(0, 12).includes(place)) expect(stream.skipped.map(({ name, message }) => [name, message])).to.deep.equal([[broken, `\`${broken}\` is no JPEG or PNG image: it begins with "no image"`]]);
      }
      expect(before.flatMap(({ images }) => [...images])).to.deep.equal(order.slice(0, 12));
      const strict = await training(PHOTOS, 16, { part, workers: 0, skipLimit: 0 });
      await expectInputError(() => take(strict, 20), /an image cannot be used\n.*bee\/1\.jpg` is no JPEG or PNG.*rnc data check/s);
      for (const name of ["ant", "bee", "cow"]) for (const file of ["0.jpg", "1.jpg", "2.jpg", "3.jpg", "x.png"]) rmSync(join(folder, "train", name, file));
      const nothing = trainingBatches({ part, images: trainOnAll(15).train, batch: 4, steps: trainingSteps(PLAIN), statistics: undefined, size: { width: 8, height: 8 }, seed: 0, workers: 0, skipLimit: 99 });
      await expectInputError(() => take(nothing, 1), /no image of the data set can be used/);
    }));

  it("name an image of another size than the network takes, and too few images", () =>
    inFolder(async (folder) => {
      writeTree(folder, { "train/a/1.png": png(8, 6, patterned(1)), "train/a/2.png": png(8, 7, patterned(2)) });
      const part = trainOf(openDataSet(folder));
      const options = { part, images: trainOnAll(2).train, batch: 2, steps: trainingSteps(PLAIN), statistics: undefined, size: { width: 8, height: 6 }, seed: 0, workers: 0, skipLimit: 0 };
      await expectInputError(() => take(trainingBatches(options), 1), /2\.png` comes out of the recipe's steps with 8x7 pixels, and the network takes 8x6.*crop\(6x8\)/s);
      await expectInputError(() => take(trainingBatches({ ...options, size: { width: 8, height: 9 } }), 1), /Begin the recipe's steps with `resize\(shorter=9\)`: the image is too small/);
      await expectInputError(() => trainingBatches({ ...options, batch: 3 }), "a batch has 3 images, and only 2 train");
      await expectInputError(() => measureStatistics({ part, images: options.images, steps: trainingSteps([call("subtract_mean", { per: "pixel" })]), workers: 0 }), /has 8x7 pixels, and .*1\.png` has 8x6; the mean of every pixel/);
    }));

  it("of tests have every image once, the last batch smaller, broken ones left out", () =>
    inFolder(async (folder) => {
      writeTree(folder, Object.fromEntries(Array.from({ length: 9 }, (_, image) => [`train/${"ab"[image % 2]}/${image}.png`, image === 3 ? "broken" : png(8, 6, patterned(image))])));
      const part = trainOf(openDataSet(folder));
      const stream = tests(part, { skipLimit: 1 });
      const batches = await take(stream, 99);
      expect(batches.map(({ images }) => images.length)).to.deep.equal([4, 3, 1]);
      expect(stream.skipped).to.have.lengthOf(1);
      const [first] = batches;
      expect([...first!.labels]).to.deep.equal([0, 0, 0, 0]);
      // Images 0 and 2 of the disk are the first two of class `a`.
      expect(first!.data[48 * 3 + 0]).to.equal(Math.fround(patterned(2)(0, 0)[0] / 255));
      expect(first!.data[48 + 1]).to.equal(Math.fround(patterned(0)(1, 0)[1] / 255));
    }));

  it("of tests have all views of an image side by side, and images of their own sizes one by one", () =>
    inFolder(async (folder) => {
      await writePhotos(folder);
      const part = trainOf(openDataSet(folder));
      const [ten] = testPasses([call("resize", { shorter: 20 }), call("ten_crop", { size: [16, 16] })], PLAIN);
      const batches = await take(tests(part, { pass: ten!, size: { width: 16, height: 16 }, workers: 2 }), 99);
      expect(batches.map(({ shape, labels }) => [shape[0], labels.length])).to.deep.equal([[40, 4], [40, 4], [40, 4], [30, 3]]);
      const plane = 16 * 16;
      const { data } = batches[1]!;
      // View 5 of an image is view 0 of its mirror image: what was on the right is on the left.
      for (let x = 0; x < 16; x++) expect(data[(10 + 6) * 3 * plane + x]).to.equal(data[10 * 3 * plane + 15 - x]);
      const scales = testPasses([call("multi_scale", { shorter: [16, 24] }), call("with_hflip")], PLAIN);
      const sizes = await Promise.all(scales.map(async (pass) => (await take(tests(part, { pass, size: undefined }), 99)).map(({ shape }) => shape.join("x"))));
      expect(sizes.map((all) => all.slice(0, 2))).to.deep.equal([["2x3x23x16", "2x3x16x21"], ["2x3x35x24", "2x3x24x32"]]);
    }));

  it("are closed at any time, also while workers are at it", () =>
    inFolder(async (folder) => {
      await writePhotos(folder);
      const stream = await training(PHOTOS, 16, { part: trainOf(openDataSet(folder)), workers: 2 });
      const waiting = stream.next().then(
        (batch) => (batch ? "a batch" : "nothing"),
        (error: Error) => error.message,
      );
      await stream.close();
      expect(await waiting).to.be.oneOf(["the data set was closed", "a batch"]);
      expect(await stream.next()).to.equal(undefined);
    }));
});
