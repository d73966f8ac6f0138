import { lineText, positionAt } from "../base/source-file.ts";
import type { Span } from "../base/source-file.ts";
import type { Node } from "../ir/graph.ts";
import type { Instance } from "../ir/origin.ts";
import { instanceChain, placeOf } from "../program/stages.ts";
import type { Block } from "./blocks.ts";

/** A line of a text: one-based, as editors count. */
export interface LinePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The line itself, without the spaces around it. */
  readonly text: string;
}

/** Where a layer was written: the line in a file of the user's own first, then the one in the library that made it. */
export function placesOfLayer(node: Node): readonly LinePlace[] {
  const { origin } = node;
  if (origin === undefined) return [];
  const calls = callsAround(origin.instance);
  const own = [origin.span, ...calls].find(({ source }) => !source.standard);
  // In a network of the library itself: the layer, and the line of the network that has it.
  const stage = placeOf(node).stage?.callSpan;
  return lines(own === undefined ? [origin.span, stage] : [own, origin.span.source.standard ? origin.span : undefined]);
}

/** Where a block is used: in a file of the user's own, else in the network of the library. */
export function placesOfBlock({ instance, nodes }: Block): readonly LinePlace[] {
  if (instance === undefined) return nodes[0] ? placesOfLayer(nodes[0]).slice(0, 1) : [];
  const calls = callsAround(instance);
  const own = calls.find(({ source }) => !source.standard);
  const stage = instanceChain(instance).find(({ kind, label }) => kind !== "network" && label !== undefined);
  return lines([own ?? stage?.callSpan ?? instance.callSpan]);
}

/** The lines that called what holds something, from the innermost one outwards; a network's own call is no line of it. */
function callsAround(instance: Instance): readonly Span[] {
  const spans: Span[] = [];
  for (let at: Instance | undefined = instance; at; at = at.parent) if (at.parent) spans.push(at.callSpan);
  return spans;
}

function lines(spans: readonly (Span | undefined)[]): readonly LinePlace[] {
  const places = new Map<string, LinePlace>();
  for (const span of spans) {
    if (span === undefined) continue;
    const { line, column } = positionAt(span.source, span.start);
    places.set(`${span.source.path}:${line}:${column}`, { file: span.source.path, line, column, text: lineText(span.source, line).trim() });
  }
  return [...places.values()];
}
