import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { Context } from "mocha";
import { PNG } from "pngjs";
import { uniformNumbers } from "../../src/weights/uniform-numbers.ts";
import { readImages } from "../support/cifar10.ts";
import { ensureBuilt, inFolder, rnc } from "../support/cli.ts";
import { loadTf } from "../support/tfjs.ts";

const STEPS = 5;
/** A shortcut, dropout, and every kind of step that CIFAR-10 may need. */
const TEXT = `use std.shortcuts { A }
use std.blocks { basic }

network Small {
  input image: float32[N, 3, 32, 32]
  shortcuts A
  conv(3x3, 8, stride=2) -> bn -> relu
  layer1: basic(16, stride=2)
  globalavgpool -> dropout(0.2) -> fc: linear(10)
}

network Probabilities {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 8, stride=4) -> bn -> relu -> globalavgpool -> fc: linear(10) -> softmax
}

recipe Short {
  batch: 32
  steps: ${STEPS}
  optimizer: sgd(lr=0.1, momentum=0.9, weight_decay=1e-2, decay="weights", nesterov=true)
  schedule: step(at=[3], factor=0.1)
  warmup: linear(start=0.02, steps=2)
  split: random(train=96, val=32)
  augment: pad(4) -> crop(32x32) -> hflip -> pca_color(0.1) -> subtract_mean(per=pixel)
  label_smoothing: 0.1
  seed: 7
}

recipe Frozen = Short {
  split: all
  steps: 2
  schedule: cosine
  freeze: layers(["conv1", "bn1", "layer1.bn2"])
  augment: hflip -> normalize(mean=[0.5, 0.5, 0.5], std=[0.25, 0.25, 0.25])
}

recipe Folder {
  batch: 8
  epochs: 2
  optimizer: sgd(lr=0.05)
  augment: resize(shorter=uniform(34, 40)) -> crop(32x32) -> hflip -> subtract_mean(per=channel)
  test: resize(shorter=36) -> ten_crop(32x32)
}
`;

/** Real images in CIFAR-10's binary form: 32 in each of the six files. */
function writeCifar(context: Context, folder: string): void {
  mkdirSync(folder);
  for (const [file, which, from] of [...[1, 2, 3, 4, 5].map((n) => [`data_batch_${n}`, "train", n * 32] as const), ["test_batch", "test", 0] as const]) {
    const { rgba, labels } = readImages(context, which);
    const bytes = new Uint8Array(32 * 3073);
    for (let image = 0; image < 32; image++) {
      bytes[image * 3073] = labels[from + image]!;
      for (let at = 0; at < 3072; at++) bytes[image * 3073 + 1 + at] = rgba[((from + image) * 1024 + (at % 1024)) * 4 + Math.floor(at / 1024)]!;
    }
    writeFileSync(join(folder, `${file}.bin`), bytes);
  }
}

/** The project, with the packages of this checkout. */
function compile(folder: string, network: string, recipe: string, output: string): string {
  const ran = rnc(["compile", network, "--target", "tfjs", "--standalone", "--recipe", recipe, "-o", output], { cwd: folder });
  expect(ran.code, ran.stderr).to.equal(0);
  symlinkSync(fileURLToPath(new URL("../../node_modules", import.meta.url)), join(folder, output, "node_modules"));
  return join(folder, output);
}

interface Step {
  readonly loss: number;
  readonly rate: number;
}

/** Runs the project; gives every step and all that was said. */
function train(project: string, args: readonly string[]): { readonly steps: readonly Step[]; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["train.js", ...args, "--every", "1"], { cwd: project, encoding: "utf8" });
  expect(status, stderr).to.equal(0);
  const steps = [...stdout.matchAll(/^step \d+ of \d+ {2}loss (\S+) .* rate (\S+)$/gm)].map(([, loss, rate]) => ({ loss: Number(loss), rate: Number(rate) }));
  return { steps, said: stdout };
}

