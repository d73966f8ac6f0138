import { expect } from "chai";
import { standardNetwork } from "../support/networks.ts";
import { committedNames, nameLine, torchvisionNames } from "./torchvision-names.ts";

describe("the standard library: names and shapes of parameters equal torchvision's, in its order", () => {
  for (const [torchvision, ours] of torchvisionNames) {
    it(`${ours}: ${torchvision}`, () => {
      const expected = committedNames(torchvision);
      expect(expected, "the committed list").to.have.length.greaterThan(25);
      const graph = standardNetwork(ours);
      expect(graph.parameters.map(({ name, shape }) => nameLine(name, shape))).to.deep.equal(expected);
    });
  }
});
