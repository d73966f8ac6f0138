import { expect } from "chai";
import type { Graph, Value } from "../../src/ir/graph.ts";
import { expose } from "../../src/passes/expose.ts";
import { networkIn } from "../support/networks.ts";

describe("exposing values", () => {
  let graph: Graph;
  before(async () => {
    graph = await networkIn("network Net {\n  input image: float32[N, 3, 8, 8]\n  first: conv(3x3, 4) -> relu -> conv(3x3, 4)\n}\n", "Net");
  });
  const value = (name: string): Value => graph.nodes.find((node) => node.name === name)!.outputs[0]!;

  it("adds outputs named after layers, behind the network's own, and changes nothing else", () => {
    const { graph: shown, at } = expose(graph, [value("relu1"), value("first")]);
    expect(shown.outputs.map(({ name }) => name)).to.deep.equal(["output", "relu1", "first"]);
    expect([at.get(value("relu1")), at.get(value("first"))]).to.deep.equal([1, 2]);
    expect([shown.nodes, shown.parameters, shown.inputs]).to.deep.equal([graph.nodes, graph.parameters, graph.inputs]);
    expect(graph.outputs).to.have.length(1);
  });

  it("takes an output that is there, and each value once", () => {
    const { graph: shown, at } = expose(graph, [graph.outputs[0]!.value, value("first"), value("first")]);
    expect(shown.outputs.map(({ name }) => name)).to.deep.equal(["output", "first"]);
    expect([...at.values()]).to.deep.equal([0, 1]);
  });

  it("gives another name where one is taken", () => {
    const clash: Graph = { ...graph, outputs: [{ name: "first", value: value("relu1") }] };
    const { graph: shown } = expose(clash, [value("first"), graph.inputs[0]!]);
    expect(shown.outputs.map(({ name }) => name)).to.deep.equal(["first", "first_2", "image_2"]);
  });

  it("is nothing where nothing is asked for", () => {
    expect(expose(graph, []).graph.outputs).to.deep.equal(graph.outputs);
  });
});
