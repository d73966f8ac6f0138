import type { Engine } from "./engine.ts";
import { onnxruntimeCuda } from "./onnxruntime-cuda.ts";
import { onnxruntimeWebgpu } from "./onnxruntime-webgpu.ts";
import { onnxruntime } from "./onnxruntime.ts";
import { tfjsNodeGpu } from "./tfjs-node-gpu.ts";
import { tfjsNode } from "./tfjs-node.ts";
import { tfjs } from "./tfjs.ts";

/** Every engine, the first choice of each format first. Modules are light; a runtime is loaded when it is asked for. */
export const ENGINES: readonly Engine[] = [onnxruntime, onnxruntimeCuda, onnxruntimeWebgpu, tfjsNodeGpu, tfjsNode, tfjs];
