import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../base/input-error.ts";
import { codeOf } from "../node-host.ts";

const LOCK = ".lock";
/** Those of this process. */
const locks = new Set<string>();

/**
 * Keeps other processes from this run until this one ends; one that was killed keeps nobody.
 *
 * @throws {@link InputError} when another process is at it
 */
export function lockRun(path: string): void {
  const lock = join(path, LOCK);
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    const holder = Number(readFileSync(lock, "utf8"));
    if (holder !== process.pid && lives(holder)) throw new InputError(`another process (${holder}) is training in \`${path}\``, { help: ["Wait for it, or end it with Ctrl-C: it leaves a checkpoint."] });
    writeFileSync(lock, String(process.pid));
  }
  if (locks.size === 0) process.once("exit", () => locks.forEach((held) => rmSync(held, { force: true })));
  locks.add(lock);
}

/** Whether a process is training in this run now. */
export function isInUse(path: string): boolean {
  const lock = join(path, LOCK);
  return existsSync(lock) && lives(Number(readFileSync(lock, "utf8")));
}

function lives(processId: number): boolean {
  if (!Number.isInteger(processId) || processId <= 0) return false;
  try {
    return process.kill(processId, 0);
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}
