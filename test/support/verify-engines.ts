import { onnxruntime } from "../../src/engines/onnxruntime.ts";
import { tfjsNode } from "../../src/engines/tfjs-node.ts";
import { tfjs } from "../../src/engines/tfjs.ts";
import type { Engine } from "../../src/engines/engine.ts";
import type { RunningEngine } from "../../src/verify/subject.ts";

async function runningIfItWorks(engine: Engine): Promise<RunningEngine | undefined> {
  const status = await engine.probe();
  return status.kind === "works" ? { name: engine.name, format: engine.format, version: status.version, device: status.device, open: engine.open } : undefined;
}

/** ONNX Runtime, and TensorFlow.js on libtensorflow, or in plain JavaScript where that does not load; in this process. */
export async function testEngines(): Promise<{ readonly onnx: RunningEngine; readonly layers: RunningEngine }> {
  const onnx = await runningIfItWorks(onnxruntime);
  const layers = (await runningIfItWorks(tfjsNode)) ?? (await runningIfItWorks(tfjs));
  if (!onnx || !layers) throw new Error("onnxruntime-node and @tensorflow/tfjs are needed; `npm ci` installs both");
  return { onnx, layers };
}
