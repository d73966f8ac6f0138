import { emitOnnx } from "../backends/onnx/index.ts";
import { emitTfjs } from "../backends/tfjs/index.ts";
import { InputError } from "../base/input-error.ts";
import type { EngineName, Inference, ModelFiles } from "../engines/engine.ts";
import type { Graph, Value } from "../ir/graph.ts";
import { expose } from "../passes/expose.ts";
import type { WeightSource } from "../weights/source.ts";

/** An engine that works here. */
export interface RunningEngine {
  readonly name: EngineName;
  readonly format: ModelFiles["format"];
  readonly version: string;
  readonly device: string;
  open(model: ModelFiles): Promise<Inference>;
}

/** A model that shows values of the network, and how it fits to it. */
export interface Shown {
  readonly model: ModelFiles;
  /** Which of the network's inputs each of the model's is. */
  readonly inputs: readonly number[];
  /** Which of the model's outputs each of the network's is. */
  readonly outputs: readonly number[];
  /** Which of the model's outputs a value of the network is; what the model cannot show is missing. */
  readonly at: ReadonlyMap<Value, number>;
}

/** Something that should compute what the network says. */
export interface Subject {
  /** `tfjs-node`, or the path of the user's own model. */
  readonly name: string;
  readonly engine: RunningEngine;
  /** The path of a model that was given; absent for what is made from the network. */
  readonly path?: string;
  /** Sentences about how it was compared. */
  readonly remarks: readonly string[];
  /** True for values that the model can show. */
  shows(value: Value): boolean;
  /**
   * The model with these values of the network as further outputs; without any, it is the very model that users get.
   *
   * @throws {@link InputError} where the target cannot say the network
   */
  show(values: readonly Value[]): Shown;
}

/** The network's own model, in the format of an engine. */
export function ownSubject(graph: Graph, weights: WeightSource, engine: RunningEngine, version: string): Subject {
  const emit = engine.format === "onnx" ? emitOnnx : emitTfjs;
  const inOrder = (all: readonly unknown[]): readonly number[] => all.map((_, index) => index);
  return {
    name: engine.name,
    engine,
    remarks: [],
    shows: () => true,
    show(values) {
      const { graph: shown, at } = expose(graph, values);
      return { model: { format: engine.format, files: emit(shown, weights, { version }) }, inputs: inOrder(graph.inputs), outputs: inOrder(graph.outputs), at };
    },
  };
}

/** The network's own models for all of these engines; what a target cannot say is refused with the reason. */
export function ownSubjects(
  graph: Graph,
  weights: WeightSource,
  engines: readonly RunningEngine[],
  version: string,
): { readonly subjects: readonly Subject[]; readonly refused: readonly { readonly engine: RunningEngine; readonly error: InputError }[] } {
  const subjects: Subject[] = [];
  const refused: { readonly engine: RunningEngine; readonly error: InputError }[] = [];
  for (const engine of engines) {
    const subject = ownSubject(graph, weights, engine, version);
    try {
      subject.show([]);
      subjects.push(subject);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      refused.push({ engine, error });
    }
  }
  return { subjects, refused };
}
