import { expect } from "chai";
import { checkProgram } from "../../src/program/networks.ts";
import { loadProgram, standardProgram } from "../../src/program/load.ts";
import { buildRecipe, listRecipes, recipeFields } from "../../src/program/recipes.ts";
import { standardDeclaration } from "../../src/program/standard-library.ts";
import type { Module } from "../../src/syntax/ast.ts";
import { catalogue } from "../../src/diagnostics/catalogue.ts";
import { resolveNamed } from "../support/recipes.ts";

/** Every problem as `CODE "marked text": message`. */
async function problemsOf(text: string): Promise<string[]> {
  const { problems } = checkProgram(await loadProgram({ path: "mine.resnet", text, standard: false }));
  return problems.map(({ code, message, primary }) => `${code} "${text.slice(primary.span.start, primary.span.end)}": ${message}`);
}

describe("recipes", () => {
  it("of the library are checked without a problem and say what the paper says", async () => {
    // He et al. 2015, sections 3.4 and 4.2.
    const cifar = await resolveNamed("use std.recipes { Cifar10 }\nrecipe R = Cifar10", "R");
    expect(cifar?.fields).to.deep.include({ batch: 128, steps: 64_000, seed: 0, label_smoothing: 0 });
    expect(cifar?.fields["optimizer"]).to.deep.equal({ function: "sgd", arguments: { lr: 0.1, momentum: 0.9, weight_decay: 1e-4, decay: "weights", nesterov: false } });
    expect(cifar?.fields["schedule"]).to.deep.equal({ function: "step", arguments: { at: [32_000, 48_000], factor: 0.1, by: "steps" } });
    expect(cifar?.fields["split"]).to.deep.equal({ function: "random", arguments: { train: 45_000, val: 5_000 } });
    expect(cifar?.fields["augment"]).to.deep.equal([
      { function: "pad", arguments: { width: 4 } },
      { function: "crop", arguments: { size: [32, 32] } },
      { function: "hflip", arguments: { rate: 0.5 } },
      { function: "subtract_mean", arguments: { per: "pixel" } },
    ]);
    expect(cifar?.fields).not.to.have.any.keys("epochs", "warmup", "freeze");
  });

  it("may be aliases that replace fields", async () => {
    const deep = await resolveNamed("use std.recipes { Cifar10Deep }\nrecipe R = Cifar10Deep { batch: 64 }", "R");
    expect(deep?.fields["batch"]).to.equal(64);
    expect(deep?.fields["steps"]).to.equal(64_000);
    expect(deep?.fields["warmup"]).to.deep.equal({ function: "constant", arguments: { lr: 0.01, until: { metric: "train_error", relation: "<", value: 0.8 } } });
    const epochs = await resolveNamed("use std.recipes { Cifar10Epochs }\nrecipe R = Cifar10Epochs", "R");
    expect(epochs?.fields["epochs"]).to.equal(200);
    expect(epochs?.fields).not.to.have.property("steps");
    const imagenet = await resolveNamed("use std.recipes { ImageNet2015MultiScale }\nrecipe R = ImageNet2015MultiScale", "R");
    expect(imagenet?.fields["test"]).to.deep.equal([{ function: "multi_scale", arguments: { shorter: [224, 256, 384, 480, 640] } }, { function: "with_hflip", arguments: {} }]);
    expect((imagenet?.fields["augment"] as readonly unknown[])[0]).to.deep.equal({ function: "resize", arguments: { shorter: { uniform: [256, 480] } } });
  });

  it("may have parameters, `let` and arithmetic", async () => {
    const text = "let unit = 128\nrecipe Base(n: int, rate: float = 0.1) {\n  require n > 0\n  let all = n * unit\n  batch: all\n  optimizer: sgd(rate / 2)\n}\nrecipe R = Base(2, rate=0.4)";
    expect(await problemsOf(text)).to.deep.equal([]);
    const made = await resolveNamed(text, "R");
    expect(made?.fields["batch"]).to.equal(256);
    expect(made?.fields["optimizer"]).to.deep.include({ function: "sgd" });
    expect((made?.fields["optimizer"] as { arguments: Record<string, unknown> }).arguments["lr"]).to.equal(0.2);
  });

  it("turns a condition round that is written the other way", async () => {
    const made = await resolveNamed("recipe R { warmup: constant(0.01, until=0.8 > train_error) }", "R");
    expect(made?.fields["warmup"]).to.deep.equal({ function: "constant", arguments: { lr: 0.01, until: { metric: "train_error", relation: "<", value: 0.8 } } });
  });

  const rows: readonly (readonly [string, string])[] = [
    ["schedul: step(at=[1])", 'RN1001 "schedul": a recipe has no field `schedul`'],
    ["schedule: stepp(at=[1])", 'RN1001 "stepp": `schedule` does not know `stepp`'],
    ["schedule: plateau(val_eror)", 'RN1001 "val_eror": there is no metric `val_eror`'],
    ["warmup: constant(0.1, until=train_err < 1)", 'RN1001 "train_err": there is no metric `train_err`'],
    ["warmup: constant(0.1, until=train_error)", 'RN1001 "train_error": this is no condition on a metric'],
    ["warmup: constant(0.1)", 'RN0304 "constant(0.1)": `constant` does not say when it ends: give one of `until`, `steps`, `epochs`'],
    ["warmup: constant(0.1, steps=4, epochs=1)", 'RN0304 "epochs=1": `constant` takes only one of `until`, `steps`, `epochs`'],
    ["optimizer: sgd(lr=0.1, momntum=0.9)", 'RN0301 "momntum": `sgd` has no parameter `momntum`'],
    ["optimizer: sgd", 'RN0304 "sgd": `sgd` still needs `lr`'],
    ["optimizer: sgd(0.1, 0.9)", 'RN0304 "0.9": `sgd` takes only 1 by position'],
    ["optimizer: sgd(0.1, lr=0.2)", 'RN0304 "lr=0.2": `lr` of `sgd` is given twice'],
    ["optimizer: sgd(lr=0.1) -> sgd(lr=0.2)", 'RN1001 "sgd(lr=0.2)": `optimizer` has one value, not steps in a row'],
    ["optimizer: sgd(lr=0.1, decay=weight)", 'RN0302 "weight": `decay` of `sgd` is "weights" or "all", got "weight"'],
    ["optimizer: sgd(lr=rate)", 'RN0201 "rate": nothing is called `rate` here'],
    ["batch: 12.5", 'RN0302 "12.5": `batch` is a whole number, got 12.5'],
    ["batch: 0", 'RN0302 "0": `batch` is at least 1, got 0'],
    ["batch: 1 -> 2", 'RN1001 "2": `batch` is a number, and nothing can follow it in its line'],
    ["batch: { 1 }", 'RN1001 "batch: { 1 }": `batch` takes a number, and a body in braces has no meaning here'],
    ["batch: 1\n  batch: 2", 'RN1001 "batch": `batch` is given twice'],
    ["steps: 1\n  epochs: 2", 'RN1001 "epochs": `epochs` and `steps` say the same thing: keep one'],
    ["augment: pad(4) -> hflop", 'RN1001 "hflop": `augment` does not know `hflop`'],
    ["augment: crop(32x32x32)", 'RN0302 "32x32x32": `size` of `crop` is a height and a width, as `32x32`, got 3 numbers'],
    ["augment: resize(uniform(480, 256))", 'RN0302 "uniform(480, 256)": `shorter` of `resize` is a range that rises, got uniform(480, 256)'],
    ["augment: resize(normal(1, 2))", 'RN1001 "normal": there is no distribution `normal`'],
    ["128", 'RN1001 "128": a recipe is made of fields, and this has no field\'s name before it'],
    ["expect params == 3", 'RN1001 "expect params == 3": `expect` belongs in a network, and this is a recipe'],
    ["label_smoothing: 1.5", 'RN0302 "1.5": `label_smoothing` is at most 1, got 1.5'],
  ];
  for (const [field, expected] of rows) {
    it(`reports ${field.replace(/\n\s*/g, "; ")}`, async () => {
      expect(await problemsOf(`recipe R {\n  ${field}\n}`)).to.deep.equal([expected]);
    });
  }

  it("reports a mistake of a base once, and an alias of what is no recipe", async () => {
    expect(await problemsOf("recipe A { bach: 1 }\nrecipe B = A { batch: 1 }\nrecipe C = B")).to.deep.equal(['RN1001 "bach": a recipe has no field `bach`']);
    expect(await problemsOf("recipe A = relu")).to.deep.equal(['RN0302 "relu": `A` is a recipe, so it can only be an alias of a recipe']);
    expect((await problemsOf("recipe A = B\nrecipe B = A")).join()).to.contain("RN0802");
    expect((await problemsOf("recipe A(n: int) = A(n) { batch: n }")).join()).to.contain("RN0802");
  });

  it("keeps the catalogue's programs", async () => {
    const entry = catalogue.RN1001;
    expect((await problemsOf(entry.wrong)).map((line) => line.slice(0, 6))).to.deep.equal(["RN1001"]);
    expect(await problemsOf(entry.right)).to.deep.equal([]);
  });

  it("of the library all resolve, each with its documentation", () => {
    const found = standardDeclaration("Cifar10");
    const program = standardProgram(found?.module as Module);
    const entries = listRecipes(program);
    expect(entries.map(({ name }) => name)).to.include.members(["Cifar10", "Cifar10Deep", "Cifar10Epochs", "Cifar10EpochsDeep", "ImageNet2015", "ImageNet2015MultiScale"]);
    for (const entry of entries) {
      const { value, problems } = buildRecipe(program, entry);
      expect(problems, entry.name).to.deep.equal([]);
      expect(value?.fields, entry.name).to.include.keys("batch", "optimizer", "schedule", "augment", "test");
      expect(value?.doc, entry.name).to.match(/\S/);
    }
  });

  it("documents every field, function and parameter", () => {
    for (const field of recipeFields) {
      expect(field.doc, field.name).to.match(/\.$/);
      if (field.form === "number") continue;
      if (field.default !== undefined) expect(field.functions.map((record) => record.name)).to.include(field.default);
      for (const record of field.functions) {
        expect(record.doc, record.name).to.match(/\.$/);
        for (const parameter of record.parameters) {
          expect(parameter.doc, `${record.name}.${parameter.name}`).to.match(/\.$/);
          if (parameter.type === "word") expect(parameter.choices, parameter.name).to.have.length.greaterThan(0);
        }
      }
    }
  });
});
