import { InternalError, invariant } from "../../base/assert.ts";
import type { Attributes, Node, Value } from "../../ir/graph.ts";

/** The whole number or float in a resolved attribute. */
export function numberOf(attributes: Attributes, name: string): number {
  const value = attributes[name];
  invariant(typeof value === "number", `attribute ${name} is a number`);
  return value;
}

/** The list in a resolved attribute: one number per spatial axis, or pads. */
export function listOf(attributes: Attributes, name: string): readonly number[] {
  const value = attributes[name];
  invariant(Array.isArray(value), `attribute ${name} is a list of numbers`);
  return value as readonly number[];
}

export function flagOf(attributes: Attributes, name: string): boolean {
  const value = attributes[name];
  invariant(typeof value === "boolean", `attribute ${name} is true or false`);
  return value;
}

export function wordOf(attributes: Attributes, name: string): string {
  const value = attributes[name];
  invariant(typeof value === "string", `attribute ${name} is a word`);
  return value;
}

/** Input `index` of a node, which its record says it has. */
export function operand(node: Node, index = 0): Value {
  const value = node.inputs[index];
  invariant(value, `node ${node.name} has an input ${index}`);
  return value;
}

/** The first result of a node. */
export function result(node: Node): Value {
  const value = node.outputs[0];
  invariant(value, `node ${node.name} has a result`);
  return value;
}

/** Entry `index` of a list that is known to be long enough. */
export function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  // The text is made only where it is needed: this is asked for every size of every layer.
  if (value === undefined) throw new InternalError(`a list of ${list.length} has no entry ${index}`);
  return value;
}

export const product = (sizes: readonly number[]): number => sizes.reduce((sofar, size) => sofar * size, 1);

/** 0, 1, …, count - 1. */
export function indices(count: number): number[] {
  const all: number[] = [];
  for (let index = 0; index < count; index++) all.push(index);
  return all;
}
