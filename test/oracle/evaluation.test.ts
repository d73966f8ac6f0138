import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import sharp from "sharp";
import { instructionsFor, prepareImages } from "../../src/cli/eval/preparation.ts";
import { evalTargets } from "../../src/cli/eval/eval.ts";
import { openTestedImages } from "../../src/cli/eval/images.ts";
import { nameModels, openModel } from "../../src/cli/eval/models.ts";
import type { EvalOptions } from "../../src/cli/eval/options.ts";
import { runModel } from "../../src/cli/eval/run-model.ts";
import { createNodeHost } from "../../src/cli/node-host.ts";
import { CIFAR10 } from "../../src/data/cifar10.ts";
import { onnxruntime } from "../../src/engines/onnxruntime.ts";
import type { EvalReport } from "../../src/evaluation/report.ts";
import { needed, readImages } from "../support/cifar10.ts";
import { patterned, png, writeTree } from "../support/image-sets.ts";
import type { Colour } from "../support/image-sets.ts";
import { needsPython, runPython } from "../support/python.ts";

const CLASSES = 10;
const MEAN = [0.5, 0.45, 0.4];
const STD = [0.25, 0.2, 0.3];
/** Probabilities: float32 in another order. */
const TOLERANCE = 2e-5;

interface RawImage {
  readonly path: string;
  readonly height: number;
  readonly width: number;
}

interface Expected {
  /** By net, image, class. */
  readonly probabilities: readonly (readonly (readonly number[])[])[];
  readonly confusion: readonly (readonly number[])[];
  readonly wrong: number;
  readonly wrong5: number;
}

interface Net {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly seed?: number;
  readonly weights: string;
  readonly given?: boolean;
}

const small = { net: "resnet", widths: [16, 32, 64], stem: "3x3", stem_width: 16, classes: CLASSES, unit: "Basic", option: "A" };
const SMALL = { ...small, depths: [1, 1, 1] };
const BY_N = { n: "1" };

const MAP = `use std.blocks { basic, stage }
use std.shortcuts { A }
network Map {
  input image: float32[N, 3, H, W]
  shortcuts A
  conv(3x3, 16) -> bn -> relu
  layer1: stage(1, basic(16))
  layer2: stage(1, basic(32), stride=2)
  layer3: stage(1, basic(64), stride=2)
  fc: conv(1x1, 10, bias=true)
}
`;

