import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import { InputError } from "../../src/base/input-error.ts";
import { trainingStep } from "../../src/passes/gradient.ts";
import { standardDeclaration } from "../../src/program/standard-library.ts";
import { networksOf, readExperiment } from "../../src/report/experiment.ts";
import type { ExperimentResult } from "../../src/report/experiment-result.ts";
import { experimentNumbers, experimentPage, experimentPicture, tableOf } from "../../src/report/experiment-result.ts";
import { standardNetwork } from "../support/networks.ts";

const root = new URL("../../", import.meta.url);
const validate = new Ajv2020({ strict: true, strictRequired: false }).compile(JSON.parse(readFileSync(new URL("grammar/experiment.schema.json", root), "utf8")) as object);
const library = readdirSync(new URL("stdlib/experiments/", root)).filter((name) => name.endsWith(".json"));
const textOf = (name: string): string => readFileSync(new URL(`stdlib/experiments/${name}`, root), "utf8");

const LENGTH = { recipe: "R", panels: [{ title: "p", networks: [{ name: "a", network: "NetA", published: 7.5 }, { name: "b", network: "NetB", set: { n: "3" } }] }] };
const MINE = { title: "Mine", source: "Nobody", about: "Why?", figure: "errors", small: LENGTH, full: { ...LENGTH, recipe: "Long" } };

describe("experiments of the library", () => {
  it("are the four of the paper", () => expect(library.sort()).to.deep.equal(["degradation.json", "responses.json", "shortcuts.json", "single-layer-residual.json"]));

  for (const name of library) {
    it(`${name} keeps the schema, its recipes exist, and its networks can be trained`, () => {
      expect(validate(JSON.parse(textOf(name))), JSON.stringify(validate.errors)).to.equal(true);
      const experiment = readExperiment(textOf(name), name);
      for (const length of ["small", "full"] as const) {
        for (const { network, set, recipe = experiment[length].recipe } of networksOf(experiment[length])) {
          expect(standardDeclaration(recipe)?.keyword, recipe).to.equal("recipe");
          const graph = standardNetwork(network, set);
          expect(graph.inputs[0]!.type.shape.slice(1)).to.deep.equal([3, 32, 32]);
          if (length === "small") trainingStep(graph, { momentum: 0.9, nesterov: false, weightDecay: 0, decays: "all", labelSmoothing: 0, sizes: new Map(graph.symbols.map((symbol) => [symbol, 2])) });
        }
      }
    });
  }
});

describe("experiments of one's own", () => {
  it("are read with their defaults", () => {
    expect(validate(MINE)).to.equal(true);
    const { figure, small } = readExperiment(JSON.stringify(MINE), "mine.json");
    expect(figure).to.deep.equal({ kind: "errors" });
    expect(networksOf(small)).to.deep.equal([{ name: "a", network: "NetA", set: {}, published: 7.5 }, { name: "b", network: "NetB", set: { n: "3" } }]);
  });

  const broken: readonly (readonly [string, unknown, RegExp])[] = [
    ["no object", [], /^mine.json has to be an object/],
    ["a name that is not known", { ...MINE, tilte: "x" }, /mine.json has no `tilte`/],
    ["something missing", { ...MINE, title: undefined }, /title is missing/],
    ["another figure", { ...MINE, figure: "bars" }, /figure has to be "errors" or "responses"/],
    ["responses without a kernel", { ...MINE, figure: "responses", images: 3 }, /kernel is missing; it has to be a whole number/],
    ["a kernel for errors", { ...MINE, kernel: 3 }, /kernel belongs to a figure of responses/],
    ["no panels", { ...MINE, small: { recipe: "R", panels: [] } }, /small.panels has to be a list that is not empty/],
    ["a number as a setting", { ...MINE, small: { recipe: "R", panels: [{ title: "p", networks: [{ name: "a", network: "A", set: { n: 3 } }] }] } }, /networks\[0\].set has to hold texts/],
    ["every 0 steps", { ...MINE, full: { ...LENGTH, every: 0 } }, /full.every has to be a whole number of at least 1/],
  ];
  for (const [what, value, message] of broken) {
    it(`are refused with the place: ${what}`, () => {
      expect(validate(JSON.parse(JSON.stringify(value))), "the schema").to.equal(false);
      expect(() => readExperiment(JSON.stringify(value), "mine.json")).to.throw(InputError, message);
    });
  }

  it("call every network by a name of its own, and are JSON", () => {
    expect(() => readExperiment(JSON.stringify({ ...MINE, small: { recipe: "R", panels: [LENGTH.panels[0], LENGTH.panels[0]] } }), "mine.json")).to.throw(InputError, /calls two networks `a`/);
    expect(() => readExperiment("{", "mine.json")).to.throw(InputError, /is no JSON/);
  });
});

