import { lowerToLayers } from "../backends/tfjs/lower.ts";
import type { LayersModel } from "../backends/tfjs/layers-model.ts";
import type { EmittedFile } from "../backends/backend.ts";
import { invariant } from "../base/assert.ts";
import { InputError } from "../base/input-error.ts";
import type { Graph, Parameter } from "../ir/graph.ts";
import { formatShape } from "../ir/tensor-type.ts";
import { isLearned } from "../passes/gradient.ts";
import { trainedPart } from "../passes/training/logits.ts";
import { isFixed, refuseSingleValues } from "../passes/training/statistics.ts";
import type { Compiled } from "./compile.ts";
import { compileTfjs } from "./compile-tfjs.ts";
import { frozenBy } from "./freeze.ts";
import type { WeightChoice } from "./prepare.ts";
import type { RecipeCall, RecipeValue } from "./recipes.ts";
import { standaloneFiles } from "./standalone-files.generated.ts";

/** A step of an augmentation: `{ kind: "crop", size: { height: 32, width: 32 } }`. */
export interface StandaloneStep {
  readonly kind: string;
  readonly size?: { readonly height: number; readonly width: number };
}

/** What of a training the project does. */
export interface StandalonePlan {
  readonly batch: number;
  readonly length: { readonly by: "steps" | "epochs"; readonly count: number };
  readonly learningRate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  readonly decays: "weights" | "all";
  readonly labelSmoothing: number;
  readonly freeze: readonly string[];
  readonly freezeStatistics: boolean;
  readonly seed: number;
  readonly fan: "in" | "out";
  readonly schedule: RecipeCall;
  readonly warmup: RecipeCall | undefined;
  readonly split: RecipeCall;
}

export interface StandaloneOptions extends WeightChoice {
  /** rnc's own version, for the model's metadata. */
  readonly version: string;
  /** The recipe's name, for the README. */
  readonly recipe: string;
  readonly plan: StandalonePlan;
  /** What training images go through, and those for validation. */
  readonly augment: readonly StandaloneStep[];
  readonly test: readonly StandaloneStep[];
  /** The output that is trained; absent: the only one. */
  readonly lossOn?: string;
}

/** The versions of the packages that the project was written for. */
const PACKAGES = { tensorflow: "^4.22.0", sharp: ">=0.33" };

/**
 * A training in TensorFlow.js that runs without rnc: `package.json`, `train.js` with the recipe, what it needs, and the network
 * with its first weights in `model/`.
 *
 * @throws {@link InputError} when TensorFlow.js has no exact form of a layer or cannot train it, or the project cannot do a step
 */
export function compileStandalone(network: Graph, options: StandaloneOptions): Compiled {
  const { plan, augment, test, recipe } = options;
  const graph = trainedAlone(network, options.lossOn);
  refuseInputs(graph);
  for (const [field, steps] of [["augment", augment], ["test", test]] as const) {
    if (steps.slice(1).some(({ kind }) => kind === "resize")) throw new InputError(`\`${field}\` of the recipe \`${recipe}\` scales images that were changed before, and the project only scales while it reads them`, { help: ["Write `resize(…)` first."] });
  }
  const model = lowerToLayers(graph);
  if (model.untrainable.length > 0) throw new InputError(`TensorFlow.js can run \`${network.name}\` and cannot train it`, { notes: model.untrainable, help: ["`--target onnx-training` writes a step of any training, for ONNX Runtime."] });
  const frozen = frozenBy(network, plan.freeze, plan.freezeStatistics);
  refuseSingleValues(graph.nodes, new Map(graph.symbols.map((symbol) => [symbol, plan.batch])), frozen);
  const { files, remarks } = compileTfjs(graph, { seed: plan.seed, fan: plan.fan, ...options });
  const names = variablesOf(model, frozen);
  const texts = { NETWORK: network.name, RECIPE_NAME: recipe };
  const written = Object.entries(standaloneFiles).map(([path, template]) => textFile(path, path === "train.js" ? trainingText(filled(template, texts), options, names) : filled(template, texts)));
  return {
    files: [textFile("package.json", `${JSON.stringify(packageOf(network), null, 2)}\n`), ...written, ...files.map((file) => ({ ...file, path: `model/${file.path}` }))],
    remarks: [...remarks, ...(plan.labelSmoothing > 0 ? [`labels smoothed by ${plan.labelSmoothing}`] : []), ...(names.frozen.length > 0 ? [`frozen: ${names.frozen.length} variables of the model`] : [])],
  };
}

/** The network with the logits that are trained as its only output. */
function trainedAlone(network: Graph, lossOn: string | undefined): Graph {
  const { logits, nodes, inputs } = trainedPart(network, lossOn);
  const [output] = network.outputs.filter(({ name }) => lossOn === undefined || name === lossOn);
  const read = new Set<Parameter>(nodes.flatMap((node) => node.inputs.flatMap(({ producer }) => (producer.kind === "parameter" ? [producer.parameter] : []))));
  return { ...network, nodes, inputs, outputs: [{ name: output?.name ?? logits.name, value: logits }], parameters: network.parameters.filter((parameter) => read.has(parameter)) };
}

