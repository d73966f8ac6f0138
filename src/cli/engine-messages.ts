import type { EngineName, EngineStatus, FloatTensor, ModelFiles } from "../engines/engine.ts";

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
  | { readonly kind: "run"; readonly inputs: readonly FloatTensor[] }
  | { readonly kind: "close" };

export type EngineAnswer =
  | { readonly kind: "status"; readonly status: EngineStatus }
  | { readonly kind: "opened"; readonly inputs: readonly string[]; readonly outputs: readonly string[] }
  | { readonly kind: "ran"; readonly outputs: readonly FloatTensor[] }
  | { readonly kind: "closed" }
  /** An `InputError` over there. */
  | { readonly kind: "refused"; readonly message: string; readonly notes: readonly string[]; readonly help: readonly string[] }
  /** A mistake of ours over there. */
  | { readonly kind: "failed"; readonly stack: string };
