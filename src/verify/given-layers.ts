import { layerName } from "../backends/tfjs/lower.ts";
import { InputError } from "../base/input-error.ts";
import type { EmittedFile } from "../backends/backend.ts";
import type { Graph, Value } from "../ir/graph.ts";
import { checkRelativePath } from "../weights/files-beside.ts";
import { checkSizes, emittedFrom, matched } from "./given.ts";
import type { Declared, GivenFile } from "./given.ts";
import type { RunningEngine, Subject } from "./subject.ts";

/** More than this is no list of layers. */
const LARGEST_JSON = 256 << 20;

type Json = Readonly<Record<string, unknown>>;

/** A tensor of a layer in a functional model: its layer, the use of it, and which of its results. */
type TensorPlace = readonly [layer: string, use: number, index: number];

/** A model of layers with names for its inputs and outputs; anything else runs as it is, and shows nothing. */
interface FunctionalModel {
  readonly inputs: readonly Declared[];
  readonly outputs: readonly string[];
  readonly places: readonly TensorPlace[];
  /** Layers that are used once: their result has a place of its own. */
  readonly layers: ReadonlySet<string>;
  /** The same model with other outputs. */
  withOutputs(places: readonly TensorPlace[]): unknown;
}

/**
 * A TF.js model of the user's own beside a network: it runs as it is, and layers that bear the network's names are shown as
 * further outputs. Layers inside of nested models stay there.
 *
 * @throws {@link InputError} where it is no LayersModel, or inputs or outputs do not fit
 */
export async function givenLayers(graph: Graph, file: GivenFile, engine: RunningEngine, shapes: readonly (readonly number[])[]): Promise<Subject> {
  const { path, bytes } = file;
  const { json, shards, moved } = await readFiles(file);
  const model = functional(json);
  const own = moved ? textFile("model.json", JSON.stringify(json)) : emittedFrom(bytes, "model.json");
  if (model === undefined) {
    const inOrder = (all: readonly unknown[]): readonly number[] => all.map((_, index) => index);
    return {
      name: path,
      path,
      engine,
      remarks: ["its inputs and outputs have no names that could be read, and are matched by position; its layers cannot be shown"],
      shows: () => false,
      show: () => ({ model: { format: "tfjs", files: [own, ...shards] }, inputs: inOrder(graph.inputs), outputs: inOrder(graph.outputs), at: new Map() }),
    };
  }
  const about = { path, network: graph.name };
  const outputs = matched(graph.outputs.map(({ name }) => name), model.outputs, { ...about, what: "output" });
  const inputs = matched(graph.inputs.map(({ name }) => layerName(name)), model.inputs.map(({ name }) => name), { ...about, what: "input" });
  const inputOf = model.inputs.map((_, index) => inputs.indices.indexOf(index));
  checkSizes(graph, model.inputs, inputOf, shapes, path);
  const outputOf = new Map(graph.outputs.map(({ value }, index) => [value, outputs.indices[index] ?? -1]));
  return {
    name: path,
    path,
    engine,
    remarks: [inputs.remark, outputs.remark].filter((remark) => remark !== undefined),
    shows: (value) => outputOf.has(value) || model.layers.has(layerName(value.name)),
    show(values) {
      const at = new Map<Value, number>();
      const places = [...model.places];
      for (const value of values) {
        const name = layerName(value.name);
        const known = outputOf.get(value) ?? places.findIndex(([layer]) => layer === name);
        if (known >= 0) at.set(value, known);
        else if (model.layers.has(name)) at.set(value, places.push([name, 0, 0]) - 1);
      }
      const main = places.length === model.places.length ? own : textFile("model.json", JSON.stringify(model.withOutputs(places)));
      return { model: { format: "tfjs", files: [main, ...shards] }, inputs: inputOf, outputs: outputs.indices, at };
    },
  };
}

