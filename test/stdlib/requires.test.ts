import { expect } from "chai";
import { standardNetwork } from "../support/networks.ts";

/** Values that make no network, and what the library's author says of them. */
const rows: readonly (readonly [network: string, settings: Readonly<Record<string, string>>, said: string])[] = [
  ["CifarResNet", { n: "0" }, "the depth is 6n+2, so n is at least 1"],
  ["CifarResNetOfDepth", { depth: "21" }, "6n+2 layers: 8, 14, 20"],
  ["CifarPlainOfDepth", { depth: "2" }, "6n+2 layers: 8, 14, 20"],
  ["PreActCifar", { n: "0" }, "a stage has at least one unit"],
  ["CifarResNeXt", { n: "0", unit: "bottleneck" }, "a stage has at least one unit"],
  ["StochasticDepth", { n: "0" }, "a stage has at least one unit"],
  ["WRN", { depth: "27", k: "10" }, "6n+4 layers: 10, 16, 22, 28"],
  ["DilatedResNet", { depths: "[3, 4, 6, 3]", output_stride: "4" }, "the output stride is 8, 16 or 32"],
];

describe("the standard library says what its parameters must be", () => {
  for (const [network, settings, said] of rows) {
    it(`${network} ${Object.entries(settings).map(([name, value]) => `${name}=${value}`).join(" ")}`, () => {
      expect(() => standardNetwork(network, settings)).to.throw(said);
    });
  }

  it("an identity shortcut where dimensions change is an error", () => {
    expect(() => standardNetwork("ResNet20", { option: "identity" })).to.throw("the shortcut is the identity, and F changes channels 16 → 32");
  });
});
