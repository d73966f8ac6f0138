import { deserialize, serialize } from "node:v8";
import { expect } from "chai";
import { emitOnnx } from "../../src/backends/onnx/index.ts";
import type { Graph } from "../../src/ir/graph.ts";
import type { PackedGraph } from "../../src/ir/packed-graph.ts";
import { packGraph, unpackGraph } from "../../src/ir/packed-graph.ts";
import { printGraph } from "../../src/ir/print.ts";
import { verifyGraph } from "../../src/ir/verify.ts";
import { seededWeights } from "../../src/weights/seeded.ts";
import { bytesOf } from "../support/compiled.ts";
import { standardNetwork } from "../support/networks.ts";
import { netBuilder } from "../support/graphs.ts";

/** As it comes out of another process. */
const sent = (graph: Graph): Graph => unpackGraph(deserialize(serialize(packGraph(graph))) as PackedGraph);

async function onnxOf(graph: Graph): Promise<string> {
  const [file] = emitOnnx(graph, seededWeights(graph.parameters, { seed: 4 }), { version: "1" });
  return Buffer.from(await bytesOf(file!)).toString("base64");
}

describe("packed graphs", () => {
  for (const name of ["ResNet20", "ResNet50", "GoogLeNet"]) {
    it(`bring ${name} to another process: the same text, the same ONNX file`, async () => {
      const graph = standardNetwork(name);
      const other = sent(graph);
      expect(printGraph(other)).to.equal(printGraph(graph));
      expect(verifyGraph(other)).to.deep.equal([]);
      expect(other.nodes.length).to.be.greaterThan(20);
      expect(other.parameters.every(({ value }) => value.producer.kind === "parameter")).to.equal(true);
      expect(await onnxOf(other)).to.equal(await onnxOf(graph));
    });
  }

  it("are no deeper for deep networks, which cannot be copied as they are", () => {
    const net = netBuilder();
    let value = net.input([1, 2, 4, 4]);
    for (let layer = 0; layer < 20_000; layer++) value = net.op("relu", value);
    const graph = net.finish(value);
    expect(() => structuredClone(graph)).to.throw();
    expect(sent(graph).nodes).to.have.length(20_000);
  });
});
