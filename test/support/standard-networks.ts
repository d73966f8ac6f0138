import * as ort from "onnxruntime-node";
import { listNetworks, openWeights, standardLibrary, standardProgram, writeSafetensors } from "../../src/index.ts";
import type { Graph, NetworkEntry, WeightSource } from "../../src/index.ts";
import { calibrate } from "../../src/program/calibrate.ts";
import { memoryFile } from "./byte-source.ts";
import { bytesOf } from "./compiled.ts";
import { noise, uniformOf } from "./graphs.ts";
import { networkIn, standardNetwork } from "./networks.ts";
import type { ImageTensor } from "./tfjs.ts";

export interface StandardNetwork {
  readonly module: string;
  readonly name: string;
  /** Values for what the network leaves to its user. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Values for parameters without a default; a network of the library that is not here and needs some is a mistake of this table. */
const REQUIRED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Backbone: { unit: "basic", depths: "[1, 1, 1, 1]" },
  CifarPlain: { n: "2" },
  CifarPlainOfDepth: { depth: "14" },
  CifarResNet: { n: "2" },
  CifarResNetOfDepth: { depth: "14" },
  CifarResNeXt: { n: "1", unit: "bottleneck(groups=8, base=16)" },
  DilatedResNet: { depths: "[1, 1, 2, 1]" },
  ImageNetResNet: { unit: "bottleneck", depths: "[1, 1, 1, 1]" },
  PreActCifar: { n: "2" },
  PreActResNet: { unit: "preact", depths: "[1, 1, 1, 1]" },
  ScoreMap: { unit: "basic", depths: "[1, 1, 1, 1]" },
  StochasticDepth: { n: "2" },
  VGG: { repeats: "[1, 1, 2, 2, 2]" },
  VGGScoreMap: { repeats: "[1, 1, 1, 1, 1]" },
  WRN: { depth: "10", k: "2" },
};

/** Every network that the standard library declares. */
export function standardNetworks(): readonly StandardNetwork[] {
  return [...standardLibrary].flatMap(([module, tree]) => listNetworks(standardProgram(tree)).map((entry) => ({ module, name: entry.name, settings: settingsOf(entry) })));
}

function settingsOf({ name, open }: NetworkEntry): Readonly<Record<string, string>> {
  if (open.length === 0) return {};
  const given = REQUIRED[name];
  if (given === undefined) throw new Error(`${name} needs ${open.map((each) => each.name).join(", ")}, and this table has no values for it`);
  return given;
}

/** Networks whose parts or rules fix the size of their images. */
const OWN_SIZE: ReadonlySet<string> = new Set(["Ensemble6", "VGGScoreMap", "VGG16ScoreMap", "VGG19ScoreMap", "InceptionV1Auxiliary", "GoogLeNetAuxiliary"]);
/** Five halvings, and no map at the end: the least that they take. */
const HALVED_TO_ONE: ReadonlySet<string> = new Set(["VGG", "VGG16", "VGG19"]);

const FULL_SIDE = 224;

/** The side of square images on which answers are cheap. */
export function smallSide({ name, settings }: StandardNetwork): number {
  if (OWN_SIZE.has(name)) return FULL_SIDE;
  const side = ownSide(standardNetwork(name, settings)) ?? FULL_SIDE;
  return Math.min(side, HALVED_TO_ONE.has(name) ? 32 : 64);
}

/** The side of a network's own images, and 224 where it takes any. */
export function fullSide({ name, settings }: StandardNetwork): number {
  return ownSide(standardNetwork(name, settings)) ?? FULL_SIDE;
}

/** The side of a network's own images; absent where it takes any. */
function ownSide(graph: Graph): number | undefined {
  const size = graph.inputs[0]?.type.shape[2];
  return typeof size === "number" ? size : undefined;
}

/** The network for square images of this side, the batch open or given. An alias restates an input that has a fixed size. */
export async function networkAt({ module, name, settings }: StandardNetwork, side: number, batch?: number): Promise<Graph> {
  const options = batch === undefined ? { settings } : { settings, sizes: [[batch, 3, side, side]] };
  const own = standardNetwork(name, settings);
  const fixed = ownSide(own);
  if (fixed === undefined || fixed === side) return batch === undefined ? own : standardNetwork(name, settings, options.sizes);
  const text = `use ${module} { ${name} }\nnetwork Resized = ${name} { input image: float32[N, 3, ${side}, ${side}] }\n`;
  return networkIn(text, "Resized", options);
}

/** Calibrated weights as a safetensors file in memory, so that each target reads them the way a user's file is read. */
export async function calibratedFile(graph: Graph, options: { readonly seed?: number; readonly shift?: number } = {}): Promise<WeightSource> {
  const { seed = 0, shift = 0.7 } = options;
  const source = await calibrate(graph, { version: "0.0.0", seed, shift, run: async (model, inputs, outputs) => (await runOnnx(await bytesOf(model), [inputs], outputs))[0]! });
  const { size, chunks } = writeSafetensors(graph.parameters, source);
  return openWeights(memoryFile(await bytesOf({ path: "", sizeInBytes: size, chunks }), "calibrated.safetensors"));
}

/** Noise for every input of a network, one example; open sizes become `height` and `width`. */
export function exampleOf(graph: Graph, height: number, width = height, seed = 11): Readonly<Record<string, ImageTensor>> {
  const next = uniformOf(seed);
  return Object.fromEntries(
    graph.inputs.map(({ name, type }) => {
      const shape = type.shape.map((size, axis) => (typeof size === "number" ? size : axis === 0 ? 1 : axis === 2 ? height : width));
      return [name, { shape, data: Float32Array.from(noise(shape, next).data) }];
    }),
  );
}

/** What ONNX Runtime answers on the CPU to one example after the other. */
export async function runOnnx(model: Uint8Array, examples: readonly Readonly<Record<string, ImageTensor>>[], outputs?: readonly string[]): Promise<readonly Readonly<Record<string, ImageTensor>>[]> {
  // To load a deep network takes longer with its optimizations than to run it a few times without.
  const session = await ort.InferenceSession.create(model, { graphOptimizationLevel: "disabled", logSeverityLevel: 3 });
  try {
    const answers: Readonly<Record<string, ImageTensor>>[] = [];
    for (const example of examples) {
      const feeds = Object.fromEntries(Object.entries(example).map(([name, { data, shape }]) => [name, new ort.Tensor("float32", data, [...shape])]));
      const results = await session.run(feeds, outputs ?? session.outputNames);
      answers.push(Object.fromEntries(Object.entries(results).map(([name, { data, dims }]) => [name, { data: data as Float32Array, shape: dims.map(Number) }])));
    }
    return answers;
  } finally {
    await session.release();
  }
}

/** The largest difference as a part of the largest magnitude of the second; infinite where shapes differ or ours is no number. */
export function apart(ours: ImageTensor, theirs: ImageTensor): number {
  if (ours.shape.join() !== theirs.shape.join() || theirs.data.length === 0) return Infinity;
  let largest = 0;
  let most = 0;
  theirs.data.forEach((value, index) => {
    largest = Math.max(largest, Math.abs(value));
    const difference = Math.abs(value - (ours.data[index] ?? Number.NaN));
    most = Number.isFinite(difference) ? Math.max(most, difference) : Infinity;
  });
  return largest > 0 ? most / largest : Infinity;
}
