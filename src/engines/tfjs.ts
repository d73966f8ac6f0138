import type { Engine } from "./engine.ts";
import type { Told } from "./runtime.ts";
import { apiOf, loadPackage } from "./runtime.ts";
import { openLayersModel, useBackend } from "./tfjs-inference.ts";
import type { Flavour, TensorFlow } from "./tfjs-inference.ts";

const TOLD: Told = { runtime: "TensorFlow.js (@tensorflow/tfjs)", packageName: "@tensorflow/tfjs", install: "npm install @tensorflow/tfjs" };

/** TensorFlow.js in JavaScript alone, on one thread: runs everywhere, slowly. */
export const tfjs: Engine & { loadTensorFlow(): Promise<Flavour> } = {
  name: "tfjs",
  title: "TensorFlow.js in JavaScript",
  format: "tfjs",
  packageName: TOLD.packageName,
  install: TOLD.install,
  async probe() {
    const runtime = loadPackage<TensorFlow>(TOLD.packageName);
    if (runtime.kind !== "loaded") return runtime;
    const { probeWith } = await import("./probe.ts");
    return probeWith(tfjs, () => ({ kind: "works", version: runtime.api.version.tfjs, device: "CPU, 1 thread", notes: [] }));
  },
  open: async (model) => openLayersModel(await tfjs.loadTensorFlow(), model),
  async openTraining(network, weights, options) {
    const { openTfjsTraining } = await import("./tfjs-training.ts");
    return openTfjsTraining(await tfjs.loadTensorFlow(), network, weights, options);
  },
  async loadTensorFlow() {
    const flavour = { tf: apiOf(loadPackage<TensorFlow>(TOLD.packageName), TOLD), backend: "cpu", title: "TensorFlow.js" };
    useBackend(flavour);
    greetNobody(flavour.tf);
    return flavour;
  },
};

/**
 * With its first tensor this backend prints an advertisement for the packages for Node.js, where the flag `IS_NODE` is set;
 * whoever chose this engine knows. Only that tensor sees another flag, so that warnings stay.
 */
function greetNobody(tf: TensorFlow): void {
  const flags = tf.env();
  const isNode = flags.getBool("IS_NODE");
  flags.set("IS_NODE", false);
  try {
    tf.scalar(0).dispose();
  } finally {
    flags.set("IS_NODE", isNode);
  }
}
