import { emitOnnx } from "../backends/onnx/index.ts";
import { InputError } from "../base/input-error.ts";
import { formatDim } from "../ir/dim.ts";
import type { Graph, Parameter } from "../ir/graph.ts";
import { formatShape } from "../ir/tensor-type.ts";
import { isLearned, trainingStep } from "../passes/gradient.ts";
import type { TrainingStep } from "../passes/gradient.ts";
import { writeSafetensors } from "../weights/safetensors-writer.ts";
import type { TensorInfo, WeightSource } from "../weights/source.ts";
import { CHUNK_BYTES } from "../weights/transpose.ts";
import type { Compiled } from "./compile.ts";
import { frozenBy } from "./freeze.ts";
import { prepare } from "./prepare.ts";
import type { WeightChoice } from "./prepare.ts";

/** How one step of a training goes, as a recipe or a user says it; what is left open is absent. */
export interface StepChoice {
  /** Images of a step; may be absent where the network fixes it. */
  readonly batch?: number;
  /** 0.9; with 0 the step keeps no momentum. */
  readonly momentum?: number;
  /** w -= rate · (g + momentum · m) instead of rate · m; default false. */
  readonly nesterov?: boolean;
  /** Added to the gradient as weightDecay · w; 1e-4. */
  readonly weightDecay?: number;
  /** `weights` (the default): decay of the weights of convolutions and linear layers alone; `all`: of every learned parameter. */
  readonly decays?: "weights" | "all";
  /** 0 (the default): right answers alone; ε spreads ε over all classes. */
  readonly labelSmoothing?: number;
  /** Patterns of what stays as it is: names of parameters or paths of layers, `*` for any characters. */
  readonly freeze?: readonly string[];
  /** Whether running statistics that the patterns fit stay, too; default true. */
  readonly freezeStatistics?: boolean;
}

export interface CompileTrainingOptions extends StepChoice, WeightChoice {
  /** rnc's own version, for the file's metadata. */
  readonly version: string;
  /** The output that is trained; absent: the only one. */
  readonly lossOn?: string;
  /** The name of the file with the state that a training begins with; `NETWORK.safetensors`. */
  readonly stateName?: string;
}

/** What `compileTraining` makes. */
export interface CompiledTraining extends Compiled {
  /** What the inputs and outputs of the model are for. */
  readonly step: TrainingStep;
}

/**
 * One step of a training (forward, backward, SGD, running statistics) as an ONNX model of standard operators, and the state
 * that it begins with. The first file is the model: parameters, momenta (`momentum.NAME`), the batch, `labels` and
 * `learning_rate` go in; `NAME.next` for everything that changes, `loss`, `right` and `logits` come out. The second is a
 * safetensors file with all parameters of the network and momenta of zero, under the inputs' names; where `weights` has
 * `momentum.NAME`, momenta begin with it.
 *
 * @throws {@link InputError} when the network cannot be trained so, or the weights do not fit
 */
export function compileTraining(network: Graph, options: CompileTrainingOptions): CompiledTraining {
  const { momentum = 0.9, nesterov = false, weightDecay = 1e-4, decays = "weights", labelSmoothing = 0, freezeStatistics = true } = options;
  refuseNumbers({ momentum, nesterov, weightDecay, labelSmoothing });
  needBatch(network, options.batch);
  const { weights, symbols, remarks } = prepare(network, { ...options, ignore: [...(options.ignore ?? []), "momentum"] });
  const frozen = frozenBy(network, options.freeze ?? [], freezeStatistics);
  const { lossOn } = options;
  const settings = { momentum, nesterov, weightDecay, decays, labelSmoothing };
  const step = trainingStep(network, { ...settings, sizes: symbols, frozen, ...(lossOn === undefined ? {} : { lossOn }) });

  const described = { inputs: step.images, labels: step.labels, learningRate: step.learningRate, random: step.random, loss: step.loss, right: step.right, logits: step.logits, ...settings };
  const [model] = emitOnnx(step.graph, weights, {
    version: options.version,
    externalData: false,
    metadata: [{ key: "rnc.training", value: JSON.stringify(described) }],
  });
  if (model === undefined) throw new InputError(`\`${network.name}\` became no file`);
  const state = stateFile(network, step, weights, options);
  return { files: [model, state], remarks: [...remarks, ...optimizerRemarks(settings), ...frozenRemarks(network, frozen, options.freeze), ...step.notes], step };
}

