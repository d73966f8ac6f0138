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

export interface Descent {
  readonly parameter: Parameter;
  readonly value: Value;
  readonly gradient: Value;
  /** The momentum so far; absent where none is kept. */
  readonly before: Value | undefined;
  readonly rate: Value;
}

/** Writes what a parameter and its momentum become. */
export function descend(e: GraphWriter, d: Descent, options: DescentOptions): { readonly value: Value; readonly momentum: Value | undefined } {
  e.moveTo({ name: `${d.parameter.name}.step`, origin: undefined });
  const decays = options.weightDecay !== 0 && (options.decays === "all" || d.parameter.role === "weight");
  const gradient = decays ? e.op("add", [d.gradient, e.op("multiply", [d.value, e.scalar(options.weightDecay)])]) : d.gradient;
  const kept = (momentum: Value): Value => e.op("multiply", [momentum, e.scalar(options.momentum)]);
  const momentum = d.before && e.op("add", [kept(d.before), gradient]);
  const direction = momentum === undefined ? gradient : options.nesterov ? e.op("add", [gradient, kept(momentum)]) : momentum;
  return { value: e.op("subtract", [d.value, e.op("multiply", [direction, d.rate])]), momentum };
}
