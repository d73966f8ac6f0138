import { expect } from "chai";
import fc from "fast-check";
import onnxProto from "onnx-proto";
import { InputError } from "../../src/base/input-error.ts";
import { openWeights } from "../../src/weights/open-weights.ts";
import { memoryFile } from "../support/byte-source.ts";
import { expectInputError } from "../support/expect-input-error.ts";
import { besideIn, type Files } from "../support/tfjs-folder.ts";
import { floats } from "../support/torch-files.ts";
import { values } from "../support/weight-values.ts";

const { ModelProto, TensorProto } = onnxProto.onnx;
type Tensor = onnxProto.onnx.ITensorProto;

/** A model with these initializers, as the onnx-proto package writes it; a node before and after them. */
function modelOf(initializer: readonly Tensor[], more: onnxProto.onnx.IModelProto = {}): Uint8Array {
  const node = [{ opType: "Relu", input: ["x"], output: ["y"], name: "n".repeat(100) }];
  // A copy: slices of a Node buffer would share its memory.
  return Uint8Array.from(
    ModelProto.encode({ irVersion: 8, producerName: "a test", graph: { name: "g", node, initializer: [...initializer], output: [{ name: "y" }] }, opsetImport: [{ version: 18 }], ...more }).finish(),
  );
}

const open = (bytes: Uint8Array, files?: Files) => openWeights({ ...memoryFile(bytes, "some/net.onnx") }, files ? { beside: besideIn(files) } : {});
const raw = (name: string, dims: readonly number[], dataType: number, rawData: Uint8Array): Tensor => ({ name, dims: [...dims], dataType, rawData });
const bits16 = (...words: readonly number[]): Uint8Array => new Uint8Array(Uint16Array.from(words).buffer);
const outside = (entries: Readonly<Record<string, string>>, dims: readonly number[] = [2]): Tensor => ({
  name: "w",
  dims: [...dims],
  dataType: 1,
  dataLocation: TensorProto.DataLocation.EXTERNAL,
  externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
});

describe("ONNX files as weights", () => {
  it("lists floating-point initializers under their names, and reads every way of plain bytes", async () => {
    const source = await open(
      modelOf([
        raw("conv.weight", [2, 3], 1, floats(0, 1, 2, 3, 4, 5)),
        { name: "floats", dims: [3], dataType: 1, floatData: [1.5, -2, 0.25] },
        { name: "doubles", dims: [2], dataType: 11, doubleData: [0.5, 3] },
        raw("double", [1], 11, new Uint8Array(Float64Array.of(-8).buffer)),
        // IEEE 754: 1, -2 and the smallest subnormal; bfloat16 is the upper half of a float32.
        raw("half", [3], 10, bits16(0x3c00, 0xc000, 0x0001)),
        raw("bfloat", [2], 16, bits16(0x3f80, 0xc040)),
        raw("scalar", [], 1, floats(7)),
        raw("empty", [0, 4], 1, new Uint8Array(0)),
        { name: "shape", dims: [2], dataType: 7, int64Data: [1, -1] },
        raw("mask", [1], 9, Uint8Array.of(1)),
      ]),
    );
    expect(source.description).to.equal("net.onnx");
    expect(source.names()).to.deep.equal(["conv.weight", "floats", "doubles", "double", "half", "bfloat", "scalar", "empty"]);
    expect(source.info("conv.weight")).to.deep.equal({ name: "conv.weight", dtype: "F32", shape: [2, 3] });
    expect(await values(source, "conv.weight", [1, 0])).to.deep.equal([0, 3, 1, 4, 2, 5]);
    const read = Object.fromEntries(await Promise.all(source.names().slice(1).map(async (name) => [name, await values(source, name)] as const)));
    expect(read).to.deep.equal({ floats: [1.5, -2, 0.25], doubles: [0.5, 3], double: [-8], half: [1, -2, 2 ** -24], bfloat: [1, -3], scalar: [7], empty: [] });
  });

  it("reads external data of several files, with and without offset and length", async () => {
    const files = { "w.data": floats(0, 1, 2, 3, 4), "parts/b.bin": floats(8, 9) };
    const one = { ...outside({ location: "w.data", offset: "8", length: "8" }), name: "one" };
    const two = { ...outside({ location: "parts/b.bin" }), name: "two" };
    const source = await open(modelOf([one, raw("inside", [1], 1, floats(5)), two, { ...one, name: "again", externalData: [{ key: "location", value: "w.data" }], dims: [5] }]), files);
    expect([await values(source, "one"), await values(source, "inside"), await values(source, "two"), await values(source, "again")]).to.deep.equal([[2, 3], [5], [8, 9], [0, 1, 2, 3, 4]]);
    await source.close?.();
  });

  it("leaves out the constants rnc puts into its own files, and nobody else's", async () => {
    const tensors = [raw("constant.3", [1], 1, floats(1)), raw("constant.binomial", [1], 1, floats(1)), raw("fc.weight", [1], 1, floats(2))];
    expect((await open(modelOf(tensors, { producerName: "rnc" }))).names()).to.deep.equal(["fc.weight"]);
    expect((await open(modelOf(tensors))).names()).to.deep.equal(["constant.3", "constant.binomial", "fc.weight"]);
  });

  it("walks past hundreds of megabytes without reading them", async () => {
    // A model by hand: graph (field 7) of one initializer (field 5) whose raw data (field 9) has 400 MB that are nowhere.
    const size = 400_000_000;
    const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))]);
    const head = [0x10, 1, 0x42, 1, 0x77, 0x08, ...varint(size / 4), 0x4a, ...varint(size)];
    const tensor = [0x2a, ...varint(head.length + size), ...head];
    const start = Uint8Array.from([0x08, 8, 0x12, 1, 0x61, 0x3a, ...varint(tensor.length + size), ...tensor]);
    let read = 0;
    const source = await openWeights({
      path: "large.onnx",
      size: start.length + size,
      async read(offset, length) {
        read += length;
        const bytes = new Uint8Array(length);
        if (offset < start.length) bytes.set(start.subarray(offset, offset + length));
        return bytes;
      },
      close: async () => {},
    });
    expect(source.info("w")?.shape).to.deep.equal([size / 4]);
    expect(read).to.be.lessThan(100_000);
  });
});

