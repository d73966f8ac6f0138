import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import { ensureBuilt, inFolder, rnc } from "../support/cli.ts";

const conforms = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(JSON.parse(readFileSync(new URL("../../grammar/diff.schema.json", import.meta.url), "utf8")) as object);

const blocks = (width: number): string => `block unit(width: int = ${width}) {\n  residual { conv(3x3, width) -> bn }\n  relu\n}\n`;
const net = (depth: number, more = ""): string => `use "parts/unit.resnet" { unit }\nnetwork Net {\n  input image: float32[N, 3, 8, 8]\n  conv(3x3, 8) -> bn -> relu\n  row: { ${depth} x unit(8) }\n  globalavgpool -> fc: linear(10)\n}\n${more}`;

/** A repository whose first commit has one block and whose second has two; the file on disk has three. */
async function inRepository(work: (folder: string) => void): Promise<void> {
  await inFolder((folder) => {
    const git = (...args: string[]): void => void execFileSync("git", ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main", ...args], { cwd: folder, stdio: "pipe" });
    mkdirSync(join(folder, "parts"));
    git("init", "-q");
    for (const depth of [1, 2]) {
      writeFileSync(join(folder, "net.resnet"), net(depth));
      writeFileSync(join(folder, "parts/unit.resnet"), blocks(8));
      git("add", "-A");
      git("commit", "-q", "-m", `${depth}`);
    }
    writeFileSync(join(folder, "net.resnet"), net(3, "network Second = Net\n"));
    work(folder);
  });
}

describe("rnc diff", function () {
  this.timeout(60_000);
  before(ensureBuilt);

  it("holds a file against its last commit, imports included", () =>
    inRepository((cwd) => {
      const { code, stdout, stderr } = rnc(["diff", "net.resnet#Net"], { cwd });
      expect(stderr).to.equal("");
      expect(code).to.equal(0);
      // A block of 3x3x8x8 weights and 16 values of its batch norm.
      expect(stdout).to.include("HEAD:net.resnet#Net -> net.resnet#Net").and.to.include("+592").and.to.include("    + row.2  params +592, multiply-adds +36,864");
      expect(stdout).not.to.include("row.1");
    }));

  it("holds two revisions against each other", () =>
    inRepository((cwd) => {
      const { stdout } = rnc(["diff", "HEAD~1:net.resnet", "HEAD:net.resnet"], { cwd });
      expect(stdout).to.include("HEAD~1:net.resnet#Net -> HEAD:net.resnet#Net").and.to.include("+ row.1");
      expect(rnc(["diff", "HEAD~1:net.resnet", "HEAD~1:net.resnet", "--exit-code"], { cwd })).to.deep.equal({ code: 0, stdout: "HEAD~1:net.resnet#Net -> HEAD~1:net.resnet#Net: the same network\n", stderr: "" });
      expect(rnc(["diff", "HEAD~1:net.resnet", "net.resnet", "--exit-code"], { cwd }).code).to.equal(1);
    }));

  it("tells networks that are only on one side", () =>
    inRepository((cwd) => {
      const { stdout } = rnc(["diff", "HEAD:net.resnet", "net.resnet"], { cwd });
      expect(stdout).to.include("+ Second: a new network").and.to.include("+ row.2");
      expect(rnc(["diff", "net.resnet", "HEAD:net.resnet"], { cwd }).stdout).to.include("- Second: removed");
    }));

  it("speaks JSON by its schema, and Markdown for a comment", () =>
    inRepository((cwd) => {
      const json = JSON.parse(rnc(["diff", "ResNet50", "SEResNet50", "--json"], { cwd }).stdout) as { networks: { totals: { params: object } }[] };
      expect(conforms(json), JSON.stringify(conforms.errors)).to.equal(true);
      // Hu et al. 2018 (arXiv 1709.01507, Table 2): 28.1 M parameters with squeeze and excitation.
      expect(json.networks[0]?.totals.params).to.deep.equal({ before: 25_557_032, after: 28_088_024 });
      expect(conforms({ ...json, networks: [{}] })).to.equal(false);
      const { stdout } = rnc(["diff", "HEAD:net.resnet", "net.resnet", "--markdown"], { cwd });
      expect(stdout).to.include("### `HEAD:net.resnet#Net` → `net.resnet#Net`").and.to.include("<details><summary>row").and.to.include("\n+     row.2  params +592");
      expect(stdout).to.match(/^\| params \| [\d,]+ \| [\d,]+ \| \+592 /m);
    }));

  for (const [what, args, code, words] of [
    ["a revision that is not there", ["diff", "v9:net.resnet", "net.resnet"], 1, ["v9:net.resnet", "there is no file"]],
    ["one name of the library", ["diff", "ResNet50"], 2, ["two networks, or one file", "rnc diff net.resnet"]],
    ["a network the file never had", ["diff", "HEAD:net.resnet#Nett", "net.resnet#Net"], 1, ["no network `Nett`", "`Net`"]],
    ["two forms", ["diff", "ResNet18", "ResNet34", "--json", "--markdown"], 2, ["choose one"]],
  ] as const) {
    it(`says what to do about ${what}`, () =>
      inRepository((cwd) => {
        const ran = rnc(args, { cwd });
        expect(ran.code).to.equal(code);
        for (const word of words) expect(ran.stderr).to.include(word);
      }));
  }

  it("says what is wrong with a broken side", () =>
    inRepository((cwd) => {
      writeFileSync(join(cwd, "net.resnet"), net(2).replace("conv(3x3, 8)", "conv(3x3, 8, strid=2)"));
      const ran = rnc(["diff", "net.resnet"], { cwd });
      expect(ran.code).to.equal(1);
      expect(ran.stderr).to.include("strid").and.to.include("net.resnet:4:");
    }));
});
