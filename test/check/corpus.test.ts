/**
 * Invalid programs as people write them, each with what was expected to be said of it before it was checked (`// expects
 * CODE:LINE …` in the file), and all that the command line prints. A text is made with `rnc check NAME.resnet 2> NAME.txt` in the
 * folder, and read as its user would read it before it is kept.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { catalogue } from "../../src/diagnostics/catalogue.ts";
import { ensureBuilt, inFolder, rnc } from "../support/cli.ts";

const FOLDER = fileURLToPath(new URL("../corpus/invalid/", import.meta.url));
const NAMES = readdirSync(FOLDER).flatMap((file) => (file.endsWith(".resnet") ? [file.slice(0, -".resnet".length)] : []));
const read = (file: string): string => readFileSync(join(FOLDER, file), "utf8");

/** What no program of a few lines can show; the golden text is `CODE.txt`. */
const MADE: Readonly<Record<string, string>> = { RN0804: `network Tiny {\n${"  // one more layer\n".repeat(220_000)}}\n` };

const expected = (text: string): readonly string[] => /^\/\/ expects(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/).filter(Boolean) ?? ["nothing is expected of it"];

/** `CODE:LINE` of every problem that is printed. */
const said = (printed: string): readonly string[] => [...printed.matchAll(/^error\[(RN\d{4})\].*(?:\n {2}.*)*?\n +┌─ [^:\n]+:(\d+):\d+$/gm)].map(([, code, line]) => `${code ?? ""}:${line ?? ""}`);

/** A text as it is wherever in the standard library its lines stand: their numbers, and the room that those take, are left out. */
function steady(printed: string): string {
  let gutter = 0;
  let isLibrary = false;
  const lines = printed.split("\n").map((line) => {
    const head = /^( +)┌─ (\S+)/.exec(line);
    if (/^error\[/.test(line)) gutter = 0;
    if (head) [gutter, isLibrary] = [(head[1]?.length ?? 1) - 1, head[2]?.startsWith("std.") === true];
    const [number, rest] = [line.slice(0, gutter).trim(), line.slice(gutter)];
    if (gutter === 0 || !/^\d*$/.test(number)) return line;
    // The lines of a fix have `-` and `+` there: they are the user's.
    const isTheirs = isLibrary && rest.startsWith(" │");
    return `${(isTheirs && number !== "" ? "…" : number).padStart(4)}${isTheirs ? rest.replace(/\(to line \d+\)$/, "(to line …)") : rest}`;
  });
  return lines.join("\n").replace(/\b(std\.\w+):\d+:\d+/g, "$1");
}

describe("check: invalid programs", function () {
  this.timeout(60_000);
  before(ensureBuilt);

  for (const name of NAMES) {
    it(name, () => {
      const { code, stdout, stderr } = rnc(["check", `${name}.resnet`], { cwd: FOLDER });
      expect(said(stderr)).to.deep.equal(expected(read(`${name}.resnet`)));
      expect(steady(stderr)).to.equal(steady(read(`${name}.txt`)));
      expect([code, stdout]).to.deep.equal([1, ""]);
    });
  }

  for (const [made, text] of Object.entries(MADE)) {
    it(`${made}, which is too long to be kept`, () =>
      inFolder((folder) => {
        writeFileSync(join(folder, "long.resnet"), text);
        const { code, stdout, stderr } = rnc(["check", "long.resnet"], { cwd: folder });
        expect(stderr).to.equal(read(`${made}.txt`));
        expect([code, stdout]).to.deep.equal([1, ""]);
      }));
  }

  it("are at least forty, every code is in one of them, and every text is that of a program", () => {
    expect(NAMES.length).to.be.at.least(40);
    const shown = new Set([...NAMES.flatMap((name) => expected(read(`${name}.resnet`)).map((place) => place.replace(/:.*/, ""))), ...Object.keys(MADE)]);
    expect(Object.keys(catalogue).filter((code) => !shown.has(code))).to.deep.equal([]);
    const texts = readdirSync(FOLDER).flatMap((file) => (file.endsWith(".txt") ? [file.slice(0, -".txt".length)] : []));
    expect(texts.sort()).to.deep.equal([...NAMES, ...Object.keys(MADE)].sort());
  });

  it("a text holds wherever the library's lines stand, and nothing else of it may change", () => {
    const text = 'error[RN0501]: so\n    ┌─ a.resnet:9:3\n    │\n  9 │   b\n    │   ^\n    ┌─ std.blocks:95:3\n    │\n 95 │   c\n    │   - here (to line 99)\n    │\n    = F: `conv1` (std.blocks:8:5)\n';
    const moved = 'error[RN0501]: so\n     ┌─ a.resnet:9:3\n     │\n   9 │   b\n     │   ^\n     ┌─ std.blocks:113:3\n     │\n 113 │   c\n     │   - here (to line 117)\n     │\n     = F: `conv1` (std.blocks:11:5)\n';
    expect(steady(moved)).to.equal(steady(text));
    for (const [from, to] of [["a.resnet:9", "a.resnet:8"], ["  9 │", "  8 │"], ["│   c", "│   d"], ["here", "there"], ["│   ^", "│  ^"]] as const) {
      expect(text).to.include(from);
      expect(steady(text.replace(from, to))).to.not.equal(steady(text));
    }
  });
});
