import { dirname, join } from "node:path";
import type { EmittedFile } from "../../backends/backend.ts";
import { InputError } from "../../base/input-error.ts";
import type { Size } from "../../data/pixels.ts";
import { CHANNELS } from "../../data/pixels.ts";
import type { Inference, ModelFiles } from "../../engines/engine.ts";
import type { Graph } from "../../ir/graph.ts";
import { formatShape } from "../../ir/tensor-type.ts";
import { compileOnnx } from "../../program/compile.ts";
import type { Recipe } from "../../program/recipes.ts";
import type { WeightChoice } from "../../program/prepare.ts";
import { tfjsPlaces } from "../../program/tfjs-places.ts";
import { readOnnxOutline } from "../../verify/given-onnx.ts";
import { emittedFrom } from "../../verify/given.ts";
import { parseRename } from "../../weights/rename.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import { openWeightsAt } from "../open-weights-at.ts";
import { reportProblems } from "../report.ts";
import { buildOpened, openNetwork } from "../target.ts";
import type { Target } from "../target.ts";
import { inspectRun, lastState, RUN_FILES } from "../train/run-folder.ts";
import type { RunRecord } from "../train/run-folder.ts";
import { replayTexts } from "../train/spec-copy.ts";
import { VERSION } from "../version.ts";
import { buildForAnySize } from "./any-size.ts";
import type { EvalOptions } from "./options.ts";

/** What a command line names, before anything is built. */
export type NamedModel = NamedNetwork | NamedRun | { readonly kind: "onnx"; readonly name: string };

interface NamedNetwork {
  readonly kind: "network";
  readonly name: string;
  readonly target: OpenTarget;
  readonly weights: string;
}

export interface NamedRun {
  readonly kind: "run";
  readonly name: string;
  readonly target: OpenTarget;
  readonly weights: string;
  /** The run's folder. */
  readonly path: string;
  readonly record: RunRecord;
  readonly recipe: Recipe;
  /** Reads the texts that the run keeps. */
  readonly host: CliHost;
}

type OpenTarget = Target & { readonly network: NonNullable<Target["network"]> };

/** A model that can be run, and what it takes and gives. */
export interface OpenedModel {
  readonly name: string;
  /** Formats in which engines can have it. */
  readonly formats: readonly ModelFiles["format"][];
  /** Of its images; nothing where it takes any. */
  readonly size: Size | undefined;
  /** Images that it takes at a time; nothing where it takes any number. */
  readonly batch: number | undefined;
  /** Classes that it tells apart, where that is known before it runs. */
  readonly classes: number | undefined;
  /** What was decided; sentences to show. */
  readonly remarks: readonly string[];
  files(format: ModelFiles["format"]): Promise<ModelFiles>;
  /** Which of a loaded model's outputs has the scores. */
  outputOf(inference: Inference): number;
  close(): Promise<void>;
}

/**
 * Finds out what each of the names is.
 *
 * @throws {@link InputError} or {@link UsageError} where a name is nothing that could be tested, or a network has no weights
 */
export async function nameModels(names: readonly string[], options: EvalOptions, host: CliHost): Promise<readonly NamedModel[]> {
  const weights = [...(options.weights ?? [])];
  const models: NamedModel[] = [];
  for (const name of names) {
    if (host.pathKind(name) === "folder") models.push(await nameFolder(name, options, host));
    else if (/\.onnx$/i.test(name)) models.push({ kind: "onnx", name });
    else {
      if (/\.(safetensors|pth|pt|bin|ckpt)$/i.test(name)) throw new UsageError(`\`${name}\` is a file of weights, and the network they belong to is not named`, { help: [`Write \`rnc eval NETWORK --weights ${name}\`.`] });
      const target = await openNetwork(host, name);
      const path = weights.shift();
      if (path === undefined) {
        const networks = models.filter(({ kind }) => kind === "network").length;
        throw new UsageError(`\`${name}\` has no weights, and a network without them answers by chance`, {
          help: [networks === 0 ? "Name a file of them: `--weights FILE`." : "Give `--weights FILE` once for each network, in the order of the networks."],
        });
      }
      models.push({ kind: "network", name, target, weights: path });
    }
  }
  const [unused] = weights;
  if (unused !== undefined) throw new UsageError(`\`--weights ${unused}\` belongs to no network: ONNX files and runs have their own`, { help: ["Give it once for each network, in the order of the networks."] });
  return models;
}

