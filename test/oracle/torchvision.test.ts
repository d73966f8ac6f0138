import { expect } from "chai";
import { summarize } from "../../src/index.ts";
import { committedNames, commitNames, nameLine, torchvisionNames } from "../stdlib/torchvision-names.ts";
import { standardNetwork } from "../support/networks.ts";
import { needsPython, runPython } from "../support/python.ts";

/** `UPDATE_GOLDEN=1` writes the lists anew, for a later torchvision; continuous integration never does. */
const updates = process.env["UPDATE_GOLDEN"] === "1" && !process.env["CI"];

interface Said {
  readonly lists: Readonly<Record<string, readonly [string, readonly number[]][]>>;
  /** MACs in 10^9, with three digits. */
  readonly published: Readonly<Record<string, { readonly params: number; readonly macs: number }>>;
}

describe("oracle: torchvision", function () {
  this.timeout(120_000);
  let said: Said | undefined;
  before(function () {
    needsPython(this, "torch", "torchvision");
    said = JSON.parse(runPython("torchvision_names.py").toString()) as Said;
  });

  it("the committed lists of names are its own", () => {
    const { lists } = said!;
    for (const [network] of torchvisionNames) {
      const lines = lists[network]!.map(([name, shape]) => nameLine(name, shape));
      if (updates) commitNames(network, lines);
      expect(committedNames(network), network).to.deep.equal(lines);
    }
  });

  it("publishes the counts that we measure", () => {
    for (const [network, ours] of torchvisionNames) {
      const published = said!.published[network];
      if (published === undefined) continue;
      const { params, macs } = summarize(standardNetwork(ours));
      expect(params, network).to.equal(published.params);
      expect(Math.abs(macs! / 1e9 - published.macs), network).to.be.lessThan(0.0006);
    }
    expect(Object.keys(said!.published)).to.have.length(13);
  });
});