describe("ONNX files that are refused", () => {
  const w = raw("w", [2], 1, floats(1, 2));
  const rows: readonly [string, () => Uint8Array, string | RegExp, Files?][] = [
    ["too few bytes", () => modelOf([{ ...w, dims: [3] }]), "`w`, F32 [3], needs 12 bytes but is given 8"],
    ["no bytes", () => modelOf([{ name: "w", dims: [3], dataType: 1 }]), "needs 12 bytes but is given 0"],
    ["a negative size", () => modelOf([{ ...w, dims: [-2] }]), "negative or impossible size"],
    ["a product beyond 2^53", () => modelOf([{ ...w, dims: [2 ** 30, 2 ** 30] }]), "more values than any file"],
    ["too many axes", () => modelOf([{ ...w, dims: new Array<number>(65).fill(1) }]), "more than 64 axes"],
    ["no name", () => modelOf([{ ...w, name: "" }]), "has no name"],
    ["a name twice", () => modelOf([w, w]), "two initializers are called `w`"],
    ["a name of a million letters", () => modelOf([{ ...w, name: "w".repeat(1e6) }]), "a name has 1000000 bytes"],
    ["halves as whole numbers", () => modelOf([{ name: "w", dims: [1], dataType: 10, int32Data: [15360] }]), /stored as numbers of different lengths[^]*numpy_helper\.from_array/u],
    ["a segment", () => modelOf([{ ...w, segment: { begin: 0, end: 1 } }]), "segments of a larger tensor"],
    ["no file for external data", () => modelOf([outside({ offset: "0" })]), "which is not named", {}],
    ["a missing file of external data", () => modelOf([outside({ location: "w.data" })]), /there is no file `w\.data`[^]*put `w\.data` beside net\.onnx/u, {}],
    ["no way to external data", () => modelOf([outside({ location: "w.data" })]), "the option `beside`"],
    ["a path out of the folder", () => modelOf([outside({ location: "../w.data" })]), "leads out of the folder", {}],
    ["an absolute path", () => modelOf([outside({ location: "/w.data" })]), "no relative path", {}],
    ["a short file of external data", () => modelOf([outside({ location: "w.data", offset: "4" })]), "has 8 bytes, and `w` of net.onnx should end at byte 12", { "w.data": floats(1, 2) }],
    ["another length", () => modelOf([outside({ location: "w.data", length: "4" })]), "needs 8 bytes but is given 4", { "w.data": floats(1, 2) }],
    ["an offset that is none", () => modelOf([outside({ location: "w.data", offset: "-4" })]), "the offset of `w` in `w.data` is `-4`", { "w.data": floats(1, 2) }],
    ["a huge offset", () => modelOf([outside({ location: "w.data", offset: "9007199254740993" })]), "the offset of `w`", { "w.data": floats(1, 2) }],
    ["no graph", () => ModelProto.encode({ irVersion: 8, producerName: "a" }).finish(), "it has no graph"],
    ["a length beyond the file", () => Uint8Array.of(8, 8, 0x12, 1, 97, 0x3a, 0xff, 0xff, 0xff, 0xff, 0x7f), /a field of \d+ bytes reaches beyond/u],
    ["a length beyond 2^63", () => Uint8Array.of(8, 8, 0x12, 1, 97, 0x3a, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1), "reaches beyond"],
    ["a number without end", () => Uint8Array.of(8, 8, 0x12, 1, 97, 0x3a, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1), "a number does not end"],
    ["a group", () => Uint8Array.of(8, 8, 0x12, 1, 97, 0x3b), "a type that ONNX does not use"],
    ["field number 0", () => Uint8Array.of(8, 8, 0x12, 1, 97, 0x02), "a number that protobuf does not have"],
    ["an initializer beyond its graph", () => Uint8Array.of(8, 8, 0x12, 1, 97, 0x3a, 2, 0x2a, 9), "a field of 9 bytes reaches beyond"],
  ];
  for (const [what, bytes, message, files] of rows) {
    it(what, async () => {
      await expectInputError(() => open(bytes(), files), message);
    });
  }

  it("every file that is cut short", async () => {
    const valid = modelOf([w]);
    // Cut after the graph, between fields, a model is whole for all that matters here.
    const graphEnd = valid.length - 4;
    for (let length = 3; length < graphEnd; length++) await expectInputError(() => open(valid.slice(0, length)), "is damaged");
  });

  it("ends with a file of a great many empty fields", async function () {
    this.timeout(60_000);
    const bytes = new Uint8Array(8_000_000).fill(0x12);
    for (let at = 3; at < bytes.length; at += 2) bytes[at] = 0;
    bytes.set([8, 8]);
    await expectInputError(() => open(bytes), "more than 2000000 fields");
  });

  it("any damage is refused as such or harmless", async () => {
    const valid = modelOf([w, { name: "floats", dims: [3], dataType: 1, floatData: [1.5, -2, 0.25] }, raw("half", [3], 10, bits16(1, 2, 3)), outside({ location: "w.data", offset: "0", length: "8" })].map((tensor, i) => ({ ...tensor, name: `t${i}` })));
    const damage = fc.record({ replaced: fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 4 }), cut: fc.oneof({ weight: 4, arbitrary: fc.constant(valid.length) }, { weight: 1, arbitrary: fc.nat(valid.length) }) });
    const consume = async (bytes: Uint8Array): Promise<void> => {
      const source = await openWeights(await besideIn({ "net.onnx": bytes })("net.onnx"), { beside: besideIn({ "w.data": floats(1, 2) }) });
      for (const name of source.names()) expect((await values(source, name)).length).to.equal(source.info(name)!.shape.reduce((product, size) => product * size, 1));
    };
    await consume(valid);
    const seen = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(damage, async ({ replaced, cut }) => {
        const bytes = valid.slice(0, cut);
        for (const [at, value] of replaced) if (at > 2 && at < bytes.length) bytes[at] = value;
        try {
          await consume(bytes);
          seen.read++;
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          seen.refused++;
        }
      }),
      { seed: 11, numRuns: 4000 },
    );
    expect(seen.refused).to.be.greaterThan(1000);
    expect(seen.read).to.be.greaterThan(300);
  });
});
