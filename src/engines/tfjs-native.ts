import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import type { Engine, EngineName } from "./engine.ts";
import type { Runtime, Told } from "./runtime.ts";
import { apiOf, loadPackage } from "./runtime.ts";
import { openLayersModel } from "./tfjs-inference.ts";
import type { Flavour, TensorFlow } from "./tfjs-inference.ts";

/** What the packages for Node.js add, as far as it is used. */
interface NativeBackend {
  readonly isUsingGpuDevice?: boolean;
  readonly binding?: { readonly TF_Version?: string };
}

interface NativeChoice {
  readonly name: EngineName;
  readonly title: string;
  readonly packageName: "@tensorflow/tfjs-node" | "@tensorflow/tfjs-node-gpu";
  /** What is worth knowing where it computes on the CPU. */
  readonly withoutGpu: readonly string[];
}

/** The package for Node.js this process has loaded. */
let loaded: string | undefined;

/** An engine whose TensorFlow.js may be used for more than inference. */
export interface NativeEngine extends Engine {
  /** @throws {@link InputError} when the package is missing or broken */
  loadTensorFlow(): Flavour;
}

/** TensorFlow.js on libtensorflow: one engine for each of the two packages. */
export function nativeEngine({ name, title, packageName, withoutGpu }: NativeChoice): NativeEngine {
  const told: Told = { runtime: `TensorFlow.js (${packageName})`, packageName, install: `npm install ${packageName}` };
  const engine: NativeEngine = {
    name,
    title,
    format: "tfjs",
    packageName,
    install: told.install,
    loadTensorFlow: () => ({ tf: apiOf(loadNative(packageName), told), backend: "tensorflow", title: told.runtime }),
    async probe() {
      const runtime = loadNative(packageName);
      if (runtime.kind !== "loaded") return runtime;
      const { probeWith } = await import("./probe.ts");
      return probeWith(engine, () => {
        const { version, backend } = runtime.api as TensorFlow & { readonly version: Readonly<Record<string, string>> };
        const { binding, isUsingGpuDevice = false } = backend() as unknown as NativeBackend;
        return {
          kind: "works",
          version: `${version["tfjs-node"] ?? version.tfjs}, libtensorflow ${binding?.TF_Version ?? "unknown"}`,
          device: isUsingGpuDevice ? "GPU (CUDA)" : `CPU, ${availableParallelism()} cores`,
          notes: isUsingGpuDevice ? [] : withoutGpu,
        };
      });
    },
    open: async (model) => openLayersModel(engine.loadTensorFlow(), model),
    async openTraining(network, weights, options) {
      const { openTfjsTraining } = await import("./tfjs-training.ts");
      return openTfjsTraining(engine.loadTensorFlow(), network, weights, options);
    },
  };
  return engine;
}

function loadNative(packageName: NativeChoice["packageName"]): Runtime<TensorFlow> {
  if (loaded !== undefined && loaded !== packageName) {
    return {
      kind: "broken",
      reason: `${loaded} is loaded in this process already, and both would be the backend \`tensorflow\``,
      help: ["Use one of them in a process."],
    };
  }
  completeUtil();
  // Its notices about processor features are no news to anybody; warnings and errors still come.
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  const runtime = loadPackage<TensorFlow>(packageName);
  if (runtime.kind === "loaded") loaded = packageName;
  else if (runtime.kind === "broken") forgetKernels();
  return runtime;
}

/**
 * TensorFlow.js 4.22 for Node.js calls two functions that Node 23 took out of `util`: without them every operator on a list
 * of tensors (concat, topk) fails. They are put back where they are missing. The fix in TensorFlow.js was never released.
 */
function completeUtil(): void {
  const util = createRequire(import.meta.filename)("node:util") as { isNullOrUndefined?: (value: unknown) => boolean; isArray?: (value: unknown) => boolean };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

/** A package that fails has registered its kernels before; the other one would warn of each that it is there already. */
function forgetKernels(): void {
  const core = loadPackage<TensorFlow>("@tensorflow/tfjs");
  if (core.kind !== "loaded") return;
  for (const { kernelName, backendName } of core.api.getKernelsForBackend("tensorflow")) core.api.unregisterKernel(kernelName, backendName);
}
