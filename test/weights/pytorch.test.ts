import { expect } from "chai";
import { openWeights } from "../../src/weights/open-weights.ts";
import { diskFile, memoryFile } from "../support/byte-source.ts";
import { expectInputError } from "../support/expect-input-error.ts";
import { floats, pickled, raw, torchArchive, torchFiles, torchLegacy, uint64, zip, type Part } from "../support/torch-files.ts";
import { values } from "../support/weight-values.ts";

const { call, dict, global, number, storage, tensor, text, tuple, whole } = pickled;

async function open(bytes: Uint8Array) {
  return openWeights(memoryFile(bytes, "some/net.pth"));
}

/** A state dict `{w: [2, 3] of 1 … 6}`, or whatever description is given around that storage. */
const six = floats(1, 2, 3, 4, 5, 6);
const w = tensor(storage("0", 6), 0, [2, 3], [3, 1]);
const archiveOf = (description: Part) => torchArchive(whole(description), { "0": six });

/** What `write_checkpoints.py` puts into its files: every value is known from its place. */
const EXPECTED: readonly [string, readonly number[], readonly number[]][] = [
  ["conv.weight", [2, 3, 2, 2], Array.from({ length: 24 }, (_, i) => i)],
  ["transposed", [6, 4], Array.from({ length: 24 }, (_, i) => Math.floor(i / 4) + (i % 4) * 6)],
  ["sliced", [2, 3], [7, 9, 11, 13, 15, 17]],
  ["expanded", [2, 3], [1, 1, 1, 2, 2, 2]],
  ["scalar", [], [7]],
  ["empty", [0, 3], []],
  ["parameter", [2], [0.5, -0.25]],
  ["half", [6], [1, -2.5, 65504, 2 ** -24, 3 * 2 ** -17, Infinity]],
  ["bfloat", [4], [1, -2.5, 2 ** 127, 2 ** -126]],
  ["double", [2], [Math.fround(0.1), Math.fround(1 / 3)]],
];

