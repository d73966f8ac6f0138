import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Outcome, Question } from "./standard-answers.ts";

export interface Pool {
  /** The answer to the question of this index. */
  readonly outcomes: readonly Promise<Outcome>[];
  /** Ends the processes; questions that were not answered stay so. */
  close(): void;
}

/** Answers questions in some processes of their own, in their order. */
export function askAll(questions: readonly Question[], processes = 2): Pool {
  const settled: ((outcome: Outcome) => void)[] = [];
  const outcomes = questions.map(() => new Promise<Outcome>((resolve) => settled.push(resolve)));
  const children = new Set<ChildProcess>();
  let next = 0;
  const start = (): void => {
    if (next >= questions.length) return;
    const child = fork(fileURLToPath(new URL("standard-worker.ts", import.meta.url)), { execArgv: ["--import", "tsx"], stdio: ["ignore", "inherit", "inherit", "ipc"] });
    children.add(child);
    let current: number | undefined;
    const ask = (): void => {
      current = next < questions.length ? next++ : undefined;
      if (current === undefined) child.disconnect();
      else child.send(questions[current]!);
    };
    child.on("message", (outcome: Outcome) => {
      if (current !== undefined) settled[current]!(outcome);
      ask();
    });
    child.on("exit", (code, signal) => {
      if (!children.delete(child) || current === undefined) return;
      settled[current]!({ kind: "failed", error: `the process ended: ${signal ?? `exit code ${code}`}` });
      start();
    });
    ask();
  };
  for (let i = 0; i < processes; i++) start();
  return {
    outcomes,
    close() {
      for (const child of children) {
        children.delete(child);
        child.kill();
      }
    },
  };
}
