import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import type { VerifyReport } from "../../src/verify/report.ts";
import { brokenLayers, brokenOnnx, swapAxes } from "../support/broken-models.ts";
import { ensureBuilt, inFolder, RNC, rnc } from "../support/cli.ts";
import type { Ran } from "../support/cli.ts";

const TEXT = `use std.blocks { basic, stage }
use std.shortcuts { B }

network Mine {
  input image: float32[N, 3, 16, 16]
  shortcuts B
  conv(3x3, 8) -> bn -> relu
  layer1: stage(2, basic(8))
  layer2: stage(1, basic(16), stride=2)
  globalavgpool -> fc: linear(10)
}
`;

const schema = JSON.parse(readFileSync(new URL("../../grammar/verify.schema.json", import.meta.url), "utf8")) as object;

function reportOf(ran: Ran): VerifyReport {
  const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);
  const report = JSON.parse(ran.stdout) as VerifyReport;
  expect(validate(report), JSON.stringify(validate.errors)).to.equal(true);
  return report;
}

/** A file of the disk as one that was emitted. */
const onDisk = (folder: string, path: string) => {
  const bytes = readFileSync(join(folder, path));
  return {
    path,
    sizeInBytes: bytes.length,
    async *chunks() {
      yield bytes;
    },
  };
};

