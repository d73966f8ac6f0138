import { InputError } from "../../base/input-error.ts";
import { createMeans } from "../../evaluation/means.ts";
import { expectClasses } from "../../evaluation/probabilities.ts";
import { reportOf, resultOf } from "../../evaluation/report.ts";
import type { ReportedModel } from "../../evaluation/report.ts";
import { createTally } from "../../evaluation/tally.ts";
import type { Counts } from "../../evaluation/tally.ts";
import type { SkippedImage } from "../data/batches.ts";
import { openInChildProcess } from "../engine-process.ts";
import type { CliHost } from "../host.ts";
import { Interrupted } from "../host.ts";
import { writeJson } from "../report.ts";
import { createDisplay } from "./display.ts";
import { createEngineFinder } from "./engine.ts";
import { evalText } from "./eval-text.ts";
import { openTestedImages } from "./images.ts";
import type { TestedImages } from "./images.ts";
import { nameModels, openModel } from "./models.ts";
import type { NamedModel, OpenedModel } from "./models.ts";
import type { EvalOptions } from "./options.ts";
import { instructionsFor, prepareImages } from "./preparation.ts";
import type { Preparation } from "./preparation.ts";
import { runModel } from "./run-model.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A model and everything that is needed to show it images. */
interface ReadyModel {
  readonly named: NamedModel;
  readonly opened: OpenedModel;
  readonly preparation: Preparation;
}

/** What `rnc eval` does: opens models and images, shows every view of every image to every model, counts, prints. */
export async function evalTargets(names: readonly string[], options: EvalOptions, host: CliHost): Promise<number> {
  const models = await nameModels(names, options, host);
  const tested = openTestedImages(models, options, host);
  const ready: ReadyModel[] = [];
  try {
    for (const named of models) {
      const instructions = await instructionsFor(named, options, host);
      const opened = instructions && (await openModel(named, instructions.wholeImages, options, host));
      if (instructions === undefined || opened === undefined) return 1;
      if (opened.classes !== undefined) expectClasses(opened.classes, tested.classes.length, named.name);
      ready.push({ named, opened, preparation: await prepareImages(named, opened, instructions, tested, options, host) });
    }
    const { counts, reported, skipped } = await testModels(ready, tested, options, host);
    const report = reportOf(counts, {
      data: { path: tested.set.path, kind: tested.set.kind, of: tested.of, images: tested.available, classes: tested.classes, skipped, remarks: tested.remarks },
      models: reported,
      withMatrix: options.confusion ?? false,
    });
    if (options.json) writeJson(host, report);
    else host.out.write(evalText(report, host.out.colors));
    return 0;
  } finally {
    for (const { opened } of ready) await opened.close();
  }
}

/** One model after the other, so that one engine at a time has the processors; several are averaged, image by image. */
async function testModels(ready: readonly ReadyModel[], tested: TestedImages, options: EvalOptions, host: CliHost): Promise<{ readonly counts: Counts; readonly reported: readonly ReportedModel[]; readonly skipped: readonly SkippedImage[] }> {
  const finder = createEngineFinder(options.engine, host);
  const passes = ready.reduce((sum, { preparation }) => sum + preparation.passes.length, 0);
  const means = createMeans(tested.part.labels.length, tested.classes.length, ready.length);
  const together = createTally(tested.classes.length);
  const reported: ReportedModel[] = [];
  const skipped = new Map<string, SkippedImage>();
  const stop: { by?: NodeJS.Signals } = {};
  const onSignal = (signal: NodeJS.Signals): void => {
    // Whoever asks twice does not want to wait for the images that are being decoded.
    if (stop.by !== undefined) process.exit(new Interrupted(signal).exitCode);
    stop.by = signal;
  };
  const display = createDisplay(host, passes * tested.images.length);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    for (const { named, opened, preparation } of ready) {
      const { engine, status } = await finder.find(opened.formats, named.name);
      const inference = await openInChildProcess(engine.name, await opened.files(engine.format));
      const alone = createTally(tested.classes.length);
      const running = { images: 0, wrong: 0 };
      try {
        const ran = await runModel({
          inference, model: opened, preparation, tested,
          batch: options.batch,
          check() {
            if (stop.by !== undefined) throw new Interrupted(stop.by);
          },
          progress: (images) => display.add(images, running),
          answer(image, probabilities) {
            const label = tested.labels[image] as number;
            running.images++;
            if (!alone.add(label, probabilities)) running.wrong++;
            const mean = means.add(image, probabilities);
            if (mean) together.add(label, mean);
          },
        });
        for (const image of ran.skipped) skipped.set(image.name, image);
        reported.push({
          name: named.name,
          kind: named.kind,
          weights: named.kind === "onnx" ? null : named.weights,
          engine: { name: engine.name, version: status.version, device: status.device },
          scores: ran.scores,
          preprocessing: preparation.told,
          remarks: opened.remarks,
          result: resultOf(alone.counts()),
        });
      } finally {
        // Where its process was ended on the way, there is nothing left to close.
        await inference.close().catch(() => undefined);
      }
    }
  } finally {
    display.end();
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
  const counts = together.counts();
  if (counts.images === 0) throw new InputError("none of the images can be used by every model", { notes: [...skipped.values()].slice(0, 5).map(({ message }) => message) });
  return { counts, reported, skipped: [...skipped.values()] };
}
