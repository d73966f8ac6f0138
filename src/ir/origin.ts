import type { Span } from "../base/source-file.ts";

/**
 * One use of a declaration, a join or a labelled group: who made a node, under which label, called from which line.
 * Chains of instances are what messages, the summary, pictures and exported metadata speak of.
 */
export interface Instance {
  readonly parent: Instance | undefined;
  readonly kind: "network" | "block" | "join" | "group";
  /** The declaration or join that was used (`basic`, `ResNet50`, `residual`); empty for a group. */
  readonly declaration: string;
  /** The full name of what it made, without a trailing dot: `layer1.0`; equal to the holder's where it dissolved. */
  readonly path: string;
  readonly label: string | undefined;
  /** Where it was called, and where its declaration stands (the same for joins and groups). */
  readonly callSpan: Span;
  readonly declarationSpan: Span;
  /** The arguments as written out: `width=64, stride=2`. */
  readonly arguments: string;
  /** The pass of the innermost loop it stands in, from 0. */
  readonly loopIndex: number | undefined;
  /** True for what the compiler put there: the instance of a shortcut option. */
  readonly inserted: boolean;
  /** For a residual join: what the policy was asked and what it made. */
  readonly residual: ResidualRecord | undefined;
}

/** What a residual asked of its shortcut policy, filled in when the other path has been made. */
export interface ResidualRecord {
  /** The policy as a user names it: `B`, `B(norm=identity)`, `none`, `identity`. */
  readonly policy: string;
  readonly channels: number;
  readonly stride: readonly number[];
  /** `none`: no addition; `identity`: the input itself; `layers`: the nodes marked as inserted. */
  readonly made: "none" | "identity" | "layers";
}

/** Where a node comes from. */
export interface Origin {
  /** The element in the text that made it (a library line where a library block did). */
  readonly span: Span;
  readonly instance: Instance;
  /** True for what a shortcut policy made. */
  readonly inserted: boolean;
}
