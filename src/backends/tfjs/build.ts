import { gather } from "../../weights/gather.ts";
import type { WeightSource } from "../../weights/source.ts";
import { modelArtifacts } from "./index.ts";
import type { LayersModel } from "./layers-model.ts";
import { weightReader } from "./read-weight.ts";
import { sizeOf } from "./shards.ts";

/** What is needed of TensorFlow.js: `tf.loadLayersModel` of any flavour. `M` is its own type of a model. */
export interface LayersApi<M> {
  loadLayersModel(handler: { load(): Promise<LayersArtifacts> }): Promise<M>;
}

/** Artifacts as TensorFlow.js loads them, one buffer for each variable. */
export interface LayersArtifacts {
  readonly modelTopology: Readonly<Record<string, unknown>>;
  readonly format: string;
  readonly generatedBy: string;
  readonly convertedBy: null;
  readonly userDefinedMetadata: { readonly [key: string]: object };
  readonly weightSpecs: { name: string; shape: number[]; dtype: "float32" }[];
  readonly weightData: ArrayBuffer[];
}

/** Builds the model in the memory of a TensorFlow.js that is already loaded. */
export async function loadInto<M>(tf: LayersApi<M>, model: LayersModel, weights: WeightSource, version: string): Promise<M> {
  const read = weightReader(weights);
  const { weightSpecs, userDefinedMetadata, ...rest } = modelArtifacts(model, version);
  return tf.loadLayersModel({
    async load() {
      const weightData: ArrayBuffer[] = [];
      for (const weight of model.layers.flatMap((layer) => layer.weights)) {
        weightData.push((await gather(read(weight), sizeOf(weight))).buffer);
      }
      return {
        ...rest,
        userDefinedMetadata: { ...userDefinedMetadata },
        weightSpecs: weightSpecs.map(({ name, shape }) => ({ name, shape: [...shape], dtype: "float32" })),
        weightData,
      };
    },
  });
}
