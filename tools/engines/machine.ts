/** What the installers of engines share: one cache, commands that say why they fail, folders that are whole or not there. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** What is expensive to get stays here: `npm ci` empties `node_modules`. */
export function cacheFolder(): string {
  const { RNC_ENGINES_CACHE, XDG_CACHE_HOME } = process.env;
  return RNC_ENGINES_CACHE || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "rnc-engines");
}

/** Something this machine lacks, and what its owner can do about it. */
export class Unavailable extends Error {
  constructor(
    message: string,
    readonly help: string,
  ) {
    super(message);
  }
}

/** Prints progress; standard output is for results. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

export interface Ran {
  readonly worked: boolean;
  readonly stdout: string;
  /** The last lines it wrote, or why it did not start. */
  readonly complaint: string;
}

/** Runs a command to its end. */
export function run(command: string, args: readonly string[], options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly seconds?: number } = {}): Ran {
  const ran = spawnSync(command, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...options.env },
    encoding: "utf8",
    timeout: 1000 * (options.seconds ?? 600),
    maxBuffer: 1 << 26,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = `${ran.stderr ?? ""}`.trim() || `${ran.stdout ?? ""}`.trim();
  const complaint = ran.error ? ran.error.message : said.split("\n").slice(-12).join("\n") || `it ended with ${ran.status ?? ran.signal}`;
  return { worked: ran.status === 0, stdout: ran.stdout ?? "", complaint };
}

/** The first of these commands that does what is asked of it, or nothing. */
export function firstThatRuns(commands: readonly string[], args: readonly string[]): string | undefined {
  return commands.find((command) => run(command, args, { seconds: 60 }).worked);
}

/**
 * Makes a folder aside and puts it in its place when it is whole. What an installation left that was stopped half way is
 * removed first; a folder that lacks one of the `files` is made again.
 *
 * @returns whether there was something to do
 */
export function makeWhole(folder: string, files: readonly string[], make: (unfinished: string) => void): boolean {
  if (files.every((file) => existsSync(join(folder, file)))) return false;
  const parent = dirname(folder);
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    const process = name.startsWith(`${basename(folder)}.unfinished-`) ? Number(name.split("-").pop()) : undefined;
    if (process !== undefined && !isAlive(process)) rmSync(join(parent, name), { recursive: true, force: true });
  }
  const unfinished = `${folder}.unfinished-${process.pid}`;
  mkdirSync(unfinished);
  try {
    make(unfinished);
    const missing = files.filter((file) => !existsSync(join(unfinished, file)));
    if (missing.length > 0) throw new Error(`${folder} would lack ${missing.join(", ")}`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return true;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Runs a script's work; what the machine lacks is said in two lines and ends it with exit code 1. */
export function main(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    say(`error: ${error.message}`);
    say(`help: ${error.help}`);
    process.exitCode = 1;
  }
}