describe("results of experiments", () => {
  const experiment = readExperiment(JSON.stringify({ ...MINE, figure: "responses", kernel: 3, images: 5 }), "mine.json");
  const run = (name: string): ExperimentResult["runs"] extends ReadonlyMap<string, infer R> ? R : never => ({
    run: {
      name, network: name, recipe: { name: "R", doc: undefined, fields: { steps: 10 } }, overrides: {}, seed: 1, data: { path: "d", classes: 2, train: 9, validation: 0, validationOf: "" },
      engine: { name: "e", version: "1", device: "CPU", threads: 1 }, versions: { rnc: "0", node: "0", platform: "p" }, state: "finished", totalSteps: 10,
      lines: [{ step: 10, epoch: 1, lr: 0.1, train_loss: 1, train_error: 0.5 }], test: { images: 4, loss: 1, error: 0.25 },
    },
    params: 1234, multiplyAdds: 5678, responses: name === "a" ? [1, 3, 2] : [0.5],
  });
  const result: ExperimentResult = { experiment, length: "small", runs: new Map([["a", run("a")], ["b", run("b")]]) };

  it("are a table with what was published beside it", () => {
    const { titles, rows } = tableOf(result);
    const cell = (row: number, title: string): string => rows[row]![titles.indexOf(title)]!;
    expect(rows[0]!.slice(0, 5)).to.deep.equal(["a", "1,234", "5,678", "10", "50.00"]);
    expect([cell(0, "test error, %"), cell(0, "published test error, %"), cell(1, "published test error, %")]).to.deep.equal(["25.00", "7.5", "–"]);
    expect([cell(0, "layers"), cell(0, "mean std"), cell(0, "least"), cell(0, "greatest")]).to.deep.equal(["3", "2.000", "1.000", "3.000"]);
  });

  it("are numbers, and a page that names figure and command", () => {
    const numbers = experimentNumbers(result) as { networks: { name: string; test_error: number; published_test_error: number | null; responses: number[]; curve: unknown[] }[] };
    expect(numbers.networks.map(({ name, test_error, published_test_error }) => [name, test_error, published_test_error])).to.deep.equal([["a", 0.25, 0.075], ["b", 0.25, null]]);
    expect(numbers.networks[0]!.curve).to.deep.equal([[10, 0.5, null]]);
    expect(experimentPage(result, "figure.svg", "rnc experiment mine.json")).to.include("![Mine](figure.svg)").and.include("    rnc experiment mine.json\n").and.include("steps: 10").and.include("the small form");
  });

  it("show responses in the order of layers and sorted, as Fig. 7", () => {
    const heights = [...experimentPicture(result).matchAll(/<title>a<\/title><path d="([^"]*)"/g)].map(([, path = ""]) => [...path.matchAll(/,([\d.]+)/g)].map(([, y]) => Number(y)));
    expect(heights).to.have.length(2);
    const [[first, second, third], sorted] = heights as [number[], number[]];
    // Heights are measured from above: a greater response is a smaller number.
    expect(first! > third! && third! > second!, "1, 3, 2").to.equal(true);
    expect(sorted).to.deep.equal([second, third, first]);
  });
});
