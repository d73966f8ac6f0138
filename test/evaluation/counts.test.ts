import { expect } from "chai";
import { wilsonInterval } from "../../src/evaluation/interval.ts";
import { createMeans } from "../../src/evaluation/means.ts";
import { expectClasses, expectScores, probabilitiesOf, scoreKindOf } from "../../src/evaluation/probabilities.ts";
import { reportOf } from "../../src/evaluation/report.ts";
import { confusionsOf, createTally } from "../../src/evaluation/tally.ts";
import { expectInputError } from "../support/expect-input-error.ts";

describe("the interval of an error", () => {
  // R. G. Newcombe 1998, Two-sided confidence intervals for the single proportion, table I, method 3.
  const rows: readonly (readonly [count: number, total: number, low: number, high: number])[] = [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ];
  for (const [count, total, low, high] of rows) {
    it(`${count} of ${total}`, () => {
      const interval = wilsonInterval(count, total);
      expect(interval[0]).to.be.closeTo(low, 5e-5);
      expect(interval[1]).to.be.closeTo(high, 5e-5);
      // What did not happen is as certain as what did.
      const other = wilsonInterval(total - count, total);
      expect(other[0]).to.be.closeTo(1 - interval[1], 1e-12);
      expect(other[1]).to.be.closeTo(1 - interval[0], 1e-12);
    });
  }

  it("nothing is known of nothing", () => expect(wilsonInterval(0, 0)).to.deep.equal([0, 1]));
});

describe("scores become probabilities", () => {
  const of = (shape: readonly number[], ...data: number[]) => ({ shape, data: Float32Array.from(data) });
  const near = (found: ArrayLike<number>, expected: readonly number[]): void => expected.forEach((value, index) => expect(found[index], `${index}`).to.be.closeTo(value, 1e-6));
  const log = Math.log;

  it("tells probabilities from logits by their values", () => {
    expect(scoreKindOf(of([2, 2], 0.25, 0.75, 1, 0))).to.equal("probabilities");
    expect(scoreKindOf(of([2, 2], 0.25, 0.75, 0.5, 0.6))).to.equal("logits");
    expect(scoreKindOf(of([2, 2], 0.25, 0.75, 1.5, -0.5))).to.equal("logits");
    expect(scoreKindOf(of([1, 2], Number.NaN, 1))).to.equal("logits");
    // At both positions of a map: classes are planes.
    expect(scoreKindOf(of([1, 2, 1, 2], 0.25, 0.5, 0.75, 0.5))).to.equal("probabilities");
    expect(scoreKindOf(of([1, 2, 1, 2], 0.25, 0.75, 0.5, 0.5))).to.equal("logits");
  });

  it("averages the probabilities of views, not their logits", () => {
    const into = new Float64Array(2);
    // Two images of two views each; odds of 1:3 and 9:1, then 1:1 twice.
    const scores = of([4, 2], 0, log(3), log(9), 0, 5, 5, -2, -2);
    expect(probabilitiesOf(scores, "logits", 0, 2, into)).to.equal(true);
    near(into, [(1 / 4 + 9 / 10) / 2, (3 / 4 + 1 / 10) / 2]);
    expect(probabilitiesOf(scores, "logits", 1, 2, into)).to.equal(true);
    near(into, [0.5, 0.5]);
    expect(probabilitiesOf(of([2, 2], 0.2, 0.8, 0.6, 0.4), "probabilities", 0, 2, into)).to.equal(true);
    near(into, [0.4, 0.6]);
  });

  it("averages the logits of a map before the softmax, as pooling before the classifier does", () => {
    const into = new Float64Array(2);
    // The means are log 2 and log 6.
    expect(probabilitiesOf(of([1, 2, 1, 2], log(1), log(4), log(4), log(9)), "logits", 0, 1, into)).to.equal(true);
    near(into, [2 / 8, 6 / 8]);
  });

  it("takes logits of any size, and says where a score is no number", () => {
    const into = new Float64Array(2);
    expect(probabilitiesOf(of([1, 2], 3e38, 0), "logits", 0, 1, into)).to.equal(true);
    near(into, [1, 0]);
    for (const broken of [Number.NaN, Infinity, -Infinity]) expect(probabilitiesOf(of([1, 2], 0, broken), "logits", 0, 1, into)).to.equal(false);
  });

  it("refuses what is not one score for each class", async () => {
    await expectInputError(() => expectScores(of([2, 7, 3]), 2, 7, "m.onnx"), /`m.onnx` answers with \[2, 7, 3\] to 2 images; one score for each class was expected[^]*--output NAME/);
    await expectInputError(() => expectScores(of([1, 7]), 2, 7, "m.onnx"), /answers with \[1, 7\] to 2 images/);
    await expectInputError(() => expectScores(of([2, 1000]), 2, 7, "m.onnx"), /`m.onnx` tells 1,000 classes apart, and the images have 7[^]*every class needs its folder/);
    await expectInputError(() => expectClasses(10, 9, "Net"), /`Net` tells 10 classes apart, and the images have 9/);
    expectScores(of([2, 7, 3, 4]), 2, 7, "m.onnx");
  });
});

