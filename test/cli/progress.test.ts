import { expect } from "chai";
import type { CliHost, Output } from "../../src/cli/host.ts";
import { createProgress } from "../../src/cli/progress.ts";
import { NO_COLORS } from "../../src/diagnostics/render/colors.ts";
import { NO_FILES } from "../../src/program/load.ts";

describe("progress", () => {
  /** Runs something with a clock of its own; gives what was written to standard error. */
  function told(isTerminal: boolean, work: (host: CliHost, advance: (milliseconds: number) => void) => void): string {
    let text = "";
    let now = 5_000;
    const output: Output = { write: (part) => void (text += part), isTerminal, columns: 80, colors: NO_COLORS };
    const nothing = (): never => {
      throw new Error("not asked for");
    };
    const original = performance.now.bind(performance);
    performance.now = () => now;
    try {
      work({ out: output, err: output, files: NO_FILES, pathKind: nothing, list: nothing, readText: nothing, openBytes: nothing }, (milliseconds) => void (now += milliseconds));
    } finally {
      performance.now = original;
    }
    return text;
  }

  it("says share, amount and time left after a second, at most ten times a second, and goes away", () => {
    const text = told(true, (host, advance) => {
      const progress = createProgress(host, "writing a", 200e6);
      advance(900);
      progress.update(50e6);
      advance(1100);
      progress.update(100e6);
      advance(50);
      progress.update(110e6);
      progress.end();
    });
    // 100 MB in 2 s: the other 100 MB take 2 s.
    expect(text).to.equal("\r\u001b[2Kwriting a  50 %  100 of 200 MB, 2 s left\r\u001b[2K");
  });

  it("says nothing about short work, nor where nobody watches", () => {
    const long = (host: CliHost, advance: (milliseconds: number) => void): void => {
      const progress = createProgress(host, "writing a", 2);
      advance(5000);
      progress.update(1);
      progress.end();
    };
    expect(told(false, long)).to.equal("");
    const short = told(true, (host, advance) => {
      const progress = createProgress(host, "writing a", 2);
      advance(999);
      progress.update(2);
      progress.end();
    });
    expect(short).to.equal("");
  });
});