describe("PyTorch files", () => {
  for (const [file, prefix] of [
    ["plain.pth", ""],
    ["legacy.pth", ""],
    ["cuda.pth", "module."],
    ["cuda-legacy.pth", "module."],
    ["checkpoint-protocol4.pth", "module."],
  ] as const) {
    it(`reads ${file}, which PyTorch 2.13 wrote`, async () => {
      const source = await openWeights(await diskFile(`test/weights/fixtures/${file}`));
      expect(source.names()).to.deep.equal([...EXPECTED.map(([name]) => prefix + name), `${prefix}bn.num_batches_tracked`]);
      for (const [name, shape, numbers] of EXPECTED) {
        expect(source.info(prefix + name)?.shape, name).to.deep.equal(shape);
        expect(await values(source, prefix + name), name).to.deep.equal(numbers);
      }
      expect(await values(source, `${prefix}conv.weight`, [2, 3, 1, 0])).to.deep.equal(
        Array.from({ length: 24 }, (_, i) => (i % 2) * 12 + (Math.floor(i / 2) % 3) * 4 + Math.floor(i / 6)),
      );
      expect(source.info(`${prefix}bn.num_batches_tracked`)).to.include({ dtype: "I64" });
      await source.close?.();
    });
  }

  it("does not read a whole module, and says what to save instead", async () => {
    const file = await diskFile("test/weights/fixtures/whole-module.pth");
    await expectInputError(() => openWeights(file), /class torch\.nn\.modules\.container\.Sequential[^]*model\.state_dict\(\)/u);
  });

  it("reads archives in the wide form of zip, and big-endian ones", async () => {
    const description = whole(dict([text("w"), w]));
    expect(await values(await open(zip(torchFiles(description, { "0": six }), { wide: true })), "w")).to.deep.equal([1, 2, 3, 4, 5, 6]);
    const swapped = Uint8Array.from(six, (_, i) => six[(i & ~3) + 3 - (i & 3)] ?? 0);
    expect(await values(await open(torchArchive(description, { "0": swapped }, "big")), "w")).to.deep.equal([1, 2, 3, 4, 5, 6]);
  });

  it("reads parts of storages as the older format has them", async () => {
    const part = storage("9", 6, "FloatStorage", tuple(text("view"), number(2), number(3)));
    const bytes = torchLegacy(whole(dict([text("w"), tensor(part, 1, [2], [1])])), ["9"], [uint64(6), six]);
    expect(await values(await open(bytes), "w")).to.deep.equal([4, 5]);
  });

  it("finds the state dict under the names that training scripts use", async () => {
    const state = dict([text("w"), w]);
    const rows: Part[] = [
      state,
      dict([text("state_dict"), state], [text("best_acc1"), w]),
      dict([text("model"), dict([text("state_dict"), state])], [text("ema"), state]),
      dict([text("epoch"), number(3)], [text("student"), state]),
      call(global("collections", "OrderedDict"), tuple(tuple(text("w"), w))),
    ];
    for (const row of rows) expect((await open(archiveOf(row))).names()).to.deep.equal(["w"]);
  });

  it("never calls anything: other classes become opaque", async () => {
    const hostile = call(global("os", "system"), text("exit 1"));
    const built: Part = [hostile, dict([text("x"), number(1)]), "b"];
    const source = await open(archiveOf(dict([text("args"), built], [text("state_dict"), dict([text("w"), w])])));
    expect(await values(source, "w")).to.have.length(6);
    await expectInputError(() => open(archiveOf(hostile)), "a whole Python object, not tensors by name: an object of the class os.system");
  });

  it("reads a checkpoint that contains itself", async () => {
    // {"model": itself, "w": tensor}, through the memo
    const cyclic: Part = ["}q", 0, text("model"), "h", 0, "s", text("w"), w, "s"];
    await expectInputError(() => open(archiveOf(cyclic)), "more than 4 dicts deep");
    const list: Part = ["]q", 0, "h", 0, "a"];
    await expectInputError(() => open(archiveOf(list)), "it holds a list");
  });

  describe("refuses at once", () => {
    const state = (value: Part) => dict([text("w"), value]);
    const view = (offset: number, shape: readonly number[], strides: readonly number[], stored = storage("0", 6)) =>
      archiveOf(state(tensor(stored, offset, shape, strides)));
    const files = torchFiles(whole(state(w)), { "0": six });
    const packed = (change: { readonly method?: number; readonly flags?: number; readonly listedSize?: number }) =>
      zip(files.map((one) => (one.name.endsWith("data/0") ? { ...one, ...change } : one)));
    const rows: readonly [string, Uint8Array, string | RegExp][] = [
      ["a view beyond its storage", view(1, [2, 3], [3, 1]), "reaches beyond its storage of 6 values"],
      ["strides beyond its storage", view(0, [2, 3], [4, 1]), "reaches beyond its storage"],
      ["a negative stride", view(5, [6], [-1]), "are not counts"],
      ["a negative offset", view(-1, [2], [1]), "are not counts"],
      ["a negative size", view(0, [-2], [1]), "are not counts"],
      ["a shape without strides", view(0, [2, 3], [1]), "are not counts"],
      ["sizes whose product no number holds", view(0, [2 ** 40, 2 ** 40], [0, 0]), "reaches beyond"],
      ["a thousand axes", view(0, new Array<number>(1000).fill(1), new Array<number>(1000).fill(1)), "1000 axes"],
      ["a storage of a negative size", view(0, [1], [1], storage("0", -1)), "is no count"],
      ["a storage larger than its entry", view(0, [1], [1], storage("0", 2 ** 50)), "has 24 bytes where its tensors need"],
      ["a storage that is not there", view(0, [1], [1], storage("1", 6)), "`data/1` are missing"],
      ["an unknown storage type", view(0, [1], [1], storage("0", 6, "QInt8Storage")), "QInt8Storage"],
      ["a storage described in two ways", archiveOf(dict([text("a"), w], [text("b"), tensor(storage("0", 5), 0, [1], [1])])), "in two ways"],
      ["a quantized tensor", archiveOf(dict([text("a"), w], [text("q"), call(global("torch._utils", "_rebuild_qtensor"), w)])), "not stored as plain values"],
      ["no tensors", archiveOf(dict([text("epoch"), number(3)])), "a dict without tensors"],
      ["two sets of tensors", archiveOf(dict([text("g"), state(w)], [text("d"), state(w)])), "several sets of tensors: `g`, `d`"],
      ["no dict", archiveOf(number(3)), "it holds a number"],
      ["compressed values", packed({ method: 8 }), "is compressed"],
      ["encrypted values", packed({ flags: 1 }), "is encrypted"],
      ["an entry beyond the end", packed({ listedSize: 10_000 }), "reaches beyond its end"],
      ["the same entry twice", zip([...files, ...files]), "is there twice"],
      ["another byte order", torchArchive(whole(state(w)), { "0": six }, "middle"), "byte order"],
      ["TorchScript", zip([...files, { name: "archive/constants.pkl", data: raw() }]), "TorchScript"],
      ["an npz file", zip([{ name: "a.npy", data: raw() }]), ".npz"],
      ["another zip archive", zip([{ name: "readme.txt", data: raw() }]), "without PyTorch's data.pkl"],
      ["a pickle without end", torchArchive(raw(0x80, 2, "}"), {}), "ends too early"],
      ["a pickle that takes from nothing", archiveOf(["0"]), "closes a list that was not begun"],
      ["an operation of another world", archiveOf([0xff]), "no operation"],
      ["a pickle of protocol 6", torchArchive(raw(0x80, 6, "N."), {}), "newer protocol"],
      ["a text of 2^60 bytes", archiveOf([0x8d, uint64(2n ** 60n)]), "ends too early"],
      ["five million empty dicts", archiveOf("}".repeat(5_000_000)), "more than 4000000 things"],
      ["ten million marks in the older format", torchLegacy(raw(0x80, 2, "(".repeat(10_000_000)), [], []), "more than 4000000 things"],
      ["a list doubled a hundred times", archiveOf(["]q", 0, ...Array.from({ length: 100 }, (): Part => ["0]h", 0, "ah", 0, "aq", 0])]), "it holds a list"],
      ["another magic number", raw(whole(number(5)), whole("N")), "not one that torch.save wrote"],
      ["a count that differs (older format)", torchLegacy(whole(state(w)), ["0"], [uint64(5), six]), "has 5 values where its tensors need 6"],
      ["values beyond the end (older format)", torchLegacy(whole(state(w)), ["0"], [uint64(6), six.slice(4)]), "should end at byte"],
      ["keys that nothing names (older format)", torchLegacy(whole(state(w)), ["0", "7"], [uint64(6), six]), "list of storages"],
      ["values that are not listed (older format)", torchLegacy(whole(state(w)), [], []), "the values of `w` are missing"],
      ["a part beyond its storage (older format)", view(0, [1], [1], storage("0", 6, "FloatStorage", tuple(text("v"), number(4), number(3)))), "beyond the storage"],
    ];
    for (const [what, bytes, message] of rows) {
      it(what, async () => {
        await expectInputError(() => open(bytes), message);
      });
    }

    it("every file that is cut short", async () => {
      const whole1 = archiveOf(state(w));
      for (let length = 4; length < whole1.byteLength; length++) await expectInputError(() => open(whole1.slice(0, length)), "is damaged");
      const whole2 = torchLegacy(whole(state(w)), ["0"], [uint64(6), six]);
      for (let length = 2; length < whole2.byteLength; length++) await expectInputError(() => open(whole2.slice(0, length)), "is damaged");
    });
  });

  it("comes to an end with a checkpoint that mentions one large dict a hundred thousand times", async () => {
    const numbers = Array.from({ length: 200_000 }, (_, i): Part => ["J", i & 255, (i >> 8) & 255, (i >> 16) & 255, 0, "N"]);
    const large: Part = ["}q", 0, "(", ...numbers, "u0"];
    const mentions = Array.from({ length: 200_000 }, (_, i): Part => ["J", i & 255, (i >> 8) & 255, (i >> 16) & 255, 0, "h", 0]);
    await expectInputError(() => open(archiveOf([large, "}(", ...mentions, "u"])), "a dict without tensors");
  });
});

