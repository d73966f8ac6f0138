import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { ensureBuilt, inFolder, rnc } from "../support/cli.ts";

const GOOD = "block a {\n  relu -> bn\n}\n";
const WIDE = "block a {\n    relu->bn\n}";
/** The `(` in line 2 is never closed. */
const BROKEN = "block a {\n  conv(3x3, 16\n  relu\n}\n";

interface Case {
  readonly title: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly input?: string;
  readonly code: number;
  readonly out: string;
  readonly err?: readonly string[];
  /** What the files hold afterwards, where it is not what they held before. */
  readonly after?: Readonly<Record<string, string>>;
}

const cases: readonly Case[] = [
  { title: "a file", files: { "a.resnet": WIDE }, args: ["a.resnet"], code: 0, out: "formatted: a.resnet\n1 file formatted\n", after: { "a.resnet": GOOD } },
  { title: "a file that is formatted", files: { "a.resnet": GOOD }, args: ["a.resnet"], code: 0, out: "1 file was formatted already\n" },
  {
    title: "folders, but for hidden ones and those of others",
    files: { "nets/a.resnet": WIDE, "nets/b.resnet": GOOD, "nets/deep/c.resnet": WIDE, "nets/.git/d.resnet": WIDE, "nets/node_modules/e.resnet": WIDE, "nets/f.txt": WIDE },
    args: ["nets"],
    code: 0,
    out: "formatted: nets/a.resnet\nformatted: nets/deep/c.resnet\n2 files formatted, 1 file was formatted already\n",
    after: { "nets/a.resnet": GOOD, "nets/deep/c.resnet": GOOD },
  },
  { title: "--check", files: { "a.resnet": WIDE, "b.resnet": GOOD }, args: ["--check", "a.resnet", "b.resnet"], code: 1, out: "would change: a.resnet\n1 file would change, 1 file was formatted already\n" },
  { title: "--check of what is formatted", files: { "b.resnet": GOOD }, args: ["--check", "."], code: 0, out: "1 file was formatted already\n" },
  {
    title: "--diff",
    files: { "a.resnet": `// one\n// two\n// three\n// four\n${WIDE}\n`, "b.resnet": GOOD },
    args: ["--diff", "a.resnet", "b.resnet"],
    code: 1,
    out: "--- a.resnet\n+++ a.resnet\n@@ -3,5 +3,5 @@\n // three\n // four\n block a {\n-    relu->bn\n+  relu -> bn\n }\n1 file would change, 1 file was formatted already\n",
  },
  { title: "--diff of the last line's end", files: { "a.resnet": GOOD.trimEnd() }, args: ["--diff", "a.resnet"], code: 1, out: "--- a.resnet\n+++ a.resnet\n@@ -1,3 +1,3 @@\n block a {\n   relu -> bn\n-}\n\\ No newline at end of file\n+}\n1 file would change\n" },
  { title: "standard input", args: ["-"], input: WIDE, code: 0, out: GOOD },
  { title: "standard input that is formatted", args: ["-"], input: GOOD, code: 0, out: GOOD },
  { title: "standard input with the line ends of Windows", args: ["-"], input: WIDE.replaceAll("\n", "\r\n"), code: 0, out: GOOD.replaceAll("\n", "\r\n") },
  { title: "standard input, --check", args: ["--check", "-"], input: WIDE, code: 1, out: "would change: <stdin>\n" },
  { title: "standard input that cannot be read", args: ["-"], input: BROKEN, code: 1, out: "", err: ["error[RN0104]", "┌─ <stdin>:2:7"] },
  { title: "standard input beside files", files: { "a.resnet": WIDE }, args: ["-", "a.resnet"], code: 2, out: "", err: ["error: `-` is standard input"] },
  {
    title: "a file with syntax errors is left alone, the others are written",
    files: { "a.resnet": BROKEN, "b.resnet": WIDE },
    args: ["a.resnet", "b.resnet"],
    code: 1,
    out: "formatted: b.resnet\n1 file formatted, 1 file left alone\n",
    err: ["error[RN0104]: this `(` is never closed", "┌─ a.resnet:2:7", "1 error"],
    after: { "b.resnet": GOOD },
  },
  { title: "names that mean nothing are no business of the layout", files: { "a.resnet": GOOD.replace("relu", "wibble") }, args: ["a.resnet"], code: 0, out: "1 file was formatted already\n" },
  { title: "a file that is not there", files: { "b.resnet": WIDE }, args: ["a.resnet", "b.resnet"], code: 1, out: "formatted: b.resnet\n1 file formatted, 1 file left alone\n", err: ["error: there is no file `a.resnet`"], after: { "b.resnet": GOOD } },
  { title: "a folder without nets", files: { "nets/a.txt": "" }, args: ["nets"], code: 1, out: "1 file left alone\n", err: ["there is no `.resnet` file in `nets`"] },
  { title: "a byte order mark goes", files: { "a.resnet": `\ufeff${GOOD}` }, args: ["a.resnet"], code: 0, out: "formatted: a.resnet\n1 file formatted\n", after: { "a.resnet": GOOD } },
  { title: "nothing given", args: [], code: 2, out: "", err: ["missing required argument 'files'"] },
];

