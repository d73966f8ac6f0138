import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { writeOfficialForm } from "../../tools/cifar10-official.ts";
import { needed } from "../support/cifar10.ts";
import { ensureBuilt, inFolder, rnc } from "../support/cli.ts";

const TEXT = `
use std.cifar { CifarResNet }

network Small = CifarResNet(n=1)

recipe ByHeart {
  batch: 64
  epochs: 60
  optimizer: sgd(lr=0.1, momentum=0.9)
  schedule: cosine(end=0.001)
  split: random(train=512, val=512)
  augment: subtract_mean(per=pixel)
}
`;

describe("learning by heart", function () {
  this.timeout(1_200_000);
  before(() => ensureBuilt());

  it("ResNet-8 gets more than 99 % of 512 real images right", async function () {
    const images = dirname(needed(this, "RNC_CIFAR10", "test_batch.png"));
    await inFolder((folder) => {
      writeFileSync(join(folder, "small.resnet"), TEXT);
      const data = writeOfficialForm(images, folder);
      const ran = rnc(["train", "small.resnet", "--data", data, "--recipe", "ByHeart", "--every", "80", "--evaluate-every", "1000000", "-o", "run"], { cwd: folder });
      expect(ran.code, ran.stderr).to.equal(0);
      const lines = readFileSync(join(folder, "run/metrics.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line) as { train_error: number; train_loss: number });
      console.log(`      error on the last 80 steps ${(100 * lines.at(-1)!.train_error).toFixed(2)} %, loss ${lines.at(-1)!.train_loss.toFixed(4)}`);
      expect(lines[0]!.train_error).to.be.greaterThan(0.5);
      expect(lines.at(-1)!.train_error).to.be.lessThan(0.01);
    });
  });
});
