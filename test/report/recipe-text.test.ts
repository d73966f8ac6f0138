import { expect } from "chai";
import { loadProgram, standardProgram } from "../../src/program/load.ts";
import { buildRecipe, listRecipes } from "../../src/program/recipes.ts";
import type { Recipe } from "../../src/program/recipes.ts";
import { standardDeclaration, standardNames } from "../../src/program/standard-library.ts";
import { recipeText } from "../../src/report/recipe-text.ts";

async function read(text: string): Promise<Recipe> {
  const program = await loadProgram({ path: "mine.resnet", text, standard: false });
  const { value, problems } = buildRecipe(program, listRecipes(program)[0]!);
  expect(problems.map(({ message }) => message), text).to.deep.equal([]);
  return value!;
}

describe("report: recipes in the language", () => {
  const names = standardNames("recipe");
  it("there are some", () => expect(names.length).to.be.greaterThan(4));

  for (const name of names) {
    it(`${name}, read again, is the same recipe`, async () => {
      const program = standardProgram(standardDeclaration(name)!.module);
      const recipe = buildRecipe(program, listRecipes(program).find((entry) => entry.name === name)!).value!;
      expect((await read(recipeText(recipe))).fields).to.deep.equal(recipe.fields);
    });
  }

  it("of one's own, too: frozen layers, cosine, a warm-up by steps, texts of several signs", async () => {
    const recipe = await read('recipe R {\n  batch: 7\n  epochs: 3\n  optimizer: sgd(lr=1e-3, nesterov=true, momentum=0.9)\n  schedule: cosine(end=0.0001)\n  warmup: linear(start=0.001, steps=5)\n  freeze: layers(["layer1.*", "conv1"], statistics=false)\n  label_smoothing: 0.1\n}');
    expect((await read(recipeText(recipe))).fields).to.deep.equal(recipe.fields);
  });
});
