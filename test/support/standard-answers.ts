import { compileOnnx, compileTfjs, InputError, summarize } from "../../src/index.ts";
import type { Graph, WeightSource } from "../../src/index.ts";
import { calibrationShift } from "../../src/verify/calibration.ts";
import { bytesOf } from "./compiled.ts";
import { apart, calibratedFile, exampleOf, networkAt, runOnnx } from "./standard-networks.ts";
import type { StandardNetwork } from "./standard-networks.ts";
import { classesOf, elementsOf, loadTf, openFiles, predict } from "./tfjs.ts";
import type { ImageTensor } from "./tfjs.ts";

/** A network to be answered by two runtimes, on square images. */
export interface Question {
  readonly network: StandardNetwork;
  readonly side: number;
}

/** Elements: of everything, of what is trained, of what is not. */
export type Counts = Readonly<Record<"all" | "trained" | "kept", number>>;

export interface Answer {
  readonly kind: "answered";
  /** The package of TensorFlow.js that answered. */
  readonly flavour: string;
  /** The greatest difference of an output from ONNX Runtime's, as a part of the greatest magnitude of that. */
  readonly apart: number;
  readonly images: number;
  /** What the model counts, and what the network does. */
  readonly counts: Counts;
  readonly expected: Counts;
  /** The model's declared outputs as channels first, with -1 for what is open. */
  readonly declared: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[])[];
  /** Layers whose class is not one of TensorFlow.js's own. */
  readonly strangers: readonly string[];
  readonly seconds: number;
}

export type Outcome = Answer | { readonly kind: "refused"; readonly reasons: string } | { readonly kind: "skipped"; readonly reason: string } | { readonly kind: "failed"; readonly error: string };

/** In plain JavaScript a network of more multiply-adds than this would take minutes. */
const MOST_MACS_IN_JAVASCRIPT = 60e6;

/** Writes a network for both runtimes with the same calibrated weights, and holds what they say side by side. */
export async function answer({ network, side }: Question): Promise<Outcome> {
  const began = performance.now();
  try {
    const graph = await networkAt(network, side);
    const reasons = refusal(graph);
    if (reasons !== undefined) return { kind: "refused", reasons };
    const { tf, flavour, reason = "" } = await loadTf();
    // Two examples of a large image have positions enough for statistics.
    const measured = await networkAt(network, side, side >= 112 ? 2 : 8);
    const macs = summarize(await networkAt(network, side, 1)).macs ?? 0;
    if (flavour === "tfjs" && macs > MOST_MACS_IN_JAVASCRIPT) return { kind: "skipped", reason: `too large for TensorFlow.js in plain JavaScript, and tfjs-node does not load: ${reason}` };
    const weights = await calibratedFile(measured, { shift: calibrationShift(graph) });
    // A network whose sizes are open answers a second image, which is no square.
    const examples = [exampleOf(graph, side), ...(graph.symbols.length > 1 ? [exampleOf(graph, side + 32, side + 64)] : [])];
    const theirs = await runOnnx(await onnxOf(graph, weights), examples);

    const model = await openFiles(tf, compileTfjs(graph, { version: "0", weights }).files);
    const ours: (readonly ImageTensor[])[] = [];
    for (const example of examples) ours.push(await predict(tf, model, graph.inputs.map(({ name }) => example[name]!)));
    const known = new Set(Object.keys(tf.serialization.SerializationMap.getMap().classNameMap));
    const { params, buffers } = summarize(graph);
    const found: Answer = {
      kind: "answered",
      flavour,
      apart: Math.max(...examples.flatMap((_, at) => graph.outputs.map(({ name }, index) => apart(ours[at]![index]!, theirs[at]![name]!)))),
      images: examples.length,
      counts: { all: model.countParams(), trained: elementsOf(model.trainableWeights), kept: elementsOf(model.nonTrainableWeights) },
      expected: { all: params + buffers, trained: params, kept: buffers },
      declared: model.outputs.map(({ shape }) => shape.map((size) => size ?? -1)).map(([batch = -1, ...rest]) => [batch, ...rest.slice(-1), ...rest.slice(0, -1)]),
      outputs: ours[0]!.map(({ shape }) => shape),
      strangers: [...classesOf(model)].filter((name) => !known.has(name)),
      seconds: (performance.now() - began) / 1000,
    };
    model.dispose();
    if (tf.memory().numTensors > 0) throw new Error(`${tf.memory().numTensors} tensors are left`);
    return found;
  } catch (error) {
    return { kind: "failed", error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

async function onnxOf(graph: Graph, weights: WeightSource): Promise<Uint8Array> {
  const [model] = compileOnnx(graph, { version: "0", weights }).files;
  return bytesOf(model!);
}

function refusal(graph: Graph): string | undefined {
  try {
    compileTfjs(graph, { version: "0" });
    return undefined;
  } catch (error) {
    if (error instanceof InputError) return error.notes.join("\n");
    throw error;
  }
}
