import { expect } from "chai";
import fc from "fast-check";
import type { Line } from "../../src/draw/picture.ts";
import { between, linesFrom, nextOnChain } from "../../src/draw/regions.ts";

const line = (from: number, to: number): Line => ({ from, to, kind: "flow", text: undefined, details: [] });

/** Whether `to` is reached from `from` without a step on `without`. */
function reaches(lines: readonly Line[], from: number, to: number, without: number): boolean {
  if (from === without) return false;
  const [open, seen] = [[from], new Set([from])];
  for (const box of open) {
    if (box === to) return true;
    for (const { from: start, to: end } of lines) if (start === box && end !== without && !seen.has(end)) [seen.add(end), open.push(end)];
  }
  return false;
}

/** By definition: every way from `box` to an end passes `next`, and every way from a beginning to `next` passes `box`; the nearest such. */
function nextByDefinition(count: number, lines: readonly Line[], box: number): number | undefined {
  const ends = [...Array(count).keys()].filter((at) => !lines.some(({ from }) => from === at));
  const beginnings = [...Array(count).keys()].filter((at) => !lines.some(({ to }) => to === at));
  const after = [...Array(count).keys()].filter((next) => next > box && !ends.some((end) => reaches(lines, box, end, next)));
  const [next] = after;
  return next !== undefined && !beginnings.some((start) => reaches(lines, start, next, box)) ? next : undefined;
}

describe("regions of a picture", () => {
  it("are found in a chain with a shortcut, a branch and an end aside", () => {
    // 0 - 1 - 2 - 3 with 0 - 3; 3 - 4, 3 - 5, 4 - 6, 5 - 6; 6 - 7, 6 - 8
    const lines = [line(0, 1), line(1, 2), line(2, 3), line(0, 3), line(3, 4), line(3, 5), line(4, 6), line(5, 6), line(6, 7), line(6, 8)];
    expect(nextOnChain(9, lines)).to.deep.equal([3, 2, undefined, 6, undefined, undefined, undefined, undefined, undefined, 0]);
    expect(between(0, 3, linesFrom(9, lines))).to.deep.equal([1, 2]);
    expect(between(3, 6, linesFrom(9, lines))).to.deep.equal([4, 5]);
  });

  it("are what their definition says, in any graph", () => {
    const graphs = fc.integer({ min: 2, max: 9 }).chain((count) => fc.tuple(fc.constant(count), fc.uniqueArray(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)).filter(([from, to]) => from < to), { selector: String, maxLength: 14 })));
    fc.assert(fc.property(graphs, ([count, pairs]) => {
      const lines = pairs.map(([from, to]) => line(from, to));
      const found = nextOnChain(count, lines);
      for (let box = 0; box < count; box++) expect(found[box], `after ${box}`).to.equal(nextByDefinition(count, lines, box));
    }), { numRuns: 300 });
  });
});
