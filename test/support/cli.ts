import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The built command line, as a user starts it. */
export const RNC = fileURLToPath(new URL("../../dist/bin/rnc.cjs", import.meta.url));

/** `npm test` builds first; a test file run alone builds when there is nothing yet. */
export function ensureBuilt(): void {
  if (existsSync(RNC) && existsSync(fileURLToPath(new URL("../../dist/types/index.d.ts", import.meta.url)))) return;
  execFileSync("npm", ["run", "build"], { cwd: fileURLToPath(new URL("../..", import.meta.url)), stdio: "inherit" });
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `rnc` in a folder; no colours, whatever the terminal of the tests is. */
export function rnc(args: readonly string[], options: { readonly cwd: string; readonly input?: string | Uint8Array; readonly env?: NodeJS.ProcessEnv }): Ran {
  const { FORCE_COLOR: _force, ...env } = process.env;
  const ran = spawnSync(process.execPath, [RNC, ...args], { cwd: options.cwd, input: options.input ?? "", env: { ...env, ...options.env }, maxBuffer: 1 << 28 });
  return { code: ran.status, stdout: ran.stdout.toString(), stderr: ran.stderr.toString() };
}

/** A new folder that is gone when the work is done. */
export async function inFolder<T>(work: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "rnc-test-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
