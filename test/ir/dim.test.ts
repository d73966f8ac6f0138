/**
 * Dimensions: normal forms against evaluation. An expression is built twice, as a dimension and as a plain function of the
 * sizes in exact integers; both must agree for every size that is put in.
 */
import { expect } from "chai";
import fc from "fast-check";
import * as dims from "../../src/ir/dim.ts";
import type { Dim, Facts } from "../../src/ir/dim.ts";
import type { Rational } from "../../src/base/rational.ts";
import { fraction } from "../../src/base/rational.ts";

type Sizes = Readonly<Record<"H" | "W", number>>;

/** A dimension, the same as a function, and its text. */
interface Pair {
  readonly dim: Dim;
  readonly at: (sizes: Sizes) => number;
  readonly text: string;
}

const H: Pair = { dim: dims.symbolDim("H"), at: ({ H }) => H, text: "H" };
const W: Pair = { dim: dims.symbolDim("W"), at: ({ W }) => W, text: "W" };

/** Windows, joins and their like, as networks make them: whole values throughout. */
const pair: fc.Arbitrary<Pair> = fc.letrec<{ pair: Pair }>((tie) => ({
  pair: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(H, W),
    fc.integer({ min: -9, max: 40 }).map((n): Pair => ({ dim: n, at: () => n, text: String(n) })),
    fc.tuple(tie("pair"), tie("pair")).map(([a, b]): Pair => ({ dim: dims.addDims(a.dim, b.dim), at: (s) => a.at(s) + b.at(s), text: `(${a.text} + ${b.text})` })),
    fc.tuple(tie("pair"), tie("pair")).map(([a, b]): Pair => ({ dim: dims.subtractDims(a.dim, b.dim), at: (s) => a.at(s) - b.at(s), text: `(${a.text} - ${b.text})` })),
    fc.tuple(tie("pair"), fc.integer({ min: -4, max: 4 })).map(([a, n]): Pair => ({ dim: dims.scaleDim(a.dim, n), at: (s) => a.at(s) * n, text: `${n} * ${a.text}` })),
    fc.tuple(tie("pair"), fc.integer({ min: 1, max: 6 })).map(([a, n]): Pair => ({ dim: dims.floorDivide(a.dim, n), at: (s) => Math.floor(a.at(s) / n), text: `floor(${a.text} / ${n})` })),
    fc.tuple(tie("pair"), fc.integer({ min: 1, max: 6 })).map(([a, n]): Pair => ({ dim: dims.ceilDivide(a.dim, n), at: (s) => Math.ceil(a.at(s) / n), text: `ceil(${a.text} / ${n})` })),
  ),
})).pair;

const sizes: fc.Arbitrary<Sizes> = fc.record({ H: fc.integer({ min: 1, max: 500 }), W: fc.integer({ min: 1, max: 500 }) });

const put = (dim: Dim, { H, W }: Sizes): Dim => dims.substituteDim(dim, new Map([["H", H], ["W", W]]));
const law = (name: string, property: fc.IPropertyWithHooks<never>): void => {
  it(name, () => fc.assert(property as fc.IPropertyWithHooks<unknown>, { numRuns: 1500, seed: 1512 }));
};
const lawOf = <T extends [unknown, ...unknown[]]>(name: string, arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> }, holds: (...values: T) => void): void =>
  law(name, fc.property(fc.tuple(...(arbitraries as unknown as [fc.Arbitrary<unknown>])), (values) => holds(...(values as unknown as T))) as unknown as fc.IPropertyWithHooks<never>);

