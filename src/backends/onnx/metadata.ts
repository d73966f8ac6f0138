import { spanLocation } from "../../base/source-file.ts";
import type { Node } from "../../ir/graph.ts";
import type { Instance } from "../../ir/origin.ts";
import type { Entry } from "./messages.ts";

/**
 * What every node says of itself in the file: where it was written (the line that made it, then the lines that called
 * that, out to the user's own file), its path, the chain of instances, and whether the compiler put it there.
 */
export function nodeMetadata(node: Node): readonly Entry[] {
  const { origin } = node;
  if (!origin) return [];
  const entries: Entry[] = [
    { key: "rnc.source", value: sourceChain(node) },
    { key: "rnc.path", value: node.name },
    { key: "rnc.instance", value: instanceChain(origin.instance) },
  ];
  const { residual } = origin.instance;
  if (origin.inserted) entries.push({ key: "rnc.inserted", value: `shortcut ${policyAround(origin.instance)}` });
  else if (residual && node.op === "sum") entries.push({ key: "rnc.shortcut", value: `${residual.policy}: ${residual.made === "layers" ? "inserted layers" : residual.made}` });
  return entries;
}

function sourceChain(node: Node): string {
  const places: string[] = [];
  const add = (place: string): void => {
    if (places[places.length - 1] !== place) places.push(place);
  };
  const { origin } = node;
  if (!origin) return "";
  add(spanLocation(origin.span));
  for (let at: Instance | undefined = origin.instance; at; at = at.parent) {
    if (at.kind === "block" || at.kind === "network") add(spanLocation(at.callSpan));
  }
  return places.join(" < ");
}

/** `ResNet50 > trunk > layer1: stage > 0: bottleneck > residual` */
function instanceChain(instance: Instance): string {
  const parts: string[] = [];
  for (let at: Instance | undefined = instance; at; at = at.parent) {
    const index = at.label ?? (at.loopIndex === undefined ? undefined : String(at.loopIndex));
    const name = at.kind === "group" ? "{ }" : at.declaration;
    parts.unshift(index === undefined ? name : `${index}: ${name}`);
  }
  return parts.join(" > ");
}

function policyAround(instance: Instance): string {
  for (let at: Instance | undefined = instance; at; at = at.parent) if (at.residual) return at.residual.policy;
  return instance.declaration;
}