function refuseInputs({ name, inputs }: Graph): void {
  const [first, ...others] = inputs;
  const [batch, channels, height, width] = first?.type.shape ?? [];
  if (others.length === 0 && channels === 3 && typeof height === "number" && typeof width === "number" && typeof batch !== "number") return;
  throw new InputError(`the project trains on images [N, 3, height, width] of one size, and \`${name}\` takes ${inputs.map(({ type }) => formatShape(type.shape)).join(", ")}`, {
    help: typeof batch === "number" ? ["Leave the batch open; the recipe says it."] : ["Its input has to leave the batch open and say all else: `input image: float32[N, 3, 224, 224]`."],
  });
}

interface Variables {
  readonly frozen: readonly string[];
  /** Names of batch norms whose statistics are frozen. */
  readonly fixedNorms: readonly string[];
}

function variablesOf(model: LayersModel, frozen: (parameter: Parameter) => boolean): Variables {
  const weights = model.layers.flatMap((layer) => layer.weights);
  // The template says so.
  invariant(weights.every(({ name, parameter }) => name.endsWith("kernel") === (parameter.role === "weight")), "kernels are what decays");
  return {
    frozen: weights.filter(({ parameter }) => isLearned(parameter) && frozen(parameter)).map(({ name }) => name),
    fixedNorms: model.layers.flatMap(({ name, node }) => (node && isFixed(node, frozen) ? [name] : [])),
  };
}

/** Fills in the recipe and names of variables. */
function trainingText(template: string, { plan, augment, test }: StandaloneOptions, { frozen, fixedNorms }: Variables): string {
  const places: readonly (readonly [string, string])[] = [
    ["const RECIPE = {};", `const RECIPE = ${literal(recipeOf(plan, augment, test))};`],
    ["const FROZEN = new Set([]);", `const FROZEN = new Set(${literal(frozen)});`],
    ["const FIXED_NORMS = new Set([]);", `const FIXED_NORMS = new Set(${literal(fixedNorms)});`],
  ];
  return places.reduce((text, [place, value]) => {
    invariant(text.includes(place), `the template has \`${place}\``);
    return text.replace(place, () => value);
  }, template);
}

/** A recipe in the words of the project's files. */
function recipeOf(plan: StandalonePlan, augment: readonly StandaloneStep[], test: readonly StandaloneStep[]): Readonly<Record<string, unknown>> {
  const step = ({ kind, size, ...rest }: StandaloneStep) => ({ step: kind, ...size, ...rest });
  const { momentum, nesterov, weightDecay, decays, labelSmoothing, seed } = plan;
  return {
    [plan.length.by]: plan.length.count,
    batch: plan.batch,
    rate: plan.learningRate,
    momentum, nesterov, weightDecay, decays, labelSmoothing, seed,
    schedule: callOf(plan.schedule),
    warmup: plan.warmup ? callOf(plan.warmup) : null,
    split: plan.split.function === "random" ? plan.split.arguments : null,
    augment: augment.map(step),
    test: test.map(step),
  };
}

const callOf = ({ function: kind, arguments: { lr, ...given } }: RecipeCall): Readonly<Record<string, RecipeValue | string>> => ({ kind, ...given, ...(lr === undefined ? {} : { rate: lr }) });

const WIDE = 100;

/** JavaScript's form of plain data, a line each where it is short. */
function literal(value: unknown, indent = ""): string {
  const flat = flatLiteral(value);
  if (flat.length + indent.length <= WIDE || typeof value !== "object" || value === null) {
    if (indent !== "" || Array.isArray(value)) return flat;
  }
  const inner = `${indent}  `;
  if (Array.isArray(value)) return `[\n${value.map((each) => `${inner}${literal(each, inner)},\n`).join("")}${indent}]`;
  return `{\n${Object.entries(value as object).map(([key, each]) => `${inner}${key}: ${literal(each, inner)},\n`).join("")}${indent}}`;
}

function flatLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flatLiteral).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value).map(([key, each]) => `${key}: ${flatLiteral(each)}`).join(", ")} }`;
}

function packageOf({ name }: Graph): Readonly<Record<string, unknown>> {
  return {
    name: `${name.toLowerCase().replace(/[^a-z0-9-]/g, "-")}-training`,
    private: true,
    type: "module",
    scripts: { train: "node train.js" },
    dependencies: { "@tensorflow/tfjs": PACKAGES.tensorflow },
    optionalDependencies: { "@tensorflow/tfjs-node": PACKAGES.tensorflow, "@tensorflow/tfjs-node-gpu": PACKAGES.tensorflow, sharp: PACKAGES.sharp },
    engines: { node: ">=20" },
  };
}

/** Words in capitals stand for texts in the templates. */
function filled(template: string, texts: Readonly<Record<string, string>>): string {
  return Object.entries(texts).reduce((text, [name, value]) => text.replace(new RegExp(`\\b${name}\\b`, "g"), () => value), template);
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
