import { invariant } from "../../base/assert.ts";
import type { EngineName, FloatTensor } from "../../engines/engine.ts";
import type { SeveralSteps, Training, TrainingBatch, TrainingOptions, TrainingResult } from "../../engines/training.ts";
import type { Graph } from "../../ir/graph.ts";
import { packGraph } from "../../ir/packed-graph.ts";
import { interruptible, startProcess } from "../engine-process.ts";

/** A training in a process of its own. */
export interface TrainingProcess extends SeveralSteps {
  step(batch: TrainingBatch, learningRate: number): Promise<TrainingResult>;
  /** What the engine chose, where it has a choice. */
  readonly layout: Training["layout"] | undefined;
  /** Writes parameters, or momenta too, as they are now into a safetensors file. */
  writeState(path: string, what: "weights" | "everything", metadata: Readonly<Record<string, string>>): Promise<void>;
  /** Makes a copy of the network as it is now for {@link run}. */
  open(): Promise<void>;
  /** Runs that copy: a tensor for every output of the network, in their order. */
  run(inputs: readonly FloatTensor[]): Promise<readonly FloatTensor[]>;
  close(): Promise<void>;
  /** Ends the process at once. */
  kill(): void;
}

/**
 * Begins a training in a process of its own: this one stays free to prepare batches, show progress and hear Ctrl-C, which the
 * other leaves to it.
 *
 * @param weightsPath a file of weights, and momenta where a training goes on
 * @throws {@link InputError} as the engine's `openTraining` does, and when the process is lost
 */
export async function openTrainingInChildProcess(engine: EngineName, network: Graph, weightsPath: string, options: TrainingOptions): Promise<TrainingProcess> {
  const { frozen, ...plain } = options;
  const names = frozen ? network.parameters.filter(frozen).map(({ name }) => name) : [];
  const child = startProcess(engine);
  let layout: Training["layout"];
  let most: number;
  try {
    const answer = await interruptible(child, () => child.ask({ kind: "train", engine, network: packGraph(network), weights: weightsPath, options: plain, frozen: names }, "training"));
    ({ layout, most } = answer);
  } catch (error) {
    child.kill();
    throw error;
  }
  const steps: TrainingProcess["steps"] = async (batches, rates) => (await child.ask({ kind: "steps", batches, rates }, "stepped")).results;
  return {
    layout,
    most,
    steps,
    async step(batch, learningRate) {
      const [result] = await steps([batch], [learningRate]);
      invariant(result, "a step has a result");
      return result;
    },
    writeState: async (path, what, metadata) => void (await child.ask({ kind: "write-state", path, what, metadata }, "state-written")),
    open: async () => void (await child.ask({ kind: "open-trained" }, "opened")),
    run: async (inputs) => (await child.ask({ kind: "run", inputs }, "ran")).outputs,
    async close() {
      await child.ask({ kind: "close" }, "closed").finally(() => child.ended());
    },
    kill: () => child.kill(),
  };
}
