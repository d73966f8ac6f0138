import { expect } from "chai";
import type { TrainingBatch, TrainingResult } from "../../src/engines/training.ts";
import { BEGINNING, runTraining } from "../../src/training/loop.ts";
import type { Evaluation, LoopOptions, MetricsLine, Position, TrainingPorts } from "../../src/training/loop.ts";
import { createJudge } from "../../src/training/judge.ts";
import { planOf, stepsOf, withOverrides } from "../../src/training/plan.ts";
import type { TrainingPlan } from "../../src/training/plan.ts";
import { expectInputError } from "../support/expect-input-error.ts";
import { resolveNamed } from "../support/recipes.ts";

const RECIPE = ["recipe R {", "batch: 4", "epochs: 3", "optimizer: sgd(lr=0.1, momentum=0.9, weight_decay=1e-4)", "schedule: step(at=[6], factor=0.1)", "}"].join("\n");
const NO_BATCH: TrainingBatch = { inputs: [], labels: new Int32Array() };

async function planIn(text: string): Promise<TrainingPlan> {
  return planOf((await resolveNamed(text, "R"))!);
}

interface World {
  readonly rates: number[];
  readonly lines: MetricsLine[];
  readonly checkpoints: Position[];
  readonly bests: number[];
  /** How many steps were made in one go. */
  readonly goes: number[];
}

/** A training whose losses and errors are given; `stopAfter` is Ctrl-C in that step. */
async function run(options: Partial<LoopOptions> & { readonly plan: TrainingPlan }, given: { readonly loss: (step: number) => number; readonly errors?: readonly number[]; readonly stopAfter?: number; readonly most?: number }, from: Position = BEGINNING): Promise<World & { readonly finished: boolean }> {
  const world: World = { rates: [], lines: [], checkpoints: [], bests: [], goes: [] };
  let step = from.step;
  let evaluations = 0;
  const { errors } = given;
  const ports: TrainingPorts = {
    next: async () => NO_BATCH,
    most: given.most ?? 1,
    async steps(_batches, rates): Promise<readonly TrainingResult[]> {
      world.rates.push(...rates);
      world.goes.push(rates.length);
      return rates.map(() => ({ loss: given.loss(step++), right: 1 }));
    },
    ...(errors ? { evaluate: async (): Promise<Evaluation> => ({ images: 10, loss: 1, error: errors[evaluations++]! }) } : {}),
    stepDone: () => undefined,
    report: async (line) => void world.lines.push(line),
    keepBest: async (at) => void world.bests.push(at),
    checkpoint: async (position) => void world.checkpoints.push(JSON.parse(JSON.stringify(position)) as Position),
    stopped: () => given.stopAfter !== undefined && step >= given.stopAfter,
  };
  const { finished } = await runTraining({ classes: 10, stepsPerEpoch: 4, every: 3, ...options }, from, ports);
  return { ...world, finished };
}

