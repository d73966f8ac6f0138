import { createHash } from "node:crypto";
import { expect } from "chai";
import { createGraphBuilder } from "../../src/ir/graph.ts";
import type { Initializer, Parameter } from "../../src/ir/graph.ts";
import { BULK_CELLS, normalTable, TAIL_CELLS, TAIL_LEVELS } from "../../src/weights/normal-table.ts";
import { seededWeights } from "../../src/weights/seeded.ts";
import { needsPython, runPython } from "../support/python.ts";
import { collect, values } from "../support/weight-values.ts";

const normal: Initializer = { kind: "he_normal", fanIn: 2, fanOut: 2 };

function parameter(shape: readonly number[], initializer: Initializer = normal, name = "wibble.weight"): Parameter {
  return createGraphBuilder().parameter({ name, role: "weight", shape, initializer });
}

async function draw(count: number, seed = 0, name = "wibble.weight"): Promise<Float64Array> {
  return Float64Array.from(await values(seededWeights([parameter([count], normal, name)], { seed }), name));
}

/**
 * P(X > x) for x >= 0 of the standard normal distribution, by the power series of the error function below 3 and the
 * continued fraction of Mills' ratio above (Abramowitz and Stegun 7.1.6 and 26.2.14).
 */
function upperTail(x: number): number {
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (x < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 200; n++) sum += term *= (x * x) / (2 * n + 1);
    return 0.5 - density * sum;
  }
  let fraction = 0;
  for (let n = 200; n > 0; n--) fraction = n / (x + fraction);
  return density / (x + fraction);
}

const mean = (list: ArrayLike<number>, f: (x: number) => number = (x) => x): number => {
  let sum = 0;
  for (let i = 0; i < list.length; i++) sum += f(list[i]!);
  return sum / list.length;
};

function correlation(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum / a.length;
}

describe("the table of normal quantiles", () => {
  it("agrees with the tail of the normal distribution in every cell", () => {
    const { bulk, tail } = normalTable();
    for (let cell = BULK_CELLS; cell < 2 * BULK_CELLS; cell++) {
      const probability = 1 - cell / (2 * BULK_CELLS);
      expect(upperTail(bulk[cell]!) / probability, `bulk ${cell}`).to.be.closeTo(1, 1e-9);
      if (cell > BULK_CELLS) expect(bulk[2 * BULK_CELLS - cell]).to.equal(-bulk[cell]!);
    }
    for (let level = 0; level < TAIL_LEVELS; level++) {
      for (let cell = 0; cell < TAIL_CELLS; cell++) {
        const probability = (0.5 / BULK_CELLS / TAIL_CELLS ** level) * (1 - cell / TAIL_CELLS);
        expect(upperTail(tail[level * TAIL_CELLS + cell]!) / probability, `tail ${level} ${cell}`).to.be.closeTo(1, 1e-4);
      }
    }
    expect(upperTail(tail[TAIL_LEVELS * TAIL_CELLS]!) * 2 ** 33).to.be.closeTo(1, 1e-3);
  });
});

