import { expect } from "chai";
import fc from "fast-check";
import { InputError } from "../../src/base/input-error.ts";
import { CHUNK_BYTES } from "../../src/weights/transpose.ts";
import type { TfjsWeightPlace } from "../../src/weights/tfjs/places.ts";
import { memoryFile } from "../support/byte-source.ts";
import { expectInputError } from "../support/expect-input-error.ts";
import { json, openFolder, type Files, type Use } from "../support/tfjs-folder.ts";
import { floats } from "../support/torch-files.ts";
import { collect, float32s, values } from "../support/weight-values.ts";
import { openWeights } from "../../src/weights/open-weights.ts";

type Json = Readonly<Record<string, unknown>>;

/** As TensorFlow.js writes it, by hand: a kernel of 1x2, 3 channels in and 2 out, and a bias; 14 numbers in one file. */
const WEIGHTS = [
  { name: "conv1/kernel", shape: [1, 2, 3, 2], dtype: "float32" },
  { name: "conv1/bias", shape: [2], dtype: "float32" },
];
const NOTES = { version: "1", network: "Net", outputs: ["y"], weights: { "conv1/kernel": { parameter: "conv1.weight", axes: [2, 3, 1, 0] }, "conv1/bias": { parameter: "conv1.bias" } } };
const NUMBERS = Uint8Array.from(floats(...Array.from({ length: 14 }, (_, i) => i)));

const modelOf = (manifest: unknown, more: Json = {}): Json => ({ modelTopology: { class_name: "Model" }, format: "layers-model", weightsManifest: manifest, ...more });
const noted = (rnc: unknown): Json => ({ userDefinedMetadata: { rnc } });
const onePath = (weights: unknown): unknown => [{ paths: ["w.bin"], weights }];
const folder = (model: unknown, more: Files = { "w.bin": NUMBERS }): Files => ({ "model.json": json(model), ...more });

const total = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

