import type { Parameter } from "../ir/graph.ts";
import type { WeightSource } from "../weights/source.ts";
import type { FloatTensor } from "./engine.ts";

/** SGD with momentum in PyTorch's form: `g += decay · w; m = momentum · m + g; w -= rate · (nesterov ? g + momentum · m : m)`. */
export interface TrainingOptions {
  /** Examples of every batch. */
  readonly batch: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  /** Added to the gradient as `weightDecay · w`. */
  readonly weightDecay: number;
  /** `weights`: decay of the weights of convolutions and linear layers alone; `all`: of every learned parameter. */
  readonly decays: "weights" | "all";
  /** 0: right answers alone; ε spreads ε over all classes. */
  readonly labelSmoothing: number;
  /** Parameters that stay as they are; absent: none. */
  readonly frozen?: (parameter: Parameter) => boolean;
  /** The output that is trained; absent: the only one. */
  readonly lossOn?: string;
  /** Seed of what is random in a step (dropout). */
  readonly seed: number;
  /** The number of the first step, from 0: what is random in a step depends on it. Default 0; greater where a training goes on. */
  readonly firstStep?: number;
  /** Threads of the processor, where the runtime takes such a number; absent: as it chooses. */
  readonly threads?: number;
  /** The layout that a training goes on in, where the engine has several; absent: as it chooses. */
  readonly layout?: TrainingLayout;
}

/** How maps lie in memory in a training step: `portable` is that of the model files; the others have channels in blocks of so many. */
export type TrainingLayout = "portable" | "blocked by 8" | "blocked by 16";

export interface TrainingBatch {
  readonly inputs: readonly FloatTensor[];
  /** The class of each example. */
  readonly labels: Int32Array;
}

export interface TrainingResult {
  /** Mean softmax cross-entropy of the batch, before the step, without decay. */
  readonly loss: number;
  /** Examples whose greatest output is the right class, before the step. */
  readonly right: number;
}

export interface SeveralSteps {
  /** How many at most. */
  readonly most: number;
  /** @param rates a learning rate for each batch */
  steps(batches: readonly TrainingBatch[], rates: readonly number[]): Promise<readonly TrainingResult[]>;
}

/** A training under way. */
export interface Training {
  /** What the engine chose, and why; absent where there is no choice. */
  readonly layout?: { readonly name: TrainingLayout; readonly why: string };
  step(batch: TrainingBatch, learningRate: number): Promise<TrainingResult>;
  /** Several steps in one go, which come to the same numbers; absent where nothing is gained by that. */
  readonly several?: SeveralSteps;
  /**
   * Parameters and running statistics under their own names, momentum under `momentum.NAME`, as they are now. The source
   * stays as it is when training goes on.
   */
  readState(): Promise<WeightSource>;
  close(): Promise<void>;
}
