/** `rnc check --update-expect`. Numbers are counted by hand: a 3x3 convolution of 3 channels into 64 has 27 * 64 = 1,728 weights. */
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { ensureBuilt, inFolder, rnc } from "../support/cli.ts";

/** A network of one convolution with contracts from line 4 on. */
const net = (...contracts: readonly string[]): string => `network Net {\n  input image: float32[N, 3, 32, 32]\n  c: conv(3x3, 64)\n${contracts.map((line) => `  expect ${line}\n`).join("")}}\n`;

interface Case {
  readonly title: string;
  readonly files: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly code: number;
  readonly out: string;
  readonly err?: readonly string[];
  /** What the files hold afterwards, where it is not what they held before. */
  readonly after?: Readonly<Record<string, string>>;
}

const FINE = "a.resnet: 1 network, no problems\n  Net  [N, 3, 32, 32] -> [N, 64, 32, 32]\n";
const BASE = "network Base(n: int = 1) {\n  input image: float32[N, 3, 8, 8]\n  n x conv(3x3, 3)\n  expect params == 81\n}\n";

const cases: readonly Case[] = [
  {
    title: "writes what was measured, and then checks",
    files: { "a.resnet": net("params == 1_700 // counted once", "macs<=1M", "depth == 1", "c.shape == [N, 46, 32, 32]") },
    args: ["a.resnet"],
    code: 0,
    out: [
      "updated: a.resnet:4:3  expect params == 1_700  ->  1_728",
      "updated: a.resnet:5:3  expect macs<=1M  ->  <= 1_769_472",
      "updated: a.resnet:7:3  expect c.shape == [N, 46, 32, 32]  ->  [N, 64, 32, 32]",
      `3 contracts updated\n${FINE}`,
    ].join("\n"),
    after: { "a.resnet": net("params == 1_728 // counted once", "macs<=1_769_472", "depth == 1", "c.shape == [N, 64, 32, 32]") },
  },
  { title: "changes nothing where every contract holds", files: { "a.resnet": net("params == 1_728", "macs < 2M") }, args: ["a.resnet"], code: 0, out: `no contract to update\n${FINE}` },
  {
    title: "keeps the line ends of Windows and the byte order mark",
    files: { "a.resnet": `\ufeff${net("params < 1K").replaceAll("\n", "\r\n")}` },
    args: ["a.resnet"],
    code: 0,
    out: `updated: a.resnet:4:3  expect params < 1K  ->  <= 1_728\n1 contract updated\n${FINE}`,
    after: { "a.resnet": `\ufeff${net("params <= 1_728").replaceAll("\n", "\r\n")}` },
  },
  {
    title: "leaves formulas alone, and says why",
    files: { "a.resnet": net("params == 27 * 63", "depth == 2") },
    args: ["a.resnet"],
    code: 1,
    out: "updated: a.resnet:5:3  expect depth == 2  ->  1\nleft alone: a.resnet:4:3  expected 1,701 parameters, measured 1,728 (+27)\n1 contract updated, 1 left alone (the reasons are below)\n",
    err: ["error[RN0901]: expected 1,701 parameters, measured 1,728 (+27)", "help: The value is a formula", "1 error\n"],
    after: { "a.resnet": net("params == 27 * 63", "depth == 1") },
  },
  {
    title: "leaves imported files alone, and names the contract",
    files: { "parts.resnet": BASE, "a.resnet": 'use "parts.resnet" { Base }\nnetwork Net = Base(n=2) { expect depth == 1 }\n' },
    args: ["a.resnet"],
    code: 1,
    out: "updated: a.resnet:2:27  expect depth == 1  ->  2\nleft alone: parts.resnet:4:3  expected 81 parameters, measured 162 (+81)\n1 contract updated, 1 left alone (the reasons are below)\n",
    err: ["┌─ parts.resnet:4:3", "This was measured of `Net`: what `Base` expects in its body holds for every alias of it."],
    after: { "a.resnet": 'use "parts.resnet" { Base }\nnetwork Net = Base(n=2) { expect depth == 2 }\n' },
  },
  {
    title: "writes into every file that is named, and into no other",
    files: { "nets/a.resnet": net("params == 1"), "nets/b.resnet": net("params == 2"), "c.resnet": net("params == 3") },
    args: ["nets"],
    code: 0,
    out: `updated: nets/a.resnet:4:3  expect params == 1  ->  1_728\nupdated: nets/b.resnet:4:3  expect params == 2  ->  1_728\n2 contracts updated\nnets/${FINE}nets/${FINE.replace("a.", "b.")}`,
    after: { "nets/a.resnet": net("params == 1_728"), "nets/b.resnet": net("params == 1_728") },
  },
  {
    title: "writes for the one network that is named",
    files: { "a.resnet": `${net("params == 1")}${net("params == 1").replace("Net", "Other")}` },
    args: ["a.resnet#Other"],
    code: 0,
    out: `updated: a.resnet:9:3  expect params == 1  ->  1_728\n1 contract updated\n${FINE.replace("Net ", "Other ")}`,
    after: { "a.resnet": `${net("params == 1")}${net("params == 1_728").replace("Net", "Other")}` },
  },
  {
    title: "writes what open sizes make of a network when they are given",
    files: { "a.resnet": net("macs == 1").replace("32, 32", "H, W") },
    args: ["a.resnet", "--input", "1x3x16x16"],
    code: 0,
    out: "updated: a.resnet:4:3  expect macs == 1  ->  442_368\n1 contract updated\na.resnet: 1 network, no problems\n  Net  [1, 3, 16, 16] -> [1, 64, 16, 16]\n",
    after: { "a.resnet": net("macs == 442_368").replace("32, 32", "H, W") },
  },
  {
    title: "measures nothing of a network with a mistake; the others are written",
    files: { "a.resnet": `${net("params == 1")}${net("params == 1").replace("Net", "Broken").replace("conv(", "cnv(")}` },
    args: ["a.resnet"],
    code: 1,
    out: "updated: a.resnet:4:3  expect params == 1  ->  1_728\n1 contract updated\n",
    err: ["error[RN0201]: nothing is called `cnv` here"],
    after: { "a.resnet": `${net("params == 1_728")}${net("params == 1").replace("Net", "Broken").replace("conv(", "cnv(")}` },
  },
  { title: "leaves a file that cannot be read as it is", files: { "a.resnet": net("params == 1").replace("64)", "64") }, args: ["a.resnet"], code: 1, out: "no contract to update\n", err: ["error[RN0104]"] },
  { title: "refuses standard input", files: {}, args: ["-"], code: 2, out: "", err: ["error: `-` is standard input, and `--update-expect` writes into files"] },
  {
    title: "refuses the standard library, before anything is written",
    files: { "a.resnet": net("params == 1") },
    args: ["a.resnet", "ResNet50"],
    code: 2,
    out: "",
    err: ["error: `ResNet50` is of the standard library, and `--update-expect` writes into files of your own", "`network Mine = ResNet50 { expect params == 0 }`"],
  },
  { title: "refuses `--set`", files: { "a.resnet": BASE }, args: ["a.resnet", "--set", "n=2"], code: 2, out: "", err: ["`--set` makes others of them", "Leave `--set` out."] },
];

