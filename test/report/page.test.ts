import { expect } from "chai";
import { reportPage, reportPicture } from "../../src/report/page.ts";
import type { TrainingRun } from "../../src/report/run.ts";
import { errorsOf } from "../../src/report/run.ts";
import type { MetricsLine } from "../../src/training/loop.ts";

const line = (step: number, train_error: number, val_error?: number): MetricsLine => ({ step, epoch: 0, lr: step <= 20 ? 0.1 : 0.01, train_loss: 2 * train_error, train_error, ...(val_error === undefined ? {} : { val_error, val_loss: 2 * val_error }) });

const RUN: TrainingRun = {
  name: "first <net>",
  network: "Net",
  recipe: { name: "R", doc: undefined, fields: { batch: 8, steps: 40, optimizer: { function: "sgd", arguments: { lr: 0.1 } } } },
  overrides: { steps: 40 },
  seed: 5,
  data: { path: "photos", classes: 3, train: 1200, validation: 300, validationOf: "test images" },
  engine: { name: "onnxruntime", version: "1.2.3", device: "CPU", threads: 2 },
  versions: { rnc: "9.9.9", node: "20.0.0", platform: "linux x64" },
  state: "finished",
  totalSteps: 40,
  lines: [line(10, 0.8), line(20, 0.5, 0.4), line(30, 0.3, 0.25), line(40, 0.2, 0.3)],
  imagesPerSecond: 1234.4,
  test: { images: 100, loss: 1, error: 0.3125 },
};

describe("report: pages", () => {
  it("know the last and the best errors", () => {
    expect(errorsOf(RUN)).to.deep.equal({ step: 40, training: 0.2, validation: 0.3, best: { step: 30, error: 0.25 } });
    expect(errorsOf({ lines: [] })).to.deep.equal({ step: 0 });
  });

  it("say what was reached and with what", () => {
    const page = reportPage([RUN]);
    for (const text of ["Finished after 40 steps", "first &lt;net&gt;", "20.00 %", "30.00 %", "25.00 %, step 30", "31.25 %", "1,234", "photos: 3 classes, 1,200 images train, 300 test images validate", "steps 40", "onnxruntime 1.2.3, CPU, 2 threads", "rnc 9.9.9, Node 20.0.0, linux x64", "optimizer: sgd(lr=0.1)", "bold: error on test images"]) expect(page, text).to.include(text);
    expect(page.match(/<svg xmlns/g)).to.have.length(2);
  });

  it("open offline: one text without scripts and references", () => {
    const page = reportPage([RUN]);
    expect(page).not.to.match(/<script|<link|<img|src=|href=|url\(|@import/);
    expect([...new Set(page.match(/https?:[^"]*/g))]).to.deep.equal(["http://www.w3.org/2000/svg"]);
  });

  it("of a run in progress load themselves again, with or without numbers", () => {
    const page = reportPage([{ ...RUN, state: "running", totalSteps: 400 }]);
    expect(page).to.include('http-equiv="refresh"').and.include("In progress: 40 of 400 steps (10 %)");
    const early = reportPage([{ ...RUN, state: "running", lines: [] }]);
    expect(early).to.include("There are no numbers yet").and.not.include("<svg");
    expect(reportPage([{ ...RUN, state: "stopped", totalSteps: 400 }])).to.include("Stopped after 40 of 400").and.not.include("refresh");
  });

  it("have several runs in one picture, each in a colour of its own", () => {
    const picture = reportPicture([RUN, { ...RUN, name: "second" }]);
    const colours = [...picture.matchAll(/<g><title>(first|second)[^<]*<\/title><path d="[^"]+" fill="none" stroke="(#\w+)"/g)].map(([, name, colour]) => `${name} ${colour}`);
    expect(colours).to.have.length(4);
    expect(new Set(colours).size).to.equal(2);
    expect(reportPage([RUN, { ...RUN, name: "second" }])).to.include("<h3>second</h3>");
  });

  it("cut the axis of errors as the paper does when errors are small, and show them all when they are not", () => {
    const tops = (scale: number): string[] => {
      const lines = Array.from({ length: 50 }, (_, index) => line(index + 1, index < 5 ? 0.9 : scale, scale));
      return [...reportPicture([{ ...RUN, lines }]).matchAll(/text-anchor="end">(\d+)</g)].map(([, text = ""]) => text);
    };
    const ends = (labels: readonly string[]): string[] => [labels[0]!, labels.at(-1)!];
    // Fig. 6 has 0 to 20; Fig. 4 has 20 to 60.
    expect(ends(tops(0.1))).to.deep.equal(["0", "20"]);
    expect(ends(tops(0.55))).to.deep.equal(["40", "60"]);
    expect(ends(tops(0.95))).to.deep.equal(["80", "100"]);
    expect(ends(tops(1))).to.deep.equal(["80", "100"]);
  });
});
