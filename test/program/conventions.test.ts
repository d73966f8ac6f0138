import { expect } from "chai";
import { conventions } from "../../src/program/conventions.ts";
import type { ConventionName } from "../../src/program/conventions.ts";
import { summarize } from "../../src/program/summarize.ts";
import { networkIn, standardNetwork } from "../support/networks.ts";

const counted = (name: string, convention: ConventionName): number => {
  const { count, layers } = summarize(standardNetwork(name), { convention });
  expect(layers.reduce((sum, layer) => sum + (layer.operations ?? NaN), 0), "layers add up").to.equal(count.total);
  return count.total ?? NaN;
};

describe("conventions of counting", () => {
  // He et al. 2015, Table 1: 1.8, 3.6, 3.8, 7.6, 11.3 x 10^9; its figures are cut or rounded to one decimal.
  for (const [name, published] of [["ResNet18", 1.8], ["ResNet34A", 3.6], ["ResNet50v1", 3.8], ["ResNet101v1", 7.6], ["ResNet152v1", 11.3], ["VGG19", 19.6]] as const) {
    it(`paper: ${name} has ${published} x 10^9`, () => expect(counted(name, "paper") / 1e9).to.be.closeTo(published, 0.08));
  }

  // torchvision's `_ops`, in 10^9 with three decimals.
  for (const [name, published] of [["ResNet18", 1.814], ["ResNet34", 3.664], ["ResNet50", 4.089], ["ResNet101", 7.801], ["ResNet152", 11.514], ["VGG16", 15.47], ["VGG19", 19.632]] as const) {
    it(`torchvision: ${name} has ${published} x 10^9`, () => expect(Number((counted(name, "torchvision") / 1e9).toFixed(3))).to.equal(published));
  }

  // timm's infer_gmacs, in 10^9 with two decimals (results of its benchmark).
  for (const [name, published] of [["ResNet18", 1.82], ["ResNet34", 3.67], ["ResNet50", 4.11], ["ResNet101", 7.83], ["ResNet152", 11.56]] as const) {
    it(`timm: ${name} has ${published} x 10^9`, () => expect(Number((counted(name, "timm") / 1e9).toFixed(2))).to.equal(published));
  }

  it("flops: torch.utils.flop_counter gives 3,628,146,688 for ResNet-18", () => expect(counted("ResNet18", "flops")).to.equal(3_628_146_688));

  it("timm counts exactly what fvcore's handlers count", async () => {
    const text = "network Net {\n  input image: float32[N, 3, 8, 8]\n  conv(3x3, 4) -> bn -> relu -> maxpool(2x2) -> groupnorm(groups=2) -> upsample(2) -> sum { conv(1x1, 4) | identity }\n  globalavgpool -> layernorm -> linear(5)\n}";
    const { count } = summarize(await networkIn(text, "Net"), { convention: "timm" });
    const conv = 3 * 9 * 4 * 64 + 4 * 4 * 64;
    expect(count.total).to.equal(conv + 2 * 4 * 64 + 5 * 4 * 16 + 4 * 64 + 4 * 64 + 5 * 4 + 4 * 5);
  });

  it("are unknown while a size is open, and say what they include", async () => {
    const { count, conventions: all } = summarize(standardNetwork("ResNet50AnySize"));
    expect(count.total).to.equal(null);
    expect(all.map(({ total }) => total)).to.deep.equal([null, null, null, null]);
    for (const [name, { includes, source, name: own }] of Object.entries(conventions)) {
      expect(own).to.equal(name);
      expect(includes.length).to.be.greaterThan(20);
      expect(source.length).to.be.greaterThan(5);
    }
  });
});
