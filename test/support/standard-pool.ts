import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Outcome, Question } from "./standard-answers.ts";

export interface Pool {
  /** The answer to the question of this index; where nobody works on it yet, it comes next. */
  outcome(index: number): Promise<Outcome>;
  /** Ends the processes; questions that were not answered stay so. */
  close(): void;
}

/** Answers questions in some processes of their own, ahead of who asks, in their order. */
export function askAll(questions: readonly Question[], processes = 2): Pool {
  const settle: ((outcome: Outcome) => void)[] = [];
  const outcomes = questions.map(() => new Promise<Outcome>((resolve) => settle.push(resolve)));
  const waiting = new Set(questions.keys());
  const children = new Set<ChildProcess>();
  let wanted: number | undefined;

  const next = (): number | undefined => {
    const index = wanted !== undefined && waiting.has(wanted) ? wanted : waiting.values().next().value;
    if (index !== undefined) waiting.delete(index);
    return index;
  };
  const start = (): void => {
    let current = next();
    if (current === undefined) return;
    const child = fork(fileURLToPath(new URL("standard-worker.ts", import.meta.url)), { execArgv: ["--import", "tsx"], stdio: ["ignore", "inherit", "inherit", "ipc"] });
    children.add(child);
    child.send(questions[current]!);
    child.on("message", (outcome: Outcome) => {
      if (current !== undefined) settle[current]!(outcome);
      current = next();
      if (current === undefined) child.disconnect();
      else child.send(questions[current]!);
    });
    child.on("exit", (code, signal) => {
      if (!children.delete(child) || current === undefined) return;
      settle[current]!({ kind: "failed", error: `the process ended: ${signal ?? `exit code ${code}`}` });
      start();
    });
  };
  return {
    outcome(index) {
      wanted = index;
      while (children.size < processes && waiting.size > 0) start();
      return outcomes[index]!;
    },
    close() {
      waiting.clear();
      for (const child of children) {
        children.delete(child);
        child.kill();
      }
    },
  };
}
