import { expect } from "chai";
import { committedNames, commitNames, nameLine, torchvisionNames } from "../stdlib/torchvision-names.ts";
import { needsPython, runPython } from "../support/python.ts";

/** `UPDATE_GOLDEN=1` writes the lists anew, for a later torchvision; continuous integration never does. */
const updates = process.env["UPDATE_GOLDEN"] === "1" && !process.env["CI"];

describe("oracle: the committed lists of names are torchvision's", () => {
  it("every network", function () {
    needsPython(this, "torch", "torchvision");
    this.timeout(120_000);
    const lists = JSON.parse(runPython("torchvision_names.py").toString()) as Record<string, [string, number[]][]>;
    for (const [network] of torchvisionNames) {
      const lines = lists[network]!.map(([name, shape]) => nameLine(name, shape));
      if (updates) commitNames(network, lines);
      expect(committedNames(network), network).to.deep.equal(lines);
    }
  });
});
