import { expect } from "chai";
import type { RecipeCall } from "../../src/program/recipes.ts";
import { createSchedule } from "../../src/training/schedule.ts";
import type { ScheduleOptions } from "../../src/training/schedule.ts";

const call = (name: string, values: RecipeCall["arguments"] = {}): RecipeCall => ({ function: name, arguments: values });
const schedule = (options: Partial<ScheduleOptions>, from?: Parameters<typeof createSchedule>[1]) =>
  createSchedule({ learningRate: 0.1, schedule: call("constant"), warmup: undefined, stepsPerEpoch: 10, totalSteps: 100, ...options }, from);

/** Rates at some steps, by hand from the recipe's description. */
function check(what: string, options: Partial<ScheduleOptions>, expected: Readonly<Record<number, number>>): void {
  it(what, () => {
    const made = schedule(options);
    for (const [step, rate] of Object.entries(expected)) expect(made.rate(Number(step)), `step ${step}`).to.be.closeTo(rate, 1e-12);
  });
}

describe("learning rates of a recipe", () => {
  check("constant", {}, { 0: 0.1, 99: 0.1 });
  check("falls at steps", { schedule: call("step", { at: [32, 48], factor: 0.1, by: "steps" }) }, { 31: 0.1, 32: 0.01, 47: 0.01, 48: 0.001 });
  check("falls at epochs of ten steps", { schedule: call("step", { at: [3], factor: 0.5, by: "epochs" }) }, { 29: 0.1, 30: 0.05 });
  // Loshchilov and Hutter 2017, equation 5: the middle of the way has half of the rate.
  check("half a cosine, the last step at its end", { schedule: call("cosine", { end: 0.02 }), totalSteps: 101 }, { 0: 0.1, 50: 0.06, 100: 0.02 });
  check("a gentle rate for a time", { warmup: call("constant", { lr: 0.01, epochs: 1 }) }, { 0: 0.01, 9: 0.01, 10: 0.1 });
  check("a rate that rises in a straight line", { warmup: call("linear", { start: 0.02, steps: 4 }) }, { 0: 0.02, 1: 0.04, 2: 0.06, 3: 0.08, 4: 0.1 });
  check("points count from the first step, warm-up included", { warmup: call("constant", { lr: 0.01, steps: 5 }), schedule: call("step", { at: [6], factor: 0.1, by: "steps" }) }, { 4: 0.01, 5: 0.1, 6: 0.01 });

  it("ends a warm-up when the training error is below 80 %, and stays ended", () => {
    const made = schedule({ warmup: call("constant", { lr: 0.01, until: { metric: "train_error", relation: "<", value: 0.8 } }) });
    made.stepDone(0, {});
    expect(made.rate(1)).to.equal(0.01);
    made.stepDone(1, { train_error: 0.8 });
    expect(made.rate(2)).to.equal(0.01);
    made.stepDone(2, { train_error: 0.79 });
    expect(made.rate(3)).to.equal(0.1);
    made.stepDone(3, { train_error: 0.95 });
    expect(made.rate(4)).to.equal(0.1);
    const again = schedule({ warmup: call("constant", { lr: 0.01, until: { metric: "train_error", relation: "<", value: 0.8 } }) }, made.state());
    expect(again.rate(4)).to.equal(0.1);
  });

  it("falls after two epochs without a new best, never below the minimum, and goes on from its state", () => {
    const plateau = call("plateau", { metric: "val_error", factor: 0.1, patience: 2, minimum: 0.002 });
    let made = schedule({ schedule: plateau });
    const rates = [0.5, 0.4, 0.45, 0.41, 0.41, 0.41, 0.3, 0.3, 0.3].map((error, epoch) => {
      made.epochDone({ val_error: error });
      made = schedule({ schedule: plateau }, JSON.parse(JSON.stringify(made.state())) as Parameters<typeof createSchedule>[1]);
      return made.rate((epoch + 1) * 10);
    });
    // Bests at 0.5, 0.4 and 0.3; 0.45 and 0.41 are two without, 0.41 twice more, 0.3 twice more.
    [0.1, 0.1, 0.1, 0.01, 0.01, 0.002, 0.002, 0.002, 0.002].forEach((rate, epoch) => expect(rates[epoch], `epoch ${epoch}`).to.be.closeTo(rate, 1e-12));
  });
});
