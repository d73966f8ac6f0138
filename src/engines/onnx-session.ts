import type * as Onnx from "onnxruntime-node";
import { InputError } from "../base/input-error.ts";
import type { Engine, EngineStatus, Inference, ModelFiles } from "./engine.ts";
import { bytesOf, checkInputs } from "./model-data.ts";
import type { Runtime, Told } from "./runtime.ts";
import { loadPackage } from "./runtime.ts";

export type OnnxRuntime = typeof Onnx;

export const ONNX_RUNTIME: Told = { runtime: "ONNX Runtime", packageName: "onnxruntime-node", install: "npm install onnxruntime-node" };

/** Any version from 1.17 on should do; 1.30 is the one that is tested. */
export const loadOnnxRuntime = (): Runtime<OnnxRuntime> => loadPackage<OnnxRuntime>(ONNX_RUNTIME.packageName);

/** What an engine of ONNX Runtime is here; where it works, with what is told of its device. */
export async function probeOnnx(engine: Pick<Engine, "format" | "open">, told: () => { readonly device: string; readonly notes?: readonly string[] }): Promise<EngineStatus> {
  const runtime = loadOnnxRuntime();
  if (runtime.kind !== "loaded") return runtime;
  const { probeWith } = await import("./probe.ts");
  return probeWith(engine, () => ({ kind: "works", version: runtime.api.env.versions.node ?? "unknown", notes: [], ...told() }));
}

export interface SessionChoice {
  /** In messages: `ONNX Runtime`. */
  readonly title: string;
  readonly options: Onnx.InferenceSession.SessionOptions;
  /** A better message than the runtime's own, where there is one. */
  explain?(error: unknown, model: Uint8Array): Promise<InputError | undefined>;
}

/** Loads an ONNX model; the first of its files is the model, the others are what it refers to. */
export async function openSession({ InferenceSession, Tensor }: OnnxRuntime, { files }: ModelFiles, choice: SessionChoice): Promise<Inference> {
  const [model, ...data] = await Promise.all(files.map(bytesOf));
  if (model === undefined) throw new InputError("an ONNX model has at least one file");
  const externalData = data.map((bytes, index) => ({ path: files[index + 1]?.path ?? "", data: bytes }));
  // Its own lines on standard error say what its errors say again, and those reach the user.
  const options = { logSeverityLevel: 4, ...choice.options, ...(externalData.length > 0 ? { externalData } : {}) } as const;
  const session = await InferenceSession.create(model, options).catch(async (error: unknown) => {
    throw (await choice.explain?.(error, model)) ?? new InputError(`${choice.title} refuses this model`, { notes: [linesOf(error)] });
  });
  const { inputNames, outputNames } = session;
  return {
    inputs: inputNames,
    outputs: outputNames,
    async run(inputs) {
      checkInputs(inputNames, inputs);
      const feeds = Object.fromEntries(inputs.map(({ data: values, shape }, index) => [inputNames[index] ?? "", new Tensor("float32", values, [...shape])]));
      const results = await session.run(feeds).catch((error: unknown) => {
        throw new InputError(`${choice.title} could not run this model`, { notes: [linesOf(error)] });
      });
      return outputNames.map((name) => {
        const result = results[name];
        if (!(result?.data instanceof Float32Array)) throw new InputError(`\`${name}\` of this model is ${result?.type ?? "nothing"}, not float32`);
        return { data: result.data, shape: result.dims.map(Number) };
      });
    },
    close: async () => session.release(),
  };
}

/** All it says: the sizes that do not fit stand below the first line. */
export function linesOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().replace(/\s*\n\s*/g, "; ");
}