describe("rnc check --update-expect", function () {
  this.timeout(60_000);
  before(ensureBuilt);

  for (const { title, files, args, code, out, err = [], after = {} } of cases) {
    it(title, () =>
      inFolder((folder) => {
        for (const [name, text] of Object.entries(files)) writeInto(folder, name, text);
        const ran = rnc(["check", "--update-expect", ...args], { cwd: folder });
        expect(ran.stdout).to.equal(out);
        if (err.length === 0) expect(ran.stderr).to.equal("");
        for (const part of err) expect(ran.stderr).to.include(part);
        expect(ran.code).to.equal(code);
        for (const [name, text] of Object.entries({ ...files, ...after })) expect(readFileSync(join(folder, name), "utf8"), name).to.equal(text);
        // The new text is made beside the old one; nothing of that stays.
        expect(readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.resnet./.test(name))).to.deep.equal([]);
        // A second time there is nothing left to write.
        if (code !== 2) expect(rnc(["check", "--update-expect", ...args], { cwd: folder }).stdout).to.not.include("updated:");
      }),
    );
  }

  it("keeps what a file is: its permissions, a link to it, and the time of what does not change", () =>
    inFolder((folder) => {
      const path = join(folder, "a.resnet");
      writeFileSync(path, net("params == 1"));
      chmodSync(path, 0o640);
      symlinkSync("a.resnet", join(folder, "link.resnet"));
      expect(rnc(["check", "--update-expect", "link.resnet"], { cwd: folder }).code).to.equal(0);
      expect(readFileSync(path, "utf8")).to.equal(net("params == 1_728"));
      expect(statSync(path).mode & 0o777).to.equal(0o640);
      const { mtimeMs, ino } = statSync(path);
      expect(rnc(["check", "--update-expect", "a.resnet"], { cwd: folder }).code).to.equal(0);
      expect([statSync(path).mtimeMs, statSync(path).ino]).to.deep.equal([mtimeMs, ino]);
    }));

  it("leaves standard output to --json", () =>
    inFolder((folder) => {
      writeFileSync(join(folder, "a.resnet"), net("params == 1"));
      const ran = rnc(["check", "--update-expect", "--json", "a.resnet"], { cwd: folder });
      expect((JSON.parse(ran.stdout) as { problems: unknown[] }).problems).to.deep.equal([]);
      expect(ran.stderr).to.equal("updated: a.resnet:4:3  expect params == 1  ->  1_728\n1 contract updated\n");
    }));

  it("says in its help what it writes", () =>
    inFolder((folder) => {
      const { stdout } = rnc(["check", "--help"], { cwd: folder });
      expect(stdout).to.include("--update-expect").and.to.include("Formulas, contracts of imported files");
    }));
});

function writeInto(folder: string, name: string, text: string): void {
  const at = join(folder, name);
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, text);
}
