import { expect } from "chai";
import { createStatisticsCollector, principalComponents } from "../../src/data/statistics.ts";
import type { Statistics } from "../../src/data/statistics.ts";
import type { StepDraws } from "../../src/data/draws.ts";
import { prepareNow, prepareViews, testPreparation } from "../../src/data/prepare.ts";
import type { ImageCodec, PixelImage } from "../../src/data/pixels.ts";
import { applyValueStep } from "../../src/data/values.ts";
import { expectInputError } from "../support/expect-input-error.ts";

const ROW = { width: 4, height: 1 };
const near = (found: readonly number[] | Float32Array, expected: readonly number[], tolerance: number, what: string): void => {
  expect(found.length, what).to.equal(expected.length);
  expected.forEach((value, at) => expect(found[at], `${what} ${at}`).to.be.closeTo(value, tolerance));
};

describe("data: values", () => {
  it("normalises to PyTorch's bits", () => {
    // x.float().div(255).sub_(mean).div_(std) with PyTorch 2, uint8 x; the last digits are those of the float32.
    const bytes = [0, 1, 77, 128, 200, 255];
    const values = Float32Array.from([...bytes, ...bytes, ...bytes]);
    applyValueStep({ kind: "normalize", mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }, values, { width: 6, height: 1 }, undefined, undefined, 0);
    expect([...values]).to.deep.equal([
      ...[-2.1179039478302, -2.1007792949676514, -0.7992978692054749, 0.07406462728977203, 1.3070467710494995, 2.248908281326294],
      ...[-2.0357141494750977, -2.018207311630249, -0.6876749992370605, 0.20518219470977783, 1.465686321258545, 2.4285714626312256],
      ...[-1.804444432258606, -1.7870151996612549, -0.46239641308784485, 0.4264925718307495, 1.6813944578170776, 2.640000104904175],
    ]);
  });

  // Four pixels, and what NumPy says of them: np.cov(pixels / 255, bias=True), np.linalg.eigh.
  const PIXELS = [106, 152, 249, 131, 184, 200, 0, 21, 253, 147, 202, 107];
  const VARIANCES = [0.15297929851003916, 0.047767270224044, 0.019293800354728823];
  const DIRECTIONS = [
    [-0.381076713750421, 0.901714613782997, 0.20418445956379902],
    [0.47531293293373955, 0.0016480670971290474, 0.8798152645077094],
    [0.7930057717464021, 0.4323286240408148, -0.42922465773982427],
  ];

  it("finds means, deviations and principal components of colours as NumPy does", () => {
    const collector = createStatisticsCollector({ perPixel: true });
    collector.add(Uint8Array.from(PIXELS), ROW, "a.png");
    const { channelMean, channelDeviation, colours, image, count } = collector.result();
    expect(count).to.equal(1);
    near(channelMean, [159.5, 101.25, 177.25], 1e-12, "mean");
    near(channelDeviation, [0.04514033064206074, 0.12799211841599384, 0.0469079200307574].map((variance) => 255 * Math.sqrt(variance)), 1e-10, "deviation");
    near(colours.map(({ variance }) => variance), VARIANCES, 1e-14, "variance");
    colours.forEach(({ direction }, component) => near(direction, DIRECTIONS[component]!, 1e-12, `direction ${component}`));
    expect([...image!.mean]).to.deep.equal(PIXELS);
  });

  it("gives the same bits in any order, and put together from parts", () => {
    const images = [PIXELS, [...PIXELS].reverse(), PIXELS.map((value) => 255 - value), PIXELS.map((value) => value >> 1)].map((values) => Uint8Array.from(values));
    const collected = (order: readonly number[], parts: number): Statistics => {
      const all = createStatisticsCollector({ perPixel: true });
      for (let part = 0; part < parts; part++) {
        const some = createStatisticsCollector({ perPixel: true });
        order.filter((_, place) => place % parts === part).forEach((image) => some.add(images[image]!, ROW, "x.png"));
        all.merge(some.sums());
      }
      return all.result();
    };
    const expected = collected([0, 1, 2, 3], 1);
    const sum = (at: number): number => images.reduce((total, image) => total + image[at]!, 0) / 4;
    expect(expected.image!.mean[5]).to.equal(sum(5));
    expect(collected([3, 1, 0, 2], 1)).to.deep.equal(expected);
    expect(collected([2, 3, 0, 1], 3)).to.deep.equal(expected);
  });

  it("knows the components of a matrix that is diagonal, or has no variance at all", () => {
    expect(principalComponents([[1, 0, 0], [0, 3, 0], [0, 0, 2]]).map(({ variance }) => variance)).to.deep.equal([3, 2, 1]);
    expect(principalComponents([[0, 0, 0], [0, 0, 0], [0, 0, 0]]).map(({ direction }) => direction)).to.deep.equal([[1, 0, 0], [0, 1, 0], [0, 0, 1]]);
  });

  it("needs images of one size for a mean of every pixel, and images at all", async () => {
    const collector = createStatisticsCollector({ perPixel: true });
    collector.add(new Uint8Array(12), ROW, "a.png");
    await expectInputError(() => collector.add(new Uint8Array(6), { width: 2, height: 1 }, "b.png"), /`b.png` has 2x1 pixels, and `a.png` has 4x1/);
    await expectInputError(() => createStatisticsCollector({ perPixel: false }).result(), "none of them can be used");
  });

  it("adds to all pixels of a channel what Krizhevsky's formula says", () => {
    const statistics: Statistics = { count: 1, channelMean: [0, 0, 0], channelDeviation: [1, 1, 1], colours: VARIANCES.map((variance, component) => ({ variance, direction: DIRECTIONS[component]! })), image: undefined };
    const alphas = [0.5, -1, 2];
    const draws: StepDraws = { unit: () => 0, whole: () => 0, normal: (index, draw) => (expect(index).to.equal(9), alphas[draw]!) };
    const values = Float32Array.from(PIXELS);
    applyValueStep({ kind: "pca_color", sigma: 0.1 }, values, ROW, statistics, draws, 9);
    // [p1, p2, p3] [a1 l1, a2 l2, a3 l3] for colours of 0 to 1, times 255.
    const shift = [0, 1, 2].map((channel) => 255 * [0, 1, 2].reduce((sum, i) => sum + DIRECTIONS[i]![channel]! * 0.1 * alphas[i]! * VARIANCES[i]!, 0));
    near(values, PIXELS.map((value, at) => value + shift[Math.floor(at / 4)]!), 1e-4, "value");
  });

  it("subtracts the mean of every pixel, or of channels where the image has another size", () => {
    const statistics: Statistics = { count: 1, channelMean: [10, 20, 30], channelDeviation: [1, 1, 1], colours: [], image: { ...ROW, mean: Float32Array.from(PIXELS, (value) => value - 1) } };
    const same = Float32Array.from(PIXELS);
    applyValueStep({ kind: "subtract_mean", per: "pixel" }, same, ROW, statistics, undefined, 0);
    expect([...same]).to.deep.equal(new Array(12).fill(1));
    const other = Float32Array.of(1, 2, 3, 4, 5, 6);
    applyValueStep({ kind: "subtract_mean", per: "pixel" }, other, { width: 2, height: 1 }, statistics, undefined, 0);
    expect([...other]).to.deep.equal([-9, -8, -17, -16, -25, -24]);
  });
});

