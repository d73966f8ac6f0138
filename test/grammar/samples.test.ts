/**
 * Every sample of the language reference, compiled. The words after `resnet` at a fence say what it is: nothing, a whole
 * file without a mistake; `body`, items of a network; `wrong CODE`, reported with this code alone. A `text` fence right
 * under a sample lists the parameters of its last network.
 */
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { loadProgram } from "../../src/program/load.ts";
import { checkProgram } from "../../src/program/networks.ts";

interface Sample {
  readonly line: number;
  readonly words: readonly string[];
  readonly text: string;
  /** The lines of a `text` fence that follows at once. */
  readonly names: readonly string[] | undefined;
}

const reference = readFileSync(new URL("../../grammar/LANGUAGE.md", import.meta.url), "utf8");

function samplesIn(markdown: string): Sample[] {
  const fences = [...markdown.matchAll(/^```(\w+)([^\n]*)\n([\s\S]*?)^```\n/gm)];
  return fences.flatMap((fence, index) => {
    const [whole, language, words = "", text = ""] = fence;
    if (language !== "resnet") return [];
    const next = fences[index + 1];
    const follows = next?.[1] === "text" && next.index === fence.index + whole.length;
    const line = markdown.slice(0, fence.index).split("\n").length;
    return [{ line, words: words.trim().split(/\s+/).filter(Boolean), text, names: follows ? next[3]?.trim().split("\n") : undefined }];
  });
}

const samples = samplesIn(reference);

describe("grammar: samples of the language reference", () => {
  it("are found, right and wrong ones", () => {
    expect(samples.length).to.be.greaterThan(30);
    expect(samples.filter(({ words }) => words.includes("wrong")).length).to.be.greaterThan(10);
    expect(samples.filter(({ names }) => names).length).to.equal(1);
  });

  for (const { line, words, text, names } of samples) {
    it(`LANGUAGE.md:${line} ${words.join(" ")}`, async () => {
      const whole = words.includes("body") ? `network Sample {\n  input image: float32[N, 3, 32, 32]\n${text}}\n` : text;
      const { value, problems } = checkProgram(await loadProgram({ path: "sample.resnet", text: whole, standard: false }));
      const codes = problems.map((problem) => problem.code);
      const wrong = words.indexOf("wrong");
      if (wrong >= 0) expect(codes).to.deep.equal([words[wrong + 1]]);
      else expect(problems.map((problem) => problem.message)).to.deep.equal([]);
      if (names) expect(value.at(-1)?.graph?.parameters.map((parameter) => parameter.name)).to.deep.equal(names);
    });
  }

  it("says the reserved words, all of them", async () => {
    const { reservedWords } = await import("../../src/syntax/reserved-words.ts");
    const listed = /These (\d+) words are taken:\n`([^`]+)`/.exec(reference);
    expect(listed?.[2]?.split(" ").sort()).to.deep.equal([...reservedWords].sort());
    expect(Number(listed?.[1])).to.equal(reservedWords.length);
  });

  it("has a target for every link", () => {
    const anchors = new Set([...reference.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => title.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-")));
    const links = [...reference.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = ""]) => anchor);
    expect(links.length).to.be.greaterThan(20);
    expect(links.filter((link) => !anchors.has(link))).to.deep.equal([]);
  });
});
