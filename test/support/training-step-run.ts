/**
 * One training step of a small residual network on seeded noise: `tsx training-step-run.ts cpu|webgpu`. WebGPU may hand no
 * node back to the CPU: the session is refused then. A process of its own, because the environment of WebGPU is read when it starts.
 */
import * as ort from "onnxruntime-node";
import { compileTraining, openWeights } from "../../src/index.ts";
import { memoryFile } from "./byte-source.ts";
import { bytesOf } from "./compiled.ts";
import { noise, uniformOf } from "./graphs.ts";
import { networkIn } from "./networks.ts";
import { values } from "./weight-values.ts";

const BATCH = 2;
/** Strides, options A and B, a max pool, groups, squeeze and excitation, dropout and dropped branches. */
const NETWORK = `use std.blocks { se }
use std.shortcuts { A, B }
network Small {
  input image: float32[N, 3, 16, 16]
  conv(3x3, 8) -> bn -> relu -> maxpool(3x3, stride=2)
  residual(shortcut=A) { conv(3x3, 16, stride=2, groups=4) -> bn -> droppath(keep=0.8) } -> relu
  residual(shortcut=B) { conv(3x3, 24, stride=2) -> bn -> se(4) } -> relu
  globalavgpool -> dropout(0.2) -> fc: linear(4)
}
`;

const provider = process.argv[2] ?? "cpu";
const made = compileTraining(await networkIn(NETWORK, "Small"), { version: "0.0.0", batch: BATCH, labelSmoothing: 0.1, nesterov: true, decays: "all" });
const [model, state] = await Promise.all(made.files.map(bytesOf));
const session = await ort.InferenceSession.create(model!, {
  executionProviders: [provider],
  graphOptimizationLevel: "disabled",
  logSeverityLevel: 3,
  ...(provider === "cpu" ? {} : { extra: { session: { disable_cpu_ep_fallback: "1" } } }),
});
const source = await openWeights(memoryFile(state!, "state.safetensors"));
const next = uniformOf(7);
const feeds: Record<string, ort.Tensor> = {};
for (const { name, type } of made.step.graph.inputs) {
  const shape = type.shape as readonly number[];
  const known = source.info(name) === undefined ? undefined : await values(source, name);
  // Random numbers of masks are in [0, 1); momenta that are not zero, too.
  const given = known && !name.startsWith("momentum.") ? known : noise(shape, next).data.map((value) => (name.endsWith(".uniform") ? Math.abs(value) : value));
  feeds[name] = new ort.Tensor("float32", Float32Array.from(given), [...shape]);
}
feeds[made.step.labels] = new ort.Tensor("float32", Float32Array.from({ length: BATCH * 4 }, (_, index) => (index % 5 === 0 ? 1 : 0)), [BATCH, 4]);
feeds[made.step.learningRate] = new ort.Tensor("float32", [0.1], []);
const results = await session.run(feeds);
console.log(JSON.stringify(Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...(data as Float32Array)]]))));
await session.release();
