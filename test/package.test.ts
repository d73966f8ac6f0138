import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { ensureBuilt, inFolder } from "./support/cli.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const npm = (args: readonly string[], cwd: string): string => execFileSync("npm", [...args, "--loglevel=error"], { cwd, encoding: "utf8", env: { ...process.env, npm_config_update_notifier: "false" } });

describe("the package", function () {
  this.timeout(180_000);
  before(ensureBuilt);

  it("is small, installs alone into an empty folder, and works there", () =>
    inFolder((folder) => {
      // What is published is what was built: `prepare` would build it a second time.
      const [packed] = JSON.parse(npm(["pack", "--ignore-scripts", "--json", "--pack-destination", folder], root)) as [{ filename: string; size: number; unpackedSize: number; files: { path: string }[] }];
      // A few MB to fetch. A third of what it unpacks to is V8's compiled form of two bundles.
      expect(packed.size).to.be.lessThan(4_000_000);
      expect(packed.unpackedSize).to.be.lessThan(12_000_000);
      const paths = packed.files.map(({ path }) => path);
      expect(paths).to.include.members(["dist/bin/rnc.cjs", "dist/cli.cjs", "dist/quick.cjs", "dist/index.js", "dist/types/index.d.ts", "dist/THIRD-PARTY-LICENSES.txt", "LICENSE", "README.md", "stdlib/resnet.resnet", "grammar/resnet.ebnf"]);
      expect(paths.filter((path) => /^(src|test|tools|bench|node_modules)\//.test(path))).to.deep.equal([]);

      const home = join(folder, "empty");
      mkdirSync(home);
      writeFileSync(join(home, "package.json"), '{ "private": true, "type": "module" }\n');
      npm(["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", join(folder, packed.filename)], home);
      expect(readdirSync(join(home, "node_modules")).filter((name) => !name.startsWith("."))).to.deep.equal(["rnc"]);

      const ran = spawnSync(join(home, "node_modules/.bin/rnc"), ["compile", "ResNet50", "-o", "r50.onnx"], { cwd: home, encoding: "utf8" });
      expect(ran.stderr).to.equal("");
      expect(ran.status).to.equal(0);
      expect(ran.stdout).to.include("ResNet50: checked").and.to.include("25,557,032").and.to.include("wrote r50.onnx");
      // torchvision's ResNet-50 has 25,557,032 learned values and 53,120 running statistics, 4 bytes each.
      expect(statSync(join(home, "r50.onnx")).size).to.be.within(4 * (25_557_032 + 53_120), 4 * (25_557_032 + 53_120) + 300_000);

      const experiments = spawnSync(join(home, "node_modules/.bin/rnc"), ["experiment"], { cwd: home, encoding: "utf8" });
      expect(experiments.stderr).to.equal("");
      expect(experiments.stdout).to.match(/^degradation  /m);

      const calibrated = spawnSync(join(home, "node_modules/.bin/rnc"), ["weights", "calibrate", "ResNet8", "-o", "w.safetensors"], { cwd: home, encoding: "utf8" });
      expect(calibrated.status).to.equal(1);
      expect(calibrated.stderr).to.include("ONNX Runtime, which is not installed").and.to.include("npm install onnxruntime-node");
      expect(existsSync(join(home, "w.safetensors"))).to.equal(false);

      mkdirSync(join(home, "set/cat"), { recursive: true });
      writeFileSync(join(home, "set/cat/1.png"), "");
      const undecoded = spawnSync(join(home, "node_modules/.bin/rnc"), ["data", "check", "set"], { cwd: home, encoding: "utf8" });
      expect(undecoded.status).to.equal(1);
      expect(undecoded.stderr).to.include("sharp (it reads JPEG and PNG files), which is not installed").and.to.include("npm install sharp");

      writeFileSync(join(home, "use.mjs"), 'import { standardNames } from "rnc";\nconsole.log(standardNames("network").includes("ResNet50"));\n');
      expect(execFileSync(process.execPath, ["use.mjs"], { cwd: home, encoding: "utf8" })).to.equal("true\n");

      // The types stand on their own: nothing of them is skipped, and no other package's types are there.
      writeFileSync(
        join(home, "use.ts"),
        'import { loadProgram, listNetworks, type Problem } from "rnc";\nexport const names = async (text: string): Promise<string[]> => listNetworks(await loadProgram({ path: "a", text, standard: false })).map((n) => n.name);\nexport const line = (problem: Problem): string => problem.message;\n// @ts-expect-error a text is no program\nlistNetworks("text");\n',
      );
      writeFileSync(join(home, "tsconfig.json"), JSON.stringify({ compilerOptions: { noEmit: true, strict: true, module: "nodenext", target: "es2022", types: [] }, files: ["use.ts"] }));
      const typed = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "."], { cwd: home, encoding: "utf8" });
      expect(typed.stdout).to.equal("");
      expect(typed.status).to.equal(0);
    }));

  it("names the licence of everything that is bundled", () => {
    const text = readFileSync(join(root, "dist/THIRD-PARTY-LICENSES.txt"), "utf8");
    for (const name of ["chevrotain", "commander", "d3-scale", "d3-shape", "fastest-levenshtein", "protobufjs"]) expect(text).to.match(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+, (MIT|Apache-2.0|ISC|BSD-3-Clause)$`, "m"));
  });

  it("starts the same without its code cache", () =>
    inFolder((folder) => {
      mkdirSync(join(folder, "bin"));
      for (const name of ["bin/rnc.cjs", "quick.cjs", "cli.cjs"]) writeFileSync(join(folder, name), readFileSync(join(root, "dist", name)));
      const plain = execFileSync(process.execPath, [join(folder, "bin/rnc.cjs"), "check", "ResNet20"], { encoding: "utf8" });
      const cached = execFileSync(process.execPath, [join(root, "dist/bin/rnc.cjs"), "check", "ResNet20"], { encoding: "utf8" });
      expect(plain).to.equal(cached);
      // A cache of another build or another V8 is not believed.
      for (const name of readdirSync(join(root, "dist")).filter((entry) => entry.endsWith(".cache"))) writeFileSync(join(folder, name), readFileSync(join(root, "dist", name)).fill(7, 8, 16));
      expect(execFileSync(process.execPath, [join(folder, "bin/rnc.cjs"), "check", "ResNet20"], { encoding: "utf8" })).to.equal(cached);
    }));
});