describe("dimensions: normal forms", () => {
  lawOf<[Pair, Sizes]>("with sizes put in, an expression is its value", [pair, sizes], (a, s) => {
    expect(put(a.dim, s), a.text).to.equal(a.at(s) + 0);
  });

  lawOf<[Pair, Pair, Sizes]>("equal forms have equal values", [pair, pair, sizes], (a, b, s) => {
    if (dims.sameDim(a.dim, b.dim)) expect(a.at(s)).to.equal(b.at(s));
  });

  lawOf<[Pair, Pair, Sizes[]]>("an order that is told holds for every size", [pair, pair, fc.array(sizes, { minLength: 3, maxLength: 3 })], (a, b, many) => {
    const order = dims.compareDims(a.dim, b.dim, dims.NO_FACTS);
    const never = dims.isAtLeast(a.dim, b.dim, dims.NO_FACTS);
    for (const s of many) {
      if (order !== undefined) expect(Math.sign(a.at(s) - b.at(s)) + 0, `${a.text} against ${b.text}`).to.equal(order + 0);
      if (never) expect(a.at(s) >= b.at(s), `${a.text} at least ${b.text}`).to.equal(true);
    }
  });

  lawOf<[Pair, Sizes]>("the least value is not above any", [pair, sizes], (a, s) => {
    expect(dims.leastDim(a.dim, dims.NO_FACTS)).to.be.at.most(a.at(s));
  });

  lawOf<[Pair, Pair, Sizes]>("a symbol may be replaced by another dimension", [pair, pair, sizes], (a, b, s) => {
    const replaced = dims.substituteDim(a.dim, new Map([["H", b.dim]]));
    expect(put(replaced, s), `${a.text} with H = ${b.text}`).to.equal(a.at({ H: b.at(s), W: s.W }) + 0);
  });

  lawOf<[Pair]>("the symbols of a form are among those of the expression", [pair], (a) => {
    for (const symbol of dims.symbolsOf(a.dim)) expect(a.text).to.contain(symbol);
  });

  lawOf<[Pair, Sizes]>("what is written says the value", [pair, sizes], (a, s) => {
    expect(readBack(dims.formatDim(a.dim), s), `${dims.formatDim(a.dim)} from ${a.text}`).to.equal(a.at(s) + 0);
  });

  lawOf<[Pair, number, number, Sizes]>("fractions of a size round as they should", [pair, fc.integer({ min: -9, max: 9 }), fc.integer({ min: 1, max: 9 }), sizes], (a, n, d, s) => {
    const part = dims.scaleDim(a.dim, fraction(BigInt(n), BigInt(d)) as Rational);
    expect(put(dims.floorDim(part), s), `floor of ${n}/${d} * ${a.text}`).to.equal(Math.floor((a.at(s) * n) / d) + 0);
    expect(put(dims.ceilDim(part), s), `ceil of ${n}/${d} * ${a.text}`).to.equal(Math.ceil((a.at(s) * n) / d) + 0);
  });
});

/** The value of a written dimension: its words are those of JavaScript but for the functions. */
function readBack(text: string, { H, W }: Sizes): number {
  const value: unknown = new Function("H", "W", "floor", "ceil", `return ${text.replaceAll("- -", "+ ")};`)(H, W, Math.floor, Math.ceil);
  return Math.round(value as number) + 0;
}

/** Sizes with what is said of them. */
const known = fc
  .record({ modulus: fc.integer({ min: 1, max: 12 }), rest: fc.nat(11), minimum: fc.integer({ min: 1, max: 40 }), steps: fc.nat(40) })
  .map(({ modulus, rest, minimum, steps }) => {
    const remainder = rest % modulus;
    const first = remainder + Math.ceil(Math.max(0, minimum - remainder) / modulus) * modulus;
    return { fact: { modulus, remainder, minimum }, size: first + steps * modulus };
  });
type Known = { readonly fact: { modulus: number; remainder: number; minimum: number }; readonly size: number };

