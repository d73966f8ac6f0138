import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import { PNG } from "pngjs";
import { uniformNumbers } from "../../src/weights/uniform-numbers.ts";
import { ensureBuilt, inFolder, RNC, rnc } from "../support/cli.ts";
import { mount, unmount } from "../support/small-disk.ts";

const IMAGES_OF_A_FILE = 16;

/** Dropout and stochastic choices of the data: whatever a run must have again when it goes on. */
const NET = `
network Tiny {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 4, stride=4) -> bn -> relu
  residual { conv(3x3, 4) -> bn }
  globalavgpool -> dropout(0.2) -> fc: linear(10)
}

recipe Short {
  batch: 8
  steps: 20
  optimizer: sgd(lr=0.05, momentum=0.9, weight_decay=1e-4)
  schedule: step(at=[14], factor=0.1)
  split: random(train=64, val=16)
  augment: pad(4) -> crop(32x32) -> hflip -> subtract_mean(per=pixel)
  seed: 3
}
`;

const TWO = `
network Two {
  input image: float32[N, 3, 24, 24]
  conv(3x3, 4, stride=2) -> bn -> relu
  globalavgpool -> fc: linear(2)
}

recipe R {
  batch: 16
  epochs: 4
  optimizer: sgd(lr=0.1, momentum=0.9)
  schedule: plateau(val_error, patience=1)
  augment: resize(shorter=uniform(26, 32)) -> crop(24x24) -> hflip -> pca_color(0.1) -> subtract_mean(per=channel)
  test: resize(shorter=26) -> ten_crop(24x24)
}
`;

/** Networks that cannot be trained as they are. */
const OTHERS = [["Fixed", "1, 3, 32, 32", 10], ["Open", "N, 3, H, W", 10], ["Grey", "N, 1, 32, 32", 10], ["Two", "N, 3, 32, 32", 2]]
  .map(([name, shape, classes]) => `network ${name} {\n  input image: float32[${shape}]\n  conv(3x3, 4) -> globalavgpool -> linear(${classes})\n}\n`)
  .join("\n");

/** 40 dark and 40 light images for training, 10 of each for validation, of several sizes. */
function writePhotos(folder: string): void {
  for (const [part, count] of [["train", 40], ["val", 10]] as const) {
    for (const [label, name] of ["dark", "light"].entries()) {
      mkdirSync(join(folder, part, name), { recursive: true });
      for (let image = 0; image < count; image++) {
        const png = new PNG({ width: 40 + (image % 5), height: 36 + (image % 7) });
        const noise = uniformNumbers(label, image, part, png.width * png.height);
        noise.forEach((value, at) => png.data.set([0, 0, 0].map(() => label * 100 + 100 * value).concat(255), 4 * at));
        writeFileSync(join(folder, part, name, `${image}.png`), PNG.sync.write(png));
      }
    }
  }
}

/** Images in CIFAR-10's binary form: noise whose brightness tells the class. */
function writeImages(folder: string): void {
  mkdirSync(folder);
  ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"].forEach((name, file) => {
    const bytes = new Uint8Array(IMAGES_OF_A_FILE * 3073);
    const noise = uniformNumbers(1, file, "pixels", bytes.length);
    for (let image = 0; image < IMAGES_OF_A_FILE; image++) {
      const label = (image * 3 + file) % 10;
      for (let at = 0; at < 3073; at++) bytes[image * 3073 + at] = at === 0 ? label : label * 20 + 60 * noise[image * 3073 + at]!;
    }
    writeFileSync(join(folder, `${name}.bin`), bytes);
  });
}

const ARGUMENTS = ["train", "tiny.resnet", "--data", "images", "--recipe", "Short", "--every", "5", "--threads", "1", "--engine", "onnxruntime"];

async function inWorkplace(work: (folder: string) => Promise<void> | void): Promise<void> {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, "tiny.resnet"), NET);
    writeImages(join(folder, "images"));
    await work(folder);
  });
}

