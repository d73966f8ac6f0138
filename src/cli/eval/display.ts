import type { CliHost } from "../host.ts";
import { countText } from "../table.ts";
import { durationText } from "../train/display.ts";

const EVERY_MS = 150;

/** A line on a terminal that tells how a test goes. */
export interface Display {
  /** So many more images were shown; `wrong` of the `judged` ones so far. */
  add(images: number, counted: { readonly images: number; readonly wrong: number }): void;
  end(): void;
}

/** @param total images of all passes of all models */
export function createDisplay(host: CliHost, total: number): Display {
  const begun = performance.now();
  let done = 0;
  let shownAt = begun;
  let isShown = false;
  return {
    add(images, counted) {
      done += images;
      const now = performance.now();
      if (!host.err.isTerminal || now - shownAt < EVERY_MS) return;
      shownAt = now;
      isShown = true;
      const perSecond = (1000 * done) / (now - begun);
      const error = counted.images === 0 ? "" : `  error ${((100 * counted.wrong) / counted.images).toFixed(2)} %`;
      const text = `testing  ${countText(done)} of ${countText(total)} images  ${Math.floor((100 * done) / total)} %${error}  ${countText(Math.round(perSecond))} images/s  ${durationText((total - done) / perSecond)} left`;
      host.err.write(`\r\x1b[2K${text.slice(0, Math.max(20, host.err.columns - 1))}`);
    },
    end() {
      if (isShown) host.err.write("\r\x1b[2K");
      isShown = false;
    },
  };
}
