import { InputError } from "../base/input-error.ts";
import type { Engine } from "./engine.ts";
import { loadOnnxRuntime, ONNX_RUNTIME, openSession, probeOnnx } from "./onnx-session.ts";
import type { SessionChoice } from "./onnx-session.ts";
import { apiOf, reasonOf } from "./runtime.ts";

const TITLE = "ONNX Runtime's CUDA provider";
/** The package itself has no room for it: its installation downloads it. */
const INSTALL = "npm install onnxruntime-node --onnxruntime-node-install=cuda12";

/** ONNX Runtime's CUDA provider, on GPUs of NVIDIA: Linux x64, CUDA 12 and cuDNN 9. */
export const onnxruntimeCuda: Engine = {
  name: "onnxruntime-cuda",
  title: "ONNX Runtime on CUDA",
  format: "onnx",
  packageName: ONNX_RUNTIME.packageName,
  install: INSTALL,
  probe: async () => probeOnnx(onnxruntimeCuda, () => ({ device: "GPU (CUDA)" })),
  open: async (model) => openSession(apiOf(loadOnnxRuntime(), ONNX_RUNTIME), model, PROVIDER),
  async openTraining(network, weights, options) {
    const { openStep, portableForm } = await import("./onnx-step.ts");
    return openStep(apiOf(loadOnnxRuntime(), ONNX_RUNTIME), network, weights, options, portableForm(network, options), PROVIDER);
  },
};

/** Sizes are computed on the CPU by this provider itself, so that handing work over is not forbidden. */
const PROVIDER: SessionChoice = { title: TITLE, options: { executionProviders: ["cuda"] }, explain };

async function explain(error: unknown): Promise<InputError | undefined> {
  const reason = reasonOf(error);
  if (/backend not found|not available|not supported/i.test(reason)) return new InputError(`this build of ONNX Runtime has no CUDA for ${process.platform} ${process.arch}`, { notes: [reason] });
  if (/libcu|cudnn|cublas|CUDA (driver|failure)|no CUDA-capable/i.test(reason)) return new InputError(`${TITLE} finds no GPU of NVIDIA that it can use`, { notes: [reason], help: ["It needs NVIDIA's driver, CUDA 12 and cuDNN 9, in the folders where libraries are looked for (`LD_LIBRARY_PATH`)."] });
  if (/load shared library|providers_(shared|cuda)/i.test(reason)) return new InputError(`${TITLE} is not installed`, { notes: [reason], help: [`\`${INSTALL}\` downloads it; it needs CUDA 12 and cuDNN 9.`] });
  return undefined;
}
