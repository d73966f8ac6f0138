import { reportPage } from "../../report/page.ts";
import type { TrainingRun } from "../../report/run.ts";
import { writeText } from "../write-text.ts";
import { readRun } from "./read-run.ts";
import { RUN_FILES } from "./run-folder.ts";
import type { RunFolder } from "./run-folder.ts";

/** Drawing takes this part of the time at most; lines that come faster are drawn with a later one. */
const SHARE = 0.02;

/** Keeps the page of a run, `report.html` in its folder, as new as its numbers. */
export interface RunReport {
  /** After new numbers, of a training that goes on. */
  update(): Promise<void>;
  /** When nothing comes after. */
  finish(state: TrainingRun["state"]): Promise<void>;
}

/** @returns what writes the page of this run; each writing rejects with an {@link InputError} where the disk does not take it */
export function createRunReport(folder: Pick<RunFolder, "path" | "file">): RunReport {
  let next = 0;
  const write = (state: TrainingRun["state"]): Promise<void> => writeText(folder.file(RUN_FILES.report), reportPage([{ ...readRun(folder.path), state }]));
  return {
    async update() {
      const begun = performance.now();
      if (begun < next) return;
      await write("running");
      const end = performance.now();
      next = end + (end - begun) / SHARE;
    },
    finish: write,
  };
}