describe("data: steps in a row", () => {
  const image: PixelImage = { name: "a.png", width: 2, height: 1, layout: "interleaved", bytes: Uint8Array.of(255, 0, 51, 0, 255, 102) };
  const half = { kind: "normalize", mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;
  const noCodec: ImageCodec = { decode: () => Promise.reject(new Error("not asked for")), resize: () => Promise.reject(new Error("not asked for")) };

  it("pads with zeros of the scale that the image has at that step", () => {
    const before = prepareNow(image, 0, { steps: [{ kind: "pad", width: 1 }, half], draws: undefined, statistics: undefined });
    expect([before.width, before.height]).to.deep.equal([4, 3]);
    expect([...before.values.subarray(0, 12)]).to.deep.equal([-1, -1, -1, -1, -1, 1, -1, -1, -1, -1, -1, -1]);
    const after = prepareNow(image, 0, { steps: [half, { kind: "pad", width: 1 }], draws: undefined, statistics: undefined });
    expect([...after.values.subarray(0, 12)]).to.deep.equal([0, 0, 0, 0, 0, 1, -1, 0, 0, 0, 0, 0]);
  });

  it("does not bring back what was cut off", () => {
    const square: PixelImage = { name: "b.png", width: 3, height: 3, layout: "planar", bytes: new Uint8Array(27).fill(255) };
    const steps = [half, { kind: "center_crop", size: { width: 1, height: 1 } }, { kind: "pad", width: 1 }] as const;
    expect([...prepareNow(square, 0, { steps, draws: undefined, statistics: undefined }).values.subarray(0, 9)]).to.deep.equal([0, 0, 0, 0, 1, 0, 0, 0, 0]);
  });

  it("gives the views of a test, each in the form that training has", async () => {
    const views = await prepareViews(image, { before: [], tenCrop: undefined, mirrored: true, values: [half] }, undefined, noCodec);
    expect(views.map(({ values }) => [...values.subarray(0, 2)])).to.deep.equal([[1, -1], [-1, 1]]);
    expect(testPreparation({ before: [], tenCrop: undefined, mirrored: true, values: [half] }).steps).to.deep.equal([]);
  });
});
