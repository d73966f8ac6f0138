import type { Span } from "../../base/source-file.ts";
import type { Fix } from "../../diagnostics/problem.ts";
import type { Node } from "../../ir/graph.ts";
import type { Argument, Body, Chain, Element, Item, LayerElement, Module, Ranged } from "../../syntax/ast.ts";

type Edit = Fix["edits"][number];

/** One step of a chain in the linted file. */
export interface WrittenLayer {
  readonly element: LayerElement;
  readonly chain: Chain;
  readonly index: number;
  /** The items it stands among: a body's, or those of one branch of a join. */
  readonly siblings: readonly Item[];
  readonly body: Body;
}

/** The step of the linted file that made a node; `undefined` where a library or another file wrote it, or `3 x` repeats it. */
export function writtenLayer(module: Module, node: Node): WrittenLayer | undefined {
  const span = node.origin?.span;
  if (span === undefined || span.source !== module.source) return undefined;
  const body = module.items.find((item) => item.kind === "declaration" && holds(item, span));
  return body?.kind === "declaration" && body.body ? inBody(body.body, span) : undefined;
}

const holds = (outer: Ranged, inner: Ranged): boolean => outer.start <= inner.start && inner.end <= outer.end;

function inBody(body: Body, span: Span): WrittenLayer | undefined {
  for (const group of body.groups) {
    for (const item of group) {
      if (item.kind !== "chain" || !holds(item, span)) continue;
      const index = item.elements.findIndex((element) => holds(element, span));
      const element = item.elements[index];
      return element && inElement({ element, chain: item, index, siblings: group, body }, span);
    }
  }
  return undefined;
}

function inElement(found: Omit<WrittenLayer, "element"> & { readonly element: Element }, span: Span): WrittenLayer | undefined {
  const { element } = found;
  if (element.kind === "layer" && element.start === span.start && element.end === span.end) return { ...found, element };
  for (const body of bodiesOf(element)) if (holds(body, span)) return inBody(body, span);
  return undefined;
}

function bodiesOf(element: Element): readonly Body[] {
  switch (element.kind) {
    case "if":
      return [element.then, ...(element.otherwise === undefined ? [] : "kind" in element.otherwise ? bodiesOf(element.otherwise) : [element.otherwise])];
    case "for":
    case "group":
      return [element.body];
    case "layer":
      // The one layer that `3 x conv(…)` repeats is no step of a chain; what stands in the braces of `3 x { … }` is.
      return [...(element.body ? [element.body] : []), ...(element.repeated ? bodiesOf(element.repeated) : [])];
    case "from":
      return [];
  }
}

/** The text of the file that a range covers. */
export const textOf = (module: Module, { start, end }: Ranged): string => module.source.text.slice(start, end);

/** The arguments of a call such as `conv(3x3, 16, stride=2)`. */
export function argumentsOf({ element }: WrittenLayer): readonly Argument[] {
  return element.callee.kind === "call" ? element.callee.arguments : [];
}

/** The argument of this name. */
export const named = (layer: WrittenLayer, name: string): Argument | undefined => argumentsOf(layer).find((argument) => argument.name?.name === name);

/** Replaces a range. */
export const replace = (module: Module, { start, end }: Ranged, text: string): Edit => ({ span: { source: module.source, start, end }, text });

/** Takes an argument out with the comma before it; `undefined` for the only one, or where a comment would be lost. */
export function withoutArgument(module: Module, layer: WrittenLayer, argument: Argument): Edit | undefined {
  const all = argumentsOf(layer);
  const before = all[all.indexOf(argument) - 1];
  return before && withoutComment(module, { start: before.end, end: argument.end });
}

/** Takes a step out of its chain with the arrow or line end before it; `undefined` for a chain's first, or where a comment would be lost. */
export function withoutStep(module: Module, { element, chain, index }: WrittenLayer): Edit | undefined {
  const before = chain.elements[index - 1];
  return before && withoutComment(module, { start: before.end, end: element.end });
}

/** Replaces the whole branch of a join that a step stands in; `undefined` outside of joins, and where a label or a comment would be lost. */
export function insteadOfBranch(module: Module, { siblings, body }: WrittenLayer, text: string): Edit | undefined {
  const [first, last] = [siblings[0], siblings.at(-1)];
  const isLabelled = siblings.some((item) => item.kind !== "chain" || item.elements.some(({ label }) => label !== undefined));
  if (body.groups.length < 2 || first === undefined || last === undefined || isLabelled) return undefined;
  const range = { start: first.start, end: last.end };
  return textOf(module, range).includes("//") ? undefined : replace(module, range, text);
}

function withoutComment(module: Module, range: Ranged): Edit | undefined {
  return textOf(module, range).includes("//") ? undefined : replace(module, range, "");
}
