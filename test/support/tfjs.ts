import { createRequire } from "node:module";
import type * as TF from "@tensorflow/tfjs";
import type { EmittedFile } from "../../src/index.ts";
import { bytesOf } from "./compiled.ts";

export type Tf = typeof TF;

/** A TensorFlow.js and which of its packages it is. */
export interface LoadedTf {
  readonly tf: Tf;
  readonly flavour: "tfjs-node" | "tfjs";
  /** Why it is not the faster one; absent where it is. */
  readonly reason?: string;
}

/** A row-major float32 tensor, channels first as everywhere in rnc. */
export interface ImageTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

let loaded: Promise<LoadedTf> | undefined;

/** TensorFlow.js on libtensorflow where that loads here, else in plain JavaScript. */
export function loadTf(): Promise<LoadedTf> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<LoadedTf> {
  const require = createRequire(import.meta.url);
  // Its news about the processor would stand between the tests.
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  try {
    const tf = require("@tensorflow/tfjs-node") as Tf;
    await tf.ready();
    return { tf, flavour: "tfjs-node" };
  } catch (error) {
    const [line = ""] = String(error).split("\n");
    return { tf: await plainTf(), flavour: "tfjs", reason: line };
  }
}

/** TensorFlow.js in plain JavaScript; it has no package to load. */
export async function plainTf(): Promise<Tf> {
  const tf = createRequire(import.meta.url)("@tensorflow/tfjs") as Tf;
  await tf.setBackend("cpu");
  return tf;
}

/** Opens the files of a model as `tf.loadLayersModel` finds them in a folder: `model.json`, and the shards that it names. */
export async function openFiles(tf: Tf, files: readonly EmittedFile[]): Promise<TF.LayersModel> {
  const [first, ...shards] = files;
  if (first?.path !== "model.json") throw new Error("model.json comes first");
  const model = JSON.parse(new TextDecoder().decode(await bytesOf(first))) as TF.io.ModelJSON;
  const buffers = new Map<string, ArrayBuffer>();
  for (const shard of shards) buffers.set(shard.path, (await bytesOf(shard)).buffer as ArrayBuffer);
  return tf.loadLayersModel({
    load: () =>
      tf.io.getModelArtifactsForJSON(model, async (manifest) => [
        tf.io.getWeightSpecs(manifest),
        manifest.flatMap(({ paths }) => paths.map((path) => buffers.get(path) ?? raise(`there is no ${path}`))),
      ]),
  });
}

/** Runs a model once; images go in and come out channels first. */
export async function predict(tf: Tf, model: TF.LayersModel, inputs: readonly ImageTensor[]): Promise<readonly ImageTensor[]> {
  const given = inputs.map(({ shape, data }) => tf.tidy(() => channelsMoved(tf.tensor(data, [...shape]), "last")));
  const results = [model.predict(given)].flat().map((tensor) => {
    const moved = tf.tidy(() => channelsMoved(tensor, "first"));
    tensor.dispose();
    return moved;
  });
  tf.dispose(given);
  const found: ImageTensor[] = [];
  for (const tensor of results) {
    found.push({ shape: tensor.shape, data: Float32Array.from(await tensor.data()) });
    tensor.dispose();
  }
  return found;
}

function channelsMoved(tensor: TF.Tensor, to: "first" | "last"): TF.Tensor {
  const { rank } = tensor;
  if (rank < 3) return tensor.clone();
  const spatial = Array.from({ length: rank - 2 }, (_, axis) => axis + (to === "last" ? 2 : 1));
  return tensor.transpose(to === "last" ? [0, ...spatial, 1] : [0, rank - 1, ...spatial]);
}

/** The classes of a model's layers, and of the models in it. */
export function classesOf(model: TF.LayersModel): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (layers: readonly TF.layers.Layer[]): void => {
    for (const layer of layers) {
      found.add(layer.getClassName());
      if ("layers" in layer) visit(layer.layers as TF.layers.Layer[]);
    }
  };
  visit(model.layers);
  return found;
}

/** Elements of variables. */
export function elementsOf(variables: readonly TF.LayerVariable[]): number {
  return variables.reduce((sum, { shape }) => sum + shape.reduce<number>((product, size) => product * (size ?? 1), 1), 0);
}

function raise(message: string): never {
  throw new Error(message);
}
