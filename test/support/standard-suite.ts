import { expect } from "chai";
import type { Answer, Question } from "./standard-answers.ts";
import { askAll } from "./standard-pool.ts";
import type { Pool } from "./standard-pool.ts";

/** Of the greatest magnitude of ONNX Runtime's answer. */
const TOLERANCE = 1e-4;

/** Networks of the library, all of them, and how many of them TensorFlow.js answers. */
const COUNTS = { networks: 132, answered: 128 };

/** Networks that a LayersModel cannot say, with a word of the reason. */
const REFUSED: Readonly<Record<string, string>> = {
  // AlexNet's normalization, which the GoogLeNet of the paper has twice.
  InceptionV1: "local response normalization",
  InceptionV1Auxiliary: "local response normalization",
  GoogLeNet: "local response normalization",
  GoogLeNetAuxiliary: "local response normalization",
};

/** Tests that TensorFlow.js answers every network of the library as ONNX Runtime does, on images of the sides that are given. */
export function describeStandard(title: string, questions: readonly Question[]): void {
  describe(title, function () {
    // Answers are made in other processes, some tests ahead; what one waits for is mostly the queue.
    this.timeout(1_800_000);
    let pool: Pool | undefined;
    const counts = { answered: 0, refused: 0, skipped: 0 };
    before(() => {
      pool = askAll(questions);
    });
    after(() => pool?.close());

    questions.forEach(({ network: { name }, side }, index) => {
      it(`${name}, ${side}x${side}`, async function () {
        const outcome = await pool!.outcome(index);
        switch (outcome.kind) {
          case "failed":
            return expect.fail(outcome.error);
          case "skipped":
            counts.skipped++;
            console.log(`      skipped: ${outcome.reason}`);
            return this.skip();
          case "refused":
            counts.refused++;
            this.test!.title += ": refused";
            expect(REFUSED[name], outcome.reasons).not.to.equal(undefined);
            return expect(outcome.reasons).to.include(REFUSED[name]);
          case "answered":
            counts.answered++;
            this.test!.title += `: ${outcome.apart.toExponential(1)}${outcome.images > 1 ? " on two sizes" : ""}, ${outcome.seconds.toFixed(1)} s with ${outcome.flavour}`;
            expect(REFUSED[name], "it is said to be refused").to.equal(undefined);
            return expectGood(outcome);
        }
      });
    });

    it("answered all but those that this test names", function () {
      if (counts.skipped > 0) {
        console.log(`      skipped: ${counts.skipped} networks were not answered`);
        this.skip();
      }
      expect({ networks: questions.length, answered: counts.answered, refused: counts.refused }).to.deep.equal({ ...COUNTS, refused: Object.keys(REFUSED).length });
    });
  });
}

function expectGood({ apart, counts, expected, strangers, declared, outputs }: Answer): void {
  expect(apart).to.be.at.most(TOLERANCE);
  expect(counts).to.deep.equal(expected);
  expect(strangers, "classes that are not TensorFlow.js's own").to.deep.equal([]);
  expect(declared).to.have.length(outputs.length);
  declared.forEach((shape, at) => {
    // What is declared open may be anything; the batch is.
    const given = outputs[at]!;
    expect(shape.map((size, axis) => (size === -1 ? given[axis] : size))).to.deep.equal(given);
    expect(shape[0]).to.equal(-1);
  });
}
