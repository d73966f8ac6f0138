import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { COMMANDS } from "../../src/cli/commands.ts";
import type { CliHost } from "../../src/cli/host.ts";
import { main } from "../../src/cli/main.ts";
import { NO_COLORS } from "../../src/diagnostics/render/colors.ts";
import { NO_FILES } from "../../src/program/load.ts";
import { ensureBuilt, inFolder, rnc } from "../support/cli.ts";

describe("rnc: commands", function () {
  this.timeout(60_000);
  before(ensureBuilt);

  const run = (...args: string[]) => inFolder((folder) => rnc(args, { cwd: folder }));

  it("prints its version", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
    expect(await run("--version")).to.deep.equal({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("helps a newcomer", async () => {
    const help = await run("--help");
    expect(help.code).to.equal(0);
    for (const { name } of COMMANDS) expect(help.stdout).to.match(new RegExp(`^  ${name}`, "m"));
    for (const text of ["Examples:", "rnc compile ResNet50 -o resnet50.onnx", "Exit codes: 0 fine, 1 ", "130"]) expect(help.stdout).to.include(text);
    const nothing = await run();
    expect(nothing.code).to.equal(2);
    expect(nothing.stdout).to.include("Usage: rnc");
  });

  it("lists its commands in order, each with help of its own", async () => {
    const names = COMMANDS.map(({ name }) => name);
    expect(names).to.deep.equal([...names].sort());
    for (const name of names) {
      const help = await run(name, "--help");
      expect(help.code, name).to.equal(0);
      expect(help.stdout, name).to.include(`Usage: rnc ${name}`);
      expect((await run("help", name)).stdout).to.equal(help.stdout);
    }
  });

  const usage: readonly (readonly [title: string, args: readonly string[], err: readonly string[]])[] = [
    ["an unknown command", ["chek"], ["unknown command 'chek'", "Did you mean check?"]],
    ["an unknown option", ["compile", "ResNet8", "--sede", "1", "-o", "a"], ["unknown option '--sede'", "Did you mean --seed?"]],
    ["a missing option", ["compile", "ResNet8"], ["-o, --output"]],
    ["a missing argument", ["check"], ["missing required argument 'files'"]],
    ["a target there is not yet", ["compile", "ResNet8", "-o", "a", "--target", "pytorch"], ["`--target pytorch` (a PyTorch module) does not exist yet", "`--target onnx`"]],
    ["a target there never was", ["compile", "ResNet8", "-o", "a", "--target", "constructor"], ["there is no target `constructor`"]],
    ["a seed that is none", ["compile", "ResNet8", "-o", "a", "--seed", "-1"], ["`--seed -1`: a whole number of at least 0 is needed"]],
    ["a batch of nothing", ["compile", "ResNet8", "-o", "a", "--batch", "0"], ["at least 1"]],
    ["a setting without a value", ["check", "ResNet8", "--set", "n"], ["`--set n` is no setting", "--set option=A"]],
    ["a shape that is none", ["check", "ResNet8", "--input", "1x3x"], ["`--input 1x3x` is no shape"]],
    ["renames without weights", ["compile", "ResNet8", "-o", "a", "--rename", "a=b"], ["name it with `--weights`"]],
    ["a task of weights that is none", ["weights", "inspct", "w"], ["no task `inspct`", "did you mean `inspect`?"]],
    ["weights from nowhere", ["weights", "-o", "w.safetensors"], ["needs `--from PATH`"]],
    ["weights to nowhere", ["weights", "--from", "w"], ["needs `-o FILE`"]],
    ["weights as an ONNX file", ["weights", "--from", "w", "--for", "ResNet8", "-o", "w.onnx"], ["rnc compile ResNet8 --weights w -o w.onnx"]],
    ["weights to ignore without a network", ["weights", "--from", "w", "-o", "a", "--ignore", "fc"], ["name it with `--for`"]],
    ["a network's setting without a network", ["weights", "convert", "w", "-o", "a", "--set", "n=3"], ["name it with `--for`"]],
    ["a seed and weights", ["compile", "ResNet8", "-o", "a", "--seed", "1", "--weights", "w"], ["choose one"]],
    ["external data on standard output", ["compile", "ResNet8", "-o", "-", "--external-data"], ["standard output is one"]],
  ];
  for (const [title, args, err] of usage) {
    it(`refuses ${title}`, async () => {
      const ran = await run(...args);
      for (const text of err) expect(ran.stderr).to.include(text);
      expect(ran.stderr).to.match(/^error/);
      expect(ran.stdout).to.equal("");
      expect(ran.code).to.equal(2);
    });
  }

  it("reports a mistake of its own with what a report needs", async () => {
    let told = "";
    const out = { write: (text: string) => void (told += text), isTerminal: false, columns: 80, colors: NO_COLORS };
    const broken = (): never => {
      throw new TypeError("wibble is undefined");
    };
    const host: CliHost = { out, err: out, files: NO_FILES, pathKind: broken, list: broken, readText: broken, openBytes: broken };
    expect(await main(["check", "my net.resnet"], host)).to.equal(70);
    for (const text of ["rnc made a mistake of its own", "Node.js v", "command: rnc check my net.resnet", "TypeError: wibble is undefined", "commands.test.ts"]) expect(told).to.include(text);
  });

  describe("check", () => {
    it("says what networks with open parameters still need", async () => {
      const ran = await run("check", "std.cifar");
      expect(ran.code, ran.stderr).to.equal(0);
      expect(ran.stdout).to.match(/^ {2}CifarResNet +needs n: int$/m).and.to.match(/^ {2}ResNet20 +\[N, 3, 32, 32\] -> \[N, 10\]$/m);
    });

    it("prints JSON", () =>
      inFolder((folder) => {
        writeFileSync(join(folder, "a.resnet"), "network A {\n  input image: float32[N, 3, 8, 8]\n  cnv(3x3, 4)\n}\n");
        const ran = rnc(["check", "a.resnet", "--json"], { cwd: folder });
        expect(ran.code).to.equal(1);
        expect(ran.stderr).to.equal("");
        const { files, problems } = JSON.parse(ran.stdout) as { files: { path: string; networks: { name: string }[] }[]; problems: { code: string; slug: string; span: object }[] };
        expect(files.map(({ path, networks }) => [path, networks.map(({ name }) => name)])).to.deep.equal([["a.resnet", ["A"]]]);
        expect(problems).to.have.length(1);
        // Line 3, column 3, three characters; lines of 12 and 35 characters (with their ends) stand before.
        expect(problems[0]).to.deep.include({ code: "RN0201", slug: "unknown-name", severity: "error", span: { path: "a.resnet", start: { line: 3, column: 3, offset: 49 }, end: { line: 3, column: 6, offset: 52 } } });
      }));

    it("marks with colours only where they are wanted", () =>
      inFolder((folder) => {
        writeFileSync(join(folder, "a.resnet"), "network A {\n}\n");
        const plain = rnc(["check", "a.resnet"], { cwd: folder });
        const forced = rnc(["check", "a.resnet"], { cwd: folder, env: { FORCE_COLOR: "1" } });
        const refused = rnc(["check", "a.resnet"], { cwd: folder, env: { FORCE_COLOR: "1", NO_COLOR: "1" } });
        expect(forced.stderr).to.include("\u001b[31m");
        expect(forced.stderr.replaceAll(/\u001b\[\d+m/g, "")).to.equal(plain.stderr);
        expect(refused.stderr).to.equal(plain.stderr);
      }));
  });

  describe("list", () => {
    it("lists the library, and a file's own declarations", () =>
      inFolder((folder) => {
        const library = rnc(["list"], { cwd: folder }).stdout;
        for (const text of ["Networks\n", "Blocks\n", "Shortcut options\n", "Recipes\n", "ResNet50", "  std.blocks\n"]) expect(library).to.include(text);
        writeFileSync(join(folder, "a.resnet"), "/// Does nothing. Really.\nblock wibble { relu }\nblock short(channels: int, stride: int[]) { relu }\n");
        expect(rnc(["list", "a.resnet"], { cwd: folder }).stdout).to.equal("Blocks\n  a.resnet\n    wibble  Does nothing.\n\nShortcut options\n  a.resnet\n    short\n");
      }));
  });

  describe("new", () => {
    it("starts a project that checks and compiles", () =>
      inFolder((folder) => {
        const made = rnc(["new", "my-net"], { cwd: folder });
        expect(made.code, made.stderr).to.equal(0);
        expect(readdirSync(join(folder, "my-net"))).to.deep.equal(["README.md", "my-net.resnet"]);
        const checked = rnc(["check", "my-net"], { cwd: folder });
        expect(checked.stderr).to.equal("");
        expect(checked.stdout).to.include("MyNet  [N, 3, 32, 32] -> [N, 10]");
        expect(rnc(["compile", "my-net/my-net.resnet", "-o", "m.onnx"], { cwd: folder }).code).to.equal(0);
      }));

    it("names a network that can be read, whatever the folder is called", () =>
      inFolder((folder) => {
        for (const name of ["신경망", "3d net", "a.b"]) {
          expect(rnc(["new", name], { cwd: folder }).code, name).to.equal(0);
          expect(rnc(["check", name], { cwd: folder }).stderr, name).to.equal("");
        }
      }));

    it("writes nothing over", () =>
      inFolder((folder) => {
        mkdirSync(join(folder, "full"));
        writeFileSync(join(folder, "full", "a"), "");
        expect(rnc(["new", "full"], { cwd: folder })).to.deep.include({ code: 1, stderr: "error: the folder `full` is not empty\n  help: Choose another name; nothing is written over.\n" });
        expect(rnc(["new", "full/a"], { cwd: folder }).stderr).to.equal("error: `full/a` is a file, not a folder\n");
        expect(rnc(["new", "no/net"], { cwd: folder }).stderr).to.match(/^error: there is no folder `.*no` to make `net` in\n$/);
      }));
  });

  describe("weights", () => {
    it("calibrates, inspects, renames and takes them", () =>
      inFolder((folder) => {
        const made = rnc(["weights", "calibrate", "ResNet8", "-o", "w.safetensors"], { cwd: folder });
        expect(made.code, made.stderr).to.equal(0);
        const again = rnc(["weights", "calibrate", "ResNet8", "-o", "again.safetensors"], { cwd: folder });
        expect(again.code).to.equal(0);
        expect(readFileSync(join(folder, "again.safetensors")).equals(readFileSync(join(folder, "w.safetensors")))).to.equal(true);
        const listed = JSON.parse(rnc(["weights", "inspect", "w.safetensors", "--json"], { cwd: folder }).stdout) as { tensors: { name: string; shape: number[] }[]; elements: number };
        // 75,290 learned values (the library's contract) and the statistics of 9 batch norms of 16, 32 and 64 channels, 3 each.
        expect(listed.elements).to.equal(75_290 + 2 * (16 * 3 + 32 * 2 + 64 * 2));
        expect(listed.tensors.find(({ name }) => name === "fc.weight")?.shape).to.deep.equal([10, 64]);
        const renamed = rnc(["weights", "rename", "w.safetensors", "-o", "r.safetensors", "--rename", "fc=head"], { cwd: folder });
        expect(renamed.code, renamed.stderr).to.equal(0);
        expect(rnc(["weights", "inspect", "r.safetensors"], { cwd: folder }).stdout).to.match(/^head\.weight +F32 +\[10, 64\] +640$/m);
        const wrong = rnc(["compile", "ResNet8", "-o", "a.onnx", "--weights", "r.safetensors"], { cwd: folder });
        expect(wrong.code).to.equal(1);
        expect(wrong.stderr).to.include("--rename head=fc");
        const right = rnc(["compile", "ResNet8", "-o", "a.onnx", "--weights", "r.safetensors", "--rename", "head=fc"], { cwd: folder });
        expect(right.code, right.stderr).to.equal(0);
        expect(right.stdout).to.include("`head` renamed to `fc` in 2 tensors");
        rnc(["compile", "ResNet8", "-o", "b.onnx", "--weights", "w.safetensors"], { cwd: folder });
        expect(readFileSync(join(folder, "b.onnx")).equals(readFileSync(join(folder, "a.onnx")))).to.equal(true);
      }));

    it("refuses what is no file of weights", () =>
      inFolder((folder) => {
        mkdirSync(join(folder, "w"));
        expect(rnc(["weights", "inspect", "w"], { cwd: folder })).to.deep.include({ code: 1, stderr: "error: `w` is a folder without a `model.json`, so it is no TF.js model\n  help: Name the file of weights itself.\n" });
        expect(rnc(["weights", "inspect", "v"], { cwd: folder })).to.deep.include({ code: 1, stderr: "error: there is no file `v`\n" });
      }));
  });
});