describe("answers to one image are averaged", () => {
  it("when all of them are there, in any order of images", () => {
    const means = createMeans(3, 2, 2);
    expect(means.add(2, Float64Array.of(0.25, 0.75))).to.equal(undefined);
    expect(means.add(0, Float64Array.of(1, 0))).to.equal(undefined);
    expect([...means.add(2, Float64Array.of(0.75, 0.25))!]).to.deep.equal([0.5, 0.5]);
    expect([...means.add(0, Float64Array.of(0.5, 0.5))!]).to.deep.equal([0.75, 0.25]);
  });

  it("an only one is its own mean", () => {
    const answer = Float64Array.of(0.1, 0.9);
    expect(createMeans(5, 2, 1).add(4, answer)).to.equal(answer);
  });
});

describe("answers are counted", () => {
  /** Scores of seven classes, the greatest first. */
  const ranked = (...order: number[]): number[] => Array.from({ length: 7 }, (_, index) => 1 / (2 + order.indexOf(index)));

  it("by class, by what was taken for what, and among the first five", () => {
    const tally = createTally(7);
    expect(tally.add(3, ranked(3, 0, 1, 2, 4, 5, 6))).to.equal(true);
    expect(tally.add(3, ranked(0, 1, 2, 4, 3, 5, 6))).to.equal(false);
    tally.add(3, ranked(0, 1, 2, 4, 5, 3, 6));
    tally.add(6, ranked(1, 6, 0, 2, 3, 4, 5));
    tally.add(1, ranked(6, 0, 2, 3, 4, 5, 1));
    const counts = tally.counts();
    expect([counts.images, counts.wrong, counts.wrong5]).to.deep.equal([5, 4, 2]);
    expect(counts.perClass[3]).to.deep.equal({ images: 3, wrong: 2, wrong5: 1 });
    expect(counts.perClass[0]).to.deep.equal({ images: 0, wrong: 0, wrong5: 0 });
    expect(confusionsOf(counts)).to.deep.equal([{ label: 3, answer: 0, images: 2 }, { label: 1, answer: 6, images: 1 }, { label: 6, answer: 1, images: 1 }]);
    const classes = ["a", "b", "c", "d", "e", "f", "g"];
    const report = reportOf(counts, { data: { path: "p", kind: "folder", of: "images", images: 5, classes, skipped: [], remarks: [] }, models: [], withMatrix: true });
    expect(report.result.top1).to.deep.include({ wrong: 4, right: 1, error: 0.8, accuracy: 0.2 });
    expect(report.classes[0]).to.deep.equal({ name: "a", images: 0, wrong: 0, error: null, wrong5: 0 });
    expect(report.confusions[0]).to.deep.equal({ label: "d", answer: "a", images: 2 });
    expect(report.confusion![3]).to.deep.equal([2, 0, 0, 1, 0, 0, 0]);
  });

  it("of equal scores the first is the greater, so that a network that knows nothing is not right by chance", () => {
    const tally = createTally(7);
    for (let label = 0; label < 7; label++) tally.add(label, new Array<number>(7).fill(1 / 7));
    const { wrong, wrong5 } = tally.counts();
    expect([wrong, wrong5]).to.deep.equal([6, 2]);
  });

  it("without a top-5 error where there are five classes", () => {
    const tally = createTally(5);
    tally.add(4, [1, 0, 0, 0, 0]);
    expect(tally.counts()).to.deep.include({ wrong: 1, wrong5: undefined });
  });
});
