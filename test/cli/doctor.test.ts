import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { ENGINES } from "../../src/engines/registry.ts";
import { ensureBuilt, inFolder, rnc } from "../support/cli.ts";
import type { Ran } from "../support/cli.ts";
import { needsSoftwareWebGpu } from "../support/webgpu.ts";

const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
const dist = fileURLToPath(new URL("../../dist", import.meta.url));

interface Told {
  readonly compiler: { readonly status: string };
  readonly engines: readonly { readonly name: string; readonly status: string; readonly reason?: string; readonly help?: readonly string[]; readonly version?: string; readonly device?: string }[];
  readonly uses: Readonly<Record<string, readonly string[]>>;
}

/** The built rnc in a folder of its own, where only the packages are that the test puts there. */
function installed(folder: string): { doctor(args?: readonly string[], env?: NodeJS.ProcessEnv): Ran; add(name: string, from?: string): string } {
  cpSync(dist, join(folder, "node_modules/rnc/dist"), { recursive: true });
  return {
    doctor(args = [], env = {}) {
      const ran = spawnSync(process.execPath, [join(folder, "node_modules/rnc/dist/bin/rnc.cjs"), "doctor", ...args], { cwd: folder, encoding: "utf8", env: { ...process.env, ...env } });
      return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr };
    },
    add(name, from = join(modules, name)) {
      const path = join(folder, "node_modules", name);
      mkdirSync(dirname(path), { recursive: true });
      if (existsSync(from)) symlinkSync(from, path);
      return path;
    },
  };
}

const engine = (told: Told, name: string) => told.engines.find((candidate) => candidate.name === name)!;

describe("rnc doctor", function () {
  this.timeout(120_000);
  before(ensureBuilt);

  it("says that all engines are missing, each with the line that adds it, where rnc is alone", () =>
    inFolder((folder) => {
      const { doctor } = installed(folder);
      const text = doctor();
      expect(text.stderr).to.equal("");
      expect(text.code).to.equal(0);
      expect(text.stdout).to.include("the compiler works");
      for (const { name, install } of ENGINES) expect(text.stdout).to.match(new RegExp(`^${name}: not installed\\n  help: ${install}$`, "m"));
      expect(text.stdout).to.match(/^ {2}calibrate {2}no engine here can do it$/m);
      const told = JSON.parse(doctor(["--json"]).stdout) as Told;
      expect(told.engines.map(({ name, status }) => [name, status])).to.deep.equal(ENGINES.map(({ name }) => [name, "missing"]));
      expect(told.uses["verify"]).to.deep.equal([]);
    }));

  it("tells what works, on what, and for which command, from what lies beside it", () =>
    inFolder((folder) => {
      const { doctor, add } = installed(folder);
      add("onnxruntime-node");
      add("@tensorflow/tfjs");
      const told = JSON.parse(doctor(["--json"]).stdout) as Told;
      const version = (name: string) => (JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8")) as { version: string }).version;
      expect(engine(told, "onnxruntime")).to.include({ status: "works", version: version("onnxruntime-node") });
      expect(engine(told, "tfjs")).to.include({ status: "works", version: version("@tensorflow/tfjs"), device: "CPU, 1 thread" });
      expect(engine(told, "tfjs-node").status).to.equal("missing");
      expect(told.compiler.status).to.equal("works");
      expect(told.uses["calibrate"]).to.deep.equal(["onnxruntime"]);
      expect(told.uses["verify"]).to.include.members(["onnxruntime", "tfjs"]);
    }));

  it("tells a package without its native part from one that is not there", function () {
    if (!existsSync(join(modules, "@tensorflow/tfjs-node"))) {
      console.log("      skipped: @tensorflow/tfjs-node is not installed");
      this.skip();
    }
    return inFolder((folder) => {
      const { doctor, add } = installed(folder);
      // The package as npm installs it with `--ignore-scripts`, and what it depends on.
      const path = add("@tensorflow/tfjs-node", join(folder, "nothing"));
      for (const name of ["package.json", "dist"]) cpSync(join(modules, "@tensorflow/tfjs-node", name), join(path, name), { recursive: true });
      for (const name of readdirSync(modules).filter((entry) => !entry.startsWith("@") && !entry.startsWith(".") && entry !== "onnxruntime-node" && entry !== "rnc")) add(name);
      for (const name of ["@mapbox/node-pre-gyp", "@tensorflow/tfjs", "@tensorflow/tfjs-core"]) add(name);
      // A native part that belongs to something else.
      const runtime = add("onnxruntime-node", join(folder, "nothing"));
      mkdirSync(runtime);
      writeFileSync(join(runtime, "binding.node"), "no program");
      writeFileSync(join(runtime, "package.json"), '{ "name": "onnxruntime-node", "version": "1.30.0", "main": "index.js" }');
      writeFileSync(join(runtime, "index.js"), 'require("./binding.node");');
      const ran = doctor(["--json"]);
      expect(ran.code).to.equal(0);
      const told = JSON.parse(ran.stdout) as Told;
      const { status, reason, help } = engine(told, "tfjs-node");
      expect(status, reason).to.equal("broken");
      expect(reason).to.include("tfjs_binding.node, is not there");
      expect(help!.join("\n")).to.include("npm rebuild @tensorflow/tfjs-node --build-addon-from-source");
      expect(engine(told, "onnxruntime").status).to.equal("broken");
      expect(engine(told, "onnxruntime").reason).to.include("its native part does not load");
      expect(engine(told, "tfjs-node-gpu").status).to.equal("missing");
      expect(engine(told, "tfjs").status).to.equal("works");
    });
  });

  it("names one that hangs and one that ends its process, and goes on", () =>
    inFolder((folder) => {
      const { doctor, add } = installed(folder);
      const pretend = (name: string, code: string): void => {
        const path = add(name, join(folder, "nothing"));
        mkdirSync(path);
        writeFileSync(join(path, "index.js"), code);
      };
      pretend("@tensorflow/tfjs-node", "for (;;);");
      pretend("@tensorflow/tfjs-node-gpu", 'console.error("the driver is upset"); process.kill(process.pid, "SIGABRT"); for (;;);');
      const ran = doctor(["--json", "--timeout", "3"]);
      expect(ran.code).to.equal(0);
      const told = JSON.parse(ran.stdout) as Told;
      expect(engine(told, "tfjs-node")).to.include({ status: "broken", reason: "it did not answer within 3 s" });
      expect(engine(told, "tfjs-node").help!.join()).to.include("--timeout 30");
      expect(engine(told, "tfjs-node-gpu").reason).to.include("was ended by SIGABRT").and.to.include("the driver is upset");
      expect(engine(told, "onnxruntime").status).to.equal("missing");
    }));

  it("finds WebGPU on SwiftShader", function () {
    const env = needsSoftwareWebGpu(this);
    return inFolder((folder) => {
      const told = JSON.parse(rnc(["doctor", "--json"], { cwd: folder, env }).stdout) as Told;
      expect(engine(told, "onnxruntime-webgpu")).to.include({ status: "works", device: "WebGPU, Vulkan driver vk_swiftshader_icd.json" });
    });
  });

  it("wants whole seconds", () =>
    inFolder((folder) => {
      const ran = rnc(["doctor", "--timeout", "soon"], { cwd: folder });
      expect(ran.code).to.equal(2);
      expect(ran.stderr).to.include("--timeout soon");
    }));
});
