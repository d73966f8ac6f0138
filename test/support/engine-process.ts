import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Context } from "mocha";
import type { EngineName, FloatTensor } from "../../src/engines/engine.ts";
import type { TrainingBatch, TrainingOptions, TrainingResult } from "../../src/engines/training.ts";

/** A network of the standard library and where its weights lie; without a file they are those of seed 0. */
export interface ModelRequest {
  readonly network: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly weights?: string;
  readonly renames?: readonly string[];
}

export type Request =
  | { readonly do: "open"; readonly model: ModelRequest }
  | { readonly do: "run"; readonly inputs: readonly FloatTensor[] }
  | { readonly do: "train"; readonly model: ModelRequest; readonly options: TrainingOptions }
  | { readonly do: "step"; readonly batch: TrainingBatch; readonly learningRate: number }
  /** Writes the state of the training as safetensors. */
  | { readonly do: "save"; readonly path: string };

export interface Answers {
  readonly open: undefined;
  readonly run: readonly FloatTensor[];
  readonly train: undefined;
  readonly step: TrainingResult;
  readonly save: undefined;
}

/** An engine in a process of its own. */
export interface EngineProcess {
  ask<R extends Request>(request: R): Promise<Answers[R["do"]]>;
  close(): Promise<void>;
}

const NODE_MODULES = fileURLToPath(new URL("../../node_modules/", import.meta.url));

/** Starts an engine's process; skips the running test, and prints why, where its package is not installed. */
export function startEngine(context: Context, name: EngineName): EngineProcess {
  if (!existsSync(`${NODE_MODULES}@tensorflow/${name}`)) {
    console.log(`      skipped: @tensorflow/${name} is not installed; npm run engines`);
    return context.skip();
  }
  const worker = fileURLToPath(new URL("engine-worker.ts", import.meta.url));
  const child = fork(worker, [name], { execArgv: ["--import", "tsx"], serialization: "advanced", stdio: ["ignore", "inherit", "pipe", "ipc"] });
  let said = "";
  child.stderr?.on("data", (text: Buffer) => (said = (said + text.toString()).slice(-4000)));
  const waiting: { resolve: (value: unknown) => void; reject: (error: Error) => void }[] = [];
  child.on("message", ({ value, error }: { value?: unknown; error?: string }) => {
    const asked = waiting.shift();
    if (error === undefined) asked?.resolve(value);
    else asked?.reject(new Error(`${name}: ${error}`));
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  void ended.then(() => waiting.splice(0).forEach(({ reject }) => reject(new Error(`the process of ${name} ended:\n${said}`))));
  return {
    ask<R extends Request>(request: R) {
      return new Promise<Answers[R["do"]]>((resolve, reject) => {
        waiting.push({ resolve: resolve as (value: unknown) => void, reject });
        child.send(request, (error) => error && reject(error));
      });
    },
    async close() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
