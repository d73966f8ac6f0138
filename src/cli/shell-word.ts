import { sep } from "node:path";

/** A path as a command that is to be copied into a shell has it: quoted where it must be. */
export function shellWord(path: string): string {
  return /^[\p{L}\p{N}_./:@%+=,-]+$/u.test(path) || sep === "\\" ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