async function nameFolder(path: string, { last = false }: EvalOptions, host: CliHost): Promise<NamedRun> {
  if (host.pathKind(join(path, RUN_FILES.record)) !== "file") {
    const isModel = host.pathKind(join(path, "model.json")) === "file";
    throw new InputError(`\`${path}\` is ${isModel ? "a model of TensorFlow.js" : "no run: it has no `run.json`"}`, {
      help: [isModel ? `Name its network, and take the folder for the weights: \`rnc eval NETWORK --weights ${path}\`.` : "A run is the folder that `rnc train` wrote. Images are named with `--data DIR`."],
    });
  }
  const { record, recipe, folder } = inspectRun(path);
  const there = (name: string): string | undefined => (host.pathKind(folder.file(name)) === "file" ? folder.file(name) : undefined);
  const weights = last ? (there(RUN_FILES.last) ?? lastState(path)) : there(RUN_FILES.best);
  if (weights === undefined) {
    throw new InputError(last ? `\`${path}\` has no weights: it ended before its first checkpoint` : `\`${path}\` has no best weights: it has not been validated yet`, {
      help: last ? [] : ["`--last` takes those of its last checkpoint."],
    });
  }
  const { files, target } = record.network;
  const own = files.length === 0 ? host : replayTexts(host, folder, files);
  return { kind: "run", name: path, target: await openNetwork(own, target), weights, path, record, recipe, host: own };
}

/**
 * Builds a model.
 *
 * @param wholeImages true where it is shown images of several sizes
 * @returns nothing where its network has mistakes, which are printed
 */
export async function openModel(model: NamedModel, wholeImages: boolean, options: EvalOptions, host: CliHost): Promise<OpenedModel | undefined> {
  if (model.kind === "onnx") return openOnnx(model.name, wholeImages, options, host);
  const own = model.kind === "run" ? { set: model.record.network.set, input: model.record.network.input } : options;
  const built = buildOpened(model.target.program, model.target.network, own);
  reportProblems(host, built.problems);
  if (built.value === undefined) return undefined;
  const isFixed = (graph: Graph): boolean => graph.inputs.some(({ type }) => type.shape.slice(2).some((size) => typeof size === "number"));
  const graph = wholeImages && isFixed(built.value) ? await buildForAnySize(model.kind === "run" ? model.host : host, model.target, built.value.inputs[0]?.name ?? "image", own) : built.value;
  return openGraph(graph, model, options, host);
}

