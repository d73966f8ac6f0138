import { execFileSync } from "node:child_process";
import { chmodSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { checkData } from "../../src/cli/data/check-data.ts";
import { imageName, packedImage } from "../../src/cli/data/data-set.ts";
import type { Part } from "../../src/cli/data/data-set.ts";
import { openDataSet } from "../../src/cli/data/open-data-set.ts";
import { createSharpCodec } from "../../src/cli/data/sharp-codec.ts";
import { CIFAR10 } from "../../src/data/cifar10.ts";
import { inFolder } from "../support/cli.ts";
import { expectInputError } from "../support/expect-input-error.ts";
import { cifarRecords, jpeg, patterned, png, pngThatClaims, writeCifar, writeTree } from "../support/image-sets.ts";

const small = png(8, 6, patterned(1));

describe("data: CIFAR-10 in its binary form", () => {
  it("is read with labels, planes and names", () =>
    inFolder((folder) => {
      writeCifar(join(folder, CIFAR10.folder), 20);
      const data = openDataSet(folder);
      expect([data.kind, data.classes[3], ...data.parts.map(({ name, labels }) => `${name} ${labels.length}`)]).to.deep.equal(["cifar10", "cat", "train 100", "test 20"]);
      const { images, labels } = data.parts[0] as Part;
      if (images.kind !== "packed") throw new Error("packed images were expected");
      expect([...labels.subarray(0, 12)]).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
      // Image 47 is the eighth of the third file.
      expect(Buffer.from(packedImage(images, 47))).to.deep.equal(Buffer.from(cifarRecords(20, 2).subarray(7 * 3073 + 1, 8 * 3073)));
      expect(imageName(images, 47)).to.equal(`image 7 of ${join(folder, CIFAR10.folder, "data_batch_3.bin")}`);
      expect(data.remarks.join("\n")).to.include("the part `train` has 100 images; CIFAR-10 has 50000");
    }));

  it("names what is wrong", () =>
    inFolder(async (folder) => {
      const check = async (name: string, content: Uint8Array | undefined, expected: string | RegExp): Promise<void> => {
        writeCifar(folder, 2);
        const path = join(folder, name);
        if (content === undefined) rmSync(path);
        else writeFileSync(path, content);
        await expectInputError(() => openDataSet(folder), expected);
      };
      await check("data_batch_3.bin", undefined, /lacks data_batch_3\.bin\n.*test_batch\.bin/s);
      await check("data_batch_2.bin", cifarRecords(2, 0).subarray(0, 5000), /data_batch_2\.bin` has 5,000 bytes: 1 images of 3,073 bytes and 1,927 bytes more/);
      await check("test_batch.bin", new Uint8Array(), /test_batch\.bin` has 0 bytes/);
      const wrong = cifarRecords(2, 0);
      wrong[3073] = 10;
      await check("data_batch_5.bin", wrong, /data_batch_5\.bin`: image 1 \(from 0\) has the label 10, and labels are 0 to 9/);
      await check("batches.meta.txt", Buffer.from("cat\ndog\n"), "names 2 classes, and CIFAR-10 has 10");
      writeCifar(folder, 2);
      rmSync(join(folder, "batches.meta.txt"));
      expect(openDataSet(folder).remarks.join("\n")).to.include("the usual names of the classes are taken");
    }));
});

describe("data: folders of images by class", function () {
  this.timeout(60_000);

  it("are read in parts, classes in the order of their names", () =>
    inFolder((folder) => {
      writeTree(folder, { "train/dog/2.png": small, "train/dog/10.PNG": small, "train/cat/deep/1.jpeg": small, "train/Zebra/1.jpg": small, "val/cat/9.png": small, "val/dog/8.png": small, "val/.hidden": "", "train/cat/notes.txt": "x" });
      const data = openDataSet(folder);
      expect(data.classes).to.deep.equal(["Zebra", "cat", "dog"]);
      expect(data.parts.map(({ name, labels }) => [name, [...labels]])).to.deep.equal([["train", [0, 1, 2, 2]], ["val", [1, 2]]]);
      expect(imageName((data.parts[0] as Part).images, 2)).to.equal(join(folder, "train/dog/10.PNG"));
      expect(data.remarks.join("\n")).to.include("no folder for Zebra").and.to.include("1 .txt");
    }));

  it("may have no parts, or links to folders for classes", () =>
    inFolder((folder) => {
      writeTree(folder, { "set/cat/1.png": small, "elsewhere/1.png": small });
      symlinkSync(join(folder, "elsewhere"), join(folder, "set/dog"));
      const data = openDataSet(join(folder, "set"));
      expect([data.classes, data.parts.map(({ name, labels }) => [name, labels.length])]).to.deep.equal([["cat", "dog"], [["train", 2]]]);
    }));

  it("say where one class is all that there is: perhaps the folder was one too high", () =>
    inFolder((folder) => {
      writeTree(folder, { "set/train/cat/1.png": small, "set/train/dog/1.png": small, "high/set/cat/1.png": small });
      expect(openDataSet(join(folder, "set")).remarks).to.deep.equal([]);
      expect(openDataSet(join(folder, "high")).remarks.join()).to.match(/has one class, `set`: there is nothing to tell it from; if .* inside of it, take `.*high\/set`/);
    }));

  it("name what is wrong", () =>
    inFolder(async (folder) => {
      const check = async (name: string, files: Readonly<Record<string, Uint8Array | string | undefined>>, expected: string | RegExp): Promise<void> => {
        writeTree(join(folder, name), { "": undefined, ...files });
        await expectInputError(() => openDataSet(join(folder, name)), expected);
      };
      await expectInputError(() => openDataSet(join(folder, "nowhere")), "there is no folder");
      await check("empty", {}, /has no folders, so it is no data set\n.*DIR\/train\/cat/s);
      await check("no-train", { "val/cat/1.png": small, "trian/cat/1.png": small }, /has `val` and no `train`\n.*did you mean `train`|has `val` and no `train`/s);
      await check("no-images", { "train/cat/a.gif": "GIF89a", "train/dog": undefined }, "has 2 folders and no JPEG or PNG image");
      await check("other-class", { "train/cat/1.png": small, "val/cats/1.png": small }, "has a class that `train` does not have: cats");
      writeFileSync(join(folder, "file"), "");
      await expectInputError(() => openDataSet(join(folder, "file")), "is a file, and a data set is a folder");
      writeTree(join(folder, "hollow"), { "train/cat/1.png": small, "train/dog": undefined, "train/loose.png": small });
      expect(openDataSet(join(folder, "hollow")).remarks.join("\n")).to.include("has no image: the class `dog` cannot be learned").and.to.include("1 images outside of any class, which are not used: loose.png");
    }));

  it("are checked: every broken image is named with its reason", () =>
    inFolder(async (folder) => {
      const photo = await jpeg(40, 30, patterned(2));
      writeTree(folder, {
        "train/cat/1.png": small,
        "train/cat/2.jpg": photo,
        "train/cat/cut.jpg": photo.subarray(0, photo.length >> 1),
        "train/cat/cut.png": small.subarray(0, 60),
        "train/cat/huge.png": pngThatClaims(60_000, 60_000),
        "train/cat/text.jpg": "hello, this is no image",
        "train/cat/empty.png": "",
        "train/cat/shape.png": "<svg xmlns='http://www.w3.org/2000/svg'/>",
        "train/dog/1.png": small,
        "train/dog/secret.png": png(3, 3, patterned(4)),
        "train/dog/pipe.txt": "",
        "val/dog/1.png": png(9, 9, patterned(5)),
        "val/cat/3.png": photo,
      });
      symlinkSync(join(folder, "nowhere.png"), join(folder, "train/dog/link.png"));
      execFileSync("mkfifo", [join(folder, "train/dog/pipe.png")]);
      chmodSync(join(folder, "train/dog/secret.png"), 0);
      const report = await checkData(openDataSet(folder), { workers: 0 });
      const [train, val] = report.parts;
      const said = new Map(train!.broken.map(({ name, message }) => [name.split("/").at(-1), message]));
      const expected: Record<string, RegExp> = {
        "cut.jpg": /cut\.jpg` cannot be decoded: .*premature end/,
        "cut.png": /cut\.png` cannot be decoded: /,
        "huge.png": /huge\.png` says that it has 60,000x60,000 pixels; more than 100,000,000 are not decoded/,
        "text.jpg": /text\.jpg` is no JPEG or PNG image: it begins with "hello, this /,
        "empty.png": /empty\.png` is empty/,
        "shape.png": /shape\.png` is no JPEG or PNG image: it begins with "<svg /,
        "link.png": /link\.png` is not there any more, or is a link that leads nowhere/,
        "pipe.png": /pipe\.png` is no file/,
        // The superuser may read everything.
        ...(process.getuid?.() === 0 ? {} : { "secret.png": /secret\.png` may not be read by this user/ }),
      };
      expect([...said.keys()].sort()).to.deep.equal(Object.keys(expected).sort());
      for (const [name, message] of Object.entries(expected)) expect(said.get(name)).to.match(message);
      expect(train!.counts).to.deep.equal([8, 4]);
      expect(train!.sizes[0]).to.deep.equal({ width: 8, height: 6, images: 2 });
      expect(val!.formats).to.deep.equal([{ format: "png", images: 1 }, { format: "jpeg", images: 1 }].sort((a, b) => (a.format < b.format ? -1 : 1)));
      const same = report.sameContent.map(({ images, severalClasses, severalParts }) => [images.map((name) => name.slice(folder.length + 1)), severalClasses, severalParts]);
      expect(same).to.deep.include([["train/cat/1.png", "train/dog/1.png"], true, false]).and.to.deep.include([["train/cat/2.jpg", "val/cat/3.png"], false, true]);
      expect(report.sameName.map(({ images }) => images.length)).to.deep.equal([3]);
    }));
});

