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

/** One error for all that was refused: the same operator for the same reason is told once, with its first place. */
export function refusal(graph: Graph, refused: readonly Refused[]): InputError {
  const groups = new Map<string, { readonly first: Refused; count: number }>();
  for (const one of refused) {
    const key = `${one.node.op} ${one.reason}`;
    const known = groups.get(key);
    if (known) known.count++;
    else groups.set(key, { first: one, count: 1 });
  }
  const all = [...groups.values()];
  const notes = all.slice(0, REASONS_SHOWN).flatMap(({ first: { node, reason }, count }) => [
    `\`${node.name}\` (\`${node.op}\`)${count > 1 ? ` and ${count - 1} more like it` : ""}: ${reason}`,
    ...placeNotes(node),
  ]);
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
