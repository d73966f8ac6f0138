import { expect } from "chai";
import type { RecipeCall } from "../../src/program/recipes.ts";
import { loadProgram } from "../../src/program/load.ts";
import { buildRecipe, listRecipes } from "../../src/program/recipes.ts";
import { orderOfEpoch, splitAtRandom } from "../../src/data/order.ts";
import { createStepDraws, permutation } from "../../src/data/draws.ts";
import { testPasses, trainingSteps, viewsOf, withoutDraws } from "../../src/data/steps.ts";
import type { StepCall } from "../../src/data/steps.ts";
import { measurementFor } from "../../src/data/statistics.ts";
import { expectInputError } from "../support/expect-input-error.ts";
import { resolveNamed } from "../support/recipes.ts";

const field = (value: unknown): readonly StepCall[] => value as readonly RecipeCall[];

async function stepsOf(augment: string): Promise<readonly StepCall[]> {
  const recipe = await resolveNamed(`recipe Mine { batch: 1\n epochs: 1\n optimizer: sgd(0.1)\n augment: ${augment}\n}\n`, "Mine");
  return field(recipe?.fields.augment);
}

async function testsOf(test: string): Promise<readonly StepCall[]> {
  const recipe = await resolveNamed(`recipe Mine { batch: 1\n epochs: 1\n optimizer: sgd(0.1)\n test: ${test}\n}\n`, "Mine");
  return field(recipe?.fields.test);
}

describe("data: what recipes say of images", () => {
  it("understands every recipe of the library", async () => {
    const program = await loadProgram({ path: "use.resnet", text: "use std.recipes { Cifar10, Cifar10Deep, Cifar10Epochs, Cifar10EpochsDeep, ImageNet2015, ImageNet2015MultiScale }\nrecipe A = Cifar10\nrecipe B = Cifar10Epochs\nrecipe C = ImageNet2015\nrecipe D = ImageNet2015MultiScale\n", standard: false });
    const steps = new Map(
      listRecipes(program).map((entry) => {
        const fields = buildRecipe(program, entry).value?.fields;
        return [entry.name, { train: trainingSteps(field(fields?.augment)), test: testPasses(field(fields?.test), field(fields?.augment)) }];
      }),
    );
    expect([...steps.keys()]).to.include.members(["A", "B", "C", "D"]);
    expect(steps.get("A")).to.deep.equal({
      train: [{ kind: "pad", width: 4 }, { kind: "crop", size: { width: 32, height: 32 } }, { kind: "hflip", rate: 0.5 }, { kind: "subtract_mean", per: "pixel" }],
      test: [{ before: [], tenCrop: undefined, mirrored: false, values: [{ kind: "subtract_mean", per: "pixel" }] }],
    });
    expect(steps.get("B")?.test[0]?.values).to.deep.equal([{ kind: "normalize", mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }]);
    expect(steps.get("C")?.train.map(({ kind }) => kind)).to.deep.equal(["resize", "crop", "hflip", "pca_color", "subtract_mean"]);
    expect(steps.get("C")?.train[0]).to.deep.equal({ kind: "resize", shorter: [256, 480] });
    expect(steps.get("C")?.test).to.deep.equal([{ before: [{ kind: "resize", shorter: 256 }], tenCrop: { width: 224, height: 224 }, mirrored: false, values: [{ kind: "subtract_mean", per: "pixel" }] }]);
    const scales = steps.get("D")?.test ?? [];
    expect(scales.map(({ before }) => before)).to.deep.equal([224, 256, 384, 480, 640].map((shorter) => [{ kind: "resize", shorter }]));
    expect(scales.map(viewsOf)).to.deep.equal([2, 2, 2, 2, 2]);
  });

  it("takes a size as height and width", async () => {
    expect(trainingSteps(await stepsOf("crop(24x32)"))).to.deep.equal([{ kind: "crop", size: { height: 24, width: 32 } }]);
  });

  it("measures images before the first step that changes values, with nothing drawn", async () => {
    expect(measurementFor(trainingSteps(await stepsOf("resize(shorter=uniform(256, 480)) -> crop(224x224) -> hflip -> pca_color(0.1) -> subtract_mean(per=pixel)")))).to.deep.equal({
      before: [{ kind: "resize", shorter: 368 }, { kind: "center_crop", size: { width: 224, height: 224 } }],
      perPixel: true,
    });
    expect(measurementFor(trainingSteps(await stepsOf("hflip -> normalize(mean=[0.5, 0.5, 0.5], std=[1, 1, 1])")))).to.equal(undefined);
    expect(withoutDraws([{ kind: "hflip", rate: 1 }])).to.deep.equal([]);
  });

  it("refuses an order that means nothing", async () => {
    await expectInputError(async () => trainingSteps(await stepsOf("subtract_mean -> resize(shorter=40)")), "scales images after `subtract_mean`");
    await expectInputError(async () => trainingSteps(await stepsOf("normalize(mean=[0, 0, 0], std=[1, 1, 1]) -> pca_color(0.1)")), "after `normalize`");
    await expectInputError(async () => trainingSteps(await stepsOf("normalize(mean=[0, 0], std=[1, 1])")), "need three numbers each");
    await expectInputError(async () => trainingSteps(await stepsOf("normalize(mean=[0, 0, 0], std=[1, 0, 1])")), "no std of 0");
    await expectInputError(async () => testPasses(await testsOf("ten_crop(24x24) -> resize(shorter=32)"), []), "`resize` after `ten_crop`");
  });
});

