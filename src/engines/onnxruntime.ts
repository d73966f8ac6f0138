import { availableParallelism } from "node:os";
import type { Engine } from "./engine.ts";
import { loadOnnxRuntime, ONNX_RUNTIME, openSession, probeOnnx } from "./onnx-session.ts";
import { apiOf } from "./runtime.ts";

/** ONNX Runtime's own kernels on the processor. */
export const onnxruntime: Engine = {
  name: "onnxruntime",
  title: "ONNX Runtime on the CPU",
  format: "onnx",
  packageName: ONNX_RUNTIME.packageName,
  install: ONNX_RUNTIME.install,
  probe: async () => probeOnnx(onnxruntime, () => ({ device: `CPU, ${availableParallelism()} cores` })),
  async open(model) {
    return openSession(apiOf(loadOnnxRuntime(), ONNX_RUNTIME), model, { title: "ONNX Runtime", options: { executionProviders: ["cpu"] } });
  },
  async openTraining(network, weights, options) {
    const { openOnnxTraining } = await import("./onnx-training.ts");
    return openOnnxTraining(apiOf(loadOnnxRuntime(), ONNX_RUNTIME), network, weights, options);
  },
};
