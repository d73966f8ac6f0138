import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { makeWhole } from "../../tools/engines/machine.ts";
import { PACKAGES } from "../../tools/engines/tfjs-node.ts";
import { inFolder } from "../support/cli.ts";
import { needsSoftwareWebGpu } from "../support/webgpu.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

function tsx(script: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  return spawnSync(process.execPath, ["--import", "tsx", join(root, script), ...args], { cwd: root, env, encoding: "utf8" });
}

describe("engines of this machine", function () {
  this.timeout(300_000);

  for (const name of PACKAGES) {
    it(`${name} trains a step whose numbers are exact`, function () {
      if (!existsSync(join(root, "node_modules", name))) {
        console.log(`      skipped: ${name} is not installed; npm run engines`);
        return this.skip();
      }
      // Each in a process of its own: two copies of one backend would meet in the same one.
      const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "tools/engines/prove.cjs"), name], { cwd: root, encoding: "utf8" });
      expect(status, stderr).to.equal(0);
      const said = JSON.parse(stdout.trim().split("\n").pop()!) as { version: string; libtensorflow: string };
      expect(said.version).to.equal((JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")) as { version: string }).version);
      console.log(`      ${name} ${said.version}, libtensorflow ${said.libtensorflow}`);
    });
  }

  it("WebGPU on SwiftShader answers as the CPU does, with nothing handed back to it", function () {
    const env = needsSoftwareWebGpu(this);
    const [cpu, webgpu] = ["cpu", "webgpu"].map((provider) => {
      const { status, stdout, stderr } = tsx("test/support/webgpu-network.ts", [provider], env);
      expect(status, `${provider}: ${stderr}`).to.equal(0);
      return JSON.parse(stdout) as number[];
    });
    expect(cpu).to.have.length(10);
    const greatest = Math.max(...cpu!.map(Math.abs));
    const apart = Math.max(...cpu!.map((value, i) => Math.abs(value - webgpu![i]!)));
    expect(greatest).to.be.greaterThan(0.01);
    expect(apart / greatest).to.be.at.most(1e-4);
  });
});

describe("npm run engines", function () {
  this.timeout(60_000);

  it("says what it does, and what it does not know", () => {
    const help = tsx("tools/engines/install.ts", ["--help"]);
    expect(help.status).to.equal(0);
    for (const name of PACKAGES) expect(help.stdout).to.include(name);
    const wrong = tsx("tools/engines/install.ts", ["--chekc"]);
    expect(wrong.status).to.equal(1);
    expect(wrong.stderr).to.include("unknown argument: --chekc").and.to.include("npm run engines -- --help");
  });

  it("says which tool is missing, and leaves nothing half done", () =>
    inFolder((folder) => {
      const script = join(folder, "use.mts");
      writeFileSync(script, `import { main } from ${JSON.stringify(join(root, "tools/engines/machine.ts"))};\nimport { tensorFlowLibrary } from ${JSON.stringify(join(root, "tools/engines/tensorflow-library.ts"))};\nmain(() => void tensorFlowLibrary());\n`);
      const cache = join(folder, "cache");
      // A Python without pip, as Debian's is.
      const python = join(folder, "python3");
      writeFileSync(python, "#!/bin/sh\necho No module named pip >&2\nexit 1\n", { mode: 0o755 });
      const env = { ...process.env, PYTHON: python, RNC_ENGINES_CACHE: cache };
      const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", script], { cwd: root, env, encoding: "utf8" });
      expect(status).to.equal(1);
      expect(stderr).to.include(`${python} is no Python with pip`).and.to.include("PYTHON=/path/to/python");
      expect(readdirSync(cache)).to.deep.equal([]);
    }));

  it("keeps a whole folder, makes a broken one again, and clears what was stopped half way", () =>
    inFolder((parent) => {
      const folder = join(parent, "library");
      const make = (text: string) => makeWhole(folder, ["a", "b/c"], (unfinished) => {
        expect(existsSync(join(folder, "b/c"))).to.equal(false);
        writeFileSync(join(unfinished, "a"), text);
        mkdirSync(join(unfinished, "b"));
        writeFileSync(join(unfinished, "b/c"), text);
      });
      const { pid: ended } = spawnSync(process.execPath, ["-e", ""]);
      mkdirSync(`${folder}.unfinished-${ended}`);
      mkdirSync(folder);
      writeFileSync(join(folder, "a"), "from an installation that was stopped");

      expect(make("first")).to.equal(true);
      expect(readFileSync(join(folder, "a"), "utf8")).to.equal("first");
      expect(readdirSync(parent)).to.deep.equal(["library"]);
      expect(make("second")).to.equal(false);
      expect(readFileSync(join(folder, "a"), "utf8")).to.equal("first");

      expect(() => makeWhole(join(parent, "other"), ["x"], () => undefined)).to.throw("would lack x");
      expect(() => makeWhole(join(parent, "other"), ["x"], () => { throw new Error("the disk is full"); })).to.throw("the disk is full");
      expect(readdirSync(parent)).to.deep.equal(["library"]);
    }));
});