describe("openWeights", () => {
  const rows: readonly [string, Uint8Array, string][] = [
    ["nothing", raw(), "net.pth is empty"],
    ["HDF5", raw(0x89, "HDF\r\n", 0x1a, "\n", "rest of it"), "HDF5"],
    ["an ONNX model that breaks off", raw(0x08, 0x08, 0x12, 0x07, "pytorch"), "net.pth is damaged: it has no graph"],
    ["tar", raw("a".repeat(257), "ustar", 0), "tar archive"],
    ["npy", raw(0x93, "NUMPY", 1, 0, "v"), "NumPy array"],
    ["gzip", raw(0x1f, 0x8b, 8, 0), "gzip"],
    ["GGUF", raw("GGUF", 3), "GGUF"],
    ["TensorFlow Lite", raw(0x1c, 0, 0, 0, "TFL3", 0), "TensorFlow Lite"],
    ["a pointer of Git LFS", raw("version https://git-lfs.github.com/spec/v1\noid sha256:0"), "git lfs pull"],
    ["a web page", raw("<!DOCTYPE html><html>"), "a web page"],
    ["JSON", raw('{ "tensors": 1 }'), "JSON, but not of a TF.js model"],
    ["a topology alone", raw('{ "modelTopology": {} }'), "lists layers but no weights"],
    ["anything else", raw("hello, world"), "no file of weights that is known here"],
  ];
  for (const [what, bytes, message] of rows) {
    it(`names ${what}`, async () => {
      await expectInputError(() => open(bytes), message);
    });
  }

  it("closes a file that it does not open", async () => {
    let closed = 0;
    const file = { ...memoryFile(raw("hello")), close: async () => void closed++ };
    await expectInputError(() => openWeights(file), "no file of weights");
    expect(closed).to.equal(1);
  });
});
