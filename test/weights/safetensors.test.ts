import { expect } from "chai";
import { existsSync } from "node:fs";
import { openSafetensors } from "../../src/weights/safetensors.ts";
import { writeSafetensors } from "../../src/weights/safetensors-writer.ts";
import type { ByteSource } from "../../src/weights/source.ts";
import { diskFile, memoryFile } from "../support/byte-source.ts";
import { expectInputError } from "../support/expect-input-error.ts";
import { floats, raw, uint64 } from "../support/torch-files.ts";
import { collect, values } from "../support/weight-values.ts";

function file(header: unknown, data: Uint8Array = raw(), headerLength?: number | bigint): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  return raw(uint64(headerLength ?? Buffer.byteLength(text)), text, data);
}

const entry = (shape: readonly unknown[], begin: unknown, end: unknown, dtype = "F32") => ({ dtype, shape, data_offsets: [begin, end] });

async function open(bytes: Uint8Array) {
  return openSafetensors(memoryFile(bytes, "folder/model.safetensors"));
}

describe("safetensors", () => {
  it("reads names in the file's order, shapes, metadata and values", async () => {
    const source = await open(
      file({ __metadata__: { format: "pt" }, "b.weight": entry([2], 4, 12), "a\u00e9": entry([], 0, 4) }, floats(1, 2, 3)),
    );
    expect(source.description).to.equal("model.safetensors");
    expect(source.names()).to.deep.equal(["b.weight", "aé"]);
    expect(source.info("b.weight")).to.deep.equal({ name: "b.weight", dtype: "F32", shape: [2] });
    expect(source.info("c")).to.equal(undefined);
    expect([...source.metadata]).to.deep.equal([["format", "pt"]]);
    expect(await values(source, "b.weight")).to.deep.equal([2, 3]);
    expect(await values(source, "aé")).to.deep.equal([1]);
  });

  it("reads what the reference implementation wrote", async () => {
    const source = await openSafetensors(await diskFile("test/weights/fixtures/plain.safetensors"));
    expect(await values(source, "transposed")).to.deep.equal([0, 6, 12, 18, 1, 7, 13, 19, 2, 8, 14, 20, 3, 9, 15, 21, 4, 10, 16, 22, 5, 11, 17, 23]);
    expect(await values(source, "half")).to.deep.equal([1, -2.5, 65504, 2 ** -24, 3 * 2 ** -17, Infinity]);
    expect(await values(source, "bfloat")).to.deep.equal([1, -2.5, 2 ** 127, 2 ** -126]);
    expect(await values(source, "double")).to.deep.equal([Math.fround(0.1), Math.fround(1 / 3)]);
    expect(source.info("bn.num_batches_tracked")?.dtype).to.equal("I64");
    await expectInputError(() => values(source, "bn.num_batches_tracked"), "holds I64 values, which cannot be weights");
    await expectInputError(() => values(source, "hal"), "did you mean `half`?");
    await source.close?.();
  });

  it("reads a trained network", async function () {
    const path = `${process.env["RNC_TEST_DATA"]}/resnet20-cifar10/model.safetensors`;
    if (process.env["RNC_TEST_DATA"] === undefined || !existsSync(path)) {
      console.log("      skipped: RNC_TEST_DATA names no folder with resnet20-cifar10/model.safetensors");
      return this.skip();
    }
    const source = await openSafetensors(await diskFile(path));
    expect(source.names()).to.have.length(97);
    expect(source.info("module.linear.weight")?.shape).to.deep.equal([10, 64]);
    const variance = await values(source, "module.layer3.2.bn2.running_var");
    expect(variance).to.have.length(64);
    expect(Math.min(...variance)).to.be.greaterThan(0);
    await source.close?.();
  });

  describe("refuses at once", () => {
    const good = entry([2], 0, 8);
    const rows: readonly [string, Uint8Array, string][] = [
      ["an empty file", raw(), "it ends after 0 bytes"],
      ["a header of 2^60 bytes", file("{}", raw(), 2n ** 60n), "its header should have 1152921504606846976 bytes"],
      ["a header beyond the end", file("{}", raw(), 3), "its header should have 3 bytes"],
      ["text that is not UTF-8", file("", raw(0x7b, 0xff, 0x7d), 3), "not UTF-8"],
      ["no object", file("[]"), "`{` is missing"],
      ["an object without its end", file('{"a":{'), "a text in quotes is missing"],
      ["something behind the object", file("{} x"), "something follows"],
      ["a name that is there twice", file(`{"a":${JSON.stringify(good)},"a":${JSON.stringify(good)}}`, floats(1, 2)), "the name `a` is there twice"],
      ["a negative size", file({ a: entry([-2], 0, 8) }, floats(1, 2)), "not a whole number"],
      ["a size with a fraction", file({ a: entry([2.5], 0, 8) }, floats(1, 2)), "not a whole number"],
      ["a size with an exponent", file('{"a":{"dtype":"F32","shape":[2e0],"data_offsets":[0,8]}}', floats(1, 2)), "not a whole number"],
      ["a size as text", file({ a: entry(["2"], 0, 8) }, floats(1, 2)), "not a whole number"],
      ["a size beyond 2^53", file('{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,8]}}', floats(1, 2)), "larger than any file"],
      ["a product beyond 2^53", file({ a: entry([2 ** 40, 2 ** 40], 0, 8) }, floats(1, 2)), "needs more bytes than any file has"],
      ["a shape that needs other bytes", file({ a: entry([3], 0, 8) }, floats(1, 2)), "needs 12 bytes but is given 8"],
      ["an end before the begin", file({ a: entry([2], 8, 0) }, floats(1, 2)), "before it begins"],
      ["an end beyond the file", file({ a: entry([2], 0, 8) }, floats(1)), "there are only 4"],
      ["overlapping tensors", file({ a: entry([2], 0, 8), b: entry([2], 4, 12) }, floats(1, 2, 3)), "inside the tensor before it"],
      ["a hole between tensors", file({ a: entry([1], 0, 4), b: entry([1], 8, 12) }, floats(1, 2, 3)), "belong to no tensor"],
      ["bytes behind the last tensor", file({ a: entry([1], 0, 4) }, floats(1, 2)), "the last 4 bytes belong to no tensor"],
      ["three offsets", file({ a: { dtype: "F32", shape: [], data_offsets: [0, 4, 8] } }, floats(1)), "two data_offsets"],
      ["no dtype", file({ a: { shape: [], data_offsets: [0, 4] } }, floats(1)), "needs a dtype"],
      ["a foreign field", file({ a: { ...good, extra: 1 } }, floats(1, 2)), "the field `extra`"],
      ["an unknown element type", file({ a: entry([1], 0, 4, "F128") }, floats(1)), "the element type `F128`"],
      ["metadata that is no text", file({ __metadata__: { a: 1 } }), "a text in quotes is missing"],
      ["deep nesting", file(`{"a":${"[".repeat(1_000_000)}`), "`{` is missing"],
      ["deep nesting in a shape", file(`{"a":{"shape":${"[".repeat(1_000_000)}`), "not a whole number"],
      ["a text of many megabytes without end", file(`{"${"a".repeat(20_000_000)}`), "does not end"],
      ["a million tensors", file(`{${Array.from({ length: 1_000_000 }, (_, i) => `"${i}":${JSON.stringify(entry([0], 0, 0))}`).join(",")}}`), "more than 250000 tensors"],
      ["a bad escape", file('{"\\x":{}}'), "escape"],
    ];
    for (const [what, bytes, message] of rows) {
      it(what, async () => {
        await expectInputError(() => open(bytes), message);
      });
    }

    it("a long header without reading it, in a file that claims to be large", async () => {
      const lengths: number[] = [];
      const sparse: ByteSource = {
        path: "large.safetensors",
        size: 2 ** 40,
        async read(_offset, length) {
          lengths.push(length);
          return raw(uint64(100_000_001)).slice(0, length);
        },
        close: async () => {},
      };
      await expectInputError(() => openSafetensors(sparse), "the longest one allowed");
      expect(lengths).to.deep.equal([8]);
    });

    it("every file that is cut short", async () => {
      const whole = file({ a: entry([2], 0, 8), b: entry([1], 8, 12) }, floats(1, 2, 3));
      for (let length = 0; length < whole.byteLength; length++) await expectInputError(() => open(whole.slice(0, length)), "is damaged");
    });
  });

  describe("writer", () => {
    it("writes a header that is aligned to 8 and the values of the source", async () => {
      const source = await open(file({ a: entry([2], 0, 8), b: entry([2], 8, 12, "F16") }, raw(floats(1, 2), 0x00, 0x3c, 0x00, 0xc0)));
      const entries = [{ name: "b", shape: [2] }, { name: "a", shape: [2] }];
      const written = writeSafetensors(entries, source, { z: "last", a: "first" });
      const bytes = await collect(written.chunks());
      expect(bytes.byteLength).to.equal(written.size);
      const header =
        '{"__metadata__":{"a":"first","z":"last"},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
        '"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}';
      const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
      expect(Buffer.from(bytes)).to.deep.equal(Buffer.from(raw(uint64(padded.length), padded, floats(1, -2, 1, 2))));
      const again = await open(bytes);
      expect(await values(again, "b")).to.deep.equal([1, -2]);
    });

    it("gathers small tensors and passes large ones on in chunks of about 1 MB", async () => {
      const sizes = [3, 500_000, 0, 7, 700_001, 1];
      const entries = sizes.map((size, i) => ({ name: `t${i}`, shape: [size] }));
      const total = sizes.reduce((sum, size) => sum + size, 0);
      let at = 0;
      const header = Object.fromEntries(entries.map(({ name, shape }) => [name, entry(shape, at * 4, (at += shape[0] ?? 0) * 4)]));
      const data = new Uint8Array(Float32Array.from({ length: total }, (_, i) => i).buffer);
      const written = writeSafetensors(entries, await open(file(header, data)));
      const lengths: number[] = [];
      for await (const chunk of written.chunks()) lengths.push(chunk.byteLength);
      expect(Math.min(...lengths)).to.be.greaterThan(0);
      expect(Math.max(...lengths)).to.be.at.most(1 << 20);
      expect(lengths.reduce((sum, length) => sum + length, 0)).to.equal(written.size);
      const bytes = await collect(written.chunks());
      expect(Buffer.compare(bytes.subarray(written.size - total * 4), data)).to.equal(0);
    });

    it("refuses a source that gives another number of values", async () => {
      const source = await open(file({ a: entry([2], 0, 8) }, floats(1, 2)));
      await expectInputError(() => collect(writeSafetensors([{ name: "a", shape: [3] }], source).chunks()), "gave 2 values for `a` [3], which has 3");
    });
  });
});
