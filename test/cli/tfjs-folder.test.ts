import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect } from "chai";
import type * as TF from "@tensorflow/tfjs";
import { ensureBuilt, inFolder, RNC, rnc } from "../support/cli.ts";
import type { Ran } from "../support/cli.ts";
import { mount, unmount } from "../support/small-disk.ts";

const compile = (network: string, folder: string, ...more: readonly string[]): Ran => rnc(["compile", network, "--target", "tfjs", "-o", folder, ...more], { cwd: tmpdir() });
const manifestOf = (folder: string): readonly string[] => (JSON.parse(readFileSync(join(folder, "model.json"), "utf8")) as TF.io.ModelJSON).weightsManifest.flatMap(({ paths }) => paths);

describe("rnc compile --target tfjs -o FOLDER", function () {
  this.timeout(60_000);
  before(ensureBuilt);

  it("makes the folder and says what is in it", () =>
    inFolder((parent) => {
      const folder = join(parent, "a model");
      const { code, stdout, stderr } = compile("ResNet20", folder);
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: "" });
      for (const text of ["ResNet20: checked", "269,722", `wrote ${folder}  `, "model.json and 1 file of weights", "TensorFlow.js LayersModel"]) expect(stdout).to.include(text);
      expect(readdirSync(folder).sort()).to.deep.equal([...manifestOf(folder), "model.json"]);
    }));

  it("writes over an earlier model, leaves other files alone, and names weights that nobody uses any longer", () =>
    inFolder((folder) => {
      writeFileSync(join(folder, "labels.txt"), "cat\n");
      writeFileSync(join(folder, "my-shard1of2.bin"), "mine");
      expect(compile("ResNet18", folder).stdout).not.to.include("earlier model");
      const before = manifestOf(folder);
      expect(before).to.have.length(12);

      const smaller = compile("ResNet8", folder);
      expect(smaller.code).to.equal(0);
      expect(smaller.stdout).to.include("`group1-shard10of12.bin` and 11 more files of weights are still there from an earlier model");
      expect(manifestOf(folder)).to.deep.equal(["group1-shard1of1.bin"]);
      expect(readdirSync(folder).sort()).to.deep.equal([...before, "group1-shard1of1.bin", "labels.txt", "model.json", "my-shard1of2.bin"].sort());

      for (const name of before.slice(1)) execFileSync("rm", [join(folder, name)]);
      expect(compile("ResNet8", folder).stdout).to.include("`group1-shard1of12.bin` is still there from an earlier model; this one does not use it");
      execFileSync("rm", [join(folder, before[0]!)]);
      expect(compile("ResNet8", folder).stdout).not.to.include("earlier model");
    }));

  it("fixes the batch, ends in a softmax and folds batch norms when asked to", () =>
    inFolder((folder) => {
      const { code, stdout } = compile("ResNet8", folder, "--batch", "4", "--softmax", "--fold-bn");
      expect(code).to.equal(0);
      expect(stdout).to.include("7 of 7 batch norms folded");
      const { modelTopology } = JSON.parse(readFileSync(join(folder, "model.json"), "utf8")) as { modelTopology: { config: { layers: { class_name: string; config: { batch_input_shape?: number[] } }[] } } };
      const { layers } = modelTopology.config;
      expect(layers[0]!.config.batch_input_shape).to.deep.equal([4, 32, 32, 3]);
      const classes = layers.map(({ class_name }) => class_name);
      expect(classes.at(-1)).to.equal("Softmax");
      expect(classes).not.to.include("BatchNormalization");
    }));

  it("refuses a network that TensorFlow.js cannot say, with layer, operator and line, and writes nothing", () =>
    inFolder((parent) => {
      const folder = join(parent, "model");
      const { code, stdout, stderr } = compile("GoogLeNet", folder);
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: "" });
      for (const text of ["error: `GoogLeNet` cannot be written for TensorFlow.js", "`lrn1` (`lrn`)", "local response normalization", "std.googlenet:", "--target onnx"]) expect(stderr).to.include(text);
      expect(existsSync(folder)).to.equal(false);

      mkdirSync(folder);
      writeFileSync(join(folder, "model.json"), "before");
      expect(compile("GoogLeNet", folder).code).to.equal(1);
      expect(readFileSync(join(folder, "model.json"), "utf8")).to.equal("before");
    }));

  it("explains a missing parent folder, and a file where the folder should be", () =>
    inFolder((parent) => {
      const missing = compile("ResNet8", join(parent, "a", "b"));
      expect(missing.code).to.equal(1);
      expect(missing.stderr).to.include("does not exist").and.to.include("mkdir -p");
      writeFileSync(join(parent, "file"), "");
      const file = compile("ResNet8", join(parent, "file"));
      expect(file.code).to.equal(1);
      expect(file.stderr).to.include("is a file, and a folder is to be written");
      expect(readdirSync(parent)).to.deep.equal(["file"]);
    }));

  it("leaves nothing behind on a full disk, and an earlier model as it was", function () {
    return inFolder((disk) => {
      const reason = mount(disk, "size=2m");
      if (reason !== undefined) {
        console.log(`      skipped: no small disk can be mounted here (${reason})`);
        return this.skip();
      }
      try {
        const fresh = compile("ResNet18", join(disk, "new"));
        expect(fresh.code).to.equal(1);
        expect(fresh.stderr).to.include("the disk is full").and.to.include("nothing was left behind");
        expect(readdirSync(disk)).to.deep.equal([]);

        expect(compile("ResNet8", join(disk, "old")).code).to.equal(0);
        const held = () => readdirSync(join(disk, "old")).map((name) => [name, readFileSync(join(disk, "old", name)).toString("base64")]);
        const before = held();
        expect(compile("ResNet18", join(disk, "old")).code).to.equal(1);
        expect(held()).to.deep.equal(before);
      } finally {
        unmount(disk);
      }
    });
  });

  it("takes away what was begun on Ctrl-C, the folder too", () =>
    inFolder(async (parent) => {
      const folder = join(parent, "vgg");
      const child = spawn(process.execPath, [RNC, "compile", "VGG19", "--target", "tfjs", "-o", folder], { stdio: ["ignore", "ignore", "pipe"] });
      let stderr = "";
      child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
      const ended = once(child, "exit") as Promise<[number | null, string | null]>;
      for (let i = 0; i < 5000 && child.exitCode === null && !(existsSync(folder) && readdirSync(folder).length > 3); i++) await wait(2);
      expect(existsSync(folder), stderr).to.equal(true);
      child.kill("SIGINT");
      const [status] = await ended;
      expect(stderr).to.include("nothing was written");
      expect(status).to.equal(130);
      expect(readdirSync(parent)).to.deep.equal([]);
    }));
});
