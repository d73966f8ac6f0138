// TensorFlow.js, the fastest one that works here, and models in folders.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);

/** On a GPU, on the processor with a native library, in plain JavaScript. */
const PACKAGES = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node", "@tensorflow/tfjs"];

/** Loads the package that is wanted, or the first that works. */
export async function loadTensorFlow(wanted) {
  completeUtil();
  // Notices about the processor's features are no news; warnings still come.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
  const failures = [];
  for (const name of wanted === undefined ? PACKAGES : [wanted]) {
    try {
      const tf = require(name);
      await tf.setBackend(name === "@tensorflow/tfjs" ? "cpu" : "tensorflow");
      await tf.ready();
      if (failures.length > 0) console.log(failures.join("\n"));
      return { tf, name };
    } catch (error) {
      failures.push(`${name} does not work here: ${String(error.message).trim().split("\n")[0]}`);
    }
  }
  throw new Error(`there is no TensorFlow.js: run \`npm install\`\n${failures.join("\n")}`);
}

/** TensorFlow.js 4.22 calls two functions that Node.js 23 has no longer. */
function completeUtil() {
  const util = require("node:util");
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

/** Reads a LayersModel; plain TensorFlow.js has no files of its own. */
export async function readModel(tf, folder) {
  const { modelTopology, weightsManifest, userDefinedMetadata } = JSON.parse(readFileSync(join(folder, "model.json"), "utf8"));
  const parts = weightsManifest.flatMap(({ paths }) => paths).map((path) => readFileSync(join(folder, path)));
  const all = Buffer.concat(parts);
  const weightData = all.buffer.slice(all.byteOffset, all.byteOffset + all.byteLength);
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  const model = await tf.loadLayersModel({ load: async () => ({ modelTopology, weightSpecs, weightData, userDefinedMetadata }) });
  if (userDefinedMetadata) model.setUserDefinedMetadata(userDefinedMetadata);
  return model;
}

/** Writes a LayersModel. `model.json` changes at once, and names weights that are there. */
export async function saveModel(model, folder) {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "model.json");
  const before = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).weightsManifest[0].paths[0] : undefined;
  const weights = before === "weights-1.bin" ? "weights-2.bin" : "weights-1.bin";
  await model.save({
    async save({ modelTopology, weightSpecs, weightData, userDefinedMetadata }) {
      writeFileSync(join(folder, weights), Buffer.concat([weightData].flat().map((part) => Buffer.from(part))));
      const json = { modelTopology, format: "layers-model", userDefinedMetadata, weightsManifest: [{ paths: [weights], weights: weightSpecs }] };
      writeFileSync(`${path}.part`, JSON.stringify(json));
      renameSync(`${path}.part`, path);
      if (before !== undefined) rmSync(join(folder, before), { force: true });
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
    },
  });
}
