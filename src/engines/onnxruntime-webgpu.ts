import { spawn } from "node:child_process";
import { basename } from "node:path";
import { InputError } from "../base/input-error.ts";
import type { Engine } from "./engine.ts";
import { loadOnnxRuntime, ONNX_RUNTIME, openSession, probeOnnx } from "./onnx-session.ts";
import type { SessionChoice } from "./onnx-session.ts";
import { apiOf, locatePackage, reasonOf } from "./runtime.ts";

const TITLE = "ONNX Runtime's WebGPU provider";

const NO_ADAPTER_HELP = [
  "WebGPU needs a graphics driver: Vulkan on Linux, Metal on macOS, Direct3D 12 on Windows.",
  "In a container NVIDIA's driver brings Vulkan only with `NVIDIA_DRIVER_CAPABILITIES=all`.",
  "To check results without a GPU, SwiftShader computes in software: `VK_DRIVER_FILES=/path/to/vk_swiftshader_icd.json`.",
];

/**
 * ONNX Runtime's WebGPU provider. What it cannot run is refused: by itself ONNX Runtime would compute that on the CPU and
 * say nothing. It can end the whole process when it meets its own limits, so run it in one of its own where that matters.
 */
export const onnxruntimeWebgpu: Engine = {
  name: "onnxruntime-webgpu",
  title: "ONNX Runtime on WebGPU",
  format: "onnx",
  packageName: ONNX_RUNTIME.packageName,
  install: ONNX_RUNTIME.install,
  // The runtime keeps the adapter's name to itself; a driver that was chosen by hand is known.
  probe: async () =>
    probeOnnx(onnxruntimeWebgpu, () => {
      const chosen = process.env["VK_DRIVER_FILES"] ?? process.env["VK_ICD_FILENAMES"];
      const isSoftware = chosen !== undefined && /swiftshader/i.test(chosen);
      return { device: chosen ? `WebGPU, Vulkan driver ${basename(chosen)}` : "WebGPU", notes: isSoftware ? ["SwiftShader computes on the CPU and slowly: right for checks, not for work."] : [] };
    }),
  open: async (model) => openSession(apiOf(loadOnnxRuntime(), ONNX_RUNTIME), model, PROVIDER),
  async openTraining(network, weights, options) {
    const { openStep, portableForm } = await import("./onnx-step.ts");
    return openStep(apiOf(loadOnnxRuntime(), ONNX_RUNTIME), network, weights, options, portableForm(network, options), PROVIDER);
  },
};

/** What it cannot run it refuses, instead of handing it to the CPU. */
const PROVIDER: SessionChoice = { title: TITLE, options: { executionProviders: ["webgpu"], extra: { session: { disable_cpu_ep_fallback: "1" } } }, explain };

async function explain(error: unknown, model: Uint8Array): Promise<InputError | undefined> {
  const message = error instanceof Error ? error.message : String(error);
  if (/adapter/i.test(message)) return new InputError("no WebGPU adapter", { help: NO_ADAPTER_HELP });
  if (/backend not found|not available|not supported.*webgpu|webgpu.*not supported/i.test(message)) {
    return new InputError(`this build of ONNX Runtime has no WebGPU for ${process.platform} ${process.arch}`, { notes: [reasonOf(error)] });
  }
  if (!/fallback to CPU EP has been explicitly disabled/.test(message)) return undefined;
  const operators = await operatorsLeft(model);
  return new InputError(`${TITLE} cannot run all of this model`, {
    notes: [operators.length > 0 ? `it has no kernel for ${listed(operators)}` : "it does not say which operators it lacks"],
    help: ["The engine `onnxruntime` (the CPU) runs them."],
  });
}

/**
 * The operators that would go to the CPU, as `Sign (layer1.sign)`. The error does not name them, the runtime's log does,
 * and that goes to the standard error of its process: another process loads the model again for it.
 */
async function operatorsLeft(model: Uint8Array): Promise<readonly string[]> {
  const script = `
    const { InferenceSession } = require(process.argv[1]);
    const parts = [];
    process.stdin.on("data", (part) => parts.push(part)).on("end", () => {
      const end = () => process.exit(0);
      InferenceSession.create(Buffer.concat(parts), { executionProviders: ["webgpu"], logSeverityLevel: 1, extra: { session: { disable_cpu_ep_fallback: "1" } } }).then(end, end);
    });`;
  const child = spawn(process.execPath, ["-e", script, locatePackage(ONNX_RUNTIME.packageName)], { stdio: ["pipe", "ignore", "pipe"], timeout: 60_000 });
  const found = new Set<string>();
  let rest = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [, operator, node] = /kernel not found in registries for Op type: (\S+) node name: (\S*)/.exec(line) ?? [];
      if (operator !== undefined) found.add(node ? `${operator} (${node})` : operator);
    }
  });
  // A process that ends before it has read everything has said what it could.
  child.stdin.on("error", () => undefined);
  child.stdin.end(model);
  await new Promise<void>((resolve) => void child.once("close", resolve).once("error", () => resolve()));
  return [...found];
}

function listed(operators: readonly string[]): string {
  const shown = operators.slice(0, 8).join(", ");
  return operators.length > 8 ? `${shown} and ${operators.length - 8} more` : shown;
}
