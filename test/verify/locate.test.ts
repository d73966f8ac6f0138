import { expect } from "chai";
import { locate } from "../../src/verify/locate.ts";

/** A chain of items with these differences; null: not compared. */
const chain = (...relative: readonly (number | null)[]) => relative.map((value, index) => ({ relative: value ?? undefined, before: index === 0 ? [] : [index - 1] }));

describe("where a difference comes from", () => {
  const tolerance = 1e-4;
  const check = (items: Parameters<typeof locate>[0], expected: number | undefined): void => void expect(locate(items, { tolerance })).to.equal(expected);

  it("is nowhere where all agree", () => {
    check(chain(1e-7, 2e-6, 1e-4), undefined);
    check([], undefined);
  });

  it("is the first item beyond the tolerance", () => {
    check(chain(1e-7, 3e-7, 0.2, 0.5, 0.1), 2);
    check(chain(Infinity, Infinity), 0);
    check(chain(1e-7, Infinity, Infinity), 1);
  });

  it("is an earlier one whose difference was small but no rounding, and grew", () => {
    check(chain(1e-7, 5e-5, 9e-5, 2e-4, 3e-4), 1);
    // Ten times more in one step is that step's own.
    check(chain(1e-7, 2e-5, 0.3), 2);
    // Below a tenth of the tolerance it may be rounding.
    check(chain(1e-7, 9e-6, 1.1e-4), 2);
  });

  it("is on the branch that differs", () => {
    const items = [{ relative: 0, before: [] }, { relative: 1e-7, before: [0] }, { relative: 0.3, before: [0] }, { relative: 0.1, before: [1, 2] }];
    check(items, 2);
    check([items[0]!, items[1]!, { ...items[2]!, relative: 2e-7 }, items[3]!], 3);
  });

  it("is looked for through what could not be compared", () => {
    check(chain(5e-5, null, null, 2e-4), 0);
    check(chain(1e-7, null, 2e-4), 2);
  });

  it("ends where items read each other", () => {
    check([{ relative: 0.2, before: [1] }, { relative: 0.3, before: [0] }], 1);
  });
});
