import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ensureBuilt, inFolder, rnc } from "../support/cli.ts";
import type { Ran } from "../support/cli.ts";
import { patterned, png, writeCifar, writeTree } from "../support/image-sets.ts";

const run = (...args: string[]): Ran => rnc(args, { cwd: tmpdir() });

describe("rnc data", function () {
  this.timeout(60_000);
  before(ensureBuilt);

  it("check says what is in a folder of images, for people and as JSON", () =>
    inFolder((folder) => {
      const files = Object.fromEntries(Array.from({ length: 6 }, (_, image) => [`train/cat/${image}.png`, png(8 + (image % 2), 6, patterned(image))]));
      writeTree(folder, { ...files, "train/dog/9.png": png(8, 6, patterned(9)), "val/cat/5.png": png(8, 6, patterned(20)), "val/dog/9.png": png(8, 6, patterned(9)) });
      const sound = run("data", "check", folder, "--workers", "0");
      expect(sound.stderr).to.equal("");
      expect(sound.code).to.equal(0);
      expect(sound.stdout).to.include(
        [`${folder}: images by class, 2 classes`, "", "class  train  val", "cat        6    1", "dog        1    1", "-----------------", "all        7    2", ""].join("\n"),
      );
      expect(sound.stdout).to.include("train: 8x6 (4), 9x6 (3); 3 channels (7); png (7)");
      expect(sound.stdout).to.include("note: train: `cat` has 6.0 times as many images as `dog`");
      expect(sound.stdout).to.include(`\`${join(folder, "train/dog/9.png")}\`, \`${join(folder, "val/dog/9.png")}\` have the same content, in several parts`);
      expect(sound.stdout).to.match(/every image can be used\n$/);

      writeTree(folder, { "train/dog/bad.jpg": "text" });
      const broken = run("data", "check", folder, "--json", "--workers", "1");
      expect(broken.code).to.equal(1);
      const report = JSON.parse(broken.stdout) as { parts: { name: string; images: number; counts: number[]; broken: { name: string; message: string }[] }[] };
      expect(report.parts.map(({ name, images, counts }) => [name, images, counts])).to.deep.equal([["train", 8, [6, 2]], ["val", 2, [1, 1]]]);
      expect(report.parts[0]!.broken).to.deep.equal([{ name: join(folder, "train/dog/bad.jpg"), message: `\`${join(folder, "train/dog/bad.jpg")}\` is no JPEG or PNG image: it begins with "text"` }]);
      expect((run("data", "check", folder, "--workers", "0")).stdout).to.match(/broken: .*bad\.jpg` is no JPEG or PNG image.*\n(.*\n)*1 image cannot be used\n$/);
    }));

  it("check looks into CIFAR-10, and says whether it is the published one", () =>
    inFolder((folder) => {
      writeCifar(folder, 20);
      const { code, stdout } = run("data", "check", folder);
      expect(code).to.equal(0);
      expect(stdout).to.include("CIFAR-10 in its binary form, 10 classes").and.to.match(/airplane +10 +2\n/).and.to.include("train: 32x32 (100); 3 channels (100)");
      expect(stdout).to.include("data_batch_5.bin").and.to.include("not as published (the MD5 is another)").and.to.not.include("every file is as published");
    }));

  it("says what is wrong with a command line or a folder", () => {
    const unknown = run("data", "fetch", "cifar100", "-o", "x");
    expect(unknown.stderr).to.include("there is no data set `cifar100` to fetch");
    expect(unknown.code).to.equal(2);
    const missing = run("data", "check", "/nowhere/at/all");
    expect(missing.code).to.equal(1);
    expect(missing.stderr).to.include("there is no folder `/nowhere/at/all`");
  });
});