/** The same by `rnc train`. */
function trainHere(folder: string, args: readonly string[]): readonly Step[] {
  const ran = rnc(["train", ...args, "--every", "1", "-o", "run"], { cwd: folder });
  expect(ran.code, ran.stderr).to.equal(0);
  const lines = readFileSync(join(folder, "run", "metrics.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line) as { train_loss: number; lr: number });
  return lines.map(({ train_loss: loss, lr: rate }) => ({ loss, rate }));
}

/** Losses within 1e-3, as two runtimes have them; the same order of images, crops and masks. */
function expectSame(found: readonly Step[], expected: readonly Step[]): void {
  expect(found.length).to.equal(expected.length);
  found.forEach(({ loss, rate }, step) => {
    expect(rate, `rate of step ${step}`).to.be.closeTo(expected[step]!.rate, 1e-6);
    expect(Math.abs(loss - expected[step]!.loss) / expected[step]!.loss, `loss of step ${step}`).to.be.at.most(1e-3);
  });
}

describe("rnc compile --target tfjs --standalone", function () {
  this.timeout(180_000);
  before(ensureBuilt);
  const inProject = (work: (folder: string) => void | Promise<void>): Promise<void> =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, "net.resnet"), TEXT);
      await work(folder);
    });

  it("writes a project that trains on real images as rnc does, in tfjs-node and in plain TensorFlow.js", async function () {
    const { flavour, reason } = await loadTf();
    await inProject((folder) => {
      writeCifar(this, join(folder, "images"));
      const project = compile(folder, "net.resnet#Small", "Short", "project");
      expect(readdirSync(project).sort()).to.deep.equal(["README.md", "augment.js", "batches.js", "images.js", "model", "node_modules", "package.json", "random.js", "schedule.js", "tensorflow.js", "train.js"]);
      const names = flavour === "tfjs-node" ? ["tfjs-node", "tfjs"] : ["tfjs"];
      if (names.length < 2) console.log(`      skipped: @tensorflow/tfjs-node does not load (${reason}); npm run engines`);
      const expected = trainHere(folder, ["net.resnet#Small", "--data", "images", "--recipe", "Short", "--engine", names[0]!]);
      expect(expected.map(({ rate }) => rate)).to.deep.equal([0.02, 0.06, 0.1, 0.010000000000000002, 0.010000000000000002]);
      for (const name of names) {
        const { steps, said } = train(project, ["../images", "--tensorflow", `@tensorflow/${name}`, "--out", name]);
        expectSame(steps, expected);
        for (const part of [`@tensorflow/${name}; 96 images train, 32 validate; 5 steps of 32`, "validation error", `the trained model is in ${name}`]) expect(said).to.include(part);
        // What it saved is a model that rnc reads, and not the one it began with.
        const back = rnc(["weights", "--from", join("project", name), "-o", `${name}.safetensors`, "--for", "net.resnet#Small"], { cwd: folder });
        expect(back.code, back.stderr).to.equal(0);
        expect(readdirSync(join(project, name)).sort()).to.deep.equal(["best", "model.json", "weights-2.bin"]);
      }
      expect(readFileSync(join(project, "package.json"), "utf8")).to.include('"@tensorflow/tfjs-node-gpu"');
    });
  });

  it("leaves what is frozen as it is, and normalises with its statistics", async function () {
    await inProject((folder) => {
      writeCifar(this, join(folder, "images"));
      const project = compile(folder, "net.resnet#Small", "Frozen", "project");
      const { steps } = train(project, ["../images", "--tensorflow", "@tensorflow/tfjs"]);
      expectSame(steps, trainHere(folder, ["net.resnet#Small", "--data", "images", "--recipe", "Frozen", "--engine", "tfjs"]));
      const weights = (path: string): Readonly<Record<string, string>> => {
        const { weightsManifest: [{ paths, weights: specs }] } = JSON.parse(readFileSync(join(path, "model.json"), "utf8")) as { weightsManifest: [{ paths: string[]; weights: { name: string; shape: number[] }[] }] };
        const bytes = Buffer.concat(paths.map((name) => readFileSync(join(path, name))));
        let at = 0;
        return Object.fromEntries(specs.map(({ name, shape }) => [name, bytes.subarray(at, (at += 4 * shape.reduce((a, b) => a * b, 1))).toString("hex")]));
      };
      const [before, after] = [weights(join(project, "model")), weights(join(project, "trained"))];
      const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
      expect(Object.keys(before).filter((name) => !changed.includes(name)).sort()).to.deep.equal(["bn1/beta", "bn1/gamma", "bn1/moving_mean", "bn1/moving_variance", "conv1/kernel", "layer1.bn2/beta", "layer1.bn2/gamma", "layer1.bn2/moving_mean", "layer1.bn2/moving_variance"]);
    });
  });

  it("trains on folders of images, and on what goes into a last softmax", () =>
    inProject((folder) => {
      for (const [label, name] of ["dark", "light", ...Array.from({ length: 8 }, (_, n) => `other${n}`)].entries()) {
        for (const [part, count] of [["train", 2], ["val", 1]] as const) {
          mkdirSync(join(folder, "photos", part, name), { recursive: true });
          for (let image = 0; image < count; image++) {
            const png = new PNG({ width: 40 + image, height: 44 });
            uniformNumbers(label, image, part, png.width * png.height).forEach((value, at) => png.data.set([label * 20 + 50 * value, 100 * value, 255 * value, 255], 4 * at));
            writeFileSync(join(folder, "photos", part, name, `${image}.png`), PNG.sync.write(png));
          }
        }
      }
      const project = compile(folder, "net.resnet#Probabilities", "Folder", "project");
      const { steps, said } = train(project, ["../photos", "--tensorflow", "@tensorflow/tfjs"]);
      expect(steps.length).to.equal(4);
      expect(said).to.include("20 images train, 10 validate");
      expectSame(steps, trainHere(folder, ["net.resnet#Probabilities", "--data", "photos", "--recipe", "Folder", "--engine", "tfjs"]));
    }));

  it("writes a project that says what is wrong, from any folder, and trains nothing then", () =>
    inProject((folder) => {
      const project = compile(folder, "net.resnet#Small", "Short", "project");
      for (const [args, code, words] of [
        [[], 2, "usage: node train.js DATA"],
        [["images", "--steps", "ten"], 2, "--steps ten: a whole number of at least 1 is needed"],
        [["images", "--every", "0"], 2, "--every 0: a whole number of at least 1 is needed"],
        [["nowhere", "--tensorflow", "@tensorflow/tfjs"], 1, "there is no folder nowhere"],
        [["project", "--tensorflow", "@tensorflow/tfjs"], 1, "the network tells 10 classes apart, and project has "],
      ] as const) {
        const { status, stdout, stderr } = spawnSync(process.execPath, [join("project", "train.js"), ...args], { cwd: folder, encoding: "utf8" });
        expect(stderr, args.join(" ")).to.include(words);
        expect([status, stdout.replace(/.*does not work here.*\n/g, "")], args.join(" ")).to.deep.equal([code, ""]);
      }
      expect(existsSync(join(folder, "trained")) || existsSync(join(project, "trained"))).to.equal(false);
    }));

  it("says what is wrong, and writes nothing then", () =>
    inProject((folder) => {
      writeFileSync(join(folder, "other.resnet"), "network Other {\n  input image: float32[N, 1, 8, 8]\n  flatten -> linear(10)\n}\nnetwork Dilated {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 4, dilation=2) -> globalavgpool -> linear(10)\n}\n");
      const check = (args: readonly string[], code: number, words: string): void => {
        const ran = rnc(["compile", ...args, "-o", "project"], { cwd: folder });
        expect([ran.code, ran.stdout], ran.stderr).to.deep.equal([code, ""]);
        expect(ran.stderr.replace(/\n {4}/g, " ")).to.include(words);
        expect(existsSync(join(folder, "project"))).to.equal(false);
      };
      const standalone = ["--target", "tfjs", "--standalone"];
      check(["net.resnet#Small", ...standalone], 2, "a training needs a recipe");
      check(["net.resnet#Small", "--standalone", "--recipe", "Short"], 2, "add `--target tfjs`");
      check(["net.resnet#Small", ...standalone, "--recipe", "Short", "--softmax"], 2, "its loss takes the softmax itself");
      check(["net.resnet#Small", ...standalone, "--recipe", "Shirt"], 1, "did you mean `Short`");
      check(["net.resnet#Small", ...standalone, "--recipe", "Short", "--freeze", "nothing"], 1, "`--freeze nothing` fits no parameter");
      check(["other.resnet#Other", ...standalone, "--recipe", "Cifar10"], 1, "takes [N, 1, 8, 8]");
      check(["ResNet18AnySize", ...standalone, "--recipe", "Cifar10"], 1, "`input image: float32[N, 3, 224, 224]`");
      check(["other.resnet#Dilated", ...standalone, "--recipe", "Cifar10"], 1, "cannot train it");
      check(["GoogLeNetAuxiliary", ...standalone, "--recipe", "ImageNet2015"], 1, "--loss-on");
    }));
});
