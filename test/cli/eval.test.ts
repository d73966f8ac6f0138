import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import type { EvalReport } from "../../src/evaluation/report.ts";
import { ensureBuilt, inFolder, RNC, rnc } from "../support/cli.ts";
import { patterned, png, writeCifar, writeTree } from "../support/image-sets.ts";

const IMAGES_OF_A_FILE = 16;

const NET = `network Tiny {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 4, stride=4) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
network Flat {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 4, stride=4) -> flatten -> linear(10)
}
network Twice {
  input image: float32[N, 3, 32, 32]
  a: conv(3x3, 10, stride=4)
  from a -> one: globalavgpool -> flatten
  from a -> two: globalavgpool -> flatten
  output one
  output two
}
recipe Short {
  batch: 8
  steps: 12
  optimizer: sgd(lr=0.05, momentum=0.9)
  split: random(train=64, val=16)
  augment: pad(4) -> crop(32x32) -> hflip -> subtract_mean(per=pixel)
  seed: 3
}
`;

const PHOTOS = `network Two {
  input image: float32[N, 3, 24, 24]
  conv(3x3, 4, stride=2) -> bn -> relu
  globalavgpool -> fc: linear(2)
}
recipe R {
  batch: 8
  epochs: 2
  optimizer: sgd(lr=0.1, momentum=0.9)
  augment: resize(shorter=26) -> crop(24x24) -> subtract_mean(per=channel)
  test: resize(shorter=26) -> ten_crop(24x24)
}
`;

const schema = JSON.parse(readFileSync(new URL("../../grammar/eval.schema.json", import.meta.url), "utf8")) as object;
const validate = new Ajv2020({ strict: true, allErrors: true }).compile<EvalReport>(schema);