describe("dimensions: facts", () => {
  lawOf<[Pair, Known, Known]>("what is known of sizes changes no value that fits it", [pair, known, known], (a, h, w) => {
    const facts: Facts = new Map([["H", h.fact], ["W", w.fact]]);
    const s = { H: h.size, W: w.size };
    expect(put(dims.simplifyDim(a.dim, facts), s), a.text).to.equal(a.at(s) + 0);
  });

  lawOf<[Pair, Pair, Known, Known]>("what is called equal, more or at least under facts is so for sizes that fit them", [pair, pair, known, known], (a, b, h, w) => {
    const facts: Facts = new Map([["H", h.fact], ["W", w.fact]]);
    const [x, y] = [a, b].map(({ at }) => at({ H: h.size, W: w.size })) as [number, number];
    if (dims.sameDim(a.dim, b.dim, facts)) expect(x).to.equal(y);
    const order = dims.compareDims(a.dim, b.dim, facts);
    if (order !== undefined) expect(Math.sign(x - y) + 0).to.equal(order + 0);
    if (dims.isAtLeast(a.dim, b.dim, facts)) expect(x >= y).to.equal(true);
    expect(dims.leastDim(dims.simplifyDim(a.dim, facts), facts)).to.be.at.most(x);
  });

  const even: Facts = new Map([["H", { modulus: 2, remainder: 0, minimum: 1 }]]);
  const odd: Facts = new Map([["H", { modulus: 2, remainder: 1, minimum: 1 }]]);
  const rows: Readonly<Record<string, readonly [Dim, Facts, string]>> = {
    "half of an even size, twice": [dims.scaleDim(dims.floorDivide(H.dim, 2), 2), even, "H"],
    "of any size": [dims.scaleDim(dims.floorDivide(H.dim, 2), 2), dims.NO_FACTS, "2 * floor(H / 2)"],
    "of an odd one": [dims.scaleDim(dims.floorDivide(H.dim, 2), 2), odd, "H - 1"],
    "its ceil, twice": [dims.scaleDim(dims.ceilDivide(H.dim, 2), 2), odd, "H + 1"],
    "a third of an even size stays": [dims.floorDivide(H.dim, 3), even, "floor(H / 3)"],
    "in a sum": [dims.floorDivide(dims.addDims(H.dim, W.dim), 2), even, "H / 2 + floor(W / 2)"],
  };
  for (const [why, [dim, facts, text]] of Object.entries(rows)) {
    it(`${why}: ${text}`, () => expect(dims.formatDim(dims.simplifyDim(dim, facts))).to.equal(text));
  }
});

describe("dimensions: as they are written", () => {
  const half = (dim: Dim): Dim => dims.ceilDivide(dim, 2);
  const rows: Readonly<Record<string, Dim>> = {
    "7": 7,
    H: H.dim,
    "H - 2": dims.addDims(H.dim, -2),
    "2 * H + 1": dims.addDims(dims.scaleDim(H.dim, 2), 1),
    "-H + 3": dims.addDims(dims.scaleDim(H.dim, -1), 3),
    "H + W": dims.addDims(H.dim, W.dim),
    "H - W": dims.subtractDims(H.dim, W.dim),
    "ceil(H / 2)": half(H.dim),
    "ceil(H / 8)": half(half(half(H.dim))),
    "floor(H / 6)": dims.floorDivide(dims.floorDivide(H.dim, 2), 3),
    "floor((H + W) / 2)": dims.floorDivide(dims.addDims(H.dim, W.dim), 2),
    "ceil((H - 6) / 4)": dims.ceilDivide(dims.addDims(H.dim, -6), 4),
    "H + floor(H / 2)": dims.floorDivide(dims.scaleDim(H.dim, 3), 2),
    "H / 2": dims.scaleDim(H.dim, fraction(1n, 2n) as Rational),
  };
  for (const [text, dim] of Object.entries(rows)) {
    it(text, () => {
      const written = dims.formatDim(dim);
      // Another form of the same size is as good where the reader's would not be normal.
      expect(readBack(written, { H: 37, W: 11 })).to.equal(readBack(text, { H: 37, W: 11 }));
      expect(written.length, written).to.be.at.most(text.length + 12);
    });
  }
  it("the plain ones word for word", () => {
    const words = ["7", "H", "H - 2", "2 * H + 1", "-H + 3", "H + W", "ceil(H / 2)", "ceil(H / 8)", "floor(H / 6)", "floor((H + W) / 2)", "H / 2"];
    expect(words.map((text) => dims.formatDim(rows[text]!))).to.deep.equal(words);
  });
  it("a symbol plus a number, as facts speak of it", () => {
    expect(dims.symbolPlusOffset(dims.addDims(H.dim, -3))).to.deep.equal({ symbol: "H", offset: -3 });
    for (const other of [5, dims.scaleDim(H.dim, 2), dims.addDims(H.dim, W.dim), half(H.dim)]) expect(dims.symbolPlusOffset(other)).to.equal(undefined);
  });
  it("a product of two open sizes is none", () => {
    expect(dims.multiplyDims(H.dim, W.dim)).to.equal(undefined);
    expect(dims.sameDim(dims.multiplyDims(H.dim, 3) as Dim, dims.scaleDim(H.dim, 3))).to.equal(true);
  });
});