function refuseNumbers({ momentum, nesterov, weightDecay, labelSmoothing }: { readonly momentum: number; readonly nesterov: boolean; readonly weightDecay: number; readonly labelSmoothing: number }): void {
  const within = (name: string, value: number, most: number): void => {
    if (value >= 0 && value <= most) return;
    throw new InputError(`${name} is ${value}, and must be ${most === Infinity ? "at least 0" : `from 0 to ${most}`}`);
  };
  within("momentum", momentum, 1);
  within("weight decay", weightDecay, Infinity);
  within("label smoothing", labelSmoothing, 1);
  if (nesterov && momentum === 0) throw new InputError("Nesterov's form looks ahead along the momentum, and the momentum is 0");
}

function needBatch(network: Graph, batch: number | undefined): void {
  const open = network.inputs.find(({ type }) => typeof type.shape[0] !== "number");
  const [first] = open?.type.shape ?? [];
  if (batch !== undefined || open === undefined || first === undefined) return;
  throw new InputError(`a training step is written for a fixed number of images, and \`${open.name}\` leaves it open (${formatDim(first)})`, {
    help: ["Say how many: `--batch 128`."],
  });
}

/** All parameters of the network, also those that are not in the step, then momenta. */
function stateFile(network: Graph, step: TrainingStep, weights: WeightSource, options: CompileTrainingOptions): Compiled["files"][number] {
  const momenta = step.state.filter(({ kind }) => kind === "momentum");
  const given = options.weights;
  for (const { input, parameter } of momenta) {
    const info = given?.info(input);
    if (!info || info.shape.join() === parameter.shape.join()) continue;
    throw new InputError(`\`${input}\` of ${given?.description} is ${formatShape(info.shape)}, and \`${parameter.name}\` is ${formatShape(parameter.shape)}`);
  }
  const entries = [...network.parameters, ...momenta.map(({ input, parameter }) => ({ name: input, shape: parameter.shape }))];
  const metadata = { format: "pt", "rnc.network": network.name, "rnc.version": options.version };
  const { size, chunks } = writeSafetensors(entries, withMomenta(weights, momenta, given), metadata);
  return { path: options.stateName ?? `${network.name}.safetensors`, sizeInBytes: size, chunks };
}

/** Parameters under their own names; momenta as the file of weights has them, else zeros. */
function withMomenta(weights: WeightSource, momenta: TrainingStep["state"], given: WeightSource | undefined): WeightSource {
  const shapes = new Map(momenta.map(({ input, parameter }) => [input, parameter.shape]));
  return {
    description: weights.description,
    names: () => [],
    info(name): TensorInfo | undefined {
      const shape = shapes.get(name);
      return shape ? { name, dtype: "F32", shape } : weights.info(name);
    },
    read(name, axes) {
      const shape = shapes.get(name);
      if (shape === undefined) return weights.read(name, axes);
      return given?.info(name) ? given.read(name, axes) : zeros(4 * shape.reduce((product, length) => product * length, 1));
    },
  };
}

async function* zeros(sizeInBytes: number): AsyncGenerator<Uint8Array> {
  const chunk = new Uint8Array(Math.min(sizeInBytes, CHUNK_BYTES));
  for (let left = sizeInBytes; left > 0; left -= chunk.byteLength) yield chunk.subarray(0, Math.min(left, chunk.byteLength));
}

function optimizerRemarks(o: { readonly momentum: number; readonly nesterov: boolean; readonly weightDecay: number; readonly decays: "weights" | "all"; readonly labelSmoothing: number }): string[] {
  const decay = o.weightDecay === 0 ? "no weight decay" : `weight decay ${o.weightDecay} on ${o.decays === "all" ? "every learned parameter" : "weights"}`;
  const smoothing = o.labelSmoothing === 0 ? "" : `, labels smoothed by ${o.labelSmoothing}`;
  return [`optimizer: SGD, ${o.momentum === 0 ? "no momentum" : `momentum ${o.momentum}${o.nesterov ? " (Nesterov)" : ""}`}, ${decay}${smoothing}`];
}

function frozenRemarks(network: Graph, frozen: (parameter: Parameter) => boolean, patterns: readonly string[] = []): string[] {
  if (patterns.length === 0) return [];
  const all = network.parameters.filter(frozen);
  const statistics = all.filter((parameter) => !isLearned(parameter)).length;
  const learned = all.length - statistics;
  const parts = [`${learned} of ${network.parameters.filter(isLearned).length} learned parameters`, ...(statistics > 0 ? [`${statistics} running statistics`] : [])];
  return [`frozen: ${parts.join(" and ")}`];
}