function start(folder: string, args: readonly string[], options: { readonly detached?: boolean } = {}): { readonly child: ChildProcess; readonly ended: Promise<{ readonly code: number | null; readonly output: string }> } {
  const child = spawn(process.execPath, [RNC, ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"], ...options });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream!.on("data", (part: Buffer) => (output += part.toString()));
  return { child, ended: new Promise((resolve) => child.once("close", (code) => resolve({ code, output }))) };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const limit = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > limit) throw new Error(`waited in vain for ${what}`);
    await wait(5);
  }
}

/** The step of the last checkpoint that is complete; -1 where there is none. */
function lastCheckpoint(run: string): number {
  const folder = join(run, "checkpoints");
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith("step-")) : [];
  return Math.max(-1, ...names.map((name) => Number(name.slice(5))));
}

/** Everything of a run whose bytes are the same in every run of the same training. */
function bytesOf(run: string): Readonly<Record<string, string>> {
  const names = readdirSync(run, { recursive: true, encoding: "utf8" }).filter((name) => /\.(safetensors|onnx)$|metrics\.jsonl$|result\.json$|recipe\.json$|spec\//.test(name));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(run, name)).toString("base64")]));
}

const linesOf = (path: string): Record<string, number>[] => readFileSync(path, "utf8").trim().split("\n").map((line) => JSON.parse(line) as Record<string, number>);

describe("rnc train", function () {
  this.timeout(240_000);
  before(() => ensureBuilt());

  it("trains, records what it used, and goes on after kill -9 to the same bytes", () =>
    inWorkplace(async (folder) => {
      const whole = rnc([...ARGUMENTS, "-o", "whole"], { cwd: folder });
      expect(whole.stderr, whole.stdout).to.equal("");
      expect(whole.code).to.equal(0);
      const metrics = linesOf(join(folder, "whole/metrics.jsonl"));
      // 64 images train, 8 in a step: an epoch has 8 steps.
      expect(metrics.map(({ step }) => step)).to.deep.equal([5, 8, 10, 15, 16, 20]);
      expect(metrics.filter(({ val_error }) => val_error !== undefined).map(({ step }) => step)).to.deep.equal([8, 16, 20]);
      expect(metrics.map(({ lr }) => Number(lr!.toPrecision(6)))).to.deep.equal([0.05, 0.05, 0.05, 0.005, 0.005, 0.005]);
      expect(metrics.at(-1)!["train_loss"]).to.be.lessThan(metrics[0]!["train_loss"]!);
      const result = JSON.parse(readFileSync(join(folder, "whole/result.json"), "utf8")) as { steps: number; best: object; test: { images: number } };
      expect([result.steps, result.test.images]).to.deep.equal([20, IMAGES_OF_A_FILE]);
      const record = JSON.parse(readFileSync(join(folder, "whole/run.json"), "utf8")) as { seed: number; network: { files: { copy: string }[] }; versions: object; engine: { threads: number } };
      expect(record).to.include({ seed: 3 });
      expect(record.engine.threads).to.equal(1);
      expect(readFileSync(join(folder, "whole", record.network.files[0]!.copy), "utf8")).to.equal(NET);

      const { child, ended } = start(folder, [...ARGUMENTS, "-o", "killed"]);
      await until("a checkpoint", () => lastCheckpoint(join(folder, "killed")) >= 5);
      child.kill("SIGKILL");
      expect((await ended).code).to.equal(null);
      // Whatever came after the last checkpoint: a line, half a line, half a checkpoint.
      writeFileSync(join(folder, "killed/metrics.jsonl"), '{"step":11,"ep', { flag: "a" });
      mkdirSync(join(folder, "killed/checkpoints/.step-000000011"));
      // The run has its own copy of the network.
      writeFileSync(join(folder, "tiny.resnet"), "network Other {}");
      const resumed = rnc(["train", "--resume", "killed"], { cwd: folder });
      expect(resumed.code, resumed.stderr).to.equal(0);
      expect(resumed.stdout).to.match(/goes on after step (5|8|10|15|16)\n/);
      expect(bytesOf(join(folder, "killed"))).to.deep.equal(bytesOf(join(folder, "whole")));
      const positions = ["whole", "killed"].map((run) => JSON.parse(readFileSync(join(folder, run, "checkpoints/step-000000020/position.json"), "utf8")) as Record<string, unknown>);
      const [{ timingBytes: _one, ...first }, { timingBytes: _other, ...second }] = positions as [Record<string, unknown>, Record<string, unknown>];
      expect(second).to.deep.equal(first);

      const again = rnc(["train", "--resume", "whole"], { cwd: folder });
      expect(again.code, again.stderr).to.equal(0);
      expect(readdirSync(join(folder, "whole/checkpoints")).sort()).to.deep.equal(["step-000000016", "step-000000020"]);
      // The file of the network runs elsewhere: as the best weights answer.
      const inspected = rnc(["weights", "inspect", "whole/best.safetensors"], { cwd: folder });
      expect(inspected.stdout).to.include("fc.weight").and.not.include("momentum");
    }));

  it("takes fields of the recipe from the command line, in the language, and records them", () =>
    inWorkplace((folder) => {
      const fields = ["--with", "split: random(train=40, val=8)", "--with", "schedule: cosine(end=0.5)"];
      const ran = rnc([...ARGUMENTS, ...fields, "--steps", "4", "-o", "mine"], { cwd: folder });
      expect(ran.code, ran.stderr).to.equal(0);
      expect(ran.stdout).to.include("recipe Short with split: random(train=40, val=8), schedule: cosine(end=0.5), steps 4").and.include("40 train, 8 training images kept apart");
      const read = (name: string): Record<string, unknown> => JSON.parse(readFileSync(join(folder, "mine", name), "utf8")) as Record<string, unknown>;
      expect(read("run.json")).to.have.property("overrides").that.deep.equals({ with: ["split: random(train=40, val=8)", "schedule: cosine(end=0.5)"], steps: 4 });
      const recipe = read("recipe.json") as { name: string; fields: Record<string, unknown> };
      expect(recipe.name).to.equal("Short");
      expect(recipe.fields["schedule"]).to.deep.include({ function: "cosine" });
      expect(readFileSync(join(folder, "mine/report.html"), "utf8")).to.include("split: random(train=40, val=8), schedule: cosine(end=0.5), steps 4");

      // One of the library is not in the network's file.
      const library = rnc([...ARGUMENTS.map((each) => (each === "Short" ? "Cifar10" : each)), "--with", "splt: all", "-o", "other"], { cwd: folder });
      expect(library.code).to.equal(1);
      expect(library.stderr).to.match(/--with:3:3/).and.include("split");
      const going = rnc(["train", "--resume", "mine", "--with", "schedule: cosine"], { cwd: folder });
      expect(going.code).to.equal(2);
      expect(going.stderr).to.include("`--with` was decided when the run began");
      expect(existsSync(join(folder, "other"))).to.equal(false);
    }));

  it("takes a recipe of another file, with fields said anew, and goes on with it", () =>
    inWorkplace((folder) => {
      writeFileSync(join(folder, "recipes.resnet"), "use std.recipes { Cifar10 }\nrecipe Mine = Cifar10 {\n  batch: 8\n  steps: 4\n  split: random(train=64, val=16)\n}\n");
      const ran = rnc([...ARGUMENTS.map((each) => (each === "Short" ? "recipes.resnet#Mine" : each)), "--with", "steps: 2", "-o", "mine"], { cwd: folder });
      expect(ran.code, ran.stderr).to.equal(0);
      expect(ran.stdout).to.include("recipe recipes.resnet#Mine with steps: 2: 2 steps of 8 images");
      rmSync(join(folder, "recipes.resnet"));
      const done = rnc(["train", "--resume", "mine"], { cwd: folder });
      expect(done.code, done.stderr).to.equal(0);
    }));

  it("looks at images that do not divide into the batch of a network whose batch is fixed", () =>
    inWorkplace((folder) => {
      const arguments_ = [...ARGUMENTS, "--with", "split: random(train=40, val=12)", "--steps", "5"];
      for (const more of [["-o", "open"], ["-o", "fixed", "--input", "8x3x32x32"]]) {
        const ran = rnc([...arguments_, ...more], { cwd: folder });
        expect(ran.code, ran.stderr).to.equal(0);
      }
      const [open, fixed] = ["open", "fixed"].map((name) => linesOf(join(folder, name, "metrics.jsonl")).at(-1)!);
      expect(fixed!.val_error).to.equal(open!.val_error);
      expect(fixed!.val_loss).to.be.closeTo(open!.val_loss!, 1e-5);
    }));

  it("stops on Ctrl-C with a checkpoint, exit code 130, and goes on", () =>
    inWorkplace(async (folder) => {
      const { child, ended } = start(folder, [...ARGUMENTS, "--steps", "5000", "--every", "1000", "--evaluate-every", "100000", "-o", "run"]);
      await until("the run", () => existsSync(join(folder, "run/run.json")));
      await wait(1500);
      const other = rnc(["train", "--resume", "run"], { cwd: folder });
      expect(other.code).to.equal(1);
      expect(other.stderr).to.include(`another process (${child.pid}) is training in \`run\``);
      child.kill("SIGINT");
      const { code, output } = await ended;
      expect(code, output).to.equal(130);
      expect(output).to.match(/stopping: what is under way, some steps or a validation, is brought to its end and kept in a checkpoint/);
      expect(output).to.match(/stopped after step [\d,]+ of 5,000, with a checkpoint; go on: `rnc train --resume run`/);
      const last = readdirSync(join(folder, "run/checkpoints")).sort().at(-1)!;
      expect(Number(last.slice(5))).to.be.greaterThan(0).and.lessThan(5000);
      expect(readdirSync(join(folder, "run/checkpoints")).filter((name) => name.startsWith("."))).to.deep.equal([]);
      expect(readdirSync(join(folder, "run", "checkpoints", last)).sort()).to.deep.equal(["position.json", "state.safetensors"]);
    }));

  it("leaves a checkpoint where every process of its job is told to end; without its engine it says how to go on", () =>
    inWorkplace(async (folder) => {
      const job = start(folder, [...ARGUMENTS, "--steps", "5000", "--every", "1", "-o", "a run"], { detached: true });
      await until("a checkpoint", () => lastCheckpoint(join(folder, "a run")) > 0);
      process.kill(-job.child.pid!, "SIGTERM");
      const told = await job.ended;
      expect(told.code, told.output).to.equal(143);
      expect(told.output).to.match(/stopped after step [\d,]+ of 5,000, with a checkpoint; go on: `rnc train --resume 'a run'`/);

      const before = lastCheckpoint(join(folder, "a run"));
      const { child, ended } = start(folder, ["train", "--resume", "a run"]);
      await until("another checkpoint", () => lastCheckpoint(join(folder, "a run")) > before);
      const listed = `/proc/${child.pid}/task/${child.pid}/children`;
      if (!existsSync(listed)) {
        console.log("      skipped: the engine's process cannot be found here, there is no /proc");
        return void child.kill();
      }
      process.kill(Number(readFileSync(listed, "utf8").trim()), "SIGKILL");
      const { code, output } = await ended;
      expect(code, output).to.equal(1);
      expect(output).to.include("its process was ended by SIGKILL").and.to.include("was lost with it; go on: `rnc train --resume 'a run'`");
    }));

  it("says when the training diverges: the step, the rate, what to try", () =>
    inWorkplace((folder) => {
      const { code, stderr } = rnc([...ARGUMENTS, "--lr", "1e20", "-o", "run"], { cwd: folder });
      expect(code).to.equal(1);
      expect(stderr).to.match(/the training diverged: at step \d+, with a learning rate of 100000000000000000000, the loss is/);
      expect(stderr).to.include("Take a lower rate");
      expect(existsSync(join(folder, "run/checkpoints/step-000000000/state.safetensors"))).to.equal(true);
    }));

  it("has the same losses in TensorFlow.js", () =>
    inWorkplace((folder) => {
      // Masks of dropout are each engine's own.
      writeFileSync(join(folder, "tiny.resnet"), NET.replace("dropout(0.2) -> ", ""));
      const [ours, theirs] = ["onnxruntime", "tfjs"].map((engine) => {
        const ran = rnc(["train", "tiny.resnet", "--data", "images", "--recipe", "Short", "--steps", "5", "--every", "1", "--engine", engine, "-o", engine], { cwd: folder });
        expect(ran.code, ran.stderr).to.equal(0);
        return linesOf(join(folder, engine, "metrics.jsonl"));
      });
      expect(ours!.map(({ step }) => step)).to.deep.equal([1, 2, 3, 4, 5]);
      expect(Math.abs(ours![4]!["train_loss"]! - ours![0]!["train_loss"]!), "the losses move").to.be.greaterThan(0.01);
      ours!.forEach((line, at) => expect(theirs![at]!["train_loss"], `step ${at + 1}`).to.be.closeTo(line["train_loss"]!, 1e-3));
      expect(theirs![4]!["val_loss"]).to.be.closeTo(ours![4]!["val_loss"]!, 1e-3);
      expect(ours![4]!["val_loss"]).to.be.greaterThan(0.1);
    }));

  it("trains on folders of images, names what is broken, follows the error on the part `val`", () =>
    inFolder((folder) => {
      writeFileSync(join(folder, "two.resnet"), TWO);
      writePhotos(join(folder, "photos"));
      writeFileSync(join(folder, "photos/train/dark/broken.png"), "no image");
      const { code, stdout, stderr } = rnc(["train", "two.resnet", "--data", "photos", "--recipe", "R", "-o", "run"], { cwd: folder });
      expect(code, stderr).to.equal(0);
      expect(stdout).to.include("81 train, 20 images of the part `val` validate");
      expect(stdout).to.include("not used: `photos/train/dark/broken.png` is no JPEG or PNG image");
      const lines = linesOf(join(folder, "run/metrics.jsonl"));
      expect(lines.map(({ step }) => step)).to.deep.equal([5, 10, 15, 20]);
      // Dark and light: nothing is easier. With no error left there is no new best, and the rate falls.
      expect(lines.at(-1)!["val_error"]).to.equal(0);
      expect(lines.at(-1)!["lr"]).to.be.lessThan(0.1);
    }));

  it("names a few of the images that the network cannot take, and what the recipe lacks", () =>
    inFolder((folder) => {
      writeFileSync(join(folder, "two.resnet"), TWO);
      writePhotos(join(folder, "photos"));
      const { code, stdout, stderr } = rnc(["train", "two.resnet", "--data", "photos", "--recipe", "R", "--with", "augment: hflip", "-o", "run"], { cwd: folder });
      expect(code, stdout).to.equal(1);
      expect(stdout.match(/ {2}not used: /g)).to.have.length(10);
      expect(stdout).to.include("and more are not used");
      expect(stderr).to.match(/\d+ images cannot be used; up to 10 are passed over/).and.to.include("End the recipe's steps with `crop(24x24)`").and.not.to.include("too small");
    }));

  it("prints events as JSON, one a line", () =>
    inWorkplace((folder) => {
      const { code, stdout, stderr } = rnc([...ARGUMENTS, "--steps", "6", "--json", "-o", "run"], { cwd: folder });
      expect(code, stderr).to.equal(0);
      const events = stdout.trim().split("\n").map((line) => JSON.parse(line) as { event: string; step: number });
      const schema = JSON.parse(readFileSync(new URL("../../grammar/train.schema.json", import.meta.url), "utf8")) as object;
      const validate = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true }).compile(schema);
      for (const event of events) expect(validate(event), JSON.stringify([event, validate.errors])).to.equal(true);
      expect(validate({ event: "checkpoint" })).to.equal(false);
      expect(events.map(({ event, step }) => `${event} ${step}`)).to.deep.equal(["begin 0", "layout undefined", "interval 5", "checkpoint 5", "interval 6", "checkpoint 6", "end 6"]);
    }));

  it("leaves nothing behind where a run cannot begin, and says why", async function () {
    const context = this;
    await inWorkplace((folder) => {
      const refused = (place: string, message: RegExp): void => {
        const { code, stderr } = rnc([...ARGUMENTS, "-o", place], { cwd: folder });
        expect(stderr, place).to.match(message);
        expect(code, place).to.equal(1);
      };
      refused("tiny.resnet/run", /`tiny\.resnet\/run` cannot be written: a part of its path is a file, not a folder/);
      // Node.js's own way to make such folders never ends there.
      if (existsSync("/proc")) refused("/proc/nowhere/run", /`\/proc\/nowhere\/run` cannot be written/);
      writeFileSync(join(folder, "lrn.resnet"), "network Lrn {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 8) -> lrn -> globalavgpool -> linear(10)\n}\n");
      const unable = rnc(["train", "lrn.resnet", "--data", "images", "--recipe", "Cifar10", "--batch", "8", "--steps", "2", "--with", "split: all", "--engine", "tfjs", "-o", "of/run"], { cwd: folder });
      expect(unable.stderr).to.include("the engine `tfjs` does not train this network").and.to.include("--engine onnxruntime").and.not.to.include("--target");
      expect([unable.code, existsSync(join(folder, "of"))]).to.deep.equal([1, false]);
      const disk = join(folder, "disk");
      mkdirSync(disk);
      const reason = mount(disk, "size=16k");
      if (reason !== undefined) {
        console.log(`      skipped: no small disk can be mounted here (${reason})`);
        return context.skip();
      }
      try {
        refused("disk/of/run", /`disk\/of\/run` cannot be written: the disk is full/);
        expect(readdirSync(disk)).to.deep.equal([]);
        mkdirSync(join(disk, "empty"));
        refused("disk/empty", /the disk is full/);
        expect(readdirSync(join(disk, "empty"))).to.deep.equal([]);
        execFileSync("mount", ["-o", "remount,ro", disk], { stdio: "pipe" });
        refused("disk/run", /`disk\/run` cannot be written: the disk is read-only/);
      } finally {
        unmount(disk);
      }
    });
  });

  it("waits while the disk is full, and goes on when there is room", async function () {
    const context = this;
    await inWorkplace(async (folder) => {
      const disk = join(folder, "disk");
      mkdirSync(disk);
      const reason = mount(disk, "size=1m");
      if (reason !== undefined) {
        console.log(`      skipped: no small disk can be mounted here (${reason})`);
        return context.skip();
      }
      try {
        const { child, ended } = start(folder, [...ARGUMENTS, "--steps", "100000", "--evaluate-every", "1000000", "-o", "disk/run"]);
        let said = "";
        child.stdout!.on("data", (part: Buffer) => (said += part.toString()));
        await until("a checkpoint", () => lastCheckpoint(join(disk, "run")) >= 5);
        const filler = join(disk, "filler");
        expect(() => writeFileSync(filler, new Uint8Array(2 << 20))).to.throw(/ENOSPC/);
        await until("the message", () => said.includes("the disk is full; the training waits until there is room"));
        const waits = lastCheckpoint(join(disk, "run"));
        rmSync(filler);
        await until("another checkpoint", () => lastCheckpoint(join(disk, "run")) > waits);
        child.kill("SIGINT");
        expect((await ended).code).to.equal(130);
        const steps = linesOf(join(disk, "run/metrics.jsonl")).map(({ step }) => step!);
        expect(steps, "every line once").to.deep.equal(steps.map((_, index) => 5 * (index + 1)));
      } finally {
        unmount(disk);
      }
    });
  });

  it("says what is wrong before anything is written", () =>
    inWorkplace((folder) => {
      writeFileSync(join(folder, "others.resnet"), OTHERS);
      for (const name of ["one", "other"]) {
        mkdirSync(join(folder, "empty", name), { recursive: true });
        writeFileSync(join(folder, "empty", name, "1.png"), "");
      }
      const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
        [["train"], 2, /needs a network, or a run to go on with/],
        [["train", "tiny.resnet", "--recipe", "Short"], 2, /a training needs images/],
        [["train", "tiny.resnet", "--data", "images"], 2, /a training needs a recipe/],
        [["train", "tiny.resnet", "--data", "images", "--recipe", "Shorts"], 1, /there is no recipe `Shorts`; did you mean `Short`\?/],
        [["train", "tiny.resnet", "--data", "nowhere", "--recipe", "Short"], 1, /there is no folder `nowhere`/],
        [["train", "ResNet50", "--data", "images", "--recipe", "Short"], 1, /there is no recipe `Short`/],
        [["train", "ResNet50", "--data", "images", "--recipe", "Cifar10"], 1, /tells 1,000 classes apart, and `images` has 10/],
        [["train", "tiny.resnet", "--data", "images", "--recipe", "Cifar10"], 1, /the recipe splits 45,000 \+ 5,000 images, and the data set has 80/],
        [["train", "tiny.resnet", "--data", "images", "--recipe", "Short", "--batch", "100"], 1, /a batch has 100 images, and only 64 train/],
        [["train", "tiny.resnet", "--data", "images", "--recipe", "Short", "--steps", "1", "--epochs", "1"], 2, /choose one/],
        [["train", "tiny.resnet", "--data", "images", "--recipe", "Short", "--engine", "onnx"], 2, /no engine `onnx` that trains/],
        [["train", "tiny.resnet", "--data", "images", "--recipe", "Short", "--seed", "99999999999999999999"], 2, /`--seed 9{20}`: at most 9007199254740991 can be counted exactly/],
        [["train", "tiny.resnet", "--data", "images", "--recipe", "Short", "--steps", "1e3"], 2, /`--steps 1e3`: a whole number of at least 1 is needed/],
        [["train", "--resume", "nowhere"], 1, /`nowhere` is no run/],
        [["train", "--resume", "nowhere", "--lr", "1"], 2, /was decided when the run began/],
        [["train", "tiny.resnet", "--data", "images", "--recipe", "Short", "-o", "images"], 1, /`images` is there already/],
        [["train", "tiny.resnet", "--data", "images", "--recipe", "Short", "-o", ""], 2, /`-o` names a place, and nothing was given/],
        [["train", "tiny.resnet", "--data", "images", "--recipe", "Short", "--with", " "], 2, /`--with` names a field of the recipe, and nothing was given/],
        [["train", "others.resnet#Fixed", "--data", "images", "--recipe", "Cifar10", "--batch", "8"], 1, /`image` of `Fixed` is \[1, 3, 32, 32\], and a step takes 8 images[^]*`--batch 1`, or `N` in place of the 1/],
        [["train", "others.resnet#Open", "--data", "images", "--recipe", "Cifar10", "--batch", "8"], 1, /a training needs one size of images[^]*`--input 8x3x224x224`/],
        [["train", "others.resnet#Open", "--data", "images", "--recipe", "Cifar10", "--batch", "8", "--input", "1x3x32x32"], 1, /and a step takes 8 images[^]*`--input 8x3x32x32`/],
        [["train", "others.resnet#Grey", "--data", "images", "--recipe", "Cifar10"], 1, /images are \[N, 3, height, width\][^]*Images in grey become red, green and blue alike/],
        [["train", "tiny.resnet", "--data", "empty", "--recipe", "Short", "--with", "split: all"], 1, /`Tiny` tells 10 classes apart, and `empty` has 2/],
        [["train", "others.resnet#Two", "--data", "empty", "--recipe", "Cifar10", "--batch", "1", "--with", "split: all"], 1, /subtracts the mean of the training images, and none of them can be used[^]*rnc data check DIR/],
      ];
      for (const [args, code, message] of cases) {
        const ran = rnc(args, { cwd: folder });
        expect(ran.stderr, args.join(" ")).to.match(message);
        expect(ran.code, args.join(" ")).to.equal(code);
      }
      expect(readdirSync(folder).sort()).to.deep.equal(["empty", "images", "others.resnet", "tiny.resnet"]);
    }));

  it("refuses to go on with what was changed since, and says what", () =>
    inWorkplace((folder) => {
      const at = (name: string): string => join(folder, "run", name);
      expect(rnc([...ARGUMENTS, "--steps", "2", "-o", "run"], { cwd: folder }).code).to.equal(0);
      const changes: readonly (readonly [file: string, change: (text: string) => string | undefined, message: RegExp])[] = [
        ["run.json", () => "[]", /`run` is no run: `run\/run\.json` has no `network\.name`[^]*put it back from a copy/],
        ["run.json", () => "{", /`run` is no run: `run\/run\.json` is no JSON/],
        ["recipe.json", () => "{}", /`run` lacks a part: `run\/recipe\.json` has no `name`/],
        ["recipe.json", (text) => text.replace('"batch": 8', '"batch": 16'), /`run\/recipe\.json` was changed, and a run goes on as it began[^]*--weights run\/checkpoints\/step-000000002\/state\.safetensors/],
        ["spec/1-tiny.resnet", (text) => text.replace("dropout(0.2)", "dropout(0.3)"), /`run\/spec\/1-tiny\.resnet` was changed/],
        ["spec/1-tiny.resnet", () => undefined, /`run\/spec\/1-tiny\.resnet` is not there any more/],
        ["metrics.jsonl", () => "", /`run\/metrics\.jsonl` has lost lines: its checkpoint counts on [\d,]+ bytes/],
        ["timing.jsonl", () => undefined, /`run\/timing\.jsonl` is not there any more/],
        ["checkpoints/step-000000002/position.json", () => '{"step":2}', /the checkpoint `run\/checkpoints\/step-000000002` is damaged/],
      ];
      for (const [file, change, message] of changes) {
        const before = readFileSync(at(file), "utf8");
        const after = change(before);
        expect(after).not.to.equal(before);
        if (after === undefined) rmSync(at(file));
        else writeFileSync(at(file), after);
        const { code, stderr } = rnc(["train", "--resume", "run"], { cwd: folder });
        expect(stderr, file).to.match(message);
        expect(code, file).to.equal(1);
        writeFileSync(at(file), before);
      }
      writeFileSync(at("statistics.json"), "{}");
      expect(rnc(["eval", "run"], { cwd: folder }).stderr).to.include("the mean of the training images cannot be read: `run/statistics.json` has no `channelMean`");
      expect(rnc(["train", "--resume", "run"], { cwd: folder }).code).to.equal(0);
    }));

  it("leaves the checkpoint alone that another process is making", () =>
    inWorkplace((folder) => {
      expect(rnc([...ARGUMENTS, "--steps", "2", "-o", "run"], { cwd: folder }).code).to.equal(0);
      const making = join(folder, "run/checkpoints/.step-000000003");
      mkdirSync(making);
      writeFileSync(join(folder, "run/.lock"), String(process.pid));
      expect(rnc(["train", "--resume", "run"], { cwd: folder }).stderr).to.include(`another process (${process.pid}) is training in \`run\``);
      expect(existsSync(making)).to.equal(true);
      rmSync(join(folder, "run/.lock"));
      expect(rnc(["train", "--resume", "run"], { cwd: folder }).code).to.equal(0);
      expect(existsSync(making)).to.equal(false);
    }));

  it("refuses to go on with other images, and with a checkpoint that is damaged", () =>
    inWorkplace((folder) => {
      expect(rnc([...ARGUMENTS, "--steps", "2", "-o", "run"], { cwd: folder }).code).to.equal(0);
      const changed = join(folder, "fewer");
      cpSync(join(folder, "images"), changed, { recursive: true });
      writeFileSync(join(changed, "batches.meta.txt"), "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
      expect(rnc(["train", "--resume", "run", "--data", "fewer"], { cwd: folder }).stderr).to.include("are not those of this run");
      const state = join(folder, "run/checkpoints/step-000000002/state.safetensors");
      writeFileSync(state, readFileSync(state).subarray(0, 500));
      const ran = rnc(["train", "--resume", "run"], { cwd: folder });
      expect(ran.code).to.equal(1);
      expect(ran.stderr).to.match(/the checkpoint `.*step-000000002` is damaged/).and.include("The one before it, `step-000000000`");
      mkdirSync(join(folder, "elsewhere"));
      expect(rnc(["train", "--resume", "../run"], { cwd: join(folder, "elsewhere") }).stderr).to.match(/is damaged/);
      rmSync(state.replace("/state.safetensors", ""), { recursive: true });
      expect(rnc(["train", "--resume", "../run"], { cwd: join(folder, "elsewhere") }).stderr).to.include("`../run` was trained on the images of `images`, and there is no such folder here").and.to.include("`rnc train --resume ../run --data DIR`");
      rmSync(join(folder, "run/checkpoints"), { recursive: true });
      expect(rnc(["train", "--resume", "run"], { cwd: folder }).stderr).to.include("has no checkpoint");
    }));
});
