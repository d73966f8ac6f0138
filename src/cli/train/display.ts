import type { MetricsLine } from "../../training/loop.ts";
import { rateText } from "../../training/loop.ts";
import type { CliHost } from "../host.ts";
import { countText } from "../table.ts";

const EVERY_MS = 200;

/** Tells how a training goes: a line that changes on a terminal, a line for each interval, or events. */
export interface Display {
  /** After each step: shown on a terminal only. */
  step(now: { readonly step: number; readonly loss: number; readonly error: number; readonly learningRate: number; readonly imagesPerSecond: number }): void;
  interval(line: MetricsLine, imagesPerSecond: number): void;
  /** A sentence in between. */
  say(text: string): void;
  /** An event for `--json`; people see `text`. */
  event(event: { readonly event: string } & Readonly<Record<string, unknown>>, text?: string): void;
  /** Takes the changing line away. */
  end(): void;
}

/** Shows a training of so many steps. */
export function createDisplay(host: CliHost, options: { readonly json: boolean; readonly totalSteps: number; readonly batch: number }): Display {
  const { out, err } = host;
  const { json, totalSteps, batch } = options;
  const { dim, bold } = out.colors;
  let shownAt = 0;
  let isShown = false;
  const clear = (): void => {
    if (isShown) err.write("\r\x1b[2K");
    isShown = false;
  };
  const say = (text: string): void => {
    clear();
    (json ? err : out).write(`${text}\n`);
  };
  const write = (event: object): void => out.write(`${JSON.stringify(event)}\n`);
  return {
    step({ step, loss, error, learningRate, imagesPerSecond }) {
      const now = performance.now();
      if (!err.isTerminal || now - shownAt < EVERY_MS) return;
      shownAt = now;
      const left = imagesPerSecond > 0 ? `  ${durationText(((totalSteps - step) * batch) / imagesPerSecond)} left` : "";
      const text = `step ${countText(step)} of ${countText(totalSteps)}  ${Math.floor((100 * step) / totalSteps)} %  loss ${loss.toFixed(3)}  error ${percent(error)}  ${speed(imagesPerSecond)}  lr ${rateText(learningRate)}${left}`;
      err.write(`\r\x1b[2K${text.slice(0, Math.max(20, err.columns - 1))}`);
      isShown = true;
    },
    interval(line, imagesPerSecond) {
      if (json) return write({ event: "interval", ...line, images_per_second: imagesPerSecond });
      const validation = line.val_error === undefined ? "" : `  ${bold(`validation: error ${percent(line.val_error)}`)}, loss ${lossText(line.val_loss ?? Number.NaN)}`;
      say(`step ${countText(line.step).padStart(countText(totalSteps).length)}  loss ${lossText(line.train_loss)}  error ${percent(line.train_error).padStart(7)}  ${dim(`${speed(imagesPerSecond)}  lr ${rateText(line.lr)}`)}${validation}`);
    },
    say,
    event(event, text) {
      if (json) write(event);
      else if (text !== undefined) say(text);
    },
    end: clear,
  };
}

/** Of a training that diverges, a loss has more digits than say anything. */
const lossText = (loss: number): string => (loss >= 1e6 ? loss.toExponential(2) : loss.toFixed(4));
const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`;
const speed = (imagesPerSecond: number): string => `${imagesPerSecond >= 100 ? countText(Math.round(imagesPerSecond)) : imagesPerSecond.toFixed(1)} images/s`;

/** `2 h 3 min`, `4 min`, `12 s`. */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
