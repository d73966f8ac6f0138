import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect } from "chai";
import type * as TensorFlow from "@tensorflow/tfjs";
import { emitTfjs } from "../../../src/backends/tfjs/index.ts";
import { writeEmittedFiles } from "../../../src/cli/write-files.ts";
import { inBrowser, needsBrowser } from "../../support/browser.ts";
import { calibratedWeights, runModel } from "../../support/calibrated.ts";
import { inFolder } from "../../support/cli.ts";
import { compiled } from "../../support/compiled.ts";
import { noise, uniformOf } from "../../support/graphs.ts";
import { standardNetwork } from "../../support/networks.ts";

declare const tf: typeof TensorFlow;

const BATCH = 2;
const tensorFlow = join(dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs/package.json")), "dist/tf.min.js");

describe("an emitted model in a browser", function () {
  this.timeout(180_000);

  for (const option of ["A", "B"]) {
    it(`ResNet20 with option ${option} answers as ONNX Runtime does`, async function () {
      const executable = needsBrowser(this);
      const graph = standardNetwork("ResNet20", { option });
      const weights = await calibratedWeights(graph, 5);
      const images = noise([BATCH, 3, 32, 32], uniformOf(11));
      const input = { data: Float32Array.from(images.data), shape: images.shape };
      const expected = (await runModel(await compiled(graph, { weights }), { [graph.inputs[0]!.name]: input }, ["output"]))["output"]!;

      await inFolder(async (folder) => {
        await writeEmittedFiles(emitTfjs(graph, weights, { version: "0.0.0" }), folder);
        const answer = await inBrowser({ executable, served: { "/tf.js": tensorFlow, "/model/": folder }, webgl: true }, async (page) => {
          await page.addScriptTag({ url: "/tf.js" });
          return page.evaluate(async (values) => {
            const model = await tf.loadLayersModel("/model/model.json");
            // Channels last, as a page has its images.
            const given = tf.tensor(values, [values.length / 3072, 3, 32, 32]).transpose([0, 2, 3, 1]);
            const logits = model.predict(given) as TensorFlow.Tensor;
            return { shape: logits.shape, data: [...(await logits.data())], backend: tf.getBackend(), version: tf.version.tfjs };
          }, [...input.data]);
        });
        console.log(`      TensorFlow.js ${answer.version} in ${executable}, backend ${answer.backend}`);
        expect(answer.shape).to.deep.equal([BATCH, 10]);
        expect(expected.shape).to.deep.equal([BATCH, 10]);
        const greatest = Math.max(...expected.data.map(Math.abs));
        expect(greatest).to.be.greaterThan(0.01);
        const apart = Math.max(...answer.data.map((value, i) => Math.abs(value - expected.data[i]!)));
        expect(apart / greatest).to.be.at.most(1e-4);
      });
    });
  }
});
