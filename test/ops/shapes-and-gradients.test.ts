import { expect } from "chai";
import { gradientGraph } from "../../src/passes/gradient.ts";
import { graphOf } from "../support/case-graphs.ts";
import { feedsFor, netBuilder, noise, uniformOf } from "../support/graphs.ts";
import { evaluate } from "../support/interpreter/evaluate.ts";
import { map, tensor, zip } from "../support/interpreter/tensor.ts";
import type { Tensor } from "../support/interpreter/tensor.ts";
import { cases, titleOf } from "./cases/cases.ts";
import type { OpCase } from "./cases/cases.ts";

const SEED = 20150;
/** Central differences in float64 with this step are right to about 1e-9 of the values here. */
const STEP = 1e-5;
const TOLERANCE = 1e-6;

const dot = (a: Tensor, b: Tensor): number => a.data.reduce((total, value, index) => total + value * b.data[index]!, 0);

describe("operators in float64", () => {
  for (const one of cases) {
    it(titleOf(one), () => {
      const graph = graphOf(one);
      const output = graph.outputs[0]!;
      expect(output.value.type.shape, "shape rule").to.deep.equal(one.output);
      expect(evaluate(graph, feedsFor(graph, SEED)).output!.shape, "executed shape").to.deep.equal(one.output);
      checkGradient(one);
    });
  }

  it("looked at every operator of the language", () => {
    expect(new Set(cases.map(({ op }) => op)).size).to.be.greaterThan(30);
  });
});

/** Compares every gradient with central differences of Σ seed · output along three random directions. */
function checkGradient(one: OpCase): void {
  const graph = graphOf(one);
  const { graph: backward, seed, gradients, random } = gradientGraph(graph, new Map());
  const next = uniformOf(SEED);
  const feeds: Record<string, Tensor> = { ...feedsFor(graph, SEED) };
  for (const { name, type } of backward.inputs) {
    if (random.includes(name)) feeds[name] = map(noise(type.shape as number[], next), (x) => (x + 1) / 2);
    else feeds[name] ??= noise(type.shape as number[], next);
  }
  const loss = (changed: Record<string, Tensor>): number => dot(evaluate(backward, { ...feeds, ...changed }).output!, feeds[seed]!);
  const results = evaluate(backward, feeds);
  const learned = graph.parameters.filter(({ role }) => !role.startsWith("running")).map(({ name }) => name);
  expect(gradients.map(({ of }) => of)).to.have.members([...graph.inputs.map(({ name }) => name), ...learned]);
  for (const { of, output } of gradients) {
    const value = feeds[of]!;
    expect(results[output]!.shape, `gradient by ${of}`).to.deep.equal(value.shape);
    for (let count = 0; count < 3; count++) {
      const direction = noise(value.shape, next);
      const moved = (step: number): Tensor => zip(value, direction, (x, d) => x + step * d);
      const measured = (loss({ [of]: moved(STEP) }) - loss({ [of]: moved(-STEP) })) / (2 * STEP);
      const expected = dot(results[output]!, direction);
      expect(Math.abs(measured - expected), `by ${of}: ${expected} and ${measured}`).to.be.at.most(TOLERANCE * Math.max(1, Math.abs(measured)));
    }
  }
}

describe("the gradient of a max pool", () => {
  it("goes to the first of equal maxima, once", () => {
    const net = netBuilder();
    const { graph, seed } = gradientGraph(net.finish(net.op("maxpool", net.input([1, 1, 1, 4]), { kernel: [1, 2], stride: [1, 2], pad: 0 })), new Map());
    const feeds = { image: tensor([1, 1, 1, 4], [7, 7, -3, 5]), [seed]: tensor([1, 1, 1, 2], [10, 20]) };
    expect([...evaluate(graph, feeds)["image.gradient"]!.data]).to.deep.equal([10, 0, 0, 20]);
  });
});
