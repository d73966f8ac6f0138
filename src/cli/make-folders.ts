import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "./node-host.ts";

/**
 * Makes a folder, with those around it where they are missing. Not as Node.js does it by itself: where nothing can be made
 * (below `/proc`, on a read-only disk) that goes on for ever, or blames something else.
 *
 * @returns what was missing, from the outside in
 */
export function makeFolders(path: string): string[] {
  const parent = dirname(path);
  const around = parent === path || existsSync(parent) ? [] : makeFolders(parent);
  try {
    mkdirSync(path);
  } catch (error) {
    // It was there, or another process was as fast.
    if (codeOf(error) === "EEXIST" && statSync(path).isDirectory()) return around;
    throw error;
  }
  return [...around, path];
}
