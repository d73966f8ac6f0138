/** Exact numbers, against fractions of two big integers that are compared by cross-multiplication. */
import { expect } from "chai";
import fc from "fast-check";
import * as rational from "../../src/base/rational.ts";
import type { Rational } from "../../src/base/rational.ts";

/** An independent model: any numerator over any positive denominator, not reduced. */
interface Model {
  readonly n: bigint;
  readonly d: bigint;
}

const modelOf = (a: Rational): Model => (typeof a === "number" ? { n: BigInt(a), d: 1n } : { n: a.numerator, d: a.denominator });
const floorOf = ({ n, d }: Model): bigint => (n >= 0n ? n / d : -((-n + d - 1n) / d));

/** What is promised of every result: reduced, a positive denominator, a plain number exactly where it is a safe integer. */
function expectNormal(a: Rational): void {
  if (typeof a === "number") {
    expect(Number.isSafeInteger(a), `${a} is a safe integer`).to.equal(true);
    expect(Object.is(a, -0), "never -0").to.equal(false);
    return;
  }
  expect(a.denominator > 0n).to.equal(true);
  let [x, y] = [a.numerator < 0n ? -a.numerator : a.numerator, a.denominator];
  while (y > 0n) [x, y] = [y, x % y];
  expect(x, "lowest terms").to.equal(1n);
  if (a.denominator === 1n) expect(Number.isSafeInteger(Number(a.numerator)) && BigInt(Number(a.numerator)) === a.numerator, "a safe integer is a number").to.equal(false);
}

function expectEqual(a: Rational | undefined, model: Model): void {
  if (a === undefined) throw new Error("a result is missing");
  expectNormal(a);
  const { n, d } = modelOf(a);
  expect(n * model.d, "cross-multiplied").to.equal(model.n * d);
}

const whole = fc.oneof(fc.integer({ min: -50, max: 50 }).map(BigInt), fc.bigInt({ min: -(2n ** 53n) - 3n, max: 2n ** 53n + 3n }), fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }));
const positive = whole.map((n) => (n < 0n ? -n : n) + 1n);
const number: fc.Arbitrary<Rational> = fc.tuple(whole, fc.oneof(fc.constant(1n), positive)).map(([n, d]) => {
  const made = rational.fraction(n, d);
  if (made === undefined) throw new Error("within the limit");
  return made;
});
const nonzero = number.filter((a) => a !== 0);

function law(name: string, property: fc.IProperty<unknown> | fc.IPropertyWithHooks<unknown>): void {
  it(name, () => fc.assert(property, { numRuns: 300, seed: 1512 }));
}

describe("exact numbers: the operations", () => {
  law("fraction reduces and keeps its value", fc.property(whole, whole.filter((d) => d !== 0n), (n, d) => expectEqual(rational.fraction(n, d), d < 0n ? { n: -n, d: -d } : { n, d })));
  law("add", fc.property(number, number, (a, b) => {
    const [x, y] = [modelOf(a), modelOf(b)];
    expectEqual(rational.add(a, b), { n: x.n * y.d + y.n * x.d, d: x.d * y.d });
  }));
  law("subtract", fc.property(number, number, (a, b) => {
    const [x, y] = [modelOf(a), modelOf(b)];
    expectEqual(rational.subtract(a, b), { n: x.n * y.d - y.n * x.d, d: x.d * y.d });
  }));
  law("multiply", fc.property(number, number, (a, b) => {
    const [x, y] = [modelOf(a), modelOf(b)];
    expectEqual(rational.multiply(a, b), { n: x.n * y.n, d: x.d * y.d });
  }));
  law("divide", fc.property(number, nonzero, (a, b) => {
    const [x, y] = [modelOf(a), modelOf(b)];
    expectEqual(rational.divide(a, b), y.n < 0n ? { n: -x.n * y.d, d: -x.d * y.n } : { n: x.n * y.d, d: x.d * y.n });
  }));
  law("negate", fc.property(number, (a) => expectEqual(rational.negate(a), { n: -modelOf(a).n, d: modelOf(a).d })));
  law("floor and ceil", fc.property(number, (a) => {
    const { n, d } = modelOf(a);
    expectEqual(rational.floor(a), { n: floorOf({ n, d }), d: 1n });
    expectEqual(rational.ceil(a), { n: -floorOf({ n: -n, d }), d: 1n });
  }));
  law("round is the floor of a half more", fc.property(number, (a) => {
    const { n, d } = modelOf(a);
    expectEqual(rational.round(a), { n: floorOf({ n: 2n * n + d, d: 2n * d }), d: 1n });
  }));
  law("modulo: a = b * floor(a / b) + rest, and the rest has the sign of b", fc.property(number, nonzero, (a, b) => {
    const [x, y] = [modelOf(a), modelOf(b)];
    const quotient = floorOf(y.n < 0n ? { n: -x.n * y.d, d: -x.d * y.n } : { n: x.n * y.d, d: x.d * y.n });
    const rest = rational.modulo(a, b);
    expectEqual(rest, { n: x.n * y.d - quotient * y.n * x.d, d: x.d * y.d });
    expect(rest === 0 || Math.sign(rational.compare(rest as Rational, 0)) === Math.sign(rational.compare(b, 0))).to.equal(true);
  }));
  law("compare", fc.property(number, number, (a, b) => {
    const [x, y] = [modelOf(a), modelOf(b)];
    const difference = x.n * y.d - y.n * x.d;
    expect(Math.sign(rational.compare(a, b))).to.equal(difference < 0n ? -1 : difference > 0n ? 1 : 0);
  }));
  law("isWhole", fc.property(number, (a) => {
    expect(rational.isWhole(a)).to.equal(modelOf(a).n % modelOf(a).d === 0n);
  }));
});