describe("the loop of a training", () => {
  it("goes to the end of the plan, with lines and checkpoints at intervals and epochs", async () => {
    const world = await run({ plan: await planIn(RECIPE) }, { loss: (step) => step, errors: [0.5, 0.4, 0.45] });
    expect(world.rates).to.have.length(12);
    expect(world.rates[5]).to.equal(0.1);
    expect(world.rates[6]).to.be.closeTo(0.01, 1e-12);
    expect(world.lines.map(({ step }) => step)).to.deep.equal([3, 4, 6, 8, 9, 12]);
    expect(world.checkpoints.map(({ step }) => step)).to.deep.equal([3, 4, 6, 8, 9, 12]);
    // Means of the losses 0, 1, 2; of 3; of 4, 5; of 6, 7.
    expect(world.lines.slice(0, 4).map(({ train_loss }) => train_loss)).to.deep.equal([1, 3, 4.5, 6.5]);
    expect(world.lines[0]!.train_error).to.equal(0.75);
    expect(world.lines.map(({ val_error }) => val_error)).to.deep.equal([undefined, 0.5, undefined, 0.4, undefined, 0.45]);
    expect(world.bests).to.deep.equal([4, 8]);
    expect(world.checkpoints.at(-1)!.best).to.deep.equal({ step: 8, error: 0.4 });
    expect(world.finished).to.equal(true);
  });

  it("makes several steps in one go to where something is looked at, and comes to the same", async () => {
    for (const text of [RECIPE, RECIPE.replace("schedule", "warmup: linear(start=0.01, steps=5)\nschedule"), RECIPE.replace("step(at=[6], factor=0.1)", "plateau(val_error, patience=1)")]) {
      const plan = await planIn(text);
      const given = { loss: (step: number): number => 1 / (step + 3), errors: [0.5, 0.6, 0.45] };
      const one = await run({ plan }, given);
      expect(one.goes).to.deep.equal(Array.from({ length: 12 }, () => 1));
      for (const [most, goes] of [[2, [2, 1, 1, 2, 2, 1, 2, 1]], [8, [3, 1, 2, 2, 1, 3]]] as const) {
        const several = await run({ plan }, { ...given, most });
        expect(several.goes).to.deep.equal(goes);
        expect({ ...several, goes: one.goes }).to.deep.equal(one);
      }
    }
  });

  it("makes steps one by one while a condition may change the rate after each", async () => {
    const plan = await planIn(RECIPE.replace("schedule", "warmup: constant(lr=0.01, until=train_loss < 0.2)\nschedule").replace("epochs: 3", "epochs: 60"));
    const given = { loss: (step: number): number => (step < 20 ? 1 : 0.1), errors: Array.from({ length: 60 }, () => 0.5) };
    const [one, several] = [await run({ plan, every: 100, evaluateEvery: 100 }, given), await run({ plan, every: 100, evaluateEvery: 100 }, { ...given, most: 4 })];
    const warm = several.rates.filter((rate) => rate === 0.01).length;
    expect(several.goes.slice(0, warm)).to.deep.equal(Array.from({ length: warm }, () => 1));
    expect(several.goes.slice(warm)).to.include(4);
    expect(several.rates).to.deep.equal(one.rates);
  });

  it("names the step of several at which the loss is no number", async () => {
    const plan = await planIn(RECIPE);
    await expectInputError(() => run({ plan, every: 100 }, { loss: (step) => (step === 2 ? Number.NaN : 1), most: 4 }), /at step 3, with a learning rate of 0.1/);
  });

  it("goes on from any position as if it had not stopped", async () => {
    const plan = await planIn(RECIPE.replace("schedule", "warmup: linear(start=0.01, steps=5)\nschedule"));
    const loss = (step: number): number => 1 / (step + 3);
    const whole = await run({ plan }, { loss });
    for (let stop = 1; stop < 12; stop++) {
      const first = await run({ plan }, { loss, stopAfter: stop });
      expect(first.finished).to.equal(false);
      const position = first.checkpoints.at(-1)!;
      expect(position.step).to.equal(stop);
      const second = await run({ plan }, { loss }, position);
      expect([...first.rates, ...second.rates]).to.deep.equal(whole.rates);
      expect([...first.lines, ...second.lines]).to.deep.equal(whole.lines);
      expect(second.checkpoints.at(-1)).to.deep.equal(whole.checkpoints.at(-1));
    }
  });

  it("stops where the loss is no number, or stays far above a guess", async () => {
    const plan = await planIn(RECIPE);
    const lost = await expectInputError(() => run({ plan }, { loss: (step) => (step === 4 ? NaN : 1) }), /at step 5, with a learning rate of 0.1, the loss is no number/);
    expect(lost.notes.join()).to.include("checkpoint of step 3");
    expect(lost.help[0]).to.include("--lr 0.01");
    const long = planOf(withOverrides((await resolveNamed(RECIPE, "R"))!, { steps: 40 }));
    // ln 10 = 2.3026 is the loss of a guess among ten: 20 steps above ten times that.
    await expectInputError(() => run({ plan: long }, { loss: () => 23.1 }), /at step 20, .* has been above 23.1 for 20 steps/);
    expect((await run({ plan: long }, { loss: (step) => (step % 19 === 18 ? 1 : 23.1) })).finished).to.equal(true);
  });

  it("ends the paper's warm-up by the errors of the last 100 steps, after the first 100", async () => {
    const plan = planOf(withOverrides((await resolveNamed(RECIPE.replace("schedule: step(at=[6], factor=0.1)", "warmup: constant(lr=0.01, until=train_error < 0.80)"), "R"))!, { steps: 103 }));
    const { rates } = await run({ plan, every: 1000, stepsPerEpoch: 1000 }, { loss: () => 1 });
    expect(rates.slice(98)).to.deep.equal([0.01, 0.01, 0.1, 0.1, 0.1]);
  });
});

describe("plans of recipes", () => {
  it("take values of the command line instead of the recipe's", async () => {
    const recipe = (await resolveNamed(RECIPE, "R"))!;
    const plan = planOf(withOverrides(recipe, { lr: 0.5, steps: 7, batch: 2, seed: 9, weightDecay: 0, freeze: ["a.*"] }));
    expect(plan).to.include({ learningRate: 0.5, batch: 2, seed: 9, weightDecay: 0, momentum: 0.9 });
    expect(plan.freeze).to.deep.equal(["a.*"]);
    expect(stepsOf(plan, 100)).to.equal(7);
    expect(stepsOf(planOf(recipe), 100)).to.equal(300);
  });

  it("say what a recipe leaves open", async () => {
    const text = "recipe R { batch: 4 }";
    const recipe = (await resolveNamed(text, "R"))!;
    await expectInputError(() => planOf(recipe), "`R` does not say how long the training is");
    await expectInputError(() => planOf(withOverrides(recipe, { steps: 3 })), "does not say the learning rate");
    expect(planOf(withOverrides(recipe, { steps: 3, lr: 0.1 }))).to.include({ momentum: 0, learningRate: 0.1 });
    await expectInputError(() => planOf(withOverrides(recipe, { steps: 3, lr: 0.1, nesterov: true })), "the momentum is 0");
  });
});

describe("scores judged by labels", () => {
  it("gives loss and errors", () => {
    const judge = createJudge(6, "logits");
    judge.add(Float32Array.of(0, 0, 0, 0, 0, 0, 9, 8, 7, 6, 5, 4, 1, 2, 0, 0, 0, 0), Int32Array.of(0, 5, 1), 1);
    const { images, error, error5, loss } = judge.result();
    // The first is a tie that goes to class 0; the second is last of six; the third is right.
    expect([images, error, error5]).to.deep.equal([3, 1 / 3, 1 / 3]);
    const softmax = (logits: readonly number[], right: number): number => -Math.log(Math.exp(logits[right]!) / logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    expect(loss).to.be.closeTo((Math.log(6) + softmax([9, 8, 7, 6, 5, 4], 5) + softmax([1, 2, 0, 0, 0, 0], 1)) / 3, 1e-12);
  });

  it("averages the views of an image; probabilities are taken as they are", () => {
    const judge = createJudge(2, "probabilities");
    judge.add(Float32Array.of(0.5, 0.5, 0.25, 0.75), Int32Array.of(1), 2);
    expect(judge.result().error).to.equal(0);
    expect(judge.result().error5).to.equal(undefined);
    expect(judge.result().loss).to.be.closeTo(-Math.log(0.625), 1e-12);
  });
});
