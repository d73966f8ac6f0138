import { groupDigits } from "../base/digits.ts";
import { InputError } from "../base/input-error.ts";
import type { Dim } from "../ir/dim.ts";
import { substituteDim, symbolsOf } from "../ir/dim.ts";
import type { Graph, Parameter, Value } from "../ir/graph.ts";
import { formatShape, knownShape } from "../ir/tensor-type.ts";
import { isLearned } from "../passes/gradient.ts";
import { checkInputs } from "./model-data.ts";
import type { TrainingBatch, TrainingOptions } from "./training.ts";

/** What the network's open sizes are in a batch. */
export type Sizes = ReadonlyMap<string, number>;

/** The symbol of the batch is the first size of every input. */
export function batchSymbols({ inputs }: Graph, batch: number): Sizes {
  return new Map(inputs.flatMap(({ type: { shape: [first] } }) => (first === undefined ? [] : [...symbolsOf(first)].map((symbol) => [symbol, batch] as const))));
}

/** Whether weight decay draws it to 0. */
export const decays = (parameter: Parameter, { weightDecay, decays: what }: TrainingOptions): boolean =>
  weightDecay !== 0 && isLearned(parameter) && (what === "all" || parameter.role === "weight");

/**
 * Makes sure that a batch fits, and finds the network's open sizes in it.
 *
 * @throws {@link InputError} saying what does not fit
 */
export function checkBatch(network: Graph, { inputs, labels }: TrainingBatch, batch: number, classes: number): Sizes {
  checkInputs(network.inputs.map(({ name }) => name), inputs);
  const sizes = new Map<string, number>();
  network.inputs.forEach(({ name, type }, index) => {
    const shape = inputs[index]?.shape ?? [];
    if (shape.length !== type.shape.length || !type.shape.every((dim, axis) => fits(dim, shape[axis] ?? 0, sizes))) {
      throw new InputError(`\`${name}\` of \`${network.name}\` is ${formatShape(type.shape)}, and the batch has ${formatShape(shape)}`);
    }
    if (shape[0] !== batch) throw new InputError(`the training is for batches of ${groupDigits(batch)}, and \`${name}\` has ${groupDigits(shape[0] ?? 0)} examples`);
  });
  if (labels.length !== batch) throw new InputError(`a batch of ${groupDigits(batch)} needs as many labels; ${groupDigits(labels.length)} were given`);
  const wrong = labels.findIndex((label) => label < 0 || label >= classes);
  if (wrong >= 0) throw new InputError(`the label of example ${wrong} is ${labels[wrong]}; the classes are 0 to ${classes - 1}`);
  return sizes;
}

/** An open size that stands alone gets the size found, the first time it is met; every other must come to it. */
function fits(dim: Dim, size: number, sizes: Map<string, number>): boolean {
  const [symbol, ...others] = symbolsOf(dim);
  if (symbol !== undefined && others.length === 0 && !sizes.has(symbol)) sizes.set(symbol, size);
  return substituteDim(dim, sizes) === size;
}

/** Values of each channel in a batch: examples times positions. */
export function valuesPerChannel(value: Value, sizes: Sizes): number {
  const shape = knownShape(value.type.shape.map((dim) => substituteDim(dim, sizes)));
  if (shape === undefined) throw new InputError(`the size of \`${value.name}\`, ${formatShape(value.type.shape)}, does not follow from the inputs`);
  return shape.reduce((product, size, axis) => (axis === 1 ? product : product * size), 1);
}