describe("rnc verify", function () {
  this.timeout(180_000);
  before(ensureBuilt);

  /** A folder with a spec, calibrated weights for it, and models of both formats with them. */
  const inProject = (work: (folder: string, run: (...args: string[]) => Ran) => void | Promise<void>): Promise<void> =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, "mine.resnet"), TEXT);
      const run = (...args: string[]): Ran => rnc(args, { cwd: folder });
      const fine = (...args: string[]): void => {
        const ran = run(...args);
        expect(ran.code, ran.stderr).to.equal(0);
      };
      fine("weights", "calibrate", "mine.resnet", "-o", "w.safetensors");
      fine("compile", "mine.resnet", "--weights", "w.safetensors", "-o", "good.onnx");
      fine("compile", "mine.resnet", "--weights", "w.safetensors", "--target", "tfjs", "-o", "good");
      await work(folder, run);
    });

  it("runs the engines on calibrated weights and says that they agree", () =>
    inFolder((folder) => {
      writeFileSync(join(folder, "mine.resnet"), TEXT);
      const args = ["verify", "mine.resnet", "--engine", "onnxruntime", "--engine", "tfjs", "--batch", "2"];
      const ran = rnc([...args, "--json"], { cwd: folder });
      expect(ran.code, ran.stderr).to.equal(0);
      const { network, agrees, weights, inputs, results, notRun } = reportOf(ran);
      expect({ network, agrees, kind: weights.kind, inputs, notRun }).to.deep.equal({ network: "Mine", agrees: true, kind: "calibrated", inputs: [{ name: "image", shape: [2, 3, 16, 16] }], notRun: [] });
      expect(results.map(({ name, reference }) => [name, reference])).to.deep.equal([["onnxruntime", true], ["tfjs", false]]);
      expect(results[1]!.blocks.map(({ name }) => name)).to.deep.equal(["stem", "layer1.0", "layer1.1", "layer2.0", "head"]);
      // Two implementations that add in different orders do not give the same bits everywhere: a copy of itself would.
      expect(Math.max(...results[1]!.blocks.map(({ relative }) => relative!))).to.be.within(1e-9, 1e-5);
      const text = rnc(args, { cwd: folder });
      expect([text.code, text.stderr]).to.deep.equal([0, ""]);
      for (const part of ["image [2, 3, 16, 16]", "calibrated, seed 0", "layer1.1", "agree: all 2"]) expect(text.stdout).to.include(part);
      expect(readdirSync(folder)).to.deep.equal(["mine.resnet"]);
    }));

  it("compares a training step of every engine with the portable one", () =>
    inFolder((folder) => {
      writeFileSync(join(folder, "mine.resnet"), TEXT);
      const args = ["verify", "mine.resnet", "--training", "--engine", "onnxruntime", "--engine", "tfjs"];
      const ran = rnc([...args, "--json"], { cwd: folder });
      expect(ran.code, ran.stderr).to.equal(0);
      const { training, agrees, inputs, results } = reportOf(ran);
      expect([training, agrees, inputs[0]!.shape]).to.deep.equal([true, true, [4, 3, 16, 16]]);
      expect(results.map(({ name, engine, reference }) => [name, engine, reference])).to.deep.equal([["portable step", "onnxruntime", true], ["onnxruntime", "onnxruntime", false], ["tfjs", "tfjs", false]]);
      // Seven weighted layers, a projection, and a batch norm of four tensors behind all but the last.
      expect(results[2]!.parameters.map(({ what }) => what).filter((what) => what === "gradient").length).to.equal(8 + 2 * 8 + 2);
      expect(Math.max(...results[2]!.parameters.map(({ relative }) => relative!))).to.be.within(1e-9, 5e-5);
      const text = rnc(args, { cwd: folder });
      expect([text.code, text.stderr]).to.deep.equal([0, ""]);
      for (const part of ["loss", "of the gradients of each block", "layer2.0", "agree: all 3 make the same training step"]) expect(text.stdout).to.include(part);
      expect(text.stdout).to.match(/^portable step +onnxruntime, .* reference$/m).and.to.match(/^onnxruntime +\d.* loss .* agrees$/m);
      // Four examples fill no block, so that this is the portable step once more: it says so.
      expect(text.stdout).to.match(/^note: onnxruntime: layout of maps: portable \(.+\)$/m);
      const check = (more: readonly string[], code: number, words: string): void => {
        const failed = rnc(["verify", "mine.resnet", ...more], { cwd: folder });
        expect([failed.code, failed.stdout], failed.stderr).to.deep.equal([code, ""]);
        expect(failed.stderr.replace(/\n {4}/g, " ")).to.include(words);
      };
      check(["--training", "--against", "model.onnx"], 2, "`--against` names a model that answers");
      check(["--loss-on", "fc"], 2, "add `--training`");
      check(["--training", "--loss-on", "nothing"], 1, "no output `nothing`");
      expect(readdirSync(folder)).to.deep.equal(["mine.resnet"]);
    }));

  it("finds a mistake in a model of the user's own, and its line", () =>
    inProject(async (folder, run) => {
      const broken = await brokenLayers(readdirSync(join(folder, "good")).sort((a, b) => Number(b === "model.json") - Number(a === "model.json")).map((path) => onDisk(join(folder, "good"), path)), (model) => swapAxes(model.tensor("layer1.1.conv2/kernel"), 0, 1));
      mkdirSync(join(folder, "broken"));
      for (const [name, bytes] of Object.entries(broken)) writeFileSync(join(folder, "broken", name), bytes);
      writeFileSync(join(folder, "broken.onnx"), await brokenOnnx([onDisk(folder, "good.onnx")], (model) => void (model.attribute("layer2.0.conv1", "pads").ints = [0, 0, 2, 2])));

      const text = run("verify", "mine.resnet", "--weights", "w.safetensors", "--engine", "onnxruntime", "--against", "broken");
      expect([text.code, text.stderr]).to.deep.equal([1, ""]);
      for (const part of ["weights from w.safetensors", "broken from onnxruntime by more than 1e-4, first in the block layer1.1", "mine.resnet:8:3", "layer1: stage(2, basic(8))", "first in the layer layer1.1.conv2 (conv 3x3, 8)", "std.blocks:9:5"]) {
        expect(text.stdout).to.include(part);
      }
      // Without a file the model's own weights are taken: a kernel that is wrong is wrong on both sides, padding is not.
      const own = run("verify", "mine.resnet", "--engine", "onnxruntime", "--against", "broken/model.json", "--json");
      expect([own.code, reportOf(own).weights]).to.deep.equal([0, { kind: "model", description: "broken/model.json" }]);
      const both = run("verify", "mine.resnet", "--engine", "onnxruntime", "--against", "good", "--against", "broken.onnx", "--json");
      const { agrees, results } = reportOf(both);
      expect([both.code, agrees]).to.deep.equal([1, false]);
      expect(results.map(({ name, agrees: own, origin }) => [name, own, origin?.layer?.name])).to.deep.equal([["onnxruntime", true, undefined], ["good", true, undefined], ["broken.onnx", false, "layer2.0.conv1"]]);
      const [line, library] = results[2]!.origin!.layer!.lines;
      expect([line?.file, line?.line, library?.file]).to.deep.equal(["mine.resnet", 9, "std.blocks"]);
    }));

  it("says what is wrong with what it was given", () =>
    inFolder((folder) => {
      writeFileSync(join(folder, "mine.resnet"), TEXT);
      writeFileSync(join(folder, "notes.txt"), "no model");
      writeFileSync(join(folder, "any.resnet"), TEXT.replace("[N, 3, 16, 16]", "[N, 3, H, W]").replace("Mine", "Any"));
      mkdirSync(join(folder, "empty"));
      const check = (args: readonly string[], code: number, text: string): void => {
        const ran = rnc(["verify", ...args], { cwd: folder });
        expect([ran.code, ran.stdout], ran.stderr).to.deep.equal([code, ""]);
        expect(ran.stderr.replace(/\n {4}/g, " ")).to.include(text);
      };
      check(["mine.resnet", "--engine", "tfjs-nod"], 2, "did you mean `tfjs-node`");
      check(["mine.resnet", "--tolerance", "0"], 2, "a number above 0 is needed");
      check(["mine.resnet", "--rename", "a=b"], 2, "name it with `--weights`");
      check([], 2, "missing required argument 'network'");
      check(["any.resnet"], 1, "`H` and `W` of Any are open");
      check(["any.resnet"], 1, "--input 1x3x224x224");
      check(["mine.resnet", "--against", "nothing.onnx"], 1, "there is no file `nothing.onnx`");
      check(["mine.resnet", "--against", "empty"], 1, "without a `model.json`");
      check(["mine.resnet", "--against", "notes.txt"], 1, "neither an ONNX file nor a model of TensorFlow.js");
      check(["mine.resnet", "--engine", "onnxruntime"], 1, "a comparison needs two");
      check(["mine.resnet", "--weights", "nothing.pth", "--engine", "onnxruntime", "--engine", "tfjs"], 1, "nothing.pth");
      check(["missing.resnet"], 1, "there is no file `missing.resnet`");
    }));

  it("runs networks of any size on the size given", () =>
    inFolder((folder) => {
      writeFileSync(join(folder, "any.resnet"), TEXT.replace("[N, 3, 16, 16]", "[N, 3, H, W]").replace("Mine", "Any"));
      const ran = rnc(["verify", "any.resnet", "--input", "1x3x20x24", "--engine", "onnxruntime", "--engine", "tfjs", "--json"], { cwd: folder });
      expect(ran.code, ran.stderr).to.equal(0);
      expect(reportOf(ran).inputs[0]!.shape).to.deep.equal([1, 3, 20, 24]);
    }));

  it("ends at Ctrl-C and leaves nothing behind", () =>
    inFolder(async (folder) => {
      const child = spawn(process.execPath, [RNC, "verify", "ResNet50", "--engine", "onnxruntime", "--engine", "tfjs"], { cwd: folder, env: { ...process.env, TMPDIR: folder }, stdio: ["ignore", "pipe", "pipe"] });
      let said = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
      const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
      // As soon as a model is on its way to an engine.
      for (let tries = 0; tries < 600 && !readdirSync(folder).some((name) => name.startsWith("rnc-engine-")); tries++) await wait(100);
      const children = existsSync(`/proc/${child.pid}/task/${child.pid}/children`) ? readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(/\s+/) : [];
      child.kill("SIGINT");
      const [code] = await ended;
      expect([code, said]).to.deep.equal([130, "stopped by Ctrl-C; nothing was written\n"]);
      // Node.js keeps compiled code of its own under the same folder.
      expect(readdirSync(folder).filter((name) => name.startsWith("rnc-"))).to.deep.equal([]);
      for (let tries = 0; tries < 50 && children.some((id) => existsSync(`/proc/${id}`)); tries++) await wait(100);
      expect(children.filter((id) => existsSync(`/proc/${id}`))).to.deep.equal([]);
    }));
});
