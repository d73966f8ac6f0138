import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ensureBuilt, inFolder, rnc } from "../support/cli.ts";

const NET = "use std.blocks { basic }\nnetwork Net(n: int = 2) {\n  input image: float32[N, 3, 8, 8]\n  conv(3x3, 8) -> bn -> relu\n  row: { for i in range(n) { basic(8) } }\n  globalavgpool -> fc: linear(10)\n}\n";

describe("rnc draw", function () {
  this.timeout(60_000);
  before(ensureBuilt);

  it("writes an SVG picture, or DOT by the name of the file", () =>
    inFolder((cwd) => {
      writeFileSync(join(cwd, "net.resnet"), NET);
      expect(rnc(["draw", "net.resnet", "-o", "net.svg"], { cwd })).to.deep.equal({ code: 0, stdout: "wrote net.svg\n", stderr: "" });
      expect(readFileSync(join(cwd, "net.svg"), "utf8")).to.match(/^<svg [^>]*>\n<title id="title">Net<\/title>/).and.match(/<\/svg>\n$/);
      expect(rnc(["draw", "net.resnet", "-o", "net.dot"], { cwd }).code).to.equal(0);
      expect(readFileSync(join(cwd, "net.dot"), "utf8")).to.match(/^digraph "Net" \{/).and.match(/\}\n$/);
    }));

  it("writes to standard output where no file is named, with the network's options", () =>
    inFolder((cwd) => {
      writeFileSync(join(cwd, "net.resnet"), NET);
      const { code, stdout, stderr } = rnc(["draw", "net.resnet", "--fold", "--set", "n=5", "--input", "1x3x32x32"], { cwd });
      expect([code, stderr]).to.deep.equal([0, ""]);
      expect(stdout).to.include("× 5").and.include("size: 32").and.include("image, 3 x 32 x 32");
      expect(rnc(["draw", "-", "--format", "dot", "-o", "-"], { cwd, input: NET }).stdout).to.match(/^digraph "Net"/);
    }));

  it("draws several networks side by side", () =>
    inFolder((cwd) => {
      const { stdout } = rnc(["draw", "Plain18", "ResNet18"], { cwd });
      expect(stdout).to.include('<title id="title">Plain18, ResNet18</title>');
      expect(stdout.split("size: 56").length).to.equal(2);
    }));

  const wrong: readonly (readonly [readonly string[], string])[] = [
    [["draw"], "missing required argument 'networks'"],
    [["draw", "ResNet18", "-o", "r.png"], "`-o r.png`: a picture is an .svg file, or a .dot file for Graphviz"],
    [["draw", "ResNet18", "-o", "r.svg", "--format", "dot"], "is the name of an SVG picture, and `--format dot` asks for another"],
    [["draw", "ResNet18", "--format", "pdf"], "there is no format `pdf`"],
    [["draw", "ResNet18", "--all-layers", "--depth", "1"], "choose one"],
    [["draw", "ResNet18", "--depth", "0"], "a whole number of at least 1"],
    [["draw", "ImageNetResNet"], "still needs"],
  ];
  for (const [args, message] of wrong) {
    it(`refuses \`rnc ${args.join(" ")}\``, () =>
      inFolder((cwd) => {
        const { code, stdout, stderr } = rnc(args, { cwd });
        expect([code, stdout]).to.deep.equal([2, ""]);
        expect(stderr).to.include(message);
        expect(readdirSync(cwd)).to.deep.equal([]);
      }));
  }

  it("writes nothing where a network has errors, and leaves what was there", () =>
    inFolder((cwd) => {
      writeFileSync(join(cwd, "bad.resnet"), NET.replace("conv(3x3, 8)", "conv(3x3, 4)").replace("basic(8)", "conv(3x3, 8"));
      writeFileSync(join(cwd, "old.svg"), "as it was");
      const { code, stdout, stderr } = rnc(["draw", "ResNet18", "bad.resnet", "-o", "old.svg"], { cwd });
      expect([code, stdout]).to.deep.equal([1, ""]);
      expect(stderr).to.include("bad.resnet:5");
      expect(readFileSync(join(cwd, "old.svg"), "utf8")).to.equal("as it was");
      expect(readdirSync(cwd).sort()).to.deep.equal(["bad.resnet", "old.svg"]);
    }));

  it("says why a file cannot be written", () =>
    inFolder((cwd) => {
      mkdirSync(join(cwd, "taken.svg"));
      for (const [output, reason] of [["none/r.svg", "the folder `none` does not exist"], ["taken.svg", "folder"]] as const) {
        const { code, stdout, stderr } = rnc(["draw", "ResNet18", "-o", output], { cwd });
        expect([code, stdout]).to.deep.equal([1, ""]);
        expect(stderr).to.include(reason);
      }
      expect(readdirSync(cwd)).to.deep.equal(["taken.svg"]);
      const { code, stderr } = rnc(["draw", "Nothing"], { cwd });
      expect(code).to.equal(1);
      expect(stderr).to.include("there is no file `Nothing`");
    }));
});
