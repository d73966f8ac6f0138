import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { InternalError } from "../base/assert.ts";
import { InputError } from "../base/input-error.ts";
import type { EngineName, EngineStatus, Inference, ModelFiles } from "../engines/engine.ts";
import type { EngineAnswer, EngineRequest } from "./engine-messages.ts";
import { Interrupted } from "./host.ts";
import { writeEmittedFiles } from "./write-files.ts";

/** Lines of a lost process's standard error that are told. */
const LAST_LINES = 6;
/** A closed engine has this long to take its runtime down. */
const END_MS = 5_000;
/** By then this process has heard of a signal, too. */
const SIGNAL_MS = 100;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A process that runs an engine. While it is asked nothing it does not keep this one alive, and it ends with this one. */
export interface EngineProcess {
  ask<K extends EngineAnswer["kind"]>(request: EngineRequest, kind: K): Promise<Extract<EngineAnswer, { readonly kind: K }>>;
  /** Waits until it has ended by itself, and ends it when that takes too long. */
  ended(): Promise<void>;
  kill(): void;
}

/**
 * Loads a model into an engine that runs in a process of its own: a runtime that ends its process does not end this one,
 * and engines that cannot live together in one process can be compared.
 *
 * @throws {@link InputError} as {@link Engine.open} does, and when the process is lost; {@link Interrupted} on Ctrl-C
 */
export async function openInChildProcess(engineName: EngineName, model: ModelFiles): Promise<Inference> {
  const child = startProcess(engineName);
  try {
    const { inputs, outputs } = await interruptible(child, (signal) =>
      inFolder(async (folder) => {
        const written = await writeEmittedFiles(model.files, model.files.some(({ path }) => path === "") ? join(folder, "model.onnx") : folder, { signal });
        const files = model.files.map(({ path }, index) => ({ path, location: written[index]?.path ?? "" }));
        return child.ask({ kind: "open", engine: engineName, format: model.format, files }, "opened");
      }),
    );
    return {
      inputs,
      outputs,
      run: async (given) => (await interruptible(child, () => child.ask({ kind: "run", inputs: given }, "ran"))).outputs,
      async close() {
        await child.ask({ kind: "close" }, "closed").finally(() => child.ended());
      },
    };
  } catch (error) {
    child.kill();
    throw error;
  }
}

/**
 * What an engine is here, found out in a process of its own.
 *
 * @returns `broken` where the process is lost or does not answer in time, too
 */
export async function probeInChildProcess(engineName: EngineName, limitInSeconds: number): Promise<EngineStatus> {
  const child = startProcess(engineName);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<EngineStatus>((resolve) => {
    const help = [`A first start can take minutes where a GPU's library compiles its kernels: \`rnc doctor --timeout ${limitInSeconds * 10}\` waits longer.`];
    timer = setTimeout(() => resolve({ kind: "broken", reason: `it did not answer within ${limitInSeconds} s`, help }), limitInSeconds * 1000);
  });
  try {
    return await interruptible(child, () => Promise.race([late, child.ask({ kind: "probe", engine: engineName }, "status").then(({ status }) => status)]));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { kind: "broken", reason: [error.message, ...error.notes].join("\n"), help: error.help };
  } finally {
    clearTimeout(timer);
    child.kill();
  }
}

/** An engine's process ended unasked. */
export class EngineLost extends InputError {}

