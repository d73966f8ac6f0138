import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import type { Ran } from "../../support/cli.ts";
import { ensureBuilt, inFolder, rnc } from "../../support/cli.ts";

/** Nothing is wrong with it. */
const GOOD = `use std.blocks { basic, stage }
use std.shortcuts { B }

network Good(classes: int = 10) {
  input image: float32[N, 3, 32, 32]
  shortcuts B
  conv(3x3, 16) -> bn -> relu
  layer1: stage(2, basic(16))
  layer2: stage(2, basic(32), stride=2)
  layer3: stage(2, basic(64), stride=2)
  globalavgpool -> fc: linear(classes)
}
`;
/** One import too many, whose fix is safe, and a stride in every pass, whose fix changes what is computed. */
const POOR = GOOD.replace("{ B }", "{ A, B }").replace("stage(2, basic(64), stride=2)", "2 x basic(64, stride=2)");
const POOR_MENDED = POOR.replace("{ A, B }", "{ B }");
/** The `(` in line 3 is never closed. */
const BROKEN = "network Broken {\n  input image: float32[N, 3, 32, 32]\n  conv(3x3, 16\n}\n";
const ONLY = ["--select", "unused,repeated-stride"];

interface Case {
  readonly title: string;
  readonly files: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly input?: string;
  readonly code: number;
  /** All of standard output, or parts of it. */
  readonly out: string | readonly string[];
  readonly err?: readonly string[];
  readonly after?: Readonly<Record<string, string>>;
}

const TWO = "[RL03 unused]: the import `A` is never used";

