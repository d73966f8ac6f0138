import { expect } from "chai";
import { uniformNumbers } from "../../src/index.ts";
import { needsPython, runPython } from "../support/python.ts";

describe("numbers for masks", () => {
  const numbers = uniformNumbers(1, 2, "dropout1.uniform", 100_000);

  it("are in [0, 1), with the mean and the variance of uniform ones", () => {
    expect(numbers.every((value) => value >= 0 && value < 1)).to.equal(true);
    const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    const variance = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / numbers.length;
    // Four standard errors: √(1/12 / 100,000) = 0.00091 of the mean, √(1/180 / 100,000) = 0.00024 of the variance.
    expect(mean).to.be.closeTo(0.5, 0.0037);
    expect(variance).to.be.closeTo(1 / 12, 0.001);
  });

  it("depend on seed, step, name and place alone", () => {
    expect([...uniformNumbers(1, 2, "dropout1.uniform", 5)]).to.deep.equal([...numbers.slice(0, 5)]);
    const others = [uniformNumbers(2, 2, "dropout1.uniform", 1000), uniformNumbers(1, 3, "dropout1.uniform", 1000), uniformNumbers(1, 2, "dropout2.uniform", 1000)];
    for (const other of others) {
      // Independent ones: a correlation beyond four standard errors (0.13) would be no chance.
      const covariance = other.reduce((sum, value, index) => sum + (value - 0.5) * (numbers[index]! - 0.5), 0) / other.length;
      expect(Math.abs(covariance * 12)).to.be.lessThan(0.13);
    }
  });

  it("have the bits that another implementation makes of the description", function () {
    this.timeout(120_000);
    needsPython(this, "torch", "safetensors", "numpy");
    const asked = [[0, 0, "dropout1.uniform"], [385, 7, "layer1.0.droppath1.uniform"], [-5, 63_999, "x"], [2 ** 40 + 17, 2 ** 33, "ünïcode.uniform"]] as const;
    const requests = asked.map(([seed, step, name]) => ({ do: "uniform", seed, step, name, count: 1000 }));
    const answers = JSON.parse(runPython("training_step.py", [], JSON.stringify(requests)).toString()) as number[][];
    answers.forEach((expected, index) => {
      const [seed, step, name] = asked[index]!;
      expect([...uniformNumbers(seed, step, name, 1000)]).to.deep.equal(expected);
    });
  });
});