describe("rnc eval", function () {
  this.timeout(240_000);
  let folder = "";
  const run = (...args: string[]) => rnc(args, { cwd: folder });
  const fine = (...args: string[]): string => {
    const ran = run(...args);
    expect(ran.code, ran.stderr).to.equal(0);
    return ran.stdout;
  };
  const report = (...args: string[]): EvalReport => {
    const found = JSON.parse(fine("eval", ...args, "--json")) as EvalReport;
    expect(validate(found), JSON.stringify(validate.errors)).to.equal(true);
    return found;
  };
  const counted = ({ result }: EvalReport): readonly unknown[] => [result.images, result.top1.wrong, result.top5?.wrong];

  before(() => {
    ensureBuilt();
    folder = mkdtempSync(join(tmpdir(), "rnc-test-"));
    writeFileSync(join(folder, "tiny.resnet"), NET);
    writeFileSync(join(folder, "two.resnet"), PHOTOS);
    writeCifar(join(folder, "images"), IMAGES_OF_A_FILE);
    fine("train", "tiny.resnet#Tiny", "--data", "images", "--recipe", "Short", "--every", "4", "--threads", "1", "-o", "run");
    const photo = (label: number, place: number) => png(30 + (place % 4), 28 + (place % 3), (x, y) => patterned(label * 50 + place)(x, label === 0 ? 0 : y * 7));
    for (const [part, count] of [["train", 16], ["val", 6]] as const) {
      for (const [label, name] of ["cats", "dogs"].entries()) writeTree(folder, Object.fromEntries(Array.from({ length: count }, (_, place) => [`photos/${part}/${name}/${place}.png`, photo(label, place + (part === "val" ? 100 : 0))])));
    }
    fine("train", "two.resnet", "--data", "photos", "--recipe", "R", "--every", "4", "--threads", "1", "-o", "pets");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("measures what the training measured: last weights on test images, best weights on those for validation", () => {
    const { test, best } = JSON.parse(readFileSync(join(folder, "run/result.json"), "utf8")) as { readonly test: { readonly images: number; readonly error: number; readonly error5: number }; readonly best: { readonly error: number } };
    const last = report("run", "--last");
    expect([last.result.images, last.result.top1.error, last.result.top5?.error]).to.deep.equal([test.images, test.error, test.error5]);
    expect(last.data).to.include({ of: "test images", images: IMAGES_OF_A_FILE });
    const validated = report("run", "--split", "val");
    expect([validated.result.images, validated.result.top1.error]).to.deep.equal([16, best.error]);
    expect(validated.data.of).to.equal("images that the run kept for validation");
    expect(report("run", "--split", "train").result.images).to.equal(64);
    const { name, kind, weights, scores, preprocessing } = validated.models[0]!;
    expect({ name, kind, weights, scores }).to.deep.equal({ name: "run", kind: "run", weights: "run/best.safetensors", scores: "logits" });
    expect(preprocessing).to.deep.include({ from: "run", recipe: "Short", views: "single_view", viewsPerImage: 1, values: "subtract_mean(per=pixel)" });
    const stored = JSON.parse(readFileSync(join(folder, "run/statistics.json"), "utf8")) as { readonly count: number; readonly channelMean: readonly number[]; readonly image: { readonly mean: readonly number[] } };
    expect([stored.count, stored.image.mean.length]).to.deep.equal([64, 3072]);
    expect(preprocessing.channelMean).to.deep.equal(stored.channelMean);
  });

  it("comes to the same through the run, its ONNX file, and the network with its weights, in two formats, alone and together", () => {
    const best = counted(report("run"));
    expect(best[0]).to.equal(IMAGES_OF_A_FILE);
    const asTrained = ["--data", "images", "--recipe", "tiny.resnet#Short"];
    const network = ["tiny.resnet#Tiny", "--weights", "run/best.safetensors"];
    expect(counted(report("run/model.onnx", ...asTrained))).to.deep.equal(best);
    expect(counted(report(...network, "--data", "images", "--recipe", "Short", "--engine", "tfjs"))).to.deep.equal(best);
    const together = report("run", "run/model.onnx", ...network, ...asTrained);
    expect(counted(together)).to.deep.equal(best);
    expect(together.models.map(({ kind }) => kind)).to.deep.equal(["run", "onnx", "network"]);
    // A batch that is fixed, with images left over; and a model that ends in a softmax.
    fine("compile", ...network, "--batch", "7", "--softmax", "-o", "seven.onnx");
    const seven = report("seven.onnx", ...asTrained);
    expect(counted(seven)).to.deep.equal(best);
    expect(seven.models[0]!.scores).to.equal("probabilities");
  });

  it("measures the mean again where a run has not kept it, and needs the training images no more where it has", () => {
    const best = counted(report("run"));
    cpSync(join(folder, "run"), join(folder, "old"), { recursive: true });
    rmSync(join(folder, "old/statistics.json"));
    expect(counted(report("old"))).to.deep.equal(best);
    // A recipe for tests alone does not change what was subtracted in training.
    expect(counted(report("run", "--recipe", "Cifar10"))).to.deep.equal(best);
    renameSync(join(folder, "images"), join(folder, "elsewhere"));
    try {
      // The training images there are others: only the stored mean can give the same.
      for (let file = 1; file <= 5; file++) copyFileSync(join(folder, "elsewhere/test_batch.bin"), join(folder, "elsewhere", `data_batch_${file}.bin`));
      expect(counted(report("run", "--data", "elsewhere"))).to.deep.equal(best);
      expect(run("eval", "run").stderr).to.include("`run` was trained on the images of `images`, and there is no such folder here").and.include("--data DIR");
    } finally {
      rmSync(join(folder, "elsewhere"), { recursive: true });
      writeCifar(join(folder, "images"), IMAGES_OF_A_FILE);
    }
  });

  it("says it to people: errors with their interval, classes, confusions, how images were prepared", () => {
    const text = fine("eval", "run", "--confusion");
    for (const part of ["run  weights run/best.safetensors", "as the run's recipe Short: single_view; subtract_mean(per=pixel) (mean ", "16 test images of images, 10 classes", "95 % interval", "top-5", "airplane", "most frequent confusions", "confusion matrix"]) expect(text).to.include(part);
    const { result } = report("run");
    expect(text).to.match(new RegExp(`top-1 +${(100 * result.top1.error).toFixed(2)} %.* ${result.top1.wrong} +${result.top1.right} `));
    const paper = fine("eval", "tiny.resnet#Tiny", "--weights", "run/best.safetensors", "--data", "images");
    expect(paper).to.include("as the paper: single_view; subtract_mean(per=pixel) (mean ").and.include("nobody said how its images were prepared");
    const options = report("run", "--mean", "0.5,0.4,0.3", "--std", "0.25", "--limit", "5", "--flip");
    expect(options.models[0]!.preprocessing).to.deep.include({ from: "options", views: "single_view -> with_hflip", viewsPerImage: 2, values: "normalize(mean=[0.5, 0.4, 0.3], std=[0.25, 0.25, 0.25])", channelMean: null });
    expect(options.result.images).to.equal(5);
    expect(options.data.images).to.equal(IMAGES_OF_A_FILE);
    // Labels of this data set count up: five of sixteen, evenly.
    expect(options.classes.map(({ images }) => images)).to.deep.equal([1, 0, 1, 1, 0, 0, 1, 0, 0, 1]);
  });

  it("reads folders of images, passes over what is broken, and knows a run's classes by their names", () => {
    expect(report("pets").models[0]!.preprocessing.viewsPerImage).to.equal(10);
    writeTree(folder, { "photos/val/dogs/broken.png": "no image" });
    const broken = report("pets");
    expect([broken.result.images, broken.data.images]).to.deep.equal([12, 13]);
    expect(broken.data.skipped.map(({ name }) => name)).to.deep.equal(["photos/val/dogs/broken.png"]);
    expect(fine("eval", "pets")).to.include("not used: `photos/val/dogs/broken.png` is no JPEG or PNG image").and.include("12 of 13 images of the part `val`");
    rmSync(join(folder, "photos/val/dogs/broken.png"));
    // Dogs alone: without names they would be the class of number 0.
    cpSync(join(folder, "photos/val/dogs"), join(folder, "some/dogs"), { recursive: true });
    const dogs = report("pets", "--data", "some");
    expect(dogs.classes.map(({ images }) => images)).to.deep.equal([0, 6]);
    expect(dogs.classes[1]!.wrong).to.equal(broken.classes[1]!.wrong);
    expect(dogs.data.remarks.join()).to.include("`some` has no folder for cats: nothing tests this class");
    expect(run("eval", "two.resnet", "--weights", "pets/best.safetensors", "--recipe", "R", "--data", "some").stderr.replace(/\n {4}/g, " ")).to.include("`two.resnet` tells 2 classes apart, and the images have 1");
    renameSync(join(folder, "some/dogs"), join(folder, "some/dog"));
    const unknown = run("eval", "pets", "--data", "some");
    expect(unknown.code).to.equal(1);
    expect(unknown.stderr).to.include("`some` has a class on which `pets` was not trained: dog").and.include("did you mean `dogs`?");
    // A folder that has the part for tests alone.
    mkdirSync(join(folder, "only"));
    cpSync(join(folder, "photos/val"), join(folder, "only/test"), { recursive: true });
    expect(counted(report("pets", "--data", "only"))).to.deep.equal([12, broken.result.top1.wrong, undefined]);
  });

  it("shows whole images of several proportions at several scales to a network that takes any size", () => {
    const shown = report("pets", "--views", "multi-scale", "--scales", "20,26,33", "--flip");
    expect(shown.models[0]!.preprocessing).to.deep.include({ views: "multi_scale(shorter=[20, 26, 33]) -> with_hflip", viewsPerImage: 6 });
    expect(shown.result.images).to.equal(12);
    // The fixed network of standard input, for any size.
    const piped = rnc(["eval", "-", "--weights", "pets/best.safetensors", "--data", "photos", "--recipe", "two.resnet#R", "--views", "multi-scale", "--scales", "20,26,33", "--flip", "--json"], { cwd: folder, input: PHOTOS });
    expect(piped.code, piped.stderr).to.equal(0);
    expect(counted(JSON.parse(piped.stdout) as EvalReport)).to.deep.equal(counted(shown));
    writeFileSync(join(folder, "any.resnet"), `${PHOTOS.replace("24, 24]", "H, W]")}recipe Any = R { test: resize(shorter=26) }\n`);
    fine("compile", "any.resnet", "--weights", "pets/best.safetensors", "-o", "any.onnx");
    const whole = report("any.onnx", "--data", "photos", "--recipe", "any.resnet#Any");
    expect(whole.models[0]!.preprocessing).to.include({ views: "resize(shorter=26)", viewsPerImage: 1 });
    const scales = report("any.onnx", "--data", "photos", "--recipe", "any.resnet#Any", "--views", "multi-scale", "--scales", "20,26,33", "--flip");
    expect(counted(scales)).to.deep.equal(counted(shown));
  });

  it("says what is wrong with what it was given", () => {
    fine("compile", "tiny.resnet#Tiny", "-o", "fixed.onnx");
    fine("compile", "tiny.resnet#Flat", "-o", "flat.onnx");
    fine("compile", "tiny.resnet#Twice", "-o", "twice.onnx");
    writeFileSync(join(folder, "broken.onnx"), "no model");
    const weights = ["--weights", "run/best.safetensors"];
    const [tiny, data] = [["tiny.resnet#Tiny", ...weights], ["--data", "images"]];
    const cases: readonly (readonly [args: readonly string[], code: number, message: RegExp])[] = [
      [[], 2, /missing required argument 'models'/],
      [[...tiny], 2, /a test needs images[^]*--data DIR/],
      [["tiny.resnet#Tiny", ...data], 2, /has no weights, and a network without them answers by chance[^]*--weights FILE/],
      [["run", ...weights], 2, /`--weights run\/best.safetensors` belongs to no network/],
      [["run/best.safetensors", ...data], 2, /is a file of weights[^]*rnc eval NETWORK --weights run\/best.safetensors/],
      [["images", ...data], 1, /`images` is no run: it has no `run.json`/],
      [["nothing.onnx", ...data], 1, /there is no file `nothing.onnx`/],
      [["broken.onnx", ...data], 1, /broken.onnx/],
      [[...tiny, "--data", "nowhere"], 1, /there is no folder `nowhere`/],
      [[...tiny, "--data", "cifar10"], 1, /`rnc data fetch cifar10 -o cifar10` brings CIFAR-10/],
      [[...tiny, ...data, "--split", "val"], 1, /has no images of the part `val`[^]*the parts `train`, `test`/],
      [[...tiny, ...data, "--split", "tests"], 2, /did you mean `test`/],
      [[...tiny, ...data, "--recipe", "Shorts"], 1, /there is no recipe `Shorts`; did you mean `Short`/],
      [["fixed.onnx", ...data, "--recipe", "Short"], 1, /there is no recipe `Short`/],
      [["ResNet20", ...weights, ...data], 1, /does not fit the network/],
      [["pets", ...data], 1, /has classes on which `pets` was not trained: airplane/],
      [["run", "pets"], 1, /were trained on different classes/],
      [["fixed.onnx", "--data", "photos", "--recipe", "Cifar10Epochs"], 1, /images cannot be used[^]*32x32/],
      [["fixed.onnx", "--data", "photos", "--recipe", "Cifar10Epochs", "--views", "single"], 1, /`fixed.onnx` tells 10 classes apart, and the images have 2/],
      [["fixed.onnx", "--data", "photos/val"], 1, /has no images for training, so the mean that `fixed.onnx` wants subtracted cannot be measured[^]*--recipe NAME/],
      [["fixed.onnx", ...data, "--views", "multi-scale"], 1, /`fixed.onnx` takes images of 32x32 alone[^]*N, 3, H, W/],
      [["fixed.onnx", ...data, "--size", "24"], 1, /takes images of 32x32, so `--size` cannot be 24x24/],
      [["twice.onnx", ...data], 1, /has 2 outputs, and one of them has the scores[^]*--output one/],
      [["twice.onnx", ...data, "--output", "three"], 1, /has no output `three`/],
      [["fixed.onnx", ...data, "--engine", "tfjs"], 1, /`tfjs` does not run `fixed.onnx`[^]*`onnxruntime`/],
      [["fixed.onnx", ...data, "--engine", "onnx"], 2, /no engine `onnx`/],
      [["fixed.onnx", ...data, "--mean", "0.5"], 2, /`--mean` and `--std` belong together/],
      [["fixed.onnx", ...data, "--mean", "124,116,104", "--std", "1"], 2, /on the scale 0 to 255[^]*--mean 0.48627451,0.45490196,0.40784314/],
      [["fixed.onnx", ...data, "--std", "0"], 2, /must be above 0/],
      [["fixed.onnx", ...data, "--scales", "24,32"], 2, /Add `--views multi-scale`/],
      [["fixed.onnx", ...data, "--views", "multi-scale", "--resize", "32"], 2, /shows whole images/],
      [["fixed.onnx", ...data, "--views", "ten-crop", "--flip"], 2, /mirror images already/],
    ];
    for (const [args, code, message] of cases) {
      const ran = run("eval", ...args);
      expect(ran.stderr.replace(/\n {4,}/g, " "), args.join(" ")).to.match(message);
      expect([ran.code, ran.stdout], args.join(" ")).to.deep.equal([code, ""]);
    }
    const flat = join(folder, "flat.safetensors");
    fine("weights", "calibrate", "tiny.resnet#Flat", "-o", flat);
    const ran = run("eval", "tiny.resnet#Flat", "--weights", flat, ...data, "--views", "multi-scale");
    expect(ran.code).to.equal(1);
    expect(ran.stderr).to.include("`Flat` cannot be built for images of any size").and.include("global pooling");
  });

  it("stops where a model's answers are no numbers, or it never had weights", () => {
    const bytes = readFileSync(join(folder, "run/best.safetensors"));
    // Every byte of the numbers 0xff: NaN.
    bytes.fill(0xff, 8 + Number(bytes.readBigUInt64LE(0)));
    writeFileSync(join(folder, "nan.safetensors"), bytes);
    const ran = run("eval", "tiny.resnet#Tiny", "--weights", "nan.safetensors", "--data", "images");
    expect(ran.code).to.equal(1);
    expect(ran.stderr.replace(/\n {4}/g, " ")).to.match(/answers with scores that are no numbers .* first to `image 0 of .*test_batch.bin`/);
    cpSync(join(folder, "run"), join(folder, "early"), { recursive: true });
    for (const name of ["best.safetensors", "last.safetensors"]) rmSync(join(folder, "early", name));
    expect(run("eval", "early").stderr).to.include("has not been validated yet").and.include("--last");
    expect(counted(report("early", "--last"))).to.deep.equal(counted(report("run", "--last")));
    rmSync(join(folder, "early/checkpoints"), { recursive: true });
    expect(run("eval", "early", "--last").stderr).to.include("it ended before its first checkpoint");
  });

  it("ends at Ctrl-C and leaves nothing behind", () =>
    inFolder(async (temporary) => {
      writeCifar(join(folder, "many"), 4_000);
      fine("compile", "ResNet110", "-o", "big.onnx");
      const before = readdirSync(folder).sort();
      const child = spawn(process.execPath, [RNC, "eval", "big.onnx", "--data", "many", "--recipe", "Cifar10Epochs"], { cwd: folder, env: { ...process.env, TMPDIR: temporary }, stdio: ["ignore", "pipe", "pipe"] });
      let said = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (said += part.toString()));
      const opening = (): boolean => readdirSync(temporary).some((name) => name.startsWith("rnc-engine-"));
      const until = async (holds: () => boolean): Promise<void> => {
        for (let tries = 0; tries < 6000 && !holds(); tries++) await wait(10);
      };
      // A model is on its way to the engine, then it is there: images follow.
      await until(opening);
      await until(() => !opening());
      await wait(300);
      const listed = `/proc/${child.pid}/task/${child.pid}/children`;
      const children = existsSync(listed) ? readFileSync(listed, "utf8").trim().split(/\s+/) : [];
      child.kill("SIGINT");
      const [code] = (await once(child, "close")) as [number | null];
      expect([code, said]).to.deep.equal([130, "stopped by Ctrl-C; nothing was written\n"]);
      expect(readdirSync(folder).sort()).to.deep.equal(before);
      // Runtimes keep files of their own under the same folder.
      expect(readdirSync(temporary).filter((name) => name.startsWith("rnc-"))).to.deep.equal([]);
      await until(() => !children.some((id) => existsSync(`/proc/${id}`)));
      expect(children.filter((id) => existsSync(`/proc/${id}`))).to.deep.equal([]);
    }));
});
