import { blockedStep } from "../backends/onnx/blocked/index.ts";
import type { Graph } from "../ir/graph.ts";
import type { WeightSource } from "../weights/source.ts";
import { blockHere, differenceOf } from "./onnx-layout.ts";
import type { OnnxRuntime } from "./onnx-session.ts";
import { batchSizes, openStep, portableForm } from "./onnx-step.ts";
import type { StepForm } from "./onnx-step.ts";
import { reasonOf } from "./runtime.ts";
import type { Training, TrainingLayout, TrainingOptions } from "./training.ts";

/** What the choice of a layout asks the runtime, apart so that a test can answer otherwise. */
export interface LayoutProbe {
  blockHere: typeof blockHere;
  differenceOf: typeof differenceOf;
}

/**
 * Trains a network with ONNX Runtime on the processor: the whole step is one graph. It is written in the runtime's blocked layout
 * (decisions/0015-blocked-layout.md) where that is there and a step of it comes to what the portable one comes to; else in standard
 * operators, as `compile --target onnx-training` writes it.
 *
 * @throws {@link InputError} when the network cannot be trained, or leaves more open than the batch
 */
export async function openOnnxTraining(runtime: OnnxRuntime, network: Graph, weights: WeightSource, options: TrainingOptions, probe: LayoutProbe = { blockHere, differenceOf }): Promise<Training> {
  const { form, name, why } = await chosenForm(runtime, network, weights, options, probe);
  const training = await openStep(runtime, network, weights, options, form ?? portableForm(network, options));
  return { ...training, layout: { name, why } };
}

interface Chosen {
  /** Absent: the portable one. */
  readonly form?: StepForm;
  readonly name: TrainingLayout;
  readonly why: string;
}

async function chosenForm(runtime: OnnxRuntime, network: Graph, weights: WeightSource, options: TrainingOptions, probe: LayoutProbe): Promise<Chosen> {
  const portable = (why: string): Chosen => ({ name: "portable", why });
  if (options.layout === "portable") return portable("as the run began");
  try {
    const block = await probe.blockHere(runtime);
    const name = `blocked by ${block}` as const;
    if (options.layout !== undefined && options.layout !== name) return portable(`the run began ${options.layout}, and ONNX Runtime has blocks of ${block} on this processor`);
    if (options.batch % block !== 0) return portable(`batches of ${options.batch} do not divide into blocks of ${block}`);
    // A network may fix its batch itself.
    const sample = batchSizes(network, block).size === 0 ? options.batch : block;
    const formFor = (batch: number): StepForm | undefined => blockedStep(network, { ...options, sizes: batchSizes(network, batch) }, block);
    const form = formFor(options.batch);
    const small = form && formFor(sample);
    if (!form || !small) return portable(`no convolution has channels that divide into blocks of ${block}`);
    const difference = await probe.differenceOf(runtime, network, weights, { ...options, batch: sample }, small);
    return difference === undefined ? { form, name, why: "a step comes to what the portable one comes to" } : portable(difference);
  } catch (error) {
    return portable(`ONNX Runtime has no blocked layout here that works: ${reasonOf(error)}`);
  }
}
