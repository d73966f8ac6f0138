import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { pythonOracle } from "../support/python.ts";

/** A running `serve.py`: PyTorch is imported once for many questions. */
export interface Oracle {
  ask<Answer>(request: Readonly<Record<string, unknown>>): Promise<Answer>;
  close(): Promise<void>;
}

/** Starts `serve.py`; rejects questions with its own messages when it ends. */
export function startOracle(): Oracle {
  const python = pythonOracle();
  if (python === undefined) throw new Error("the Python oracles are not installed; ask needsPython first");
  const child = spawn(python, ["-B", fileURLToPath(new URL("serve.py", import.meta.url))], { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said = (said + text.toString()).slice(-4000)));
  child.stdin.on("error", () => {});
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.resolve(line));
  void ended.then(() => waiting.splice(0).forEach(({ reject }) => reject(new Error(`serve.py ended:\n${said}`))));
  return {
    async ask<Answer>(request: Readonly<Record<string, unknown>>): Promise<Answer> {
      if (child.exitCode !== null) throw new Error(`serve.py ended:\n${said}`);
      const line = await new Promise<string>((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin.write(`${JSON.stringify(request)}\n`);
      });
      return JSON.parse(line) as Answer;
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
