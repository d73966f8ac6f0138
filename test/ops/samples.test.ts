import { expect } from "chai";
import { verifyGraph } from "../../src/ir/verify.ts";
import { trainingStep } from "../../src/passes/gradient.ts";
import { operators } from "../../src/ops/registry.ts";
import { checkProgram } from "../../src/program/networks.ts";
import { loadProgram } from "../../src/program/load.ts";
import type { Graph } from "../../src/ir/graph.ts";

async function build(text: string): Promise<{ readonly graph: Graph | undefined; readonly messages: readonly string[] }> {
  const { value, problems } = checkProgram(await loadProgram({ path: "sample.resnet", text, standard: false }));
  return { graph: value.find(({ name }) => name === "Sample")?.graph, messages: problems.map(({ code, message }) => `${code} ${message}`) };
}

describe("samples of operators", () => {
  const language = Object.values(operators).filter(({ level }) => level === "language");
  for (const { name, sample } of language) {
    it(`${name}: the sample is a legal network that uses it`, async () => {
      const { graph, messages } = await build(`network Sample {\n${sample}\n}\n`);
      expect(messages).to.deep.equal([]);
      expect(verifyGraph(graph!)).to.deep.equal([]);
      const made = graph!.nodes.map(({ op }) => op);
      // A residual becomes a sum, and the identity makes no layer.
      if (name !== "identity") expect(made).to.include(name === "residual" ? "sum" : name);
      else expect(made).not.to.include("identity");
    });
  }
});

describe("a training step of a checked network", () => {
  it("is written for option A, names what it replaces, and is legal", async () => {
    const { graph, messages } = await build(`use std.blocks { basic, stage }
use std.shortcuts { A }
network Sample {
  input image: float32[N, 3, 16, 16]
  shortcuts A
  conv(3x3, 4) -> bn -> relu
  layer1: stage(1, basic(4))
  layer2: stage(1, basic(8), stride=2)
  globalavgpool -> fc: linear(10)
}
`);
    expect(messages).to.deep.equal([]);
    const step = trainingStep(graph!, { sizes: new Map([["N", 8]]), momentum: 0.9, weightDecay: 1e-4, decays: "weights" });
    expect(verifyGraph(step.graph)).to.deep.equal([]);
    const replaced = step.state.filter(({ kind }) => kind === "parameter").map(({ parameter }) => parameter.name);
    expect(replaced).to.have.members(graph!.parameters.map(({ name }) => name));
    expect(step.images).to.deep.equal(["image"]);
  });
});