/** Starts the process of an engine. */
export function startProcess(engineName: EngineName): EngineProcess {
  const child = fork(programPath(), [], { serialization: "advanced", stdio: ["ignore", "ignore", "pipe", "ipc"], execArgv: inheritedOptions(process.execArgv) });
  const lastLines = collectLines(child);
  let waiting: { readonly resolve: (answer: EngineAnswer) => void; readonly reject: (error: unknown) => void } | undefined;
  let lost: EngineLost | undefined;
  const ended = new Promise<void>((resolve) => {
    const lose = (how: string): void => {
      lost ??= new EngineLost(`the engine \`${engineName}\` was lost: its process ${how}`, { notes: lastLines(), help: ["Nothing else was lost. `rnc doctor` says which engines work here."] });
      waiting?.reject(lost);
      waiting = undefined;
      resolve();
    };
    child.once("close", (code, signal) => lose(signal ? `was ended by ${signal}` : `ended with exit code ${code}`));
    child.once("error", (error) => lose(`could not be started: ${error.message}`));
  });
  child.on("message", (answer: EngineAnswer) => {
    waiting?.resolve(answer);
    waiting = undefined;
  });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  void ended.then(() => process.off("exit", kill));
  keepAlive(child, false);

  let last: Promise<unknown> = Promise.resolve();
  return {
    ask(request, kind) {
      const asked = last.then(async () => {
        keepAlive(child, true);
        try {
          return expectKind(await send(request), kind);
        } finally {
          keepAlive(child, false);
        }
      });
      // Who asks next waits; what went wrong is told to the one who asked.
      last = asked.catch(() => undefined);
      return asked;
    },
    async ended() {
      keepAlive(child, true);
      const timer = setTimeout(kill, END_MS);
      await ended.finally(() => clearTimeout(timer));
    },
    kill,
  };

  function send(request: EngineRequest): Promise<EngineAnswer> {
    return new Promise((resolve, reject) => {
      if (lost) return reject(lost);
      waiting = { resolve, reject };
      // Where the channel is gone, so is the process, and its end says more.
      if (child.connected) child.send(request, () => undefined);
    });
  }
}

function expectKind<K extends EngineAnswer["kind"]>(answer: EngineAnswer, kind: K): Extract<EngineAnswer, { readonly kind: K }> {
  if (answer.kind === "refused") throw new InputError(answer.message, answer);
  if (answer.kind === "failed") throw new InternalError(`in the process of an engine: ${answer.stack}`);
  if (answer.kind !== kind) throw new InternalError(`an engine answered ${answer.kind} where ${kind} was asked`);
  return answer as Extract<EngineAnswer, { readonly kind: K }>;
}

/** The program beside this one: bundled, or as source with the loader that this process runs under. */
function programPath(): string {
  const here = import.meta.filename;
  return join(dirname(here), here.endsWith(".ts") ? "engine-child.ts" : "engine-child.cjs");
}

/** Node's options that are for every process: loaders and memory. Not a debugger's port, nor the text of `node -e`. */
function inheritedOptions(options: readonly string[]): string[] {
  const loader = /^(-r|--require|--import|--loader|--experimental-loader)$/;
  return options.filter((option, index) => loader.test(option) || loader.test(options[index - 1] ?? "") || /^--(require|import|loader|experimental-loader|max-old-space-size)=/.test(option));
}

function keepAlive(child: ChildProcess, alive: boolean): void {
  const stderr = child.stderr as (NodeJS.ReadableStream & { ref?(): void; unref?(): void }) | null;
  for (const handle of [child, child.channel, stderr]) alive ? handle?.ref?.() : handle?.unref?.();
}

/** Gives the last lines of a process's standard error, as many as are told. */
function collectLines(child: ChildProcess): () => readonly string[] {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (part: string) => (text = (text + part).slice(-8_192)));
  return () => text.replace(/\u001b\[[0-9;]*m/g, "").trim().split("\n").map((line) => line.trim()).filter((line) => line !== "").slice(-LAST_LINES);
}

/** A temporary folder for some work; it goes with this process at the latest. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "rnc-engine-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    return await work(folder);
  } finally {
    process.off("exit", remove);
    remove();
  }
}

/** Ctrl-C and orders to end stop the work at once, and the process that does it. */
export async function interruptible<T>(child: EngineProcess, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void => {
    controller.abort(new Interrupted(name));
    child.kill();
  };
  for (const name of SIGNALS) process.on(name, stop);
  try {
    return await work(controller.signal);
  } catch (error) {
    // Ctrl-C reaches both processes, and the end of the other may be heard of first.
    if (error instanceof EngineLost) await wait(SIGNAL_MS);
    controller.signal.throwIfAborted();
    throw error;
  } finally {
    for (const name of SIGNALS) process.off(name, stop);
  }
}
