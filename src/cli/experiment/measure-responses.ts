import { join } from "node:path";
import { emitOnnx } from "../../backends/onnx/index.ts";
import { invariant } from "../../base/assert.ts";
import { InputError } from "../../base/input-error.ts";
import type { Graph } from "../../ir/graph.ts";
import { expose } from "../../passes/expose.ts";
import { responsesOf } from "../../passes/responses.ts";
import { prepare } from "../../program/prepare.ts";
import type { TrainingRun } from "../../report/run.ts";
import { planOf } from "../../training/plan.ts";
import { openInChildProcess } from "../engine-process.ts";
import type { CliHost } from "../host.ts";
import { openWeightsAt } from "../open-weights-at.ts";
import { RUN_FILES } from "../train/run-folder.ts";
import { openTrainingData } from "../train/training-data.ts";
import { VERSION } from "../version.ts";

/** Every layer's responses go from one process to the other: a few images at a time keep that small. */
const BATCH = 16;

/** What is measured. */
export interface ResponseQuestion {
  /** The side of the convolutions' kernel. */
  readonly kernel: number;
  /** So many images, the first of those that were not trained on. */
  readonly images: number;
}

/**
 * The standard deviations of the responses of a trained network with its last weights, over images, channels and
 * positions, in the order of layers. The network answers as it does in use: batch norms have their running statistics.
 *
 * @param path the folder of the run
 */
export async function measureResponses(path: string, network: Graph, run: TrainingRun, { kernel, images }: ResponseQuestion, host: CliHost): Promise<readonly number[]> {
  const layers = responsesOf(network, kernel);
  if (layers.length === 0) throw new InputError(`\`${network.name}\` has no convolution of ${kernel}x${kernel}, so there are no responses to measure`);
  const { graph, at } = expose(network, layers);
  const data = await openTrainingData(run.data.path, network, run.data.classes, { ...planOf(run.recipe), batch: BATCH }, host);
  const stream = data.test() ?? data.validate();
  if (stream === undefined) throw new InputError(`\`${run.data.path}\` has no images for tests or validation, and responses are measured on such`);
  const weights = await openWeightsAt(host, join(path, RUN_FILES.last));
  try {
    const files = emitOnnx(graph, prepare(network, { weights }).weights, { version: VERSION });
    const inference = await openInChildProcess("onnxruntime", { format: "onnx", files });
    try {
      const moments = layers.map(() => ({ count: 0, sum: 0, squares: 0 }));
      for (let seen = 0; seen < images; seen += BATCH) {
        const batch = await stream.next();
        if (batch === undefined) break;
        const outputs = await inference.run([{ data: batch.data, shape: batch.shape }]);
        layers.forEach((layer, index) => {
          const [values, moment] = [outputs[at.get(layer) ?? -1], moments[index]];
          invariant(values !== undefined && moment !== undefined, "every response is an output");
          for (const value of values.data) {
            moment.sum += value;
            moment.squares += value * value;
          }
          moment.count += values.data.length;
        });
      }
      return moments.map(({ count, sum, squares }) => Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2)));
    } finally {
      await inference.close();
    }
  } finally {
    await stream.close();
    await weights.close?.();
  }
}
