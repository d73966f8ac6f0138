/**
 * Every sample of the language reference, the README, the changelog and the decisions, compiled. The words after `resnet` at a fence say what it is: nothing, a whole
 * file without a mistake; `body`, items of a network; `wrong CODE`, reported with this code alone. A `text` fence right
 * under a sample lists the parameters of its last network.
 */
import { existsSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { MAXIMUM_BITS } from "../../src/base/rational.ts";
import { LIMITS } from "../../src/check/session.ts";
import { loadProgram } from "../../src/program/load.ts";
import { checkProgram } from "../../src/program/networks.ts";
import { deepestNesting, longestExpression } from "../../src/syntax/nesting.ts";
import { longestSource } from "../../src/syntax/parse.ts";

interface Sample {
  readonly file: string;
  readonly line: number;
  readonly words: readonly string[];
  readonly text: string;
  /** The lines of a `text` fence that follows at once. */
  readonly names: readonly string[] | undefined;
}

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const reference = read("grammar/LANGUAGE.md");

function samplesIn(file: string): Sample[] {
  const markdown = read(file);
  const fences = [...markdown.matchAll(/^```(\w+)([^\n]*)\n([\s\S]*?)^```\n/gm)];
  return fences.flatMap((fence, index) => {
    const [whole, language, words = "", text = ""] = fence;
    if (language !== "resnet") return [];
    const next = fences[index + 1];
    const follows = next?.[1] === "text" && next.index === fence.index + whole.length;
    const line = markdown.slice(0, fence.index).split("\n").length;
    return [{ file, line, words: words.trim().split(/\s+/).filter(Boolean), text, names: follows ? next[3]?.trim().split("\n") : undefined }];
  });
}

const samples = ["grammar/LANGUAGE.md", "README.md", "CHANGELOG.md", "src/decisions/0014-lint-rules-left-out.md"].flatMap(samplesIn);

describe("grammar: samples of the documents", () => {
  it("are found, right and wrong ones", () => {
    expect(samples.length).to.be.greaterThan(30);
    expect(new Set(samples.map(({ file }) => file)).size).to.equal(4);
    expect(samples.filter(({ words }) => words.includes("wrong")).length).to.be.greaterThan(10);
    expect(samples.filter(({ names }) => names).length).to.equal(1);
  });

  for (const { file, line, words, text, names } of samples) {
    it(`${file}:${line} ${words.join(" ")}`, async () => {
      const whole = words.includes("body") ? `network Sample {\n  input image: float32[N, 3, 32, 32]\n${text}}\n` : text;
      const { value, problems } = checkProgram(await loadProgram({ path: "sample.resnet", text: whole, standard: false }));
      const codes = problems.map((problem) => problem.code);
      const wrong = words.indexOf("wrong");
      if (wrong >= 0) expect(codes).to.deep.equal([words[wrong + 1]]);
      else expect(problems.map((problem) => problem.message)).to.deep.equal([]);
      if (names) expect(value.at(-1)?.graph?.parameters.map((parameter) => parameter.name)).to.deep.equal(names);
    });
  }

  it("tells every rule of the grammar", () => {
    const rules = [...read("grammar/resnet.ebnf").matchAll(/^([A-Z]\w*) +=/gm)].map(([, rule]) => rule).filter((rule) => rule !== "NL");
    expect(rules.length).to.be.greaterThan(30);
    const section = reference.slice(reference.indexOf("## Rules of the grammar"));
    expect([...section.matchAll(/`([A-Z]\w*)`/g)].map(([, rule]) => rule).sort()).to.deep.equal([...rules].sort());
  });

  it("says the limits that hold", () => {
    const rows = [LIMITS.steps, LIMITS.layers, LIMITS.nesting, LIMITS.elements, LIMITS.work, deepestNesting, longestExpression, longestSource, MAXIMUM_BITS];
    const section = reference.slice(reference.indexOf("## Limits"), reference.indexOf("## Left out"));
    for (const limit of rows) expect(section).to.match(new RegExp(`\\| ${limit.toLocaleString("en")}( bits)? \\|`));
  });

  it("says the reserved words, all of them", async () => {
    const { reservedWords } = await import("../../src/syntax/reserved-words.ts");
    const listed = /These (\d+) words are taken:\n`([^`]+)`/.exec(reference);
    expect(listed?.[2]?.split(" ").sort()).to.deep.equal([...reservedWords].sort());
    expect(Number(listed?.[1])).to.equal(reservedWords.length);
  });

  it("shows the message that the README's first network makes without its shortcuts", async () => {
    const text = samples.find(({ file }) => file === "README.md")?.text.replace("  shortcuts B\n", "") ?? "";
    const { problems } = checkProgram(await loadProgram({ path: "tiny.resnet", text, standard: false }));
    expect(problems.length).to.equal(1);
    const shown = read("README.md");
    expect(shown).to.contain(`error[${problems[0]?.code}]: ${problems[0]?.message}\n`);
    expect(shown).to.contain(`    = ${problems[0]?.notes[0]?.replaceAll("\n", "\n      ")}\n`);
  });

  it("names files that are there", () => {
    for (const file of ["README.md", "grammar/LANGUAGE.md"]) {
      const links = [...read(file).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, path = ""]) => path);
      expect(links.length).to.be.greaterThan(2);
      for (const link of links) expect(existsSync(new URL(link, new URL(`../../${file}`, import.meta.url))), `${file}: ${link}`).to.equal(true);
    }
  });

  it("has a target for every link", () => {
    const anchors = new Set([...reference.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => title.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-")));
    const links = [...reference.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = ""]) => anchor);
    expect(links.length).to.be.greaterThan(20);
    expect(links.filter((link) => !anchors.has(link))).to.deep.equal([]);
  });
});
