import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect } from "chai";
import { inFolder } from "../support/cli.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const source = (path: string): string => JSON.stringify(pathToFileURL(join(root, path)).href);

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a module of the repository's dialect in a process of its own. */
function run(code: string, env: NodeJS.ProcessEnv = {}): Ran {
  const ran = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], { cwd: root, encoding: "utf8", env: { ...process.env, ...env }, timeout: 100_000 });
  return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr };
}

/** A program that runs a small model in a process of its own; `more` comes between opening and running. */
const program = (more: string): string => `
  import { openInChildProcess } from ${source("src/cli/engine-process.ts")};
  import { smallModel } from ${source("test/support/small-model.ts")};
  const model = smallModel(5);
  const tell = (error) => { console.log([error.name, error.message, ...error.notes ?? [], ...error.help ?? []].join("\\n")); process.exitCode = error.exitCode ?? 1; };
  try {
    ${more}
  } catch (error) { tell(error); }`;

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function until(what: string, condition: () => boolean): Promise<void> {
  const begun = Date.now();
  while (!condition()) {
    if (Date.now() - begun > 30_000) throw new Error(`waited too long for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What the process of an engine loads first in these tests: it writes its id to a file, and does `more`. */
function preload(folder: string, more = ""): { readonly env: NodeJS.ProcessEnv; pid(): number; readonly seen: string } {
  const seen = join(folder, "pid");
  const path = join(folder, "preload.cjs");
  writeFileSync(path, `if (/engine-child/.test(process.argv[1] ?? "")) { require("node:fs").writeFileSync(${JSON.stringify(seen)}, String(process.pid)); ${more} }`);
  return { env: { NODE_OPTIONS: `--require ${path}`, TMPDIR: folder }, pid: () => Number(readFileSync(seen, "utf8")), seen };
}

/** Code for {@link preload}: `work` runs once the engine listens; whoever listens first is the only one who hears what came before. */
const onceItListens = (work: string): string => `
  let listens = false;
  process.on("newListener", (event) => {
    if (event !== "message" || listens) return;
    listens = true;
    process.nextTick(() => { ${work} });
  });`;

/** What a test itself did not put into its folder. */
const leftIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.startsWith("rnc-"));

describe("processes of engines", function () {
  this.timeout(120_000);

  it("end when they are closed, and leave no file; the model's own go as soon as it is open", () =>
    inFolder((folder) => {
      const { env, pid } = preload(folder);
      const ran = run(
        program(`
          const { readdirSync } = await import("node:fs");
          const inference = await openInChildProcess("onnxruntime", model.files("onnx"));
          console.log(readdirSync(${JSON.stringify(folder)}).filter((name) => name.startsWith("rnc-")).length);
          await inference.run(model.inputs);
          await inference.close();`),
        env,
      );
      expect(ran).to.deep.equal({ code: 0, stdout: "0\n", stderr: "" });
      expect(isAlive(pid())).to.equal(false);
      expect(leftIn(folder)).to.deep.equal([]);
    }));

  it("end with a program that forgets to close them, and do not keep it", () =>
    inFolder(async (folder) => {
      const { env, pid } = preload(folder);
      const ran = run(program(`await openInChildProcess("onnxruntime", model.files("onnx")); console.log("opened");`), env);
      expect(ran).to.deep.equal({ code: 0, stdout: "opened\n", stderr: "" });
      await until("the end of the engine", () => !isAlive(pid()));
    }));

  it("that are lost are a mistake with the signal and the last lines, not the end of rnc", () =>
    inFolder((folder) => {
      const { env } = preload(folder, onceItListens(`process.on("message", ({ kind }) => { if (kind === "run") { console.error("device lost\\nout of luck"); process.kill(process.pid, "SIGKILL"); } });`));
      const ran = run(program(`const inference = await openInChildProcess("onnxruntime", model.files("onnx")); await inference.run(model.inputs);`), env);
      expect(ran.code).to.equal(1);
      expect(ran.stdout).to.match(/^InputError\nthe engine `onnxruntime` was lost: its process was ended by SIGKILL\ndevice lost\nout of luck\n/);
      expect(ran.stdout).to.include("rnc doctor");
      expect(leftIn(folder)).to.deep.equal([]);
    }));

  for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
    it(`end with rnc on ${signal}`, () =>
      inFolder(async (folder) => {
        // The engine waits for ever with its answer to `open`: the model lies in the temporary folder then.
        const { env, pid, seen } = preload(folder, onceItListens(`process.removeAllListeners("message").on("message", () => undefined);`));
        const code = program(`await openInChildProcess("onnxruntime", model.files("onnx"));`);
        const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], { cwd: root, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
        let stdout = "";
        child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
        const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
        await until("the engine's process", () => existsSync(seen) && readFileSync(seen, "utf8") !== "");
        await until("the model's files", () => leftIn(folder).some((name) => existsSync(join(folder, name, "model.onnx"))));
        child.kill(signal);
        const exitCode = await ended;
        await until("the end of the engine", () => !isAlive(pid()));
        if (signal === "SIGKILL") return;
        expect(exitCode).to.equal(signal === "SIGINT" ? 130 : 143);
        expect(stdout).to.match(/^Interrupted\nstopped by /);
        expect(leftIn(folder)).to.deep.equal([]);
      }));
  }

  it("bring the mistakes of their engine over", () => {
    const ran = run(program(`await openInChildProcess("onnxruntime", { format: "onnx", files: [{ path: "", sizeInBytes: 3, async *chunks() { yield new Uint8Array(3); } }] });`));
    expect(ran.stdout).to.match(/^InputError\nONNX Runtime refuses this model\n.*protobuf/);
  });
});

describe("TensorFlow.js for Node.js", function () {
  this.timeout(120_000);

  const needs = (context: Mocha.Context, ...names: readonly string[]): void => {
    const missing = names.find((name) => !existsSync(join(root, "node_modules", name, "lib")));
    if (missing === undefined) return;
    console.log(`      skipped: ${missing} is not installed with its native part`);
    context.skip();
  };

  it("runs where `util` lacks what Node 23 took out of it", function () {
    needs(this, "@tensorflow/tfjs-node");
    const ran = run(`
      import { createRequire } from "node:module";
      import { tfjsNode } from ${source("src/engines/tfjs-node.ts")};
      const require = createRequire(${source("package.json")});
      const util = require("node:util");
      delete util.isNullOrUndefined;
      delete util.isArray;
      process.env.TF_CPP_MIN_LOG_LEVEL = "2";
      const tf = require("@tensorflow/tfjs-node");
      const joined = () => { try { return [...tf.concat([tf.tensor1d([1]), tf.tensor1d([2])]).dataSync()].join(); } catch (error) { return error.message; } };
      const greatest = () => { try { return [...tf.topk(tf.tensor1d([1, 3, 2]), 2).values.dataSync()].join(); } catch (error) { return error.message; } };
      console.log(joined()); console.log(greatest());
      console.log((await tfjsNode.probe()).kind);
      console.log(joined()); console.log(greatest());`);
    expect(ran.stderr).to.equal("");
    const broken = "(0 , util_1.isNullOrUndefined) is not a function";
    expect(ran.stdout.trim().split("\n")).to.deep.equal([broken, broken, "works", "1,2", "3,2"]);
  });

  it("is refused a second time in a process, and says nothing of its own", function () {
    needs(this, "@tensorflow/tfjs-node", "@tensorflow/tfjs-node-gpu");
    const ran = run(`
      import { tfjsNode } from ${source("src/engines/tfjs-node.ts")};
      import { tfjsNodeGpu } from ${source("src/engines/tfjs-node-gpu.ts")};
      console.log((await tfjsNode.probe()).kind);
      const second = await tfjsNodeGpu.probe();
      console.log(second.kind, second.reason);
      console.log((await tfjsNode.probe()).kind);`);
    expect(ran.stderr).to.equal("");
    expect(ran.stdout).to.equal("works\nbroken @tensorflow/tfjs-node is loaded in this process already, and both would be the backend `tensorflow`\nworks\n");
  });

  it("is chosen without a word where the package for GPUs has lost its native part", function () {
    needs(this, "@tensorflow/tfjs-node", "@tensorflow/tfjs-node-gpu");
    const ran = run(`
      import fs from "node:fs";
      import { chooseEngine } from ${source("src/engines/choose.ts")};
      import { tfjsNodeGpu } from ${source("src/engines/tfjs-node-gpu.ts")};
      const exists = fs.existsSync;
      fs.existsSync = (path) => !/tfjs-node-gpu.*tfjs_binding/.test(path) && exists(path);
      const status = await tfjsNodeGpu.probe();
      console.log(status.kind, status.reason);
      console.log((await chooseEngine("tfjs")).name);`);
    expect(ran.stdout).to.equal("broken its native addon, tfjs_binding.node, is not there; an installation without scripts or network leaves it out\ntfjs-node\n");
    expect(ran.stderr).to.equal("");
  });

  it("leaves the level of TensorFlow's log to whoever set it, and plain TensorFlow.js greets nobody", function () {
    needs(this, "@tensorflow/tfjs-node");
    const of = (name: string) => `import { engine } from "data:text/javascript,export { ${name === "tfjs" ? "tfjs" : "tfjsNode"} as engine } from ${source(`src/engines/${name}.ts`).replaceAll('"', "'")}"; console.log((await engine.probe()).kind);`;
    expect(run(of("tfjs"))).to.deep.equal({ code: 0, stdout: "works\n", stderr: "" });
    expect(run(of("tfjs-node"))).to.deep.equal({ code: 0, stdout: "works\n", stderr: "" });
    expect(run(of("tfjs-node"), { TF_CPP_MIN_LOG_LEVEL: "0" }).stderr).to.include("TensorFlow binary");
  });
});
