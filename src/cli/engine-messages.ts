import type { EngineName, EngineStatus, FloatTensor, ModelFiles } from "../engines/engine.ts";
import type { Training, TrainingBatch, TrainingOptions, TrainingResult } from "../engines/training.ts";
import type { PackedGraph } from "../ir/packed-graph.ts";

/** What a process of rnc asks the process that runs an engine for it; one answer comes to each, in order. */
export type EngineRequest =
  | { readonly kind: "probe"; readonly engine: EngineName }
  | {
      readonly kind: "open";
      readonly engine: EngineName;
      readonly format: ModelFiles["format"];
      /** Names as the model has them, and where the bytes lie. */
      readonly files: readonly { readonly path: string; readonly location: string }[];
    }
  | {
      readonly kind: "train";
      readonly engine: EngineName;
      readonly network: PackedGraph;
      /** A file of weights, and momenta where a training goes on. */
      readonly weights: string;
      readonly options: Omit<TrainingOptions, "frozen">;
      /** Names of parameters that stay as they are. */
      readonly frozen: readonly string[];
    }
  | { readonly kind: "steps"; readonly batches: readonly TrainingBatch[]; readonly rates: readonly number[] }
  /** Writes parameters, and momenta where they are wanted, as they are now into a safetensors file of this path. */
  | { readonly kind: "write-state"; readonly path: string; readonly what: "weights" | "everything"; readonly metadata: Readonly<Record<string, string>> }
  /** Opens the network that is trained as it is now: for `run`, until the next time. */
  | { readonly kind: "open-trained" }
  | { readonly kind: "run"; readonly inputs: readonly FloatTensor[] }
  | { readonly kind: "close" };

export type EngineAnswer =
  | { readonly kind: "status"; readonly status: EngineStatus }
  | { readonly kind: "opened"; readonly inputs: readonly string[]; readonly outputs: readonly string[] }
  | { readonly kind: "training"; readonly layout: Training["layout"] | undefined; readonly most: number }
  | { readonly kind: "stepped"; readonly results: readonly TrainingResult[] }
  | { readonly kind: "state-written" }
  | { readonly kind: "ran"; readonly outputs: readonly FloatTensor[] }
  | { readonly kind: "closed" }
  /** An `InputError` over there. */
  | { readonly kind: "refused"; readonly message: string; readonly notes: readonly string[]; readonly help: readonly string[] }
  /** A mistake of ours over there. */
  | { readonly kind: "failed"; readonly stack: string };
