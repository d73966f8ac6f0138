/**
 * Answers of a small residual network, for a seeded image: `tsx webgpu-network.ts cpu|webgpu`. WebGPU may hand no node back
 * to the CPU: the session is refused then. A process of its own, because the environment of WebGPU is read when it starts.
 */
import * as ort from "onnxruntime-node";
import { compiled } from "./compiled.ts";
import { noise, uniformOf } from "./graphs.ts";
import { standardNetwork } from "./networks.ts";

const provider = process.argv[2] ?? "cpu";
const session = await ort.InferenceSession.create(await compiled(standardNetwork("ResNet8")), {
  executionProviders: [provider],
  logSeverityLevel: 3,
  ...(provider === "cpu" ? {} : { extra: { session: { disable_cpu_ep_fallback: "1" } } }),
});
const image = Float32Array.from(noise([1, 3, 32, 32], uniformOf(7)).data);
const results = await session.run({ [session.inputNames[0]!]: new ort.Tensor("float32", image, [1, 3, 32, 32]) });
console.log(JSON.stringify([...(results[session.outputNames[0]!]!.data as Float32Array)]));
await session.release();