function functional(json: Json): FunctionalModel | undefined {
  const topology = isObject(json["modelTopology"]) ? json["modelTopology"] : undefined;
  // Converters of Keras put the model into `model_config`.
  const holder = isObject(topology?.["model_config"]) ? topology["model_config"] : topology;
  const config = isObject(holder?.["config"]) ? holder["config"] : undefined;
  const layers = config?.["layers"];
  const places = placesIn(config?.["output_layers"]);
  const entrances = placesIn(config?.["input_layers"]);
  if (topology === undefined || holder === undefined || config === undefined || !Array.isArray(layers) || places === undefined || entrances === undefined) return undefined;
  const byName = new Map(layers.filter(isObject).map((layer) => [String(layer["name"]), layer]));
  const noted = isObject(json["userDefinedMetadata"]) && isObject(json["userDefinedMetadata"]["rnc"]) ? json["userDefinedMetadata"]["rnc"]["outputs"] : undefined;
  const names = Array.isArray(noted) && noted.length === places.length ? noted.map(String) : places.map(([layer]) => layer);
  const usedOnce = [...byName].filter(([, layer]) => Array.isArray(layer["inbound_nodes"]) && layer["inbound_nodes"].length === 1);
  return {
    inputs: entrances.map(([name]) => ({ name, ...shapeOf(byName.get(name)) })),
    outputs: names,
    places,
    layers: new Set(usedOnce.filter(([, layer]) => !isModel(layer)).map(([name]) => name)),
    withOutputs(all) {
      const changed = { ...holder, config: { ...config, output_layers: all } };
      return { ...json, modelTopology: holder === topology ? changed : { ...topology, model_config: changed } };
    },
  };
}

/** A nested model has layers of its own, and its result is that of one of them. */
const isModel = (layer: Json): boolean => isObject(layer["config"]) && Array.isArray(layer["config"]["layers"]);

function placesIn(value: unknown): readonly TensorPlace[] | undefined {
  const isPlace = (entry: unknown): entry is TensorPlace => Array.isArray(entry) && typeof entry[0] === "string" && typeof entry[1] === "number" && typeof entry[2] === "number";
  return Array.isArray(value) && value.length > 0 && value.every(isPlace) ? value : undefined;
}

/** `batch_input_shape` of an input layer, as channels first. */
function shapeOf(layer: Json | undefined): { readonly shape?: readonly (number | undefined)[] } {
  const config = isObject(layer?.["config"]) ? layer["config"] : undefined;
  const listed = config?.["batch_input_shape"];
  if (!Array.isArray(listed)) return {};
  const sizes = listed.map((size: unknown) => (typeof size === "number" ? size : undefined));
  return { shape: sizes.length < 3 ? sizes : [sizes[0], sizes[sizes.length - 1], ...sizes.slice(1, -1)] };
}

async function readJson({ bytes, path }: GivenFile): Promise<Json> {
  if (bytes.size > LARGEST_JSON) throw new InputError(`\`${path}\` is too large for a list of layers`);
  try {
    const json: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(await bytes.read(0, bytes.size)));
    if (isObject(json) && isObject(json["modelTopology"]) && json["format"] !== "graph-model") return json;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    throw new InputError(`\`${path}\` is damaged: it is not JSON`, { notes: [error.message] });
  }
  throw new InputError(`\`${path}\` is no LayersModel of TensorFlow.js`, { help: ["Give the `model.json` that `model.save` or `rnc compile --target tfjs` wrote, or its folder."] });
}

/** The list of layers and the files of weights; those in folders are moved beside it, as engines want them. */
async function readFiles(file: GivenFile): Promise<{ readonly json: Json; readonly shards: readonly EmittedFile[]; readonly moved: boolean }> {
  const { path } = file;
  const json = await readJson(file);
  const manifest = json["weightsManifest"];
  if (!Array.isArray(manifest)) throw new InputError(`\`${path}\` lists no weights: \`weightsManifest\` is missing`);
  const groups = manifest.map((group: unknown) => ({ ...(isObject(group) ? group : {}), paths: isObject(group) && Array.isArray(group["paths"]) ? group["paths"].map((name: unknown) => checkRelativePath(String(name), path)) : [] }));
  const moved = groups.some(({ paths }) => paths.some((name) => name.includes("/")));
  const shards: EmittedFile[] = [];
  const flat: unknown[] = [];
  for (const group of groups) {
    const names = group.paths.map((name, index) => (moved ? `weights-${shards.length + index + 1}.bin` : name));
    for (const [index, name] of group.paths.entries()) shards.push(emittedFrom(await file.beside(name), names[index] ?? name));
    flat.push({ ...group, paths: names });
  }
  return { json: moved ? { ...json, weightsManifest: flat } : json, shards, moved };
}

function textFile(path: string, text: string): EmittedFile {
  const bytes = new TextEncoder().encode(text);
  return {
    path,
    sizeInBytes: bytes.length,
    async *chunks() {
      yield bytes;
    },
  };
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
