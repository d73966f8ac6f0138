import type { Span } from "../base/source-file.ts";
import type { Body, CallExpression, Chain, Element, Item, LayerElement, Module } from "./ast.ts";

/** A chain element with what holds it. */
export interface PlacedElement {
  readonly element: Element;
  /** The chain it stands in; `undefined` for what `x` repeats. */
  readonly chain: Chain | undefined;
  /** The elements around it, from the outside in. */
  readonly within: readonly Element[];
}

/** Every chain element of a body, outer ones before inner ones, in the order of the text. */
export function placedElements(body: Body): readonly PlacedElement[] {
  const found: PlacedElement[] = [];
  visitBody(body, [], found);
  return found;
}

/** Every chain element of a file; recipes have fields and no elements. */
export function moduleElements(module: Module): readonly PlacedElement[] {
  return module.items.flatMap((item) => (item.kind === "declaration" && item.keyword !== "recipe" && item.body ? placedElements(item.body) : []));
}

function visitBody(body: Body, within: readonly Element[], found: PlacedElement[]): void {
  for (const item of itemsOf(body)) {
    if (item.kind !== "chain") continue;
    for (const element of item.elements) visitElement({ element, chain: item, within }, found);
  }
}

function visitElement(placed: PlacedElement, found: PlacedElement[]): void {
  found.push(placed);
  const { element } = placed;
  const within = [...placed.within, element];
  if (element.kind === "layer" && element.repeated) visitElement({ element: element.repeated, chain: undefined, within }, found);
  for (const body of bodiesOf(element)) visitBody(body, within, found);
}

/** The bodies directly inside an element: of all arms of an `if`, of a loop, a group, a join. */
export function bodiesOf(element: Element): readonly Body[] {
  switch (element.kind) {
    case "if": {
      const { then, otherwise } = element;
      if (otherwise === undefined) return [then];
      return "groups" in otherwise ? [then, otherwise] : [then, ...bodiesOf(otherwise)];
    }
    case "for":
    case "group":
      return [element.body];
    case "layer":
      return element.body ? [element.body] : [];
    case "from":
      return [];
  }
}

/** The items of all branches of a body. */
export function itemsOf(body: Body): readonly Item[] {
  return body.groups.flat();
}

/** What an element calls: `conv` in `conv(3x3, 16)` and in `conv`; `undefined` where a name is not what is called. */
export function calledName(element: Element): string | undefined {
  if (element.kind !== "layer" || element.repeated) return undefined;
  const callee = element.callee.kind === "call" ? element.callee.callee : element.callee;
  return callee.kind === "name" ? callee.name : undefined;
}

/** The arguments an element gives, where it is a call. */
export function callOf(element: Element): CallExpression | undefined {
  return element.kind === "layer" && !element.repeated && element.callee.kind === "call" ? element.callee : undefined;
}

/** True where `x` repeats an element: `3 x unit(64)`. */
export function isRepetition(element: Element): element is LayerElement & { readonly repeated: Element } {
  return element.kind === "layer" && element.repeated !== undefined;
}

const placesOf = new WeakMap<Module, ReadonlyMap<string, PlacedElement>>();

/** The element that stands at a place of this file: what a node of a graph came from, when the file itself wrote it. */
export function elementAt(module: Module, span: Span): PlacedElement | undefined {
  if (span.source !== module.source) return undefined;
  let places = placesOf.get(module);
  if (places === undefined) {
    places = new Map(moduleElements(module).map((placed) => [`${placed.element.start}:${placed.element.end}`, placed]));
    placesOf.set(module, places);
  }
  return places.get(`${span.start}:${span.end}`);
}
