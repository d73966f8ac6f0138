import { groupDigits } from "../base/digits.ts";
import type { CliHost } from "./host.ts";

/** Something that takes a while, told on a terminal once it has taken a second. */
export interface Progress {
  /** How much is done of the total. */
  update(done: number): void;
  /** Takes the line away. */
  end(): void;
}

const FIRST_AFTER_MS = 1000;
const EVERY_MS = 100;

/** `writing r50.onnx  42 %  43 of 102 MB, 3 s left`; silent where standard error is no terminal. */
export function createProgress(host: CliHost, label: string, total: number): Progress {
  const begun = performance.now();
  let shown = 0;
  if (!host.err.isTerminal) return { update: () => undefined, end: () => undefined };
  return {
    update(done) {
      const now = performance.now();
      if (now - begun < FIRST_AFTER_MS || now - shown < EVERY_MS) return;
      shown = now;
      const left = done > 0 ? Math.round(((now - begun) * (total - done)) / done / 1000) : undefined;
      const percent = total > 0 ? Math.floor((100 * done) / total) : 100;
      host.err.write(`\r\x1b[2K${label}  ${percent} %  ${megabytes(done)} of ${megabytes(total)} MB${left === undefined ? "" : `, ${left} s left`}`);
    },
    end() {
      if (shown > 0) host.err.write("\r\x1b[2K");
    },
  };
}

/** A line on a terminal for work of unknown length, once it has taken a second: `measuring statistics … 12 s`. */
export function createWaiting(host: CliHost, label: string): { end(): void } {
  if (!host.err.isTerminal) return { end: () => undefined };
  const begun = performance.now();
  let shown = false;
  const timer = setInterval(() => {
    shown = true;
    host.err.write(`\r\x1b[2K${label} … ${Math.round((performance.now() - begun) / 1000)} s`);
  }, FIRST_AFTER_MS);
  timer.unref();
  return {
    end() {
      clearInterval(timer);
      if (shown) host.err.write("\r\x1b[2K");
    },
  };
}

/** One line on a terminal at a time, for each run that takes more than a second. */
export function createSteps(host: CliHost): { readonly next: (label: string) => void; readonly end: () => void } {
  let waiting: { end(): void } | undefined;
  const end = (): void => waiting?.end();
  return {
    next(label) {
      end();
      waiting = createWaiting(host, label);
    },
    end,
  };
}

function megabytes(bytes: number): string {
  return groupDigits(Math.round(bytes / 1e6));
}
