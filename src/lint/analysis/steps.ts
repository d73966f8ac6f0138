import type { Fix } from "../../diagnostics/problem.ts";
import type { Node } from "../../ir/graph.ts";
import type { Argument, CallExpression, Chain, Module, Ranged } from "../../syntax/ast.ts";
import { replaced, textOf, withoutItem } from "./edits.ts";
import { callOf, elementAt } from "../../syntax/elements.ts";
import type { PlacedElement } from "../../syntax/elements.ts";

type Edit = Fix["edits"][number];

/** A layer as the linted file has it: a step of a chain, and its call where it has arguments. */
export interface WrittenStep extends PlacedElement {
  readonly chain: Chain;
  readonly call: CallExpression | undefined;
}

/** The step of the linted file that made a node; `undefined` where another file wrote it, or `3 x` repeats it. */
export function stepOf(module: Module, node: Node): WrittenStep | undefined {
  const placed = node.origin && elementAt(module, node.origin.span);
  return placed?.chain && { ...placed, chain: placed.chain, call: callOf(placed.element) };
}

/** The argument of this name. */
export const argumentNamed = ({ call }: WrittenStep, name: string): Argument | undefined => call?.arguments.find((argument) => argument.name?.name === name);

/** Takes a step out of its chain, with its line where it stands alone; `undefined` where a label or a comment would be lost. */
export function withoutStep(module: Module, { element, chain }: WrittenStep): Edit | undefined {
  const index = chain.elements.indexOf(element);
  const [before, after] = [chain.elements[index - 1], chain.elements[index + 1]];
  if (element.label !== undefined) return undefined;
  if (before) return cleanly(module, { start: before.end, end: element.end }, "");
  return after ? cleanly(module, { start: element.start, end: after.start }, "") : withoutItem(module.source, chain);
}

/** Replaces the whole branch of a join that a step stands in; `undefined` outside of joins, and where a label or a comment would be lost. */
export function insteadOfBranch(module: Module, { chain, within }: WrittenStep, text: string): Edit | undefined {
  const holder = within.at(-1);
  const groups = holder?.kind === "layer" ? (holder.body?.groups ?? []) : [];
  const branch = groups.length > 1 ? groups.find((items) => items.includes(chain)) : undefined;
  const [first, last] = [branch?.[0], branch?.at(-1)];
  const isLabelled = branch?.some((item) => item.kind !== "chain" || item.elements.some(({ label }) => label !== undefined));
  return first && last && !isLabelled ? cleanly(module, { start: first.start, end: last.end }, text) : undefined;
}

function cleanly(module: Module, range: Ranged, text: string): Edit | undefined {
  return textOf(module, range).includes("//") ? undefined : replaced(module.source, range, text);
}
