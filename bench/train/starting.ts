/**
 * How long a training takes to begin: starting.ts NETWORK BATCH. Prints as JSON, in seconds, how long the portable and the blocked
 * step take to be written as bytes, and how long ONNX Runtime takes to make a session of each; the best of three.
 */
import { InferenceSession } from "onnxruntime-node";
import { blockedStep, findBlockedOperator } from "../../src/backends/onnx/blocked/index.ts";
import { emitOnnx } from "../../src/backends/onnx/index.ts";
import { bytesOf } from "../../src/engines/model-data.ts";
import { blockHere } from "../../src/engines/onnx-layout.ts";
import { loadOnnxRuntime, ONNX_RUNTIME } from "../../src/engines/onnx-session.ts";
import { apiOf } from "../../src/engines/runtime.ts";
import { trainingStep } from "../../src/passes/gradient.ts";
import { seededWeights } from "../../src/weights/seeded.ts";
import { standardNetwork } from "../../test/support/networks.ts";

const [, , name = "", batch = ""] = process.argv;
const network = standardNetwork(name);
const weights = seededWeights(network.parameters, { seed: 0 });
const options = { sizes: new Map([["N", Number(batch)]]), momentum: 0.9, weightDecay: 1e-4, decays: "weights" } as const;
const block = await blockHere(apiOf(loadOnnxRuntime(), ONNX_RUNTIME));
const forms = {
  portable: () => trainingStep(network, options),
  blocked: () => blockedStep(network, options, block)?.step,
};
const found: Record<string, { nodes: number; writing: number; session: number }> = {};
for (const [form, write] of Object.entries(forms)) {
  for (let round = 0; round < 3; round++) {
    const begun = performance.now();
    const step = write();
    if (step === undefined) throw new Error(`${name} has no ${form} form`);
    const [model] = emitOnnx(step.graph, weights, { version: "bench", externalData: false, findOperator: findBlockedOperator, provenance: form === "portable" });
    if (model === undefined) throw new Error("a step is a file");
    const bytes = await bytesOf(model);
    const written = performance.now();
    const session = await InferenceSession.create(bytes, { executionProviders: ["cpu"], graphOptimizationLevel: "disabled", logSeverityLevel: 4 });
    const opened = performance.now();
    await session.release();
    const before = found[form] ?? { writing: Infinity, session: Infinity };
    found[form] = { nodes: step.graph.nodes.length, writing: Math.min(before.writing, (written - begun) / 1000), session: Math.min(before.session, (opened - written) / 1000) };
  }
}
console.log(JSON.stringify(found));
