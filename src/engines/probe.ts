import { emitOnnx } from "../backends/onnx/index.ts";
import { emitTfjs } from "../backends/tfjs/index.ts";
import { InputError, inOneSentence } from "../base/input-error.ts";
import { NO_FACTS } from "../ir/dim.ts";
import { createGraphBuilder } from "../ir/graph.ts";
import type { Graph } from "../ir/graph.ts";
import { seededWeights } from "../weights/seeded.ts";
import type { Engine, EngineStatus, ModelFiles } from "./engine.ts";
import { reasonOf } from "./runtime.ts";

type Works = Extract<EngineStatus, { readonly kind: "works" }>;

/**
 * Runs a 3x3 convolution of ones over ones: the operator whose libraries (oneDNN, cuDNN, shaders) fail first where
 * something does not fit, and whose answers are known: how many of the nine places lie inside the image.
 */
export async function probeWith(engine: Pick<Engine, "format" | "open">, works: () => Works): Promise<EngineStatus> {
  try {
    const inference = await engine.open(sampleModel(engine.format));
    try {
      const [output] = await inference.run([{ data: new Float32Array(16).fill(1), shape: [1, 1, 4, 4] }]);
      const expected = [4, 6, 6, 4, 6, 9, 9, 6, 6, 9, 9, 6, 4, 6, 6, 4];
      const right = output?.data.length === 16 && expected.every((value, index) => Math.abs(value - (output.data[index] ?? Number.NaN)) < 1e-3);
      return right ? works() : { kind: "broken", reason: `it computes a convolution wrongly: ${[...(output?.data ?? [])].slice(0, 8).join(", ")} …`, help: [] };
    } finally {
      await inference.close();
    }
  } catch (error) {
    if (error instanceof InputError) return { kind: "broken", reason: inOneSentence(error), help: error.help };
    return { kind: "broken", reason: reasonOf(error), help: [] };
  }
}

function sampleModel(format: ModelFiles["format"]): ModelFiles {
  const graph = sampleGraph();
  const weights = seededWeights(graph.parameters, { seed: 0 });
  const emit = format === "onnx" ? emitOnnx : emitTfjs;
  return { format, files: emit(graph, weights, { version: "probe" }) };
}

function sampleGraph(): Graph {
  const builder = createGraphBuilder();
  const type = { dtype: "float32", shape: [1, 1, 4, 4] } as const;
  const image = builder.input("image", type);
  const weight = builder.parameter({ name: "conv.weight", role: "weight", shape: [1, 1, 3, 3], initializer: { kind: "constant", value: 1 } });
  const attributes = { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], pads: [1, 1, 1, 1], groups: 1, channels: 1, bias: false };
  const node = builder.node({ op: "conv", name: "conv", attributes, inputs: [image, weight.value], types: [type] });
  return builder.finish({
    name: "Probe",
    outputs: node.outputs.map((value) => ({ name: "output", value })),
    symbols: [],
    facts: NO_FACTS,
    assumptions: [],
    instance: undefined,
  });
}
