import { InternalError } from "../../base/assert.ts";
import type { Attributes, Node, Value } from "../../ir/graph.ts";

// Texts are made only where they are needed: these functions are asked for every size and attribute of every layer.
const notWhatItIs = (name: string, what: string): InternalError => new InternalError(`attribute ${name} is not ${what}`);

/** The whole number or float in a resolved attribute. */
export function numberOf(attributes: Attributes, name: string): number {
  const value = attributes[name];
  if (typeof value !== "number") throw notWhatItIs(name, "a number");
  return value;
}

/** The list in a resolved attribute: one number per spatial axis, or pads. */
export function listOf(attributes: Attributes, name: string): readonly number[] {
  const value = attributes[name];
  if (typeof value !== "object") throw notWhatItIs(name, "a list of numbers");
  return value;
}

export function flagOf(attributes: Attributes, name: string): boolean {
  const value = attributes[name];
  if (typeof value !== "boolean") throw notWhatItIs(name, "true or false");
  return value;
}

export function wordOf(attributes: Attributes, name: string): string {
  const value = attributes[name];
  if (typeof value !== "string") throw notWhatItIs(name, "a word");
  return value;
}

/** Input `index` of a node, which its record says it has. */
export function operand(node: Node, index = 0): Value {
  const value = node.inputs[index];
  if (value === undefined) throw new InternalError(`node ${node.name} has no input ${index}`);
  return value;
}

/** The first result of a node. */
export function result(node: Node): Value {
  const value = node.outputs[0];
  if (value === undefined) throw new InternalError(`node ${node.name} has no result`);
  return value;
}

/** Entry `index` of a list that is known to be long enough. */
export function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new InternalError(`a list of ${list.length} has no entry ${index}`);
  return value;
}

export function product(sizes: readonly number[]): number {
  let sofar = 1;
  for (let index = 0; index < sizes.length; index++) sofar *= sizes[index] as number;
  return sofar;
}

/** 0, 1, …, count - 1. */
export function indices(count: number): number[] {
  const all = new Array<number>(count);
  for (let index = 0; index < count; index++) all[index] = index;
  return all;
}