async function openGraph(graph: Graph, model: NamedNetwork | NamedRun, options: EvalOptions, host: CliHost): Promise<OpenedModel> {
  const shape = graph.inputs[0]?.type.shape ?? [];
  const [batch, channels, height, width] = shape;
  if (graph.inputs.length !== 1 || shape.length !== 4 || channels !== CHANNELS) {
    throw new InputError(`\`${model.name}\` takes ${graph.inputs.map(({ name, type }) => `\`${name}\` ${formatShape(type.shape)}`).join(", ")}, and images are [N, 3, height, width]`);
  }
  const output = chosenOutput(graph.outputs.map(({ name }) => name), options.output ?? (model.kind === "run" ? model.record.lossOn : undefined), model.name);
  const classes = graph.outputs[output]?.value.type.shape[1];
  const weights = await openWeightsAt(host, model.weights, { places: async () => tfjsPlaces(graph) });
  // A state of a training has momenta, too.
  const choice: WeightChoice = { weights, renames: (options.rename ?? []).map(parseRename), ignore: ["momentum", ...(options.ignore ?? [])] };
  // Whether the weights fit is known before anything else takes long.
  const compiled = compileOnnx(graph, { version: VERSION, ...choice });
  return {
    name: model.name,
    formats: ["onnx", "tfjs"],
    size: typeof height === "number" && typeof width === "number" ? { height, width } : undefined,
    batch: typeof batch === "number" ? batch : undefined,
    classes: typeof classes === "number" ? classes : undefined,
    // The report names the file by its path.
    remarks: [...compiled.remarks.filter((remark) => !remark.startsWith("weights: ")), ...(weights.remarks ?? [])],
    async files(format) {
      if (format === "onnx") return { format, files: compiled.files };
      const { compileTfjs } = await import("../../program/compile-tfjs.ts");
      return { format, files: compileTfjs(graph, { version: VERSION, ...choice }).files };
    },
    outputOf: () => output,
    close: async () => weights.close?.(),
  };
}

async function openOnnx(path: string, wholeImages: boolean, options: EvalOptions, host: CliHost): Promise<OpenedModel> {
  const bytes = await host.openBytes(path);
  const beside = (name: string): ReturnType<CliHost["openBytes"]> => host.openBytes(join(dirname(path), name));
  const opened = [bytes];
  const close = async (): Promise<void> => {
    for (const file of opened) await file.close();
  };
  try {
    const outline = await readOnnxOutline({ path, bytes, beside });
    const [input, ...others] = outline.inputs;
    const shape = input?.shape ?? [];
    const [batch, channels, height, width] = shape;
    if (input === undefined || others.length > 0 || (input.shape !== undefined && (shape.length !== 4 || (channels ?? CHANNELS) !== CHANNELS))) {
      const text = outline.inputs.map(({ name, shape: sizes = [] }) => `\`${name}\` [${sizes.map((size) => size ?? "any").join(", ")}]`).join(", ");
      const channelsLast = shape.length === 4 && shape[3] === CHANNELS;
      throw new InputError(`\`${path}\` takes ${text}, and images are [N, 3, height, width]`, { help: channelsLast ? ["Its images are channels last: export it with channels first."] : [] });
    }
    if (wholeImages && (height !== undefined || width !== undefined)) {
      throw new InputError(`\`${path}\` takes images of ${height ?? "any"}x${width ?? "any"} alone, and at several scales they have several sizes`, { help: ["Write it with height and width open: `input image: float32[N, 3, H, W]`."] });
    }
    const output = outline.outputs[chosenOutput(outline.outputs, options.output, path)];
    const data: EmittedFile[] = [];
    for (const name of outline.dataFiles) {
      const file = await beside(name);
      opened.push(file);
      data.push(emittedFrom(file, name));
    }
    return {
      name: path,
      formats: ["onnx"],
      size: height !== undefined && width !== undefined ? { height, width } : undefined,
      batch,
      classes: undefined,
      remarks: [],
      files: async () => ({ format: "onnx", files: [emittedFrom(bytes, ""), ...data] }),
      outputOf: ({ outputs }) => Math.max(0, outputs.indexOf(output ?? "")),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @throws {@link InputError} where it is not clear which output has the scores */
function chosenOutput(names: readonly string[], wanted: string | undefined, model: string): number {
  const listed = names.map((name) => `\`${name}\``).join(", ");
  if (wanted !== undefined) {
    const index = names.indexOf(wanted);
    if (index >= 0) return index;
    throw new InputError(`\`${model}\` has no output \`${wanted}\``, { help: [`Its outputs are ${listed}.`] });
  }
  if (names.length === 1) return 0;
  throw new InputError(`\`${model}\` has ${names.length} outputs, and one of them has the scores`, { help: [`Say which: ${names.map((name) => `\`--output ${name}\``).join(" or ")}.`] });
}