describe("rnc fmt", function () {
  this.timeout(60_000);
  before(ensureBuilt);

  for (const { title, files = {}, args, input, code, out, err = [], after = {} } of cases) {
    it(title, () =>
      inFolder((folder) => {
        for (const [name, text] of Object.entries(files)) {
          mkdirSync(dirname(join(folder, name)), { recursive: true });
          writeFileSync(join(folder, name), text);
        }
        const ran = rnc(["fmt", ...args], { cwd: folder, ...(input === undefined ? {} : { input }) });
        expect(ran.stdout).to.equal(out);
        if (err.length === 0) expect(ran.stderr).to.equal("");
        for (const part of err) expect(ran.stderr).to.include(part);
        expect(ran.code).to.equal(code);
        for (const [name, text] of Object.entries({ ...files, ...after })) expect(readFileSync(join(folder, name), "utf8"), name).to.equal(text);
        // The new text is made beside the old one; nothing of that stays.
        expect(readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".tmp"))).to.deep.equal([]);
      }),
    );
  }

  it("keeps what a file is: its permissions, a link to it, and the time of what does not change", () =>
    inFolder((folder) => {
      const path = join(folder, "a.resnet");
      writeFileSync(path, WIDE);
      chmodSync(path, 0o640);
      symlinkSync("a.resnet", join(folder, "link.resnet"));
      expect(rnc(["fmt", "link.resnet"], { cwd: folder }).code).to.equal(0);
      expect(readFileSync(path, "utf8")).to.equal(GOOD);
      expect(statSync(path).mode & 0o777).to.equal(0o640);
      const { mtimeMs, ino } = statSync(path);
      expect(rnc(["fmt", "."], { cwd: folder }).code).to.equal(0);
      expect([statSync(path).mtimeMs, statSync(path).ino]).to.deep.equal([mtimeMs, ino]);
    }));

  it("a --diff is a patch, also of a file that differs everywhere", () =>
    inFolder((folder) => {
      const wide = `${WIDE}\n`;
      const long = "relu->bn\n".repeat(5000);
      const texts: Record<string, string> = { "some.resnet": `${GOOD}${wide}${GOOD}`, "all.resnet": `block a {\n${long}}`, "windows.resnet": wide.replaceAll("\n", "\r\n"), "mark.resnet": `\ufeff${GOOD}` };
      for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
      const { stdout } = rnc(["fmt", "--diff", "."], { cwd: folder });
      writeFileSync(join(folder, "a.patch"), stdout.replace(/^\d+ files? would change\n$/m, ""));
      execFileSync("git", ["apply", "-p0", "a.patch"], { cwd: folder, stdio: "pipe" });
      expect(rnc(["fmt", "--check", "."], { cwd: folder })).to.deep.equal({ code: 0, stdout: "4 files were formatted already\n", stderr: "" });
    }));

  it("what `rnc new` writes is formatted", () =>
    inFolder((folder) => {
      expect(rnc(["new", "my-net"], { cwd: folder }).code).to.equal(0);
      expect(rnc(["fmt", "--check", "my-net"], { cwd: folder })).to.deep.equal({ code: 0, stdout: "1 file was formatted already\n", stderr: "" });
    }));
});
