import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import onnxProto from "onnx-proto";
import * as ort from "onnxruntime-node";
import { emitOnnx } from "../../src/backends/onnx/index.ts";
import type { OnnxOptions } from "../../src/backends/onnx/index.ts";
import { writeEmittedFiles } from "../../src/cli/write-files.ts";
import type { Graph } from "../../src/ir/graph.ts";
import type { WeightSource } from "../../src/weights/source.ts";
import type { Tensor } from "./interpreter/tensor.ts";
import { tensor } from "./interpreter/tensor.ts";
import { collect } from "./weight-values.ts";

/** Tensors of a test as weights, in chunks of odd sizes so that nothing leans on whole tensors. */
export function weightsOf(feeds: Readonly<Record<string, Tensor>>): WeightSource {
  return {
    description: "the test's tensors",
    names: () => Object.keys(feeds),
    info: (name) => feeds[name] && { name, dtype: "F32", shape: feeds[name].shape },
    async *read(name, axes) {
      if (axes) throw new Error("ONNX keeps the layout of PyTorch");
      const bytes = new Uint8Array(Float32Array.from(feeds[name]!.data).buffer);
      const room = new Uint8Array(28);
      for (let start = 0; start < bytes.length; start += 28) {
        const part = bytes.subarray(start, start + 28);
        room.set(part);
        yield room.subarray(0, part.length);
        room.fill(255);
      }
    },
  };
}

/** The model in one file, and what another reader makes of it. */
export async function emitted(graph: Graph, weights: WeightSource, options: Partial<OnnxOptions> = {}): Promise<{ readonly bytes: Uint8Array; readonly model: onnxProto.onnx.ModelProto }> {
  const files = emitOnnx(graph, weights, { version: "1.2.3", ...options });
  const bytes = await collect(files[0]!.chunks());
  if (bytes.length !== files[0]!.sizeInBytes) throw new Error(`${bytes.length} bytes came, ${files[0]!.sizeInBytes} were said`);
  return { bytes, model: onnxProto.onnx.ModelProto.decode(bytes) };
}

/** Writes a model to a folder of its own, gives its path to `use`, and takes the folder away. */
export async function withModelFile<T>(graph: Graph, weights: WeightSource, options: Partial<OnnxOptions>, use: (path: string) => Promise<T> | T): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "rnc-onnx-"));
  try {
    const path = join(folder, "net.onnx");
    await writeEmittedFiles(emitOnnx(graph, weights, { version: "1.2.3", dataName: "net.onnx.data", ...options }), path);
    return await use(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a model of ours, from bytes or a path, on one thread of ONNX Runtime. */
export async function runModel(model: Uint8Array | string, inputs: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
  const options = { intraOpNumThreads: 1, logSeverityLevel: 3 } as const;
  const session = typeof model === "string" ? await ort.InferenceSession.create(model, options) : await ort.InferenceSession.create(model, options);
  try {
    const given = session.inputNames.map((name) => [name, new ort.Tensor("float32", Float32Array.from(inputs[name]!.data), [...inputs[name]!.shape])] as const);
    const results = await session.run(Object.fromEntries(given));
    return Object.fromEntries(session.outputNames.map((name) => [name, tensor([...results[name]!.dims], results[name]!.data as Float32Array)]));
  } finally {
    await session.release();
  }
}
