/** What `src/decisions/0014-lint-rules-left-out.md` says of its programs; that they compile is tested with all samples of documents. */
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { trainedPart } from "../../src/passes/training/logits.ts";
import { unreadPadding, mapLayers } from "../../src/lint/analysis/maps.ts";
import { measureNodes } from "../../src/passes/measure.ts";
import { networkIn } from "../support/networks.ts";

const page = readFileSync(new URL("../../src/decisions/0014-lint-rules-left-out.md", import.meta.url), "utf8");
const program = (network: string): string => [...page.matchAll(/```resnet[^\n]*\n([^]*?)```/g)].map(([, text = ""]) => text).find((text) => text.includes(`network ${network} `)) ?? "";

describe("lint: rules that are left out", () => {
  it("a shortcut of zeros fills up to four times the channels", async () => {
    const graph = await networkIn(program("Fourfold"), "Fourfold");
    const padded = graph.nodes.filter(({ op }) => op === "padchannels");
    expect(padded.map(({ inputs, outputs }) => [inputs[0]?.type.shape[1], outputs[0]?.type.shape[1]])).to.deep.equal([[16, 64]]);
  });

  it("a loss is taken from what goes into the last softmax", async () => {
    const { logits, notes } = trainedPart(await networkIn(program("Probabilities"), "Probabilities"), undefined);
    expect(logits.name).to.equal("fc");
    expect(notes.join()).to.match(/ends in a softmax/);
  });

  it("padding is the same on both sides, whatever the stride", async () => {
    const graph = await networkIn(program("Same").replace(', pad="same"', ""), "Same");
    const [layer] = mapLayers(graph, measureNodes(graph));
    expect(layer?.window.pads).to.deep.equal([1, 1, 1, 1]);
    // 32 + 2 - 3 is odd: the row at the end is the one that stays unread.
    expect(layer && unreadPadding(layer, 0)).to.equal(1);
  });
});
