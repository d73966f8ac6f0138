import { expect } from "chai";
import { format } from "../../src/format/format.ts";
import { standardLibrary, standardNames } from "../../src/program/standard-library.ts";
import type { Document } from "../../src/reference/document.ts";
import { libraryEntries, libraryEntry } from "../../src/reference/library.ts";
import { LANGUAGE_OPERATORS } from "../../src/reference/operators.ts";
import { RECIPE_WORDS, recipeDocument } from "../../src/reference/recipes.ts";
import { documentAbout, overviewDocument, subjectNames } from "../../src/reference/subjects.ts";
import { FUNCTIONS } from "../../src/check/functions.ts";
import { QUANTITIES } from "../../src/check/contracts.ts";
import { KEYWORDS, SIGNS } from "../../src/syntax/keywords.ts";
import { reservedWords } from "../../src/syntax/tokens.ts";
import { recipeMetrics } from "../../src/program/recipes.ts";
import { problemsOf } from "../support/problems.ts";

const examplesOf = ({ pieces }: Document): readonly string[] => pieces.flatMap((piece) => (piece.kind === "code" && piece.info === "resnet" && piece.caption === "Example:" ? [piece.text] : []));

async function about(name: string): Promise<Document> {
  const found = await documentAbout(name);
  if (found === undefined) throw new Error(`nothing is said of ${name}`);
  return found;
}

describe("reference: words of the language", function () {
  // The first of them loads the compiler.
  this.timeout(60_000);

  it("are those of the lexer, all of them", () => {
    expect(Object.keys(KEYWORDS).sort()).to.deep.equal(reservedWords.map(({ name }) => name).sort());
  });

  for (const name of [...Object.keys(KEYWORDS), ...Object.keys(SIGNS)]) {
    it(`${name} has an example that uses it, in the layout of rnc fmt`, async () => {
      const [example = "", ...more] = examplesOf(await about(name));
      expect(more).to.deep.equal([]);
      expect((await problemsOf(example)).map(({ message }) => message), example).to.deep.equal([]);
      const tokens = example.match(/\/\/\/|->|[A-Za-z_]\w*|\S/g) ?? [];
      for (const part of name.split(" ")) expect(tokens, example).to.include(part);
      expect(format({ path: "sample.resnet", text: `${example}\n`, standard: false }).text).to.equal(`${example}\n`);
    });
  }
});

describe("reference: functions, quantities, operators", () => {
  for (const name of [...Object.keys(FUNCTIONS), ...Object.keys(QUANTITIES), ...LANGUAGE_OPERATORS.map((record) => record.name)]) {
    it(`${name} has an example that uses it`, async () => {
      const [example = ""] = examplesOf(await about(name));
      expect(example).to.match(new RegExp(`\\b${name.replace(".", "\\.")}\\b`));
      expect((await problemsOf(example)).map(({ message }) => message), example).to.deep.equal([]);
    });
  }
});

describe("reference: recipes", () => {
  const metrics = recipeMetrics.map(({ name }) => name);
  for (const name of RECIPE_WORDS.filter((word) => !metrics.includes(word))) {
    it(`${name} has an example that uses it, in the layout of rnc fmt`, async () => {
      const [example = "", ...more] = examplesOf(recipeDocument(name)!);
      expect(more).to.deep.equal([]);
      expect(example.split("{").at(-1)).to.match(new RegExp(`\\b${name}\\b`));
      expect((await problemsOf(example)).map(({ message }) => message), example).to.deep.equal([]);
      expect(format({ path: "sample.resnet", text: `${example}\n`, standard: false }).text).to.equal(`${example}\n`);
    });
  }
});

describe("reference: the standard library", function () {
  this.timeout(60_000);
  const entries = [...standardLibrary.values()].flatMap((module) => libraryEntries(module));

  it("has every declaration, with a sentence about it", () => {
    expect(entries.map(({ name }) => name).sort()).to.deep.equal((["network", "block", "recipe"] as const).flatMap((keyword) => standardNames(keyword)).sort());
    expect(entries.filter(({ doc }) => !/^[^ ].*[.:)…]$/s.test(doc)).map(({ name }) => name)).to.deep.equal([]);
  });

  for (const module of standardLibrary.values()) {
    it(`${module.source.path}: every example is formatted, names what it is about, and compiles`, async () => {
      for (const { name, example } of libraryEntries(module)) {
        expect(example).to.match(new RegExp(`\\b${name}\\b`));
        expect(format({ path: "sample.resnet", text: example, standard: false }).text).to.equal(example);
        expect((await problemsOf(example)).map(({ message }) => message), example).to.deep.equal([]);
      }
    });
  }

  it("an alias has the parameters of what it stands for, with its own values", () => {
    const parameters = (name: string): string[] | undefined => libraryEntry(name)?.parameters.map(({ name: parameter, type, value }) => `${parameter}: ${type}${value === undefined ? "" : ` = ${value}`}`);
    expect(parameters("basic")).to.deep.equal(["width: int", "stride: int = 1", "dilation: int = 1", "attention: block = identity"]);
    expect(parameters("ResNet50")).to.deep.equal(["unit: block = bottleneck", "depths: int[4] = [3, 4, 6, 3]", "option: block = B", "stem: block = imagenet_stem", "classes: int = 1000"]);
    expect(parameters("ResNet50v1A")).to.include.members(["unit: block = bottleneck(v1=true)", "option: block = A"]);
    expect(parameters("CifarPlain")).to.deep.equal(["n: int", "unit: block = basic", "classes: int = 10"]);
    expect(parameters("Cifar10")).to.deep.equal([]);
  });

  it("a network's counts are those of its contract", () => {
    // torchvision's documentation of resnet50: 25557032 parameters, 4.09 GFLOPS.
    const counts = Object.fromEntries(libraryEntry("ResNet50")?.counts.map(({ quantity, value }) => [quantity, value]) ?? []);
    expect(counts).to.include({ params: "25,557,032", macs: "4,089,184,256", depth: "50", shape: "[N, 1000]" });
    expect(libraryEntry("FPN")?.counts[0]?.value).to.equal("42_500_160 + width * (512 + 1024 + 2048 + 3) + 3 * (9 * width * width + width)");
  });
});

describe("reference: subjects", () => {
  it("have a page each, and are all in the overview or in rnc list", async function () {
    this.timeout(60_000);
    const overview = JSON.stringify(overviewDocument());
    const declared = new Set((["network", "block", "recipe"] as const).flatMap((keyword) => standardNames(keyword)));
    for (const name of subjectNames()) {
      expect((await about(name)).pieces.length, name).to.be.greaterThan(0);
      if (!declared.has(name)) expect(overview, name).to.include(name);
    }
  });

  it("know nothing of other names, nor of those that every object has", async () => {
    for (const name of ["convv", "", "constructor", "toString", "__proto__"]) expect(await documentAbout(name), name).to.equal(undefined);
  });
});