describe("oracle: rnc eval answers as PyTorch and NumPy do", function () {
  this.timeout(300_000);
  let folder = "";
  const labels: number[] = [];
  const images: RawImage[] = [];
  before(function () {
    needsPython(this, "torch", "safetensors", "numpy");
    folder = mkdtempSync(join(tmpdir(), "rnc-eval-"));
    // Two images a class, of several sizes, in the order in which folders are read; the shorter side is always 36.
    for (let label = 0; label < CLASSES; label++) {
      for (let place = 0; place < 2; place++) {
        const [width, height] = [[36, 41], [47, 36], [36, 36]][(label + place) % 3] as [number, number];
        const wave = patterned(7 * label + place);
        const colour: Colour = (x, y) => wave(x + label * y, y).map((value, channel) => (value + label * 30 * (channel + 1)) & 255) as unknown as [number, number, number];
        writeTree(folder, { [`images/test/class${label}/${place}.png`]: png(width, height, colour) });
        images.push(raw(`${label}-${place}`, width, height, colour));
        labels.push(label);
      }
    }
    writeFileSync(join(folder, "map.resnet"), MAP);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function raw(name: string, width: number, height: number, colour: Colour): RawImage {
    const bytes = new Uint8Array(width * height * 3);
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) bytes.set(colour(x, y), (y * width + x) * 3);
    return rawBytes(name, width, height, bytes);
  }

  function rawBytes(name: string, width: number, height: number, bytes: Uint8Array): RawImage {
    mkdirSync(join(folder, "raw"), { recursive: true });
    const path = join(folder, "raw", name);
    writeFileSync(path, bytes);
    return { path, height, width };
  }

  const ask = (request: { readonly nets: readonly Net[]; readonly scales: readonly (readonly RawImage[])[]; readonly crop: number | null; readonly flip: boolean; readonly labels?: readonly number[]; readonly mean?: readonly number[]; readonly std?: readonly number[] }): Expected =>
    JSON.parse(runPython("evaluation.py", [], JSON.stringify({ mean: MEAN, std: STD, labels, ...request })).toString()) as Expected;

  /** Mean probabilities of every image, from the parts that the command is made of. */
  async function answersOf(name: string, options: EvalOptions): Promise<readonly (readonly number[])[]> {
    const host = createNodeHost();
    const [named] = await nameModels([name], options, host);
    const tested = openTestedImages([named!], options, host);
    const instructions = (await instructionsFor(named!, options, host))!;
    const model = (await openModel(named!, instructions.wholeImages, options, host))!;
    const preparation = await prepareImages(named!, model, instructions, tested, options, host);
    const inference = await onnxruntime.open(await model.files("onnx"));
    const answers: number[][] = [];
    await runModel({ inference, model, preparation, tested, batch: options.batch, check: () => undefined, progress: () => undefined, answer: (image, probabilities) => void (answers[image] = [...probabilities]) });
    await inference.close();
    await model.close();
    return answers;
  }

  async function reported(names: readonly string[], options: EvalOptions): Promise<EvalReport> {
    const host = createNodeHost();
    let text = "";
    const code = await evalTargets(names, { ...options, json: true, confusion: true }, { ...host, out: { ...host.out, write: (part) => void (text += part) } });
    expect(code).to.equal(0);
    return JSON.parse(text) as EvalReport;
  }

  function expectNear(ours: readonly (readonly number[])[], theirs: readonly (readonly number[])[]): void {
    expect(ours.length).to.equal(theirs.length);
    theirs.forEach((row, image) => row.forEach((value, index) => expect(ours[image]![index], `class ${index} of image ${image}`).to.be.closeTo(value, TOLERANCE)));
    // Images that all get one answer would not tell which is which.
    expect(new Set(theirs.map((row) => row.indexOf(Math.max(...row)))).size).to.be.greaterThan(1);
  }

  const options = (more: EvalOptions): EvalOptions => ({ data: join(folder, "images"), mean: MEAN, std: STD, set: BY_N, ...more });

  it("ten crops", async () => {
    const weights = join(folder, "ten.safetensors");
    const theirs = ask({ nets: [{ spec: SMALL, seed: 1, weights }], scales: [images], crop: 32, flip: false });
    // The shorter side is 36 already: nothing is scaled.
    const ours = await answersOf("CifarResNet", options({ weights: [weights], views: "ten-crop", resize: 36, batch: 7 }));
    expectNear(ours, theirs.probabilities[0]!);
  });

  it("whole images at several scales and their mirror images: a classifying network built for any size, and one that answers at every position", async () => {
    const scaled = await Promise.all([28, 36, 50].map((side) => Promise.all(images.map(async (image, place) => {
      const [width, height] = image.width <= image.height ? [side, Math.trunc((side * image.height) / image.width)] : [Math.trunc((side * image.width) / image.height), side];
      const file = join(folder, "images/test", `class${Math.floor(place / 2)}`, `${place % 2}.png`);
      return rawBytes(`${side}-${place}`, width, height, await sharp(file).resize(width, height, { fit: "fill", kernel: "linear" }).removeAlpha().raw().toBuffer());
    }))));
    const weights = join(folder, "scales.safetensors");
    const mapWeights = join(folder, "map.safetensors");
    const nets = [{ spec: SMALL, seed: 1, weights }, { spec: { ...SMALL, head: "map" }, seed: 5, weights: mapWeights }];
    const theirs = ask({ nets, scales: scaled, crop: null, flip: true });
    const shown = { views: "multi-scale", scales: [28, 36, 50], flip: true } as const;
    expectNear(await answersOf("CifarResNet", options({ weights: [weights], ...shown })), theirs.probabilities[0]!);
    expectNear(await answersOf(join(folder, "map.resnet"), { ...options({ weights: [mapWeights], ...shown }), set: {} }), theirs.probabilities[1]!);
  });

  it("an ensemble: the mean of the probabilities, its confusion matrix and both errors", async () => {
    const nets = [4, 5, 6].map((seed) => ({ spec: SMALL, seed, weights: join(folder, `${seed}.safetensors`) }));
    const theirs = ask({ nets, scales: [images], crop: 32, flip: false });
    const report = await reported(nets.map(() => "CifarResNet"), options({ weights: nets.map(({ weights }) => weights), views: "ten-crop", resize: 36 }));
    expect(report.confusion).to.deep.equal(theirs.confusion);
    expect([report.result.top1.wrong, report.result.top5?.wrong]).to.deep.equal([theirs.wrong, theirs.wrong5]);
    expect(report.models.map(({ scores, preprocessing }) => [scores, preprocessing.viewsPerImage])).to.deep.equal([["logits", 10], ["logits", 10], ["logits", 10]]);
    // Not what one of them says alone.
    const alone = report.models.map(({ result }) => result.top1.wrong);
    expect(theirs.wrong).to.be.lessThan(labels.length);
    expect(new Set([...alone, report.result.top1.wrong]).size, alone.join()).to.be.greaterThan(1);
  });

  it("published weights on 300 real images: the confusion matrix of ten crops by a recipe of one's own", async function () {
    const weights = needed(this, "RNC_TEST_DATA", "resnet20-cifar10/model.safetensors");
    const { rgba, labels: real } = readImages(this, "test");
    const count = 300;
    const records = new Uint8Array(count * CIFAR10.recordSizeInBytes);
    const whole: RawImage[] = [];
    for (let image = 0; image < count; image++) {
      const bytes = new Uint8Array(32 * 32 * 3);
      records[image * CIFAR10.recordSizeInBytes] = real[image]!;
      for (let pixel = 0; pixel < 1024; pixel++) {
        const colours = rgba.subarray((image * 1024 + pixel) * 4, (image * 1024 + pixel) * 4 + 3);
        colours.forEach((value, channel) => (records[image * CIFAR10.recordSizeInBytes + 1 + channel * 1024 + pixel] = value));
        bytes.set(colours, pixel * 3);
      }
      whole.push(rawBytes(`real-${image}`, 32, 32, bytes));
    }
    writeTree(folder, { ...Object.fromEntries(CIFAR10.trainFiles.map((name) => [`real/${name}`, records.subarray(0, CIFAR10.recordSizeInBytes)])), "real/test_batch.bin": records });
    writeFileSync(join(folder, "r.resnet"), "use std.recipes { Cifar10Epochs }\nuse std.cifar { ResNet20ASplit }\nnetwork Any = ResNet20ASplit { input image: float32[N, 3, H, W] }\nrecipe Cropped = Cifar10Epochs { test: ten_crop(28x28) }\n");
    const spec = { ...small, depths: [3, 3, 3], option: "A split" };
    const theirs = ask({ nets: [{ spec, weights, given: true }], scales: [whole], crop: 28, flip: false, labels: real.slice(0, count), mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });
    const report = await reported([join(folder, "r.resnet")], { weights: [weights], rename: ["linear=fc"], data: join(folder, "real"), recipe: "Cropped" });
    expect(report.models[0]!.preprocessing).to.include({ from: "recipe", recipe: "Cropped", viewsPerImage: 10 });
    expect(report.confusion).to.deep.equal(theirs.confusion);
    expect([report.result.top1.wrong, report.result.top5?.wrong]).to.deep.equal([theirs.wrong, theirs.wrong5]);
    expect(theirs.wrong).to.be.within(10, 100);
  });
});
