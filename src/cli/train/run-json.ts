import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { InputError } from "../../base/input-error.ts";
import { codeOf } from "../node-host.ts";

/**
 * Reads a file of a run.
 *
 * @param parts what must be in it: `network.name`
 * @throws {@link InputError} that begins with `otherwise` when there is no such file, it is no JSON, or lacks a part
 */
export function readJson<T>(path: string, otherwise: string, parts: readonly string[]): T {
  try {
    const read = JSON.parse(readFileSync(path, "utf8")) as unknown;
    const lacking = parts.find((part) => partOf(read, part) === undefined);
    if (lacking === undefined) return read as T;
    throw new InputError(`${otherwise}: \`${path}\` has no \`${lacking}\``, { help: ["It is not as `rnc train` wrote it: put it back from a copy."] });
  } catch (error) {
    if (error instanceof InputError) throw error;
    if (error instanceof SyntaxError) throw new InputError(`${otherwise}: \`${path}\` is no JSON`, { notes: [error.message] });
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") throw new InputError(`${otherwise}: there is no \`${path}\``, { help: ["A run is the folder that `rnc train` wrote."] });
    throw new InputError(`${otherwise}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function partOf(value: unknown, path: string): unknown {
  return path.split(".").reduce((inner, name) => (typeof inner === "object" && inner !== null && name in inner ? (inner as Readonly<Record<string, unknown>>)[name] : undefined), value);
}

/** SHA-256 of a file. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
