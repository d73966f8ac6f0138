import { InputError } from "../../base/input-error.ts";
import type { Span } from "../../base/source-file.ts";
import { spanLocation } from "../../base/source-file.ts";
import type { Graph, Node } from "../../ir/graph.ts";
import type { Instance } from "../../ir/origin.ts";

/** A node that has no exact form, and why. */
export interface Refused {
  readonly node: Node;
  readonly reason: string;
}

/** Reasons that are spelled out; a network with more has the rest counted. */
const REASONS_SHOWN = 5;

/** Nodes of the same operator for the same reason: the first of them, and how many they are. */
export interface RefusedGroup {
  readonly first: Refused;
  readonly count: number;
}

export function inGroups(refused: readonly Refused[]): readonly RefusedGroup[] {
  const groups = new Map<string, { readonly first: Refused; count: number }>();
  for (const one of refused) {
    const key = `${one.node.op} ${one.reason}`;
    const known = groups.get(key);
    if (known) known.count++;
    else groups.set(key, { first: one, count: 1 });
  }
  return [...groups.values()];
}

/** `conv2` (`conv`) and 3 more like it: the reason. */
export function groupLine({ first: { node, reason }, count }: RefusedGroup): string {
  return `\`${node.name}\` (\`${node.op}\`)${count > 1 ? ` and ${count - 1} more like it` : ""}: ${reason}`;
}

/** One error for all that was refused: the same operator for the same reason is told once, with its first place. */
export function refusal(graph: Graph, refused: readonly Refused[]): InputError {
  const all = inGroups(refused);
  const notes = all.slice(0, REASONS_SHOWN).flatMap((group) => [groupLine(group), ...placeNotes(group.first.node)]);
  if (all.length > REASONS_SHOWN) notes.push(`… and ${all.length - REASONS_SHOWN} more reasons`);
  return new InputError(`\`${graph.name}\` cannot be written for TensorFlow.js: ${refused.length === 1 ? "one layer has" : `${refused.length} layers have`} no exact form in its built-in layers`, {
    notes,
    help: ["`--target onnx` writes every network."],
  });
}

function placeNotes({ origin }: Node): readonly string[] {
  if (!origin) return [];
  const own = ownSpan(origin.instance);
  const used = own && (origin.span.source.standard || own.source !== origin.span.source) ? `, used at ${spanLocation(own)}` : "";
  return [`It stands at ${spanLocation(origin.span)}${used}.`];
}

/** The innermost call that the user wrote. */
function ownSpan(instance: Instance): Span | undefined {
  for (let at: Instance | undefined = instance; at; at = at.parent) if (!at.callSpan.source.standard) return at.callSpan;
  return undefined;
}
