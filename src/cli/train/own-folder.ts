import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { codeOf } from "../node-host.ts";

/** A folder that is one's own; taken away, everything is as it was before. */
export interface OwnFolder {
  remove(): void;
}

/** Whether something is there already that a folder of one's own would mingle with. */
export function isTaken(path: string): boolean {
  return existsSync(path) && (!statSync(path).isDirectory() || readdirSync(path).length > 0);
}

/**
 * Makes a folder, with those around it where they are missing; it may be there, and is empty then.
 *
 * @param first a folder in it: of two processes at it, the one that makes this has the whole
 * @returns nothing where another process has it
 */
export function makeOwnFolder(path: string, first: string): OwnFolder | undefined {
  const made = makeFolders(path);
  try {
    mkdirSync(join(path, first));
  } catch (error) {
    if (codeOf(error) === "EEXIST") return undefined;
    throw error;
  }
  return {
    remove() {
      for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true, force: true });
      for (const folder of made.reverse()) {
        // Others may have come into a folder around it meanwhile.
        if (readdirSync(folder).length === 0) rmdirSync(folder);
      }
    },
  };
}

/**
 * Not as Node.js makes them by itself: where nothing can be made (below `/proc`, on a read-only disk) that goes on for ever,
 * or blames something else.
 *
 * @returns what was missing, from the outside in
 */
function makeFolders(path: string): string[] {
  if (existsSync(path)) return [];
  const around = dirname(path) === path ? [] : makeFolders(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process was as fast.
    if (codeOf(error) === "EEXIST" && statSync(path).isDirectory()) return around;
    throw error;
  }
  return [...around, path];
}