describe("seeded weights", () => {
  const COUNT = 1_000_000;
  let sample: Float64Array;
  before(async () => {
    sample = await draw(COUNT);
  });

  it("have the moments of the normal distribution, within five standard errors", () => {
    const error = 5 / Math.sqrt(COUNT);
    expect(mean(sample)).to.be.closeTo(0, error);
    expect(mean(sample, (x) => x * x)).to.be.closeTo(1, error * Math.sqrt(2));
    expect(mean(sample, (x) => x ** 3)).to.be.closeTo(0, error * Math.sqrt(15));
    expect(mean(sample, (x) => x ** 4)).to.be.closeTo(3, error * Math.sqrt(96));
  });

  it("follow its distribution function (Kolmogorov and Smirnov, at 1 in 1,000)", () => {
    const sorted = sample.slice().sort();
    let distance = 0;
    sorted.forEach((x, i) => {
      const below = x < 0 ? upperTail(-x) : 1 - upperTail(x);
      distance = Math.max(distance, Math.abs(below - i / COUNT), Math.abs(below - (i + 1) / COUNT));
    });
    expect(distance).to.be.below(1.95 / Math.sqrt(COUNT));
  });

  it("have its tails, on both sides", () => {
    for (const limit of [2, 3, 3.3, 4]) {
      for (const sign of [1, -1]) {
        const expected = COUNT * upperTail(limit);
        const found = sample.reduce((count, x) => count + (x * sign > limit ? 1 : 0), 0);
        expect(found, `${sign} ${limit}`).to.be.within(expected - 5 * Math.sqrt(expected) - 1, expected + 5 * Math.sqrt(expected) + 1);
      }
    }
  });

  it("are independent of their neighbours, of other tensors and of other seeds", async () => {
    const limit = 5 / Math.sqrt(COUNT);
    for (const lag of [1, 2, 3, 9, 64, 576, 4096]) {
      expect(correlation(sample.subarray(0, COUNT - lag), sample.subarray(lag)), `lag ${lag}`).to.be.closeTo(0, limit * 1.1);
    }
    for (const [seed, name] of [[0, "wibble.weighu"], [0, "layer1.0.conv1.weight"], [1, "wibble.weight"], [2 ** 32, "wibble.weight"], [-1, "wibble.weight"]] as const) {
      const other = await draw(COUNT, seed, name);
      expect(correlation(sample, other), `${seed} ${name}`).to.be.closeTo(0, limit);
      expect(correlation(sample.map((x) => x * x - 1), other.map((x) => x * x - 1)) / 2, `squares ${seed} ${name}`).to.be.closeTo(0, limit);
    }
  });

  it("share no values between tensors beyond chance", async () => {
    // Any two of these 40 tensors of 10,000 would share thousands if one were the other in another order.
    const seen = new Map<number, number>();
    let shared = 0;
    for (let tensor = 0; tensor < 40; tensor++) {
      for (const x of await draw(10_000, 0, `layer${tensor}.weight`)) {
        const known = seen.get(x);
        if (known !== undefined && known !== tensor) shared++;
        seen.set(x, tensor);
      }
    }
    // 80,000,000,000 pairs; float32 holds about 2^24 values near 0 of different density: a per-mille of values meet by chance.
    expect(shared).to.be.below(15_000);
  });

  it("scale with the fan: He et al. 2015, variance 2 / fan", async () => {
    const wide = parameter([COUNT / 10], { kind: "he_normal", fanIn: 8, fanOut: 200 });
    const variance = async (fan?: "in" | "out"): Promise<number> => mean(await values(seededWeights([wide], { seed: 3, ...(fan ? { fan } : {}) }), wide.name), (x) => x * x);
    expect(await variance()).to.be.closeTo(0.01, 0.0003);
    expect(await variance("out")).to.be.closeTo(0.01, 0.0003);
    expect(await variance("in")).to.be.closeTo(0.25, 0.0075);
  });

  it("are uniform or constant where the initializer says so", async () => {
    const uniform = await values(seededWeights([parameter([100_000], { kind: "uniform", bound: 0.25 })], { seed: 0 }), "wibble.weight");
    expect(Math.max(...uniform.slice(0, 50_000).map(Math.abs), ...uniform.slice(50_000).map(Math.abs))).to.be.within(0.2499, 0.25);
    expect(mean(uniform)).to.be.closeTo(0, (5 * 0.25) / Math.sqrt(3 * 100_000));
    expect(mean(uniform, (x) => x * x)).to.be.closeTo(0.25 ** 2 / 3, 2e-4);
    expect(await values(seededWeights([parameter([3], { kind: "constant", value: 1 })], { seed: 0 }), "wibble.weight")).to.deep.equal([1, 1, 1]);
  });

  for (const { shape, axes } of [
    { shape: [5, 4, 3, 2], axes: [2, 3, 1, 0] },
    { shape: [5, 4, 3, 2], axes: [0, 1, 3, 2] },
    { shape: [7, 11], axes: [1, 0] },
    { shape: [600, 500], axes: [1, 0] },
    { shape: [3], axes: [0] },
    { shape: [], axes: [] },
  ]) {
    it(`hold the same values transposed: [${shape.join(", ")}] by [${axes.join(", ")}]`, async () => {
      const source = seededWeights([parameter(shape)], { seed: 5 });
      const straight = await values(source, "wibble.weight");
      const turned = await values(source, "wibble.weight", axes);
      const size = shape.reduce((product, dim) => product * dim, 1);
      expect(straight).to.have.length(size);
      const expected: number[] = [];
      const walk = (depth: number, index: number[]): void => {
        if (depth === shape.length) {
          const position = shape.reduce((sofar, dim, axis) => sofar * dim + index[axis]!, 0);
          expected.push(straight[position]!);
          return;
        }
        for (let i = 0; i < shape[axes[depth]!]!; i++) {
          index[axes[depth]!] = i;
          walk(depth + 1, index);
        }
      };
      walk(0, []);
      expect(turned).to.deep.equal(expected);
    });
  }

  it("depend on seed, name and index alone", async () => {
    const all = ["a", "b", "c"].map((name) => parameter([1000], normal, name));
    const together = seededWeights(all, { seed: 9 });
    const alone = seededWeights([all[1]!], { seed: 9 });
    await values(together, "c");
    expect(await values(together, "b")).to.deep.equal(await values(alone, "b"));
    const longer = seededWeights([parameter([300_000], normal, "b")], { seed: 9 });
    expect((await values(longer, "b")).slice(0, 1000)).to.deep.equal(await values(alone, "b"));
  });

  it("may be read by two readers in turn", async () => {
    const source = seededWeights([parameter([600_000], normal, "a"), parameter([600_000], normal, "b")], { seed: 0 });
    const expected = await values(source, "a");
    const first = source.read("a")[Symbol.asyncIterator]();
    const second = source.read("b")[Symbol.asyncIterator]();
    const got: Uint8Array[] = [];
    for (let chunk = await first.next(); !chunk.done; chunk = await first.next()) {
      await second.next();
      got.push(chunk.value.slice());
    }
    const bytes = Buffer.concat(got);
    expect(bytes.length).to.equal(expected.length * 4);
    expect(expected.every((x, i) => Object.is(bytes.readFloatLE(i * 4), x))).to.equal(true);
  });

  it("are the same bytes as ever: a change here changes every file made from a seed", async () => {
    const source = seededWeights([parameter([64, 3, 7, 7], { kind: "he_normal", fanIn: 147, fanOut: 3136 }, "conv1.weight")], { seed: 0 });
    const digest = createHash("sha256").update(await collect(source.read("conv1.weight"))).digest("hex");
    expect(digest).to.equal("d63a0e44ffc4cec90330e42bb7330f751b1a786ed6637c2d68d7a8368e074f7e");
  });

  it("are what the description gives when worked out in another way, tails included", async function () {
    needsPython(this, "mpmath");
    this.timeout(120_000);
    for (const [seed, name] of [[0, "conv1.weight"], [2 ** 40 + 7, "층.weight"], [-3, "fc.weight"]] as const) {
      const expected = runPython("seeded_values.py", [String(seed), name, "5000"]).toString().trim().split("\n").map(Number);
      expect(expected.filter((x) => Math.abs(x) > 3.2972).length, "values of the tails").to.be.above(0);
      const found = await draw(5000, seed, name);
      found.forEach((x, i) => expect(Math.abs(x - expected[i]!), `value ${i}`).to.be.at.most(1.2e-7 * Math.max(1, Math.abs(x))));
    }
  });
});