describe("exact numbers: text", () => {
  law("a decimal is what its digits say, with any separators, exponent and suffix", fc.property(
    fc.stringMatching(/^\d{1,20}$/), fc.stringMatching(/^\d{0,20}$/), fc.integer({ min: -40, max: 40 }), fc.constantFrom("", "K", "M", "G"),
    (digits, decimals, exponent, suffix) => {
      const grouped = digits.replace(/(\d)(?=\d)/g, "$1_");
      const text = `${grouped}${decimals === "" ? "" : `.${decimals}`}e${exponent}${suffix}`;
      const power = exponent + { "": 0, K: 3, M: 6, G: 9 }[suffix]! - decimals.length;
      const n = BigInt(digits + decimals);
      expectEqual(rational.parseRational(text), power >= 0 ? { n: n * 10n ** BigInt(power), d: 1n } : { n, d: 10n ** BigInt(-power) });
    },
  ));
  law("what is written is read as the same number", fc.property(number.filter((a) => rational.compare(a, 0) >= 0), (a) => {
    const [n, d = "1"] = rational.formatRational(a).split("/");
    const [top, bottom] = [rational.parseRational(n!), rational.parseRational(d)];
    expectEqual(rational.divide(top as Rational, bottom as Rational), modelOf(a));
  }));
  law("a negative number is written with a sign before it", fc.property(number.filter((a) => rational.compare(a, 0) > 0), (a) => {
    expect(rational.formatRational(rational.negate(a))).to.equal(`-${rational.formatRational(a)}`);
  }));
  law("toNumber of a decimal is the number JavaScript reads", fc.property(fc.stringMatching(/^\d{1,15}\.\d{1,15}$/), (text) => {
    expect(rational.toNumber(rational.parseRational(text) as Rational)).to.equal(Number(text));
  }));

  const rows: Readonly<Record<string, string | undefined>> = {
    "0": "0", "007": "7", "0.1": "0.1", "6.25": "6.25", "1.50": "1.5", "100": "100", "64_000": "64000", "1e-4": "0.0001", "4.1G": "4100000000", "1K": "1000", "2.5M": "2500000",
    "9007199254740992": "9007199254740992", "1e300": `1${"0".repeat(300)}`,
    "1e301": undefined, "1e-301": undefined, "1e999999999": undefined, "1e-999999999": undefined,
  };
  for (const [text, expected] of Object.entries(rows)) {
    it(`${text} is ${expected === undefined ? "too large" : expected.slice(0, 30)}`, () => {
      const value = rational.parseRational(text);
      expect(value === undefined ? undefined : rational.formatRational(value)).to.equal(expected);
    });
  }
  it("a third is a fraction", () => {
    expect(rational.formatRational(rational.divide(1, 3) as Rational)).to.equal("1/3");
    expect(rational.formatRational(rational.divide(-25, 4) as Rational)).to.equal("-6.25");
  });
});

describe("exact numbers: where doubles fail", () => {
  it("0.1 + 0.2 is 0.3", () => {
    const [a, b, c] = ["0.1", "0.2", "0.3"].map((text) => rational.parseRational(text) as Rational);
    expect(rational.compare(rational.add(a!, b!) as Rational, c!)).to.equal(0);
  });
  it("floor(16 + 97/21*21) is 113", () => {
    expect(Math.floor(16 + (97 / 21) * 21), "in doubles").to.equal(112);
    const product = rational.multiply(rational.divide(97, 21) as Rational, 21) as Rational;
    expect(rational.floor(rational.add(16, product) as Rational)).to.equal(113);
  });
  it("2^53 + 1 is not 2^53", () => {
    const big = rational.add(2 ** 53 - 1, 2) as Rational;
    expect(rational.formatRational(big)).to.equal("9007199254740993");
  });
});

describe("exact numbers: the limit", () => {
  const largest = 2n ** BigInt(rational.MAXIMUM_BITS) - 1n;
  it("1,024 bits are kept, one more is too large", () => {
    const top = rational.fraction(largest, 1n) as Rational;
    expectEqual(top, { n: largest, d: 1n });
    expect(rational.add(top, 1)).to.equal(undefined);
    expect(rational.multiply(top, 2)).to.equal(undefined);
    expect(rational.subtract(rational.negate(top), 1)).to.equal(undefined);
  });
  it("so are denominators", () => {
    const small = rational.fraction(1n, largest) as Rational;
    expectEqual(small, { n: 1n, d: largest });
    expect(rational.divide(small, 2)).to.equal(undefined);
  });
  it("what cancels is measured after it cancels", () => {
    const top = rational.fraction(largest, 1n) as Rational;
    expect(rational.divide(top, top)).to.equal(1);
    expect(rational.subtract(top, top)).to.equal(0);
  });
  it("a square of squares ends", () => {
    let value: Rational | undefined = 3;
    let steps = 0;
    for (; value !== undefined && steps < 100; steps++) value = rational.multiply(value, value);
    expect(value).to.equal(undefined);
    expect(steps).to.be.lessThan(15);
  });
});
