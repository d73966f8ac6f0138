import { emitOnnx } from "../../backends/onnx/index.ts";
import { emitTfjs } from "../../backends/tfjs/index.ts";
import { InputError } from "../../base/input-error.ts";
import type { Engine, Inference } from "../../engines/engine.ts";
import type { SeveralSteps, Training } from "../../engines/training.ts";
import { unpackGraph } from "../../ir/packed-graph.ts";
import { writeSafetensors } from "../../weights/safetensors-writer.ts";
import type { EngineRequest } from "../engine-messages.ts";
import { createNodeHost } from "../node-host.ts";
import { openWeightsAt } from "../open-weights-at.ts";
import { VERSION } from "../version.ts";
import { writeEmittedFiles } from "../write-files.ts";

type StateRequest = Omit<Extract<EngineRequest, { readonly kind: "write-state" }>, "kind">;

/** A training in the process of its engine. */
export interface TrainedHere extends SeveralSteps, Pick<Training, "close"> {
  readonly layout: Training["layout"] | undefined;
  writeState(request: StateRequest): Promise<void>;
  /** The network as it is now, to be run. */
  open(): Promise<Inference>;
}

/** Opens what a process was asked to train. */
export async function openTrainingHere(engine: Engine, request: Extract<EngineRequest, { readonly kind: "train" }>): Promise<TrainedHere> {
  if (engine.openTraining === undefined) throw new InputError(`the engine \`${engine.name}\` runs models and does not train`);
  const network = unpackGraph(request.network);
  const weights = await openWeightsAt(createNodeHost(), request.weights);
  const frozen = new Set(request.frozen);
  const training = await engine.openTraining(network, weights, { ...request.options, frozen: ({ name }) => frozen.has(name) });
  return {
    layout: training.layout,
    ...inOneGo(training),
    async writeState({ path, what, metadata }) {
      const state = await training.readState();
      const names = what === "weights" ? network.parameters.map(({ name }) => name) : state.names();
      const entries = names.map((name) => ({ name, shape: state.info(name)?.shape ?? [] }));
      const { size, chunks } = writeSafetensors(entries, state, metadata);
      await writeEmittedFiles([{ path: "", sizeInBytes: size, chunks }], path);
    },
    async open() {
      const state = await training.readState();
      const files = (engine.format === "onnx" ? emitOnnx : emitTfjs)(network, state, { version: VERSION });
      return engine.open({ format: engine.format, files });
    },
    async close() {
      await training.close();
      await weights.close?.();
    },
  };
}

/** As the engine makes several steps, or one by one. */
function inOneGo({ several, step }: Training): SeveralSteps {
  if (several) return several;
  return {
    most: 1,
    async steps(batches, rates) {
      const results = [];
      for (const [index, batch] of batches.entries()) results.push(await step(batch, rates[index] ?? 0));
      return results;
    },
  };
}
