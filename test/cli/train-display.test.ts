import { expect } from "chai";
import type { CliHost, Output } from "../../src/cli/host.ts";
import { createDisplay, durationText } from "../../src/cli/train/display.ts";
import { NO_COLORS } from "../../src/diagnostics/render/colors.ts";

function fakeHost(isTerminal: boolean): { readonly host: CliHost; readonly out: string[]; readonly err: string[] } {
  const made = (texts: string[]): Output => ({ write: (text) => void texts.push(text), isTerminal, columns: 120, colors: NO_COLORS });
  const [out, err]: [string[], string[]] = [[], []];
  return { host: { out: made(out), err: made(err) } as unknown as CliHost, out, err };
}

const STEP = { step: 500, loss: 1.2345, error: 0.456, learningRate: 0.1 * 0.1, imagesPerSecond: 128 };
const LINE = { step: 500, epoch: 1, lr: 0.1, train_loss: 1.5, train_error: 0.5, val_loss: 2, val_error: 0.25 };

describe("what a training shows", () => {
  it("a line that changes on a terminal, with the time left", () => {
    const { host, err } = fakeHost(true);
    const display = createDisplay(host, { json: false, totalSteps: 1000, batch: 128 });
    display.step(STEP);
    expect(err.join("")).to.include("step 500 of 1,000  50 %  loss 1.234  error 45.60 %  128 images/s  lr 0.01  8 min left");
    display.step(STEP);
    expect(err, "not more often than can be read").to.have.length(1);
    display.end();
    expect(err.at(-1)).to.equal("\r\x1b[2K");
  });

  it("one line an interval in a pipe, nothing in between", () => {
    const { host, out, err } = fakeHost(false);
    const display = createDisplay(host, { json: false, totalSteps: 1000, batch: 128 });
    display.step(STEP);
    display.interval(LINE, 127.6);
    expect(err).to.deep.equal([]);
    expect(out.join("")).to.equal("step   500  loss 1.5000  error 50.00 %  128 images/s  lr 0.1  validation: error 25.00 %, loss 2.0000\n");
    display.interval({ ...LINE, train_loss: 16351483379739376 }, 127.6);
    expect(out.at(-1)).to.include("  loss 1.64e+16  ");
  });

  it("events for programs, and sentences for people beside them", () => {
    const { host, out, err } = fakeHost(false);
    const display = createDisplay(host, { json: true, totalSteps: 1000, batch: 128 });
    display.interval(LINE, 127.6);
    display.say("wibble");
    expect(JSON.parse(out.join(""))).to.deep.equal({ event: "interval", ...LINE, images_per_second: 127.6 });
    expect(err).to.deep.equal(["wibble\n"]);
  });

  it("times as people say them", () => {
    expect([4.6, 59, 61, 3540, 3600, 7380].map(durationText)).to.deep.equal(["5 s", "59 s", "1 min", "59 min", "1 h 0 min", "2 h 3 min"]);
  });
});
