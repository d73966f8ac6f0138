import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeFolders } from "../make-folders.ts";
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
