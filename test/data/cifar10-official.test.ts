import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { countsOf } from "../../src/cli/data/data-set.ts";
import { measureStatistics } from "../../src/cli/data/measure.ts";
import { openDataSet } from "../../src/cli/data/open-data-set.ts";
import { CIFAR10 } from "../../src/data/cifar10.ts";
import { trainOnAll } from "../../src/data/order.ts";
import { trainingSteps } from "../../src/data/steps.ts";
import { writeOfficialForm } from "../../tools/cifar10-official.ts";
import { needed } from "../support/cifar10.ts";
import { inFolder } from "../support/cli.ts";

describe("data: the real CIFAR-10", function () {
  this.timeout(120_000);

  it("in the npm package's pictures is the published archive, byte for byte; its means are the published ones", function () {
    const from = dirname(needed(this, "RNC_CIFAR10", "data_batch_1.png"));
    return inFolder(async (folder) => {
      const made = writeOfficialForm(from, folder);
      // SHA-256 of the files of cifar-10-binary.tar.gz as torchvision.rb has them.
      const published: Record<string, string> = {
        "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
        "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
      };
      for (const [name, digest] of Object.entries(published)) expect(createHash("sha256").update(readFileSync(join(made, name))).digest("hex"), name).to.equal(digest);
      [...CIFAR10.trainFiles, CIFAR10.testFile].forEach((name, place) => expect(createHash("md5").update(readFileSync(join(made, name))).digest("hex"), name).to.equal(CIFAR10.md5[place]));

      const { parts, classes } = openDataSet(folder);
      expect(parts.map(({ labels }) => countsOf(labels, classes.length))).to.deep.equal([new Array(10).fill(5000), new Array(10).fill(1000)]);
      const [part] = parts;
      const steps = trainingSteps([{ function: "subtract_mean", arguments: { per: "channel" } }]);
      const statistics = await measureStatistics({ part: part!, images: trainOnAll(50_000).train, steps, workers: 0 });
      // Mean and deviation of the training images as many programs have them.
      [125.30691805, 122.95039414, 113.86538318].forEach((mean, channel) => expect(statistics!.channelMean[channel]).to.be.closeTo(mean, 1e-8));
      [62.99321928, 62.08870764, 66.70489964].forEach((deviation, channel) => expect(statistics!.channelDeviation[channel]).to.be.closeTo(deviation, 1e-8));
    });
  });
});
