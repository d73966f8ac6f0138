import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect } from "chai";
import { writeCifar } from "../support/image-sets.ts";
import { ensureBuilt, inFolder, RNC, rnc } from "../support/cli.ts";

const NET = `
network Tiny(width: int) {
  input image: float32[N, 3, 32, 32]
  conv(3x3, width, stride=4) -> bn -> relu
  residual { conv(3x3, width) -> bn }
  globalavgpool -> fc: linear(10)
}

recipe Short {
  batch: 8
  steps: 12
  optimizer: sgd(lr=0.05, momentum=0.9)
  split: random(train=64, val=16)
  augment: hflip -> subtract_mean(per=channel)
}

recipe Long = Short { steps: 100_000 }
`;

const network = (name: string, width: number): object => ({ name, network: "tiny.resnet#Tiny", set: { width: String(width) } });
const LENGTH = { recipe: "Short", every: 3, evaluateEvery: 6, panels: [{ title: "narrow", networks: [network("two", 2)] }, { title: "wide", networks: [network("four", 4)] }] };
const ERRORS = { title: "Two widths", source: "A test", about: "Which is better?", figure: "errors", small: LENGTH, full: { ...LENGTH, recipe: "Long" } };

async function inWorkplace(work: (folder: string) => Promise<void> | void): Promise<void> {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, "tiny.resnet"), NET);
    writeFileSync(join(folder, "widths.json"), JSON.stringify(ERRORS));
    writeFileSync(join(folder, "spread.json"), JSON.stringify({ ...ERRORS, figure: "responses", kernel: 3, images: 20 }));
    writeCifar(join(folder, "images"), 16);
    await work(folder);
  });
}

const RUN = ["train", "tiny.resnet", "--set", "width=2", "--data", "images", "--recipe", "Short", "--every", "3", "--engine", "onnxruntime"];
const THREADS = ["--threads", "1"];

async function until(what: string, holds: () => boolean): Promise<void> {
  const limit = Date.now() + 90_000;
  while (!holds()) {
    if (Date.now() > limit) throw new Error(`waited in vain for ${what}`);
    await wait(20);
  }
}

describe("rnc report", function () {
  this.timeout(240_000);
  before(() => ensureBuilt());

  it("is written by a training while it goes on and at its end, and made again of what is there", () =>
    inWorkplace(async (folder) => {
      const page = (run: string): string => readFileSync(join(folder, run, "report.html"), "utf8");
      const done = rnc([...RUN, ...THREADS, "-o", "one"], { cwd: folder });
      expect(done.code, done.stderr).to.equal(0);
      expect(done.stdout).to.include("curves and settings: one/report.html");
      expect(page("one")).to.include("Finished after 12 steps").and.include("recipe Short {").and.include("<svg");
      const written = page("one");
      rmSync(join(folder, "one/report.html"));
      expect(rnc(["report", "one"], { cwd: folder }).stdout).to.equal("wrote one/report.html\n");
      expect(page("one"), "made again").to.equal(written);

      const child = spawn(process.execPath, [RNC, ...RUN, ...THREADS, "--steps", "100000", "-o", "two"], { cwd: folder, stdio: "ignore" });
      await until("a page with curves", () => existsSync(join(folder, "two/report.html")) && page("two").includes("<svg"));
      expect(page("two")).to.match(/In progress: [\d,]+ of 100,000 steps/).and.match(/<\/html>\n$/);
      expect(rnc(["report", "two", "-o", "now.html"], { cwd: folder }).code).to.equal(0);
      expect(readFileSync(join(folder, "now.html"), "utf8")).to.include("In progress");
      const ended = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGKILL");
      await ended;
      writeFileSync(join(folder, "two/metrics.jsonl"), '{"step":9', { flag: "a" });
      const both = rnc(["report", "one", "two", "-o", "both.svg"], { cwd: folder });
      expect(both.code, both.stderr).to.equal(0);
      expect(readFileSync(join(folder, "both.svg"), "utf8")).to.match(/^<svg /).and.include(">one<").and.include(">two<");
      expect(rnc(["report", "one", "two"], { cwd: folder }).stdout).to.equal("wrote report.html\n");
      expect(readFileSync(join(folder, "report.html"), "utf8")).to.include("two: Stopped after");
    }));

  it("says what is wrong", () =>
    inFolder((folder) => {
      for (const [args, code, message] of [
        [["report"], 2, /missing required argument/],
        [["report", "nowhere"], 1, /`nowhere` is no run: there is no `nowhere\/run.json`/],
        [["report", "nowhere", "-o", "x.png"], 2, /an .html file, or an .svg picture/],
      ] as const) {
        const ran = rnc([...args], { cwd: folder });
        expect(ran.stderr, args.join(" ")).to.match(message);
        expect(ran.code, args.join(" ")).to.equal(code);
      }
      expect(readdirSync(folder)).to.deep.equal([]);
    }));
});

