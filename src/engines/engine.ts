import type { EmittedFile } from "../backends/backend.ts";
import type { Graph } from "../ir/graph.ts";
import type { WeightSource } from "../weights/source.ts";
import type { Training, TrainingOptions } from "./training.ts";

/** A float32 tensor, row-major. Images are channels first ([N, C, H, W]) here, whatever the runtime wants. */
export interface FloatTensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** A model as a backend wrote it, or as it lies on a disk. For `tfjs` the files are `model.json` and its shards. */
export interface ModelFiles {
  readonly format: "onnx" | "tfjs";
  readonly files: readonly EmittedFile[];
}

/** A model that has been loaded. Names are the file's own, in its order. */
export interface Inference {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Runs it once; one tensor for every input, and one comes for every output, in their order. */
  run(inputs: readonly FloatTensor[]): Promise<readonly FloatTensor[]>;
  close(): Promise<void>;
}

/** What an engine is here and now. */
export type EngineStatus =
  | {
      readonly kind: "works";
      /** The runtime's version: `1.30.0`, `4.22.0, libtensorflow 2.15.1`. */
      readonly version: string;
      /** What it computes on: `CPU, 2 threads`, `WebGPU: SwiftShader`. */
      readonly device: string;
      /** What is worth knowing: an environment variable that helps, a feature that is not there. */
      readonly notes: readonly string[];
    }
  /** The package is not there; {@link Engine.install} brings it. */
  | { readonly kind: "missing" }
  /** The package is there and does not work. */
  | { readonly kind: "broken"; readonly reason: string; readonly help: readonly string[] };

export type EngineName = "onnxruntime" | "onnxruntime-cuda" | "onnxruntime-webgpu" | "tfjs-node-gpu" | "tfjs-node" | "tfjs";

/** Runs what a backend made. Its runtime is an optional package, loaded when something is first asked of the engine. */
export interface Engine {
  readonly name: EngineName;
  /** `ONNX Runtime on the CPU`. */
  readonly title: string;
  readonly format: ModelFiles["format"];
  readonly packageName: string;
  /** The one line that adds the runtime. */
  readonly install: string;
  /** Loads the runtime and computes something small. Never throws. */
  probe(): Promise<EngineStatus>;
  /**
   * Loads a model.
   *
   * @throws {@link InputError} when the runtime is missing or broken, or refuses the model
   */
  open(model: ModelFiles): Promise<Inference>;
  /** Absent where the engine cannot train yet. */
  openTraining?(network: Graph, weights: WeightSource, options: TrainingOptions): Promise<Training>;
}
