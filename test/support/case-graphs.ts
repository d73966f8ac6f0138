import { symbolDim } from "../../src/ir/dim.ts";
import type { Graph } from "../../src/ir/graph.ts";
import type { OpCase } from "../ops/cases/cases.ts";
import { Fault, netBuilder } from "./graphs.ts";

/** A graph of the case's operator alone, on the sizes of the case. */
export function graphOf({ op, inputs, given }: OpCase): Graph {
  const net = netBuilder();
  return net.finish(net.op(op, inputs.map((shape) => net.input(shape)), given));
}

/** The same with every spatial size above 1 open, equal ones the same symbol; nothing where there is none or the operator must know it. */
export function openGraphOf({ op, inputs, given }: OpCase): Graph | undefined {
  if (!inputs.some((shape) => shape.slice(2).some((size) => size > 1))) return undefined;
  const net = netBuilder();
  const open = (shape: readonly number[]) => shape.map((size, axis) => (axis >= 2 && size > 1 ? symbolDim(`S${size}`) : size));
  try {
    return net.finish(net.op(op, inputs.map((shape) => net.input(open(shape))), given));
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
