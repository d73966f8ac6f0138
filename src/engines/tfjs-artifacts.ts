import { InputError } from "../base/input-error.ts";
import type { ModelFiles } from "./engine.ts";
import { bytesOf } from "./model-data.ts";
import type { TensorFlow } from "./tfjs-inference.ts";

type Artifacts = Awaited<ReturnType<NonNullable<Exclude<Parameters<TensorFlow["loadLayersModel"]>[0], string>["load"]>>>;

/** What a `model.json` holds, as far as it is looked at here; TensorFlow.js itself checks the rest. */
interface ModelJson {
  readonly format?: unknown;
  readonly modelTopology?: unknown;
  readonly weightsManifest?: unknown;
  readonly userDefinedMetadata?: unknown;
}

type WeightsGroup = { readonly paths: readonly string[]; readonly weights: NonNullable<Artifacts["weightSpecs"]> };

/** The folder of a LayersModel as TensorFlow.js loads it. Every shard is read once, into a buffer of its own. */
export async function readArtifacts({ files }: ModelFiles): Promise<{ readonly artifacts: Artifacts; readonly outputNames: readonly string[] | undefined }> {
  const main = files.find(({ path }) => path.endsWith("model.json")) ?? files.find(({ path }) => path.endsWith(".json"));
  if (main === undefined) throw new InputError("a TensorFlow.js model has a file `model.json`, and there is none", { notes: files.slice(0, 8).map(({ path }) => path) });
  const json = parse(new TextDecoder().decode(await bytesOf(main)), main.path);
  const { format, modelTopology, weightsManifest, userDefinedMetadata } = json;
  if (format === "graph-model") {
    throw new InputError(`\`${main.path}\` is a graph model, and this needs a LayersModel`, { help: ["Convert it again with `--output_format=tfjs_layers_model`."] });
  }
  if (!isObject(modelTopology) || !Array.isArray(weightsManifest) || !weightsManifest.every(isGroup)) {
    throw new InputError(`\`${main.path}\` is no LayersModel: it needs \`modelTopology\` and \`weightsManifest\``);
  }
  const folder = main.path.slice(0, main.path.lastIndexOf("/") + 1);
  const weightData: ArrayBuffer[] = [];
  for (const path of weightsManifest.flatMap(({ paths }) => paths)) {
    const shard = files.find((file) => file.path === `${folder}${path}`);
    if (shard === undefined) throw new InputError(`\`${main.path}\` names \`${path}\`, and there is no such file beside it`);
    weightData.push((await bytesOf(shard)).buffer);
  }
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  return { artifacts: { modelTopology, format: "layers-model", weightSpecs, weightData }, outputNames: outputNamesIn(userDefinedMetadata) };
}

/** Outputs have names in `.resnet`; in a LayersModel they are those of layers. */
function outputNamesIn(metadata: unknown): readonly string[] | undefined {
  const own = isObject(metadata) ? metadata["rnc"] : undefined;
  const names = isObject(own) ? own["outputs"] : undefined;
  return Array.isArray(names) && names.every((name): name is string => typeof name === "string") ? names : undefined;
}

function parse(text: string, path: string): ModelJson {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new InputError(`\`${path}\` is not JSON, or no object`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isGroup(value: unknown): value is WeightsGroup {
  return isObject(value) && Array.isArray(value["paths"]) && value["paths"].every((path) => typeof path === "string") && Array.isArray(value["weights"]);
}