describe("rnc experiment", function () {
  this.timeout(240_000);
  before(() => ensureBuilt());

  it("trains what is compared, writes table, figure and numbers, and takes what is trained already", () =>
    inWorkplace((folder) => {
      const ran = rnc(["experiment", "widths.json", "--data", "images", ...THREADS], { cwd: folder });
      expect(ran.code, ran.stderr).to.equal(0);
      expect(ran.stdout).to.include("two (1 of 2)").and.include("four (2 of 2)").and.match(/^network +parameters/m);
      expect(readdirSync(join(folder, "experiments/widths")).sort()).to.deep.equal(["README.md", "figure.svg", "results.json"]);
      expect(readdirSync(join(folder, "experiments/runs")).sort()).to.deep.equal(["tiny.resnet-Tiny-width=2.Short", "tiny.resnet-Tiny-width=4.Short"]);
      const results = JSON.parse(readFileSync(join(folder, "experiments/widths/results.json"), "utf8")) as { networks: { name: string; params: number; steps: number; test_error: number; curve: number[][] }[] };
      // 3x3x3 and 3x3 of the width, two batch norms, a linear layer of ten.
      const params = (w: number): number => 27 * w + 9 * w * w + 4 * w + 10 * w + 10;
      expect(results.networks.map(({ name, params: counted, steps }) => [name, counted, steps])).to.deep.equal([["two", params(2), 12], ["four", params(4), 12]]);
      const metrics = readFileSync(join(folder, "experiments/runs/tiny.resnet-Tiny-width=2.Short/metrics.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line) as Record<string, number>);
      expect(results.networks[0]!.curve).to.deep.equal(metrics.map(({ step, train_error, val_error }) => [step, train_error, val_error ?? null]));
      expect(readFileSync(join(folder, "experiments/widths/figure.svg"), "utf8")).to.include(">narrow<").and.include(">wide<");

      // Another experiment of the same networks trains nothing.
      const other = rnc(["experiment", "spread.json", "--data", "images", ...THREADS], { cwd: folder });
      expect(other.code, other.stderr).to.equal(0);
      expect(other.stdout.match(/trained before/g)).to.have.length(2);
      const spread = JSON.parse(readFileSync(join(folder, "experiments/spread/results.json"), "utf8")) as { networks: { responses: number[] }[] };
      for (const { responses } of spread.networks) {
        expect(responses).to.have.length(2);
        for (const value of responses) expect(value).to.be.within(0.05, 20);
      }

      writeFileSync(join(folder, "tiny.resnet"), NET.replace("stride=4", "stride=2"));
      const changed = rnc(["experiment", "widths.json", "--data", "images"], { cwd: folder });
      expect(changed.code).to.equal(1);
      expect(changed.stderr).to.include("is another training").and.include("`tiny.resnet` has changed since");
      writeFileSync(join(folder, "tiny.resnet"), NET);
      writeFileSync(join(folder, "seldom.json"), JSON.stringify({ ...ERRORS, small: { ...LENGTH, evaluateEvery: undefined } }));
      const seldom = rnc(["experiment", "seldom.json", "--data", "images"], { cwd: folder });
      expect([seldom.code, seldom.stdout]).to.deep.equal([1, ""]);
      expect(seldom.stderr).to.include("is another training").and.include("steps between two validations: 6 there, an epoch asked for");
    }));

  it("trains everything with the engine that trained first, where none is named", () =>
    inWorkplace((folder) => {
      const first = "experiments/runs/tiny.resnet-Tiny-width=2.Short";
      const trained = rnc(["train", "tiny.resnet#Tiny", ...RUN.slice(2, -1), "tfjs", "--evaluate-every", "6", "-o", first], { cwd: folder });
      expect(trained.code, trained.stderr).to.equal(0);
      const ran = rnc(["experiment", "widths.json", "--data", "images"], { cwd: folder });
      expect(ran.code, ran.stderr).to.equal(0);
      const engine = (run: string): string => (JSON.parse(readFileSync(join(folder, run, "run.json"), "utf8")) as { engine: { name: string } }).engine.name;
      expect([engine(first), engine("experiments/runs/tiny.resnet-Tiny-width=4.Short")]).to.deep.equal(["tfjs", "tfjs"]);
      expect(readFileSync(join(folder, "experiments/widths/README.md"), "utf8")).to.match(/seed 0; tfjs \d[^;]*threads; rnc/);
    }));

  it("goes on with --resume after Ctrl-C, and not without", () =>
    inWorkplace(async (folder) => {
      const child = spawn(process.execPath, [RNC, "experiment", "widths.json", "--full", "--data", "images", ...THREADS], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
      let said = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (said += part.toString()));
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
      await until("lines", () => /step +6 /.test(said));
      child.kill("SIGINT");
      expect(await ended, said).to.equal(130);
      expect(said).to.include("the experiment goes on with `rnc experiment widths.json --data images -o experiments --threads 1 --full --resume`");
      const again = rnc(["experiment", "widths.json", "--full", "--data", "images"], { cwd: folder });
      expect(again.code).to.equal(1);
      expect(again.stderr).to.include("a training that is not finished").and.include("--resume");

      const resumed = spawn(process.execPath, [RNC, "experiment", "widths.json", "--full", "--resume", "--data", "images", ...THREADS], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
      let more = "";
      for (const stream of [resumed.stdout, resumed.stderr]) stream.on("data", (part: Buffer) => (more += part.toString()));
      const over = new Promise<number | null>((resolve) => resumed.once("close", resolve));
      await until("it to go on", () => /goes on after step \d+\n(.*\n)*step/.test(more));
      resumed.kill("SIGINT");
      expect(await over, more).to.equal(130);
    }));

  it("says which there are, and what is wrong before anything is trained", () =>
    inWorkplace((folder) => {
      const before = readdirSync(folder).sort();
      const listed = rnc(["experiment"], { cwd: folder });
      expect(listed.code, listed.stderr).to.equal(0);
      for (const name of ["degradation", "responses", "shortcuts", "single-layer-residual"]) expect(listed.stdout).to.match(new RegExp(`^${name}  `, "m"));
      writeFileSync(join(folder, "broken.json"), '{ "title": 3, "figure": "errors" }');
      for (const [args, code, message] of [
        [["degradatoin", "--data", "images"], 1, /no experiment `degradatoin`; did you mean `degradation`\?/],
        [["degradation"], 2, /an experiment needs images/],
        [["--data", "images"], 2, /which experiment\?/],
        [["missing.json", "--data", "images"], 1, /missing.json/],
        [["broken.json", "--data", "images"], 1, /broken.json: title has to be a text/],
        [["widths.json", "--data", "nowhere"], 1, /there is no folder `nowhere`/],
        [["widths.json", "--data", "images", ...THREADS, "--engine", "onnxruntime", "-o", "tiny.resnet"], 1, /cannot be written: a part of its path is a file, not a folder/],
      ] as const) {
        const ran = rnc(["experiment", ...args], { cwd: folder });
        expect(ran.stderr, args.join(" ")).to.match(message);
        expect(ran.code, args.join(" ")).to.equal(code);
      }
      rmSync(join(folder, "broken.json"));
      expect(readdirSync(folder).sort()).to.deep.equal(before);
    }));
});