describe("TF.js folders", () => {
  it("gives a convolution of rnc its own name and layout: HWIO becomes OIHW", async () => {
    const source = await openFolder(folder(modelOf(onePath(WEIGHTS), noted(NOTES))));
    expect(source.description).to.equal("trained/model.json");
    expect(source.names()).to.deep.equal(["conv1.weight", "conv1.bias"]);
    expect(source.info("conv1.weight")).to.deep.equal({ name: "conv1.weight", dtype: "F32", shape: [2, 3, 1, 2] });
    // Out 0: channels 0, 2, 4 of the first column beside those of the second, 6 numbers later.
    expect(await values(source, "conv1.weight")).to.deep.equal([0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11]);
    expect(await values(source, "conv1.weight", [2, 3, 1, 0])).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(await values(source, "conv1.bias")).to.deep.equal([12, 13]);
    expect(source.remarks).to.deep.equal([]);
  });

  it("puts the kernels of a grouped convolution together, whatever order they stand in", async () => {
    const part = (name: string) => ({ name, shape: [1, 1, 1, 2], dtype: "float32" });
    const place = (from: number) => ({ parameter: "conv.weight", axes: [2, 3, 1, 0], rows: [from, from + 2] });
    const files = folder(modelOf(onePath([part("b/kernel"), part("a/kernel")]), noted({ weights: { "a/kernel": place(0), "b/kernel": place(2) } })), { "w.bin": floats(3, 4, 1, 2) });
    const source = await openFolder(files);
    expect(source.info("conv.weight")?.shape).to.deep.equal([4, 1, 1, 1]);
    expect(await values(source, "conv.weight")).to.deep.equal([1, 2, 3, 4]);
  });

  it("spells a scalar that is a kernel of 1x1 with the parameter's axes", async () => {
    const files = folder(modelOf(onePath([{ name: "gain/kernel", shape: [1, 1], dtype: "float32" }]), noted({ weights: { "gain/kernel": { parameter: "gain", shape: [1] } } })), { "w.bin": floats(7) });
    expect((await openFolder(files)).info("gain")?.shape).to.deep.equal([1]);
    expect(await values(await openFolder(files), "gain")).to.deep.equal([7]);
  });

  it("takes the places of a network for a model without notes, and its own notes before them", async () => {
    let asked = 0;
    const places = async (): Promise<TfjsWeightPlace[]> => {
      asked++;
      return [{ name: "conv1/kernel", parameter: "stem.weight", axes: [2, 3, 1, 0] }, { name: "conv1/bias", parameter: "stem.bias" }];
    };
    const bare = await openFolder(folder(modelOf(onePath(WEIGHTS))), { places });
    expect(bare.names()).to.deep.equal(["stem.weight", "stem.bias"]);
    expect(await values(bare, "stem.weight")).to.deep.equal([0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11]);
    expect(asked).to.equal(1);
    expect((await openFolder(folder(modelOf(onePath(WEIGHTS), noted(NOTES))), { places })).names()).to.deep.equal(["conv1.weight", "conv1.bias"]);
    expect(asked).to.equal(1);
  });

  it("without both gives what TensorFlow.js has, and says so", async () => {
    const source = await openFolder(folder(modelOf(onePath(WEIGHTS), { userDefinedMetadata: { mine: 1 } })));
    expect(source.names()).to.deep.equal(["conv1/kernel", "conv1/bias"]);
    expect(await values(source, "conv1/kernel")).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(source.remarks?.join()).to.match(/names and layouts are TensorFlow\.js's own.*name it/u);
  });

  it("leaves the optimizer's tensors out, and keeps what a user added", async () => {
    const more = [
      { name: "head/kernel", shape: [1, 1], dtype: "float32" },
      { name: "iter", shape: [], dtype: "int32", group: "optimizer" },
      { name: "conv1/bias/momentum", shape: [2], dtype: "float32", group: "optimizer" },
    ];
    const bytes = Uint8Array.from([...NUMBERS, ...floats(14, 15, 16, 17)]);
    const source = await openFolder(folder(modelOf(onePath([...WEIGHTS, ...more]), noted(NOTES)), { "w.bin": bytes }));
    expect(source.names()).to.deep.equal(["conv1.weight", "conv1.bias", "head/kernel"]);
    expect(await values(source, "head/kernel")).to.deep.equal([14]);
    expect(source.remarks).to.deep.equal(["2 tensors of the optimizer left out"]);
  });

  it("keeps every bit: NaN with a payload, -0, subnormals", async () => {
    const bits = Uint32Array.from([0x7fc01234, 0xffa00001, 0x80000000, 0x00000001]);
    const files = folder(modelOf(onePath([{ name: "k", shape: [2, 2], dtype: "float32" }]), noted({ weights: { k: { parameter: "w", axes: [1, 0] } } })), { "w.bin": new Uint8Array(bits.buffer) });
    const got = new Uint32Array((await collect((await openFolder(files)).read("w"))).buffer);
    expect([...got]).to.deep.equal([bits[0], bits[2], bits[1], bits[3]]);
  });

  it("reads back any parameters, cut anyhow into weights, groups and files", async () => {
    const parameter = fc.record({
      shape: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
      order: fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
      cuts: fc.array(fc.nat(), { maxLength: 3 }),
      asked: fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
    });
    const cases = fc.record({ parameters: fc.array(parameter, { minLength: 1, maxLength: 5 }), shuffle: fc.array(fc.nat(), { minLength: 20, maxLength: 20 }), fileCuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 24 }), split: fc.nat() });
    const permutation = (rank: number, keys: readonly number[]) => Array.from({ length: rank }, (_, i) => i).sort((a, b) => keys[a]! - keys[b]! || a - b);
    await fc.assert(
      fc.asyncProperty(cases, async ({ parameters, shuffle, fileCuts, split }) => {
        // What TensorFlow.js would hold, written one number at a time from the definition of a transposition.
        const held = parameters.flatMap(({ shape, order, cuts }, p) => {
          const rows = [...new Set([0, ...cuts.map((cut) => cut % shape[0]!), shape[0]!])].sort((a, b) => a - b);
          const axes = permutation(shape.length, order);
          return rows.slice(1).map((to, k) => {
            const from = rows[k]!;
            const own = [to - from, ...shape.slice(1)];
            const placed = axes.map((axis) => own[axis]!);
            const numbers = Array.from({ length: total(own) }, (_, position) => {
              const index = new Array<number>(own.length).fill(0);
              for (let i = axes.length - 1, rest = position; i >= 0; i--) {
                index[axes[i]!] = rest % placed[i]!;
                rest = Math.floor(rest / placed[i]!);
              }
              index[0]! += from;
              return p * 1000 + index.reduce((sum, at, axis) => sum * shape[axis]! + at, 0);
            });
            return { entry: { name: `layer${p}/${k}`, shape: placed, dtype: "float32" }, note: { parameter: `p${p}`, axes, ...(rows.length > 2 ? { rows: [from, to] } : {}) }, numbers };
          });
        });
        const inFile = held.map((one, i) => ({ one, key: shuffle[i % 20]! * 31 + i })).sort((a, b) => a.key - b.key).map(({ one }) => one);
        const middle = split % (inFile.length + 1);
        const files: Record<string, Uint8Array> = {};
        const groups = [inFile.slice(0, middle), inFile.slice(middle)].map((group, g) => {
          const bytes = Uint8Array.from(floats(...group.flatMap(({ numbers }) => numbers)));
          // Anywhere, in the middle of a number too; files without a byte among them.
          const cuts = [0, ...fileCuts.map((cut) => Math.floor(cut * bytes.length)).sort((a, b) => a - b), bytes.length];
          const paths = cuts.slice(1).map((end, i) => {
            files[`g${g}/shard${i}.bin`] = bytes.slice(cuts[i], end);
            return `g${g}/shard${i}.bin`;
          });
          return { paths, weights: group.map(({ entry }) => entry) };
        });
        const use: Use = { open: 0, mostOpen: 0, largestRead: 0 };
        const rnc = { weights: Object.fromEntries(held.map(({ entry, note }) => [entry.name, note])) };
        const source = await openFolder({ ...files, "model.json": json(modelOf(groups, noted(rnc))) }, {}, use);
        expect([...source.names()].sort()).to.deep.equal(parameters.map((_, p) => `p${p}`).sort());
        for (const [p, { shape, asked }] of parameters.entries()) {
          expect(source.info(`p${p}`)?.shape).to.deep.equal(shape);
          const whole = Array.from({ length: total(shape) }, (_, i) => p * 1000 + i);
          expect(await values(source, `p${p}`)).to.deep.equal(whole);
          const axes = permutation(shape.length, asked);
          const sizes = axes.map((axis) => shape[axis]!);
          const expected = whole.map((_, position) => {
            const index = new Array<number>(shape.length).fill(0);
            for (let i = axes.length - 1, rest = position; i >= 0; i--) {
              index[axes[i]!] = rest % sizes[i]!;
              rest = Math.floor(rest / sizes[i]!);
            }
            return p * 1000 + index.reduce((sum, at, axis) => sum * shape[axis]! + at, 0);
          });
          expect(await values(source, `p${p}`, axes)).to.deep.equal(expected);
        }
        await source.close?.();
        expect(use.open, "every file is closed").to.equal(0);
        expect(use.mostOpen).to.be.at.most(18);
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  it("streams a large parameter: no read and no chunk above 1 MB", async () => {
    const [rows, columns] = [1500, 1000];
    const numbers = new Float32Array(rows * columns).map((_, i) => i);
    const bytes = new Uint8Array(numbers.buffer);
    const files: Record<string, Uint8Array> = {};
    for (let at = 0; at < bytes.length; at += 4 << 20) files[`s${at}`] = bytes.slice(at, at + (4 << 20));
    const manifest = [{ paths: Object.keys(files), weights: [{ name: "fc/kernel", shape: [rows, columns], dtype: "float32" }] }];
    const use: Use = { open: 0, mostOpen: 0, largestRead: 0 };
    const source = await openFolder({ ...files, "model.json": json(modelOf(manifest, noted({ weights: { "fc/kernel": { parameter: "fc.weight", axes: [1, 0] } } }))) }, {}, use);
    use.largestRead = 0;
    let seen = 0;
    for await (const chunk of source.read("fc.weight")) {
      expect(chunk.byteLength).to.be.at.most(CHUNK_BYTES);
      for (const value of float32s(chunk)) {
        if (value !== (seen % rows) * columns + Math.floor(seen / rows)) expect.fail(`number ${seen} is ${value}`);
        seen++;
      }
    }
    expect(seen).to.equal(rows * columns);
    expect(use.largestRead).to.be.at.most(CHUNK_BYTES);
  });
});

describe("TF.js folders that are refused", () => {
  const kernel = WEIGHTS[0]!;
  const weight = (change: Json) => folder(modelOf(onePath([{ ...kernel, ...change }, WEIGHTS[1]])));
  const notes = (weights: unknown) => folder(modelOf(onePath(WEIGHTS), noted({ weights })));
  const paths = (...list: readonly unknown[]) => folder(modelOf([{ paths: list, weights: WEIGHTS }]));
  const rows: readonly [string, Files, string | RegExp][] = [
    ["text that is no JSON", { "model.json": new TextEncoder().encode('{ "weightsManifest": [') }, /model\.json is damaged: it is not JSON/u],
    ["JSON that is no UTF-8", { "model.json": Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x31, 0x31, 0x7d]) }, "not UTF-8"],
    ["JSON of something else", folder({ name: "left-pad" }), "JSON, but not of a TF.js model"],
    ["a list", folder([[[[]]], 1, 2, 3]), "JSON, but not of a TF.js model"],
    ["layers without weights", folder({ modelTopology: {}, format: "layers-model" }), "lists layers but no weights"],
    ["a graph model", folder({ format: "graph-model", modelTopology: { node: [] }, weightsManifest: [] }), "graph model"],
    ["a manifest that is no list", folder(modelOf({ paths: [] })), "lists layers but no weights"],
    ["a group that is a text", folder(modelOf(["w.bin"])), "group 1"],
    ["a group without paths", folder(modelOf([{ weights: WEIGHTS }])), "group 1"],
    ["a missing shard", paths("w.bin", "w2.bin"), /there is no file `w2\.bin`[^]*copy the whole folder/u],
    ["a short shard", folder(modelOf(onePath(WEIGHTS)), { "w.bin": NUMBERS.slice(0, 55) }), "`w.bin` has 55 bytes, and the 2 weights in them need 56"],
    ["a long shard", folder(modelOf(onePath(WEIGHTS)), { "w.bin": Uint8Array.from([...NUMBERS, 0]) }), "has 57 bytes"],
    ["weights in no file", folder(modelOf([{ paths: [], weights: WEIGHTS }])), "2 weights stand in no file"],
    ["a path out of the folder", paths("../w.bin"), "leads out of the folder"],
    ["a path out of the folder, later", paths("a/../../w.bin"), "leads out of the folder"],
    ["an absolute path", paths("/etc/passwd"), "no relative path"],
    ["a drive", paths("C:/w.bin"), "an address or a drive"],
    ["backslashes", paths("..\\w.bin"), "no relative path"],
    ["an address", paths("https://example.org/w.bin"), "an address or a drive"],
    ["a path with a zero", paths("w.bin\0"), "control characters"],
    ["an empty path", paths(""), "its name is empty"],
    ["a path that is a number", paths(7), "by something that is no text"],
    ["a file that is listed twice", paths("w.bin", "w.bin"), "listed twice"],
    ["a weight that is listed twice", folder(modelOf(onePath([kernel, kernel]))), "`conv1/kernel` is listed twice"],
    ["a weight without a name", weight({ name: 3 }), "has no name"],
    ["a negative size", weight({ shape: [1, -2, 3, 2] }), "not a list of whole numbers"],
    ["a size with a fraction", weight({ shape: [1.5] }), "not a list of whole numbers"],
    ["a size as a text", weight({ shape: ["12"] }), "not a list of whole numbers"],
    ["a shape that is none", weight({ shape: 12 }), "not a list of whole numbers"],
    ["a product beyond 2^53", weight({ shape: [2 ** 30, 2 ** 30] }), "more values than any file"],
    ["a sum beyond 2^53", folder(modelOf(onePath([{ ...kernel, shape: [2 ** 51] }, { ...kernel, name: "b", shape: [2 ** 51] }]))), "more bytes than any file"],
    ["a huge size", weight({ shape: [2 ** 40] }), "need 4,398,046,511,112"],
    ["thousands of axes", weight({ shape: new Array(5000).fill(1) }), "5000 axes"],
    ["quantized weights", weight({ quantization: { dtype: "uint8", min: 0, scale: 1 } }), /quantized: `conv1\/kernel` is stored as type `uint8`[^]*without quantization/u],
    ["half-precision weights", weight({ quantization: { dtype: "float16" } }), "stored as type `float16`"],
    ["texts", weight({ dtype: "string" }), "values of type `string`"],
    ["no type", weight({ dtype: undefined }), "no known type"],
    ["whole numbers for a parameter", folder(modelOf(onePath([{ ...kernel, dtype: "int32" }, WEIGHTS[1]]), noted(NOTES))), "holds I32 values"],
    ["notes that are a text", folder(modelOf(onePath(WEIGHTS), noted("hello"))), "the list of `weights` is missing"],
    ["notes that are nothing", folder(modelOf(onePath(WEIGHTS), noted(null))), "the list of `weights` is missing"],
    ["a note without a parameter", notes({ "conv1/kernel": {} }), "has no `parameter`"],
    ["axes that are no numbers", notes({ "conv1/kernel": { parameter: "w", axes: ["0"] } }), "are not whole numbers"],
    ["axes that are no order", notes({ "conv1/kernel": { parameter: "w", axes: [0, 1, 2, 2] } }), "is no order of the 4 axes"],
    ["rows without an end", notes({ "conv1/kernel": { parameter: "w", rows: [0] } }), "not two whole numbers"],
    ["rows that are not there", notes({ "conv1/bias": { parameter: "w", rows: [0, 3] } }), "should be rows 0 to 3 and is [2]"],
    ["rows that do not begin", notes({ "conv1/bias": { parameter: "w", rows: [2, 4] } }), "rows 0 to 2 are missing"],
    ["a shape of other numbers", notes({ "conv1/bias": { parameter: "w", shape: [3] } }), "not as many values as [3]"],
    ["a shape of a thousand axes", notes({ "conv1/bias": { parameter: "w", shape: [2, ...new Array<number>(999).fill(1)] } }), "not a list of at most 8"],
    ["two weights for one parameter", notes({ "conv1/kernel": { parameter: "w" }, "conv1/bias": { parameter: "w" } }), "does not say which rows"],
    ["a parameter with the name of another weight", notes({ "conv1/kernel": { parameter: "conv1/bias" } }), "name of a weight and of a parameter"],
    ["a noted weight that is missing", notes({ "conv1/kernal": { parameter: "w" } }), /lacks 1 of the 1 weights[^]*did you mean `conv1\/kernel`/u],
    ["statistics that were not saved", notes({ ...NOTES.weights, "bn/moving_mean": { parameter: "m" } }), "without `trainableOnly`"],
  ];
  for (const [what, files, message] of rows) {
    it(what, async () => {
      await expectInputError(() => openFolder(files), message);
    });
  }

  it("rows that are there twice", async () => {
    const part = (name: string) => ({ name, shape: [2], dtype: "float32" });
    const files = (second: readonly number[]) =>
      folder(modelOf(onePath([part("a"), part("b")]), noted({ weights: { a: { parameter: "w", rows: [0, 2] }, b: { parameter: "w", rows: second } } })), { "w.bin": floats(1, 2, 3, 4) });
    await expectInputError(() => openFolder(files([1, 3])), "row 1 is there twice");
    await expectInputError(() => openFolder(files([3, 5])), "rows 2 to 3 are missing");
    expect(await values(await openFolder(files([2, 4])), "w")).to.deep.equal([1, 2, 3, 4]);
  });

  it("a model.json of a gigabyte, without reading it", async () => {
    let read = 0;
    const file = {
      ...memoryFile(json({ a: 1 }), "big/model.json"),
      size: 2 ** 30,
      async read(_: number, length: number) {
        read += length;
        return new TextEncoder().encode("{".padEnd(length, " "));
      },
    };
    await expectInputError(() => openWeights(file), /1,073,741,824 bytes; that is no list of layers/u);
    expect(read).to.be.at.most(512);
  });

  it("is refused without a way to open the other files", async () => {
    await expectInputError(() => openWeights(memoryFile(json(modelOf(onePath(WEIGHTS))))), "the option `beside`");
  });

  it("any damage to the manifest is refused as such or harmless", async () => {
    const valid = json(modelOf(onePath(WEIGHTS), noted(NOTES)));
    const text = new TextDecoder().decode(valid);
    // Parts of JSON in the place of others: damage that still parses reaches what is checked.
    const tokens = ['"', "0", "-1", "1e9", "9007199254740993", "[]", "{}", "null", '"../x"', '"w.bin"', '"conv1/bias"', "[0,1]", "[2,3,1,0]", "true", ",", ":", "]", "}"];
    const pieces = [...text.matchAll(/"[^"]*"|-?\d+|[[\]{},:]/gu)].map(([piece], i, all) => ({ piece, at: all[i]!.index! }));
    const seen = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(pieces.length - 1), fc.nat(tokens.length - 1)), { minLength: 1, maxLength: 3 }), async (damage) => {
        let damaged = text;
        for (const [place, token] of [...damage].sort((a, b) => b[0] - a[0])) {
          const { piece, at } = pieces[place]!;
          damaged = damaged.slice(0, at) + tokens[token]! + damaged.slice(at + piece.length);
        }
        try {
          const source = await openFolder({ "model.json": new TextEncoder().encode(damaged), "w.bin": NUMBERS });
          for (const name of source.names()) if (source.info(name)?.dtype === "F32") expect((await values(source, name)).length).to.equal(total(source.info(name)!.shape));
          seen.read++;
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          seen.refused++;
        }
      }),
      { seed: 7, numRuns: 4000 },
    );
    expect(seen.refused).to.be.greaterThan(1000);
    expect(seen.read).to.be.greaterThan(50);
  });
});