describe("data: what is drawn", () => {
  it("orders each epoch anew, every image once, and the same again for the same seed", () => {
    const images = Uint32Array.from({ length: 1000 }, (_, place) => 2 * place + 1);
    const first = orderOfEpoch(images, 5, 0);
    expect([...first].sort((a, b) => a - b)).to.deep.equal([...images]);
    expect([...orderOfEpoch(images, 5, 0)]).to.deep.equal([...first]);
    const same = (other: Uint32Array): number => first.filter((image, place) => other[place] === image).length;
    // Two random orders agree in one place on average.
    for (const other of [orderOfEpoch(images, 5, 1), orderOfEpoch(images, 6, 0), images]) expect(same(other)).to.be.lessThan(8);
  });

  it("draws every order of four equally often", () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 24_000; seed++) {
      const order = permutation(4, seed, "order/0").join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).to.equal(24);
    // Chi-squared with 23 degrees of freedom is above 49.7 once in a thousand.
    expect([...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).to.be.lessThan(49.7);
  });

  it("splits without overlap, and says what is too much", async () => {
    const { train, validation } = splitAtRandom(100, { train: 80, val: 15 }, 3);
    expect([train.length, validation.length, new Set([...train, ...validation]).size]).to.deep.equal([80, 15, 95]);
    expect([...train]).to.deep.equal([...train].sort((a, b) => a - b));
    expect([...splitAtRandom(100, { train: 80, val: 15 }, 4).validation]).to.not.deep.equal([...validation]);
    await expectInputError(() => splitAtRandom(50_000, { train: 45_000, val: 5_001 }, 0), "45,000 + 5,001 images, and the data set has 50,000");
  });

  it("draws places evenly, and normal numbers with their mean, variance and fourth moment", () => {
    const draws = createStepDraws(1, 0, 2);
    const places = new Array<number>(9).fill(0);
    const moments = [0, 0, 0];
    const count = 45_000;
    for (let index = 0; index < count; index++) {
      places[draws.whole(index, 0, 9)]!++;
      const normal = draws.normal(index, 1);
      for (const [place, power] of [1, 2, 4].entries()) moments[place]! += normal ** power / count;
    }
    // Chi-squared with 8 degrees of freedom is above 26.1 once in a thousand.
    expect(places.reduce((sum, found) => sum + (found - 5000) ** 2 / 5000, 0)).to.be.lessThan(26.1);
    // Standard errors: 1, sqrt 2 and sqrt 96, by the square root of the count; four of them.
    const error = 4 / Math.sqrt(count);
    expect(moments[0]).to.be.closeTo(0, error);
    expect(moments[1]).to.be.closeTo(1, Math.SQRT2 * error);
    expect(moments[2]).to.be.closeTo(3, Math.sqrt(96) * error);
  });

  it("draws something else for another seed, epoch, step, image and draw", () => {
    const base = createStepDraws(1, 0, 0);
    const numbers = [base.unit(0, 0), base.unit(1, 0), base.unit(0, 1), createStepDraws(2, 0, 0).unit(0, 0), createStepDraws(1, 1, 0).unit(0, 0), createStepDraws(1, 0, 1).unit(0, 0)];
    expect(new Set(numbers).size).to.equal(numbers.length);
    expect(createStepDraws(1, 0, 0).unit(1, 0)).to.equal(numbers[1]);
  });
});
