import { expect } from "chai";
import type { StepCall } from "../../src/data/steps.ts";
import { testPasses } from "../../src/data/steps.ts";
import { showsWholeImages, sizeAfter, stepsText, testSteps, windowOfRecipe } from "../../src/evaluation/views.ts";
import type { ViewChoice } from "../../src/evaluation/views.ts";
import { chainOf } from "../../src/training/plan.ts";
import { expectInputError } from "../support/expect-input-error.ts";
import { resolveNamed } from "../support/recipes.ts";

const square = (side: number) => ({ width: side, height: side });

/** The fields of a recipe, as the language has them. */
async function recipe(fields: string): Promise<{ readonly test: readonly StepCall[]; readonly augment: readonly StepCall[] }> {
  const found = await resolveNamed(`recipe R { ${fields} }`, "R");
  if (found === undefined) throw new Error(fields);
  return { test: chainOf(found, "test"), augment: chainOf(found, "augment") };
}

describe("views of a test image", () => {
  const check = async (test: string | undefined, choice: ViewChoice, expected: string, sizes: { readonly window?: number; readonly images?: number } = {}): Promise<void> => {
    const steps = testSteps(choice, test === undefined ? undefined : (await recipe(`test: ${test}`)).test, square(sizes.window ?? 224), sizes.images === undefined ? undefined : square(sizes.images));
    expect(stepsText(steps), JSON.stringify([test, choice])).to.equal(expected);
    // What data sets take, and nothing else.
    testPasses(steps, []);
  };

  it("are the recipe's, else one", async () => {
    await check("resize(shorter=256) -> ten_crop(224x224)", {}, "resize(shorter=256) -> ten_crop(224x224)");
    await check("multi_scale(shorter=[224, 256]) -> with_hflip", {}, "multi_scale(shorter=[224, 256]) -> with_hflip");
    await check("single_view", {}, "single_view", { window: 32, images: 32 });
    // Section 3.4: windows of 224x224 of images whose shorter side is 256; other windows in proportion.
    await check(undefined, {}, "resize(shorter=256) -> center_crop(224x224)");
    await check(undefined, {}, "resize(shorter=37) -> center_crop(32x32)", { window: 32 });
    await check(undefined, {}, "single_view", { window: 32, images: 32 });
  });

  it("are what the user says, from images of the recipe's size", async () => {
    await check("resize(shorter=300) -> center_crop(224x224)", { kind: "ten-crop" }, "resize(shorter=300) -> ten_crop(224x224)");
    await check("resize(shorter=256) -> ten_crop(224x224)", { kind: "single" }, "resize(shorter=256) -> center_crop(224x224)");
    await check("single_view", { kind: "ten-crop" }, "resize(shorter=37) -> ten_crop(32x32)", { window: 32, images: 32 });
    await check("single_view", { kind: "single", flip: true }, "single_view -> with_hflip", { window: 32, images: 32 });
    await check("ten_crop(224x224)", { kind: "multi-scale" }, "multi_scale(shorter=[224, 256, 384, 480, 640])");
    await check(undefined, { kind: "multi-scale", scales: [28, 32], flip: true }, "multi_scale(shorter=[28, 32]) -> with_hflip");
    await check("multi_scale(shorter=[224]) -> with_hflip", { kind: "single" }, "resize(shorter=256) -> center_crop(224x224)");
  });

  it("have other sizes where the user says them", async () => {
    await check("resize(shorter=256) -> ten_crop(224x224)", { resize: 300 }, "resize(shorter=300) -> ten_crop(224x224)");
    await check("resize(shorter=256) -> center_crop(224x224)", { size: { height: 192, width: 160 } }, "resize(shorter=256) -> center_crop(192x160)");
    await check("resize(shorter=256) -> center_crop(224x224)", { kind: "single", resize: 232 }, "resize(shorter=232) -> center_crop(224x224)");
    await check(undefined, { resize: 40 }, "resize(shorter=40) -> center_crop(32x32)", { window: 32, images: 32 });
    const { test } = await recipe("test: multi_scale(shorter=[224])");
    await expectInputError(() => testSteps({ resize: 256 }, test, square(224), undefined), /tests whole images at several scales[^]*--scales/);
  });

  it("need a network for any size where they are whole images", async () => {
    const { test } = await recipe("test: multi_scale(shorter=[224])");
    expect(showsWholeImages({}, test)).to.equal(true);
    expect(showsWholeImages({ kind: "ten-crop" }, test)).to.equal(false);
    expect(showsWholeImages({ kind: "multi-scale" }, undefined)).to.equal(true);
    expect(showsWholeImages({}, undefined)).to.equal(false);
  });

  it("take the window of the recipe where the network takes any: of its tests, else of its training", async () => {
    const both = await recipe("augment: crop(200x160) -> hflip\n  test: resize(shorter=256) -> center_crop(224x192)");
    expect(windowOfRecipe(both.test, both.augment)).to.deep.equal({ height: 224, width: 192 });
    expect(windowOfRecipe([], both.augment)).to.deep.equal({ height: 200, width: 160 });
    expect(windowOfRecipe([], [])).to.equal(undefined);
  });

  it("have one size for all images where that can be known", async () => {
    const after = async (test: string, images: ReturnType<typeof square> | undefined) => testPasses((await recipe(`test: ${test}`)).test, []).map((pass) => sizeAfter(pass, images));
    expect(await after("resize(shorter=256) -> ten_crop(224x224)", undefined)).to.deep.equal([square(224)]);
    expect(await after("resize(shorter=256) -> center_crop(192x160)", undefined)).to.deep.equal([{ height: 192, width: 160 }]);
    expect(await after("resize(shorter=256)", undefined)).to.deep.equal([undefined]);
    expect(await after("multi_scale(shorter=[28, 40])", { width: 32, height: 48 })).to.deep.equal([{ width: 28, height: 42 }, { width: 40, height: 60 }]);
  });
});