const cases: readonly Case[] = [
  { title: "no argument: everything here and below, but for what git leaves out", files: { "a.resnet": GOOD, "nets/b.resnet": GOOD, "build/c.resnet": BROKEN, ".gitignore": "build/\n" }, args: [], code: 0, out: "no problems in 2 files\n" },
  { title: "warnings alone are no failure", files: { "a.resnet": POOR }, args: ["a.resnet", ...ONLY], code: 0, out: [`warning${TWO}`, "warning[RL06 repeated-stride]", "┌─ a.resnet:2:21", "2 warnings in 1 file\n1 of them can be mended by `rnc lint --fix`"] },
  { title: "more warnings than are allowed are one", files: { "a.resnet": POOR }, args: ["a.resnet", ...ONLY, "--max-warnings", "1"], code: 1, out: ["2 warnings in 1 file"] },
  { title: "as many as are allowed are none", files: { "a.resnet": POOR }, args: ["a.resnet", ...ONLY, "--max-warnings=2"], code: 0, out: ["2 warnings in 1 file"] },
  {
    title: "what is broken or cannot be read stops nothing",
    files: { "a.resnet": BROKEN, "c.resnet": POOR },
    args: ["gone.resnet", "a.resnet", "c.resnet", "empty", ...ONLY],
    code: 1,
    out: ["error[RN0104]: this `(` is never closed", TWO, "1 error, 2 warnings in 2 files; 2 could not be read"],
    err: ["there is no file `gone.resnet`", "there is no file `empty`"],
  },
  { title: "--statistics", files: { "a.resnet": POOR, "b.resnet": POOR }, args: [".", ...ONLY, "--statistics"], code: 0, out: "count  code  name             severity\n    2  RL03  unused           warning\n    2  RL06  repeated-stride  warning\n\n4 warnings in 2 files\n2 of them can be mended by `rnc lint --fix`; `--diff` shows how.\n" },
  { title: "--severity error", files: { "a.resnet": POOR }, args: ["a.resnet", "--severity", "error"], code: 0, out: "no problems in 1 file\n" },
  { title: "--ignore", files: { "a.resnet": POOR }, args: [".", ...ONLY, "--ignore", "RL03", "--ignore", "repeated-stride"], code: 0, out: "no problems in 1 file\n" },
  {
    title: "--fix writes the safe ones and says what is left",
    files: { "a.resnet": POOR, "b.resnet": GOOD },
    args: [".", ...ONLY, "--fix"],
    code: 0,
    out: ["fixed a.resnet:2: remove `A` (RL03 unused)\n\nwarning[RL06 repeated-stride]", "1 warning in 1 of 2 files; 1 fixed\n"],
    after: { "a.resnet": POOR_MENDED },
  },
  { title: "--fix keeps a byte order mark", files: { "a.resnet": `\ufeff${POOR}` }, args: [".", "--select", "unused", "--fix"], code: 0, out: "fixed a.resnet:2: remove `A` (RL03 unused)\nno problems in 1 file; 1 fixed\n", after: { "a.resnet": `\ufeff${POOR_MENDED}` } },
  { title: "--unsafe-fixes mends the rest", files: { "a.resnet": POOR_MENDED }, args: [".", ...ONLY, "--unsafe-fixes"], code: 0, out: ["fixed a.resnet:10: stride in the first pass alone (RL06 repeated-stride)\nno problems in 1 file; 1 fixed\n"], after: { "a.resnet": POOR_MENDED.replace("2 x basic(64, stride=2)", "for i in range(2) { basic(64, stride = 2 if i == 0 else 1) }") } },
  { title: "--diff writes nothing and is a failure when something would change", files: { "a.resnet": POOR }, args: [".", ...ONLY, "--diff"], code: 1, out: ["--- a.resnet\n+++ a.resnet\n@@ -1,5 +1,5 @@\n", "-use std.shortcuts { A, B }\n+use std.shortcuts { B }\n"], err: ["1 file would change, 1 fix\n"] },
  { title: "--diff of what is right", files: { "a.resnet": GOOD }, args: [".", "--fix", "--diff"], code: 0, out: "", err: ["0 files would change, 0 fixes\n"] },
  { title: "standard input", files: {}, args: ["-", ...ONLY], input: POOR, code: 0, out: ["┌─ <stdin>:2:21", "2 warnings in 1 file"] },
  { title: "standard input, with a name, its settings and its imports", files: { "nets/rnc.toml": "[lint.rules.unused]\nseverity = \"error\"\n", "nets/part.resnet": "block part {\n  relu\n}\n" }, args: ["-", "--stdin-filename", "nets/new.resnet"], input: 'use "./part.resnet" { part }\n', code: 1, out: ["error[RL03 unused]: the import `part` is never used\n", "┌─ nets/new.resnet:1:23"] },
  { title: "standard input, mended on standard output", files: {}, args: ["-", "--fix", ...ONLY], input: POOR, code: 0, out: POOR_MENDED, err: ["fixed -:2: remove `A`", "warning[RL06"] },
  { title: "standard input that is right goes through", files: {}, args: ["-", "--fix"], input: GOOD, code: 0, out: GOOD, err: ["no problems"] },
  { title: "standard input beside files, mended", files: { "a.resnet": GOOD }, args: ["-", "a.resnet", "--fix"], code: 2, out: "", err: ["`-` is standard input, and its mended text"] },
  {
    title: "one network, of the file or of the library",
    files: { "a.resnet": POOR },
    args: ["a.resnet#Good", "ResNet18", "std.blocks", ...ONLY],
    code: 0,
    out: ["warning[RL06", "2 warnings in 1 of 3 files"],
  },
  { title: "--input decides about sizes, --resolution shows them", files: {}, args: ["ResNet18", "--input", "1x3x64x64", "--resolution", "--select", "unused"], code: 0, out: ["std.resnet#ResNet18 on an image of 64x64\nstage ", "\nlayer4 ", "  2x2  ", "no problems in 1 file\n"] },
  { title: "an open size has no table", files: { "a.resnet": GOOD.replaceAll("32, 32]", "H, W]") }, args: ["a.resnet", "--resolution"], code: 0, out: ["a.resnet#Good: no table, as the size of its image is open; `--input 1x3x224x224` gives one\n"] },
  { title: "rnc.toml, and a file that it leaves out", files: { "rnc.toml": '[lint]\nignore = ["RL03"]\nexclude = ["old/"]\n', "a.resnet": POOR, "old/b.resnet": BROKEN }, args: ["a.resnet", "old/b.resnet"], code: 0, out: ["[RL06 repeated-stride]", "1 file\n"], err: ["left out: old/b.resnet (`exclude` in rnc.toml)\n"] },
  { title: "--no-config", files: { "rnc.toml": "nonsense", "a.resnet": GOOD }, args: ["--no-config"], code: 0, out: "no problems in 1 file\n" },
  { title: "settings that are wrong: all of them are said, nothing is linted", files: { "nets/rnc.toml": '[lint]\nselct = ["all"]\nseverity = "loud"\n', "a.resnet": POOR, "nets/b.resnet": POOR }, args: ["."], code: 2, out: "", err: ["error: there is no setting `selct` in [lint]\n   ┌─ nets/rnc.toml:2:1\n", "help: Did you mean `select`?\n\nerror: \"loud\" is no severity\n   ┌─ nets/rnc.toml:3:12\n"] },
  { title: "--config of a file that is not there", files: { "a.resnet": GOOD }, args: [".", "--config", "gone.toml"], code: 2, out: "", err: ["there is no file `", "gone.toml"] },
  { title: "--select of a rule that is not there", files: { "a.resnet": GOOD }, args: [".", "--select", "unusd"], code: 2, out: "", err: ["`--select`: there is no rule `unusd`", "Did you mean `unused`?"] },
  { title: "--format of a form that is not there", files: {}, args: ["--format", "jsn"], code: 2, out: "", err: ["`--format jsn`: there is no such choice", "Did you mean `json`?"] },
  { title: "text for people in a form for programs", files: {}, args: ["--format", "json", "--statistics"], code: 2, out: "", err: ["`--statistics` is text for people", "`--format json` has the counts in `summary`"] },
  { title: "a file that is imported is told of once, and mended where it is named", files: { "lib.resnet": "block b {\n  conv(3x3, wibble)\n}\n", "a.resnet": 'use "./lib.resnet" { b }\nnetwork A {\n  input image: float32[N, 3, 8, 8]\n  b\n}\n', "c.resnet": 'use "./lib.resnet" { b }\nnetwork C {\n  input image: float32[N, 3, 8, 8]\n  b\n}\n' }, args: [".", "--format", "github", "--severity", "error"], code: 1, out: ["::error file=lib.resnet,line=2,"], },
];

