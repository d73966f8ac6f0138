import type { Parameter, Value } from "../../ir/graph.ts";
import type { GraphWriter } from "./graph-writer.ts";

/** SGD in PyTorch's form: g += decay · w; m = momentum · m + g; w -= rate · (nesterov ? g + momentum · m : m). */
export interface DescentOptions {
  /** 0: the step keeps no momentum. */
  readonly momentum: number;
  readonly nesterov?: boolean;
  /** Added to the gradient: weightDecay · w. */
  readonly weightDecay: number;
  /** `weights`: decay of the weights of convolutions and linear layers alone; `all`: of every learned parameter. */
  readonly decays: "weights" | "all";
}

/** A parameter that is learned, and the gradient of the loss by it. */
export interface Descent {
  readonly parameter: Parameter;
  readonly value: Value;
  readonly gradient: Value;
  /** The momentum so far; absent where none is kept. */
  readonly before: Value | undefined;
}

/**
 * Writes what parameters and their momenta become.
 *
 * @param rate the learning rate, a number
 */
export function createDescent(e: GraphWriter, rate: Value, options: DescentOptions): (d: Descent) => { readonly value: Value; readonly momentum: Value | undefined } {
  const rates = new Map<number, Value>();
  /** Numbers get the axes of what they multiply: with fewer, ONNX Runtime takes kernels of 1x1 a hundred times as long. */
  const ones = ({ type }: Value): number[] => type.shape.map(() => 1);
  const times = (value: Value, factor: number): Value => e.op("multiply", [value, e.constant({ dtype: "float32", shape: ones(value), data: [factor] })]);
  const rateFor = (value: Value): Value => {
    const rank = value.type.shape.length;
    const known = rates.get(rank);
    if (known) return known;
    e.moveTo({ name: rate.name, origin: undefined });
    const made = e.op("reshape", [rate], { shape: ones(value) }, `of_${rank}`);
    rates.set(rank, made);
    return made;
  };

  return ({ parameter, value, gradient: found, before }) => {
    const ownRate = rateFor(value);
    e.moveTo({ name: `${parameter.name}.step`, origin: undefined });
    const decays = options.weightDecay !== 0 && (options.decays === "all" || parameter.role === "weight");
    const gradient = decays ? e.op("add", [found, times(value, options.weightDecay)]) : found;
    const momentum = before && e.op("add", [times(before, options.momentum), gradient]);
    const direction = momentum === undefined ? gradient : options.nesterov ? e.op("add", [gradient, times(momentum, options.momentum)]) : momentum;
    return { value: e.op("subtract", [value, e.op("multiply", [direction, ownRate])]), momentum };
  };
}
