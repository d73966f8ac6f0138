import { expect } from "chai";
import { responsesOf } from "../../src/passes/responses.ts";
import { networkIn, standardNetwork } from "../support/networks.ts";

describe("responses of layers", () => {
  it("of the paper's CIFAR nets: every layer of the 6n+1 before the last, after its batch norm", () => {
    // Section 4.2: 1 + 2n layers at each of three map sizes, all of them 3x3.
    for (const [network, layers] of [["Plain20", 19], ["ResNet20", 19], ["ResNet56", 55], ["ResNet110", 109]] as const) {
      const values = responsesOf(standardNetwork(network), 3);
      expect(values.length, network).to.equal(layers);
      expect(values.every(({ producer }) => producer.kind === "node" && producer.node.op === "bn"), network).to.equal(true);
      expect(new Set(values).size, network).to.equal(layers);
    }
  });

  it("of bottlenecks: the 3x3 of each block alone", () => {
    // Table 1: 3 + 4 + 6 + 3 blocks.
    expect(responsesOf(standardNetwork("ResNet50"), 3)).to.have.length(16);
    expect(responsesOf(standardNetwork("ResNet50"), 7)).to.have.length(1);
    expect(responsesOf(standardNetwork("ResNet50"), 5)).to.have.length(0);
  });

  it("is the convolution itself where no batch norm follows", async () => {
    const network = await networkIn("network Mine {\n  input image: float32[N, 3, 8, 8]\n  conv(3x3, 4) -> relu -> conv(3x3, 5) -> bn\n  globalavgpool -> linear(2)\n}", "Mine");
    expect(responsesOf(network, 3).map(({ producer }) => (producer.kind === "node" ? producer.node.op : producer.kind))).to.deep.equal(["conv", "bn"]);
  });
});
