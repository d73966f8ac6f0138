import type { Body, ParseTree } from "../syntax/index.ts";

/** What has to do with places alone. */
const PLACES: ReadonlySet<string> = new Set(["start", "end", "source", "bars"]);

/**
 * Everything that a text says, as one string: its syntax tree without the places, and its comments in their order. Equal
 * for two texts that differ in their layout alone.
 */
export function meaningOf({ module, comments, problems }: ParseTree): string {
  const tree = JSON.stringify(module, (key, value: unknown) => (PLACES.has(key) ? undefined : isBody(value) ? { groups: value.groups, leadingBar: hasMeaningfulBar(value) } : value));
  return JSON.stringify([tree, comments.map(({ image }) => image.trimEnd()), problems.map(({ code }) => code)]);
}

const isBody = (value: unknown): value is Body => typeof value === "object" && value !== null && "groups" in value && "bars" in value;

/** A first `|` is layout where several branches follow; before statements it makes them a branch, and before one branch it stays. */
function hasMeaningfulBar({ groups, leadingBar }: Body): boolean {
  return leadingBar && (groups.length < 2 || groups[0]?.some(({ kind }) => kind === "chain") !== true);
}
