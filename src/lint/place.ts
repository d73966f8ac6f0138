import type { SourceFile, Span } from "../base/source-file.ts";
import type { Graph, Node } from "../ir/graph.ts";
import type { Instance } from "../ir/origin.ts";
import { placeOf } from "../program/stages.ts";

/** Where in the texts a node or an instance comes from, and what people call it. */
export interface Place {
  /** The innermost line of the linted file that made it. */
  readonly span: Span;
  /** The line that wrote it, where that is in another file. */
  readonly inner: Span | undefined;
  /** Every line that had a part in it, from the inside out. */
  readonly chain: readonly Span[];
  /** `layer1.0.conv1`, `layer1.0`; a network's own name for the whole of it. */
  readonly name: string;
  /** `of block basic in stage layer1`; empty where there is nothing to add. */
  readonly within: string;
}

/** True for a node of a graph, false for an instance. */
export const isNode = (at: Node | Instance): at is Node => "op" in at;

/** Where something of a graph stands, seen from the file that is linted. */
export function placeIn(file: SourceFile, graph: Graph, at: Node | Instance): Place {
  const instance = isNode(at) ? at.origin?.instance : at.parent;
  const own = isNode(at) ? (at.origin?.span ?? rootSpan(file, graph)) : at.callSpan;
  const chain = [own];
  for (let outer = instance; outer; outer = outer.parent) chain.push(outer.callSpan);
  const span = chain.find(({ source }) => source === file) ?? rootSpan(file, graph);
  return { span, inner: own === span ? undefined : own, chain, name: nameOf(at), within: withinOf(at) };
}

/** A network is named where it is declared, in the linted file; a graph without origins was not written in any. */
function rootSpan(file: SourceFile, graph: Graph): Span {
  return graph.instance?.callSpan ?? { source: file, start: 0, end: 0 };
}

function nameOf(at: Node | Instance): string {
  if (isNode(at)) return at.name;
  return at.path === "" ? at.declaration : at.path;
}

function withinOf(at: Node | Instance): string {
  const holder = isNode(at) ? holderOf(at.origin?.instance) : at.kind === "block" ? at : holderOf(at.parent);
  const stage = isNode(at) ? placeOf(at).stage : stageOf(at);
  const parts: string[] = [];
  if (isNode(at) && at.origin?.inserted === true) parts.push(`made by shortcut ${shortcutOf(at.origin.instance)}`);
  else if (holder) parts.push(`of block ${holder.declaration}`);
  if (stage && stage !== at && stage !== holder) parts.push(`in stage ${stage.path}`);
  return parts.join(" ");
}

/** The innermost block around a place. */
function holderOf(instance: Instance | undefined): Instance | undefined {
  let at = instance;
  while (at && at.kind !== "block") at = at.parent;
  return at;
}

/** The outermost instance that the compiler inserted: the shortcut option itself. */
function shortcutOf(instance: Instance): string {
  let found = instance;
  for (let at: Instance | undefined = instance; at?.inserted; at = at.parent) found = at;
  return found.declaration;
}

function stageOf(instance: Instance): Instance | undefined {
  let stage: Instance | undefined;
  for (let at: Instance | undefined = instance; at; at = at.parent) if (at.kind !== "network" && at.label !== undefined && at.path !== at.parent?.path) stage = at;
  return stage;
}