function runCase(folder: string, { files, args, input }: Case): Ran {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return rnc(["lint", ...args], { cwd: folder, ...(input === undefined ? {} : { input }) });
}

describe("rnc lint", function () {
  this.timeout(60_000);
  before(ensureBuilt);

  for (const entry of cases) {
    const { title, files, code, out, err = [], after = {} } = entry;
    it(title, () =>
      inFolder((folder) => {
        const ran = runCase(folder, entry);
        if (typeof out === "string") expect(ran.stdout).to.equal(out);
        else for (const part of out) expect(ran.stdout).to.include(part);
        if (err.length === 0) expect(ran.stderr).to.equal("");
        for (const part of err) expect(ran.stderr).to.include(part);
        expect(ran.code, `${ran.stdout}\n${ran.stderr}`).to.equal(code);
        for (const [name, text] of Object.entries({ ...files, ...after })) expect(readFileSync(join(folder, name), "utf8"), name).to.equal(text);
      }),
    );
  }

  it("a file that several import is told of once", () =>
    inFolder((folder) => {
      const entry = cases.at(-1) as Case;
      expect(runCase(folder, entry).stdout.match(/^::/gm)).to.have.length(1);
      expect(rnc(["lint", "a.resnet", "c.resnet", "--format", "github", "--severity", "error"], { cwd: folder }).stdout.match(/^::/gm)).to.have.length(1);
    }));

  it("a --diff is a patch, and what it makes is what --fix makes", () =>
    inFolder((folder) => {
      const { stdout } = runCase(folder, { title: "", files: { "nets/a.resnet": POOR, "b.resnet": POOR.replaceAll("\n", "\r\n") }, args: [".", "--diff", "--unsafe-fixes"], code: 1, out: "" });
      writeFileSync(join(folder, "a.patch"), stdout);
      execFileSync("git", ["apply", "-p0", "a.patch"], { cwd: folder, stdio: "pipe" });
      expect(readFileSync(join(folder, "b.resnet"), "utf8")).to.equal(readFileSync(join(folder, "nets/a.resnet"), "utf8").replaceAll("\n", "\r\n"));
      expect(rnc(["lint", "--unsafe-fixes"], { cwd: folder })).to.deep.equal({ code: 0, stdout: "no problems in 2 files\n", stderr: "" });
    }));

  it("results come while files are read", () =>
    inFolder((folder) => {
      const names = [...Array(40)].map((_, index) => `n${String(index).padStart(2, "0")}.resnet`);
      for (const name of names) writeFileSync(join(folder, name), POOR);
      // Whoever reads goes away after the first lines: the rest is not linted, and that is no failure.
      const out = execFileSync("sh", ["-c", `"${process.execPath}" "${new URL("../../../dist/bin/rnc.cjs", import.meta.url).pathname}" lint --select unused | head -n 3`], { cwd: folder, encoding: "utf8" });
      expect(out.split("\n")[1]).to.include("n00.resnet:2:21");
    }));
});