describe("data: decoding", () => {
  it("takes the pixels as the file has them, whatever its kind", async () => {
    const codec = createSharpCodec();
    const colour = patterned(3);
    const { width, height, bytes, layout } = await codec.decode(png(5, 4, colour), "a.png");
    expect([width, height, layout]).to.deep.equal([5, 4, "interleaved"]);
    for (let y = 0; y < 4; y++) for (let x = 0; x < 5; x++) expect([...bytes.subarray((y * 5 + x) * 3, (y * 5 + x) * 3 + 3)]).to.deep.equal(colour(x, y));
    const { default: sharp } = await import("sharp");
    const raw = { raw: { width: 2, height: 1, channels: 1 as const } };
    expect([...(await codec.decode(await sharp(Buffer.of(7, 200), raw).toColourspace("b-w").png().toBuffer(), "grey.png")).bytes]).to.deep.equal([7, 7, 7, 200, 200, 200]);
    const alpha = await sharp(Buffer.of(1, 2, 3, 0, 4, 5, 6, 128), { raw: { width: 2, height: 1, channels: 4 } }).png().toBuffer();
    expect([...(await codec.decode(alpha, "alpha.png")).bytes]).to.deep.equal([1, 2, 3, 4, 5, 6]);
    expect(await codec.facts(alpha, "alpha.png")).to.deep.equal({ width: 2, height: 1, channels: 4, format: "png" });
    // EXIF says that it is to be turned: the published networks were trained without turning.
    const turned = await sharp(png(4, 2, patterned(1))).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(await codec.decode(turned, "turned.jpg")).to.include({ width: 4, height: 2 });
    const cmyk = await sharp(png(16, 16, () => [200, 100, 50])).toColourspace("cmyk").jpeg().toBuffer();
    expect((await codec.decode(cmyk, "cmyk.jpg")).bytes).to.have.lengthOf(16 * 16 * 3);
  });

  it("scales while it decodes, and planes as it does pixels", async () => {
    const codec = createSharpCodec();
    const flat = await codec.decode(png(40, 20, () => [200, 100, 50]), "flat.png", () => ({ width: 10, height: 5 }));
    expect([flat.width, flat.height, ...flat.bytes.subarray(0, 3)]).to.deep.equal([10, 5, 200, 100, 50]);
    // Halving with a triangle over two pixels' width: inside a ramp of 10 a pixel, the mean of the neighbours.
    const ramp = new Uint8Array(3 * 8);
    for (let x = 0; x < 8; x++) for (let channel = 0; channel < 3; channel++) ramp[channel * 8 + x] = 10 * x + 50 * channel;
    const scaled = await codec.resize({ name: "ramp", width: 8, height: 1, layout: "planar", bytes: ramp }, { width: 4, height: 1 });
    expect([scaled.bytes[3], scaled.bytes[4], scaled.bytes[6]]).to.deep.equal([25, 75, 45]);
  });
});
