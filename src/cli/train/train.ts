import { existsSync } from "node:fs";
import { copyFile, rename, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { countedText } from "../../base/digits.ts";
import { invariant } from "../../base/assert.ts";
import { InputError } from "../../base/input-error.ts";
import { compileOnnx } from "../../program/compile.ts";
import { trainedPart } from "../../passes/training/logits.ts";
import { createJudge } from "../../training/judge.ts";
import { runTraining } from "../../training/loop.ts";
import type { Evaluation, Position } from "../../training/loop.ts";
import { stepsOf } from "../../training/plan.ts";
import { overridesText } from "../../report/run.ts";
import type { BatchStream } from "../data/batches.ts";
import { EngineLost } from "../engine-process.ts";
import type { CliHost } from "../host.ts";
import { Interrupted, UsageError } from "../host.ts";
import { openWeightsAt } from "../open-weights-at.ts";
import { shellWord } from "../shell-word.ts";
import { countText } from "../table.ts";
import { VERSION } from "../version.ts";
import { writeEmittedFiles } from "../write-files.ts";
import { scoresOf } from "../eval/scores-of.ts";
import { createDisplay } from "./display.ts";
import type { Display } from "./display.ts";
import { beginRun, resumeRun } from "./prepare-run.ts";
import type { PreparedRun, TrainOptions } from "./prepare-run.ts";
import { DiskFull, RUN_FILES } from "./run-folder.ts";
import { createRunReport } from "./run-report.ts";
import { openTrainingInChildProcess } from "./training-process.ts";
import type { TrainingProcess } from "./training-process.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Between two attempts to write on a full disk. */
const DISK_WAIT_MS = 2_000;
/** Images that cannot be used, by their names. */
const NAMED = 10;

/** What `rnc train` does: a new run, or one that goes on. */
export async function trainTarget(target: string | undefined, options: TrainOptions, host: CliHost): Promise<number> {
  if (target === undefined && options.resume === undefined) throw new UsageError("a training needs a network, or a run to go on with", { help: ["`rnc train ResNet20 --data DIR --recipe Cifar10`, or `rnc train --resume RUN`."] });
  const run = options.resume === undefined ? await beginRun(target ?? "", options, host) : await resumeRun(options.resume, options, host);
  if (run === undefined) return 1;
  const totalSteps = stepsOf(run.plan, run.data.stepsPerEpoch);
  const display = createDisplay(host, { json: options.json ?? false, totalSteps, batch: run.plan.batch });
  tellBeginning(run, totalSteps, display);

  const goOn = `go on: \`rnc train --resume ${shellWord(run.folder.path)}\``;
  const stop: { by?: NodeJS.Signals; finishing?: true } = {};
  const training = await openTrainingInChildProcess(run.engine, run.network, run.from.statePath, run.engineOptions).catch((error: unknown) => {
    throw error instanceof Interrupted ? new Interrupted(error.signal, ` before the first step; ${goOn}`) : notOpened(error, run);
  });
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stop.by === undefined && stop.finishing === undefined) {
      stop.by = signal;
      return display.say("stopping: what is under way, some steps or a validation, is brought to its end and kept in a checkpoint; asked once more, it ends at once, without one");
    }
    // Whoever asks twice does not want to wait for the checkpoint; after the last step there is one already.
    training.kill();
    try {
      display.say(stop.finishing ? `stopped after the last step, before the run's last files were written; ${goOn}` : `stopped at once; the run has its last checkpoint; ${goOn}`);
    } finally {
      process.exit(new Interrupted(signal).exitCode);
    }
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    await recordLayout(run, training, display);
    const { position, finished } = await trainWith(run, training, display, () => stop.by !== undefined);
    display.end();
    if (!finished) {
      display.event({ event: "stopped", step: position.step, run: run.folder.path }, `stopped after step ${countText(position.step)} of ${countText(totalSteps)}, with a checkpoint; ${goOn}`);
      return new Interrupted(stop.by ?? "SIGINT").exitCode;
    }
    stop.finishing = true;
    if (stop.by !== undefined) onSignal(stop.by);
    await finishRun(run, training, position, display, host);
    return 0;
  } catch (error) {
    if (error instanceof EngineLost) throw new InputError(error.message, { notes: error.notes, help: [`What came after its last checkpoint was lost with it; ${goOn}.`, "`rnc doctor` says which engines work here; `--engine NAME` takes another."] });
    throw error;
  } finally {
    display.end();
    for (const signal of SIGNALS) process.off(signal, onSignal);
    await training.close().catch(() => training.kill());
  }
}

/** An engine that cannot train this network: a run that has not made a step is no run. */
function notOpened(error: unknown, { engine, folder }: PreparedRun): unknown {
  if (!(error instanceof InputError) || error instanceof EngineLost) return error;
  folder.discard();
  return engine === "onnxruntime" ? error : new InputError(`the engine \`${engine}\` does not train this network: ${error.message}`, { notes: error.notes, help: ["Take another: `--engine onnxruntime`, or `--engine auto`, which asks each of them."] });
}

function tellBeginning({ network, plan, record, data, folder, from, remarks }: PreparedRun, totalSteps: number, display: Display): void {
  const { step } = from.position;
  const length = plan.length.by === "epochs" ? `${countedText(plan.length.count, "epoch")} = ${countedText(totalSteps, "step")}` : countedText(totalSteps, "step");
  display.event(
    { event: "begin", run: folder.path, network: network.name, recipe: record.recipe, step, steps: totalSteps, batch: plan.batch, seed: plan.seed, engine: record.engine.name, train: data.train, validation: data.validation?.count ?? 0 },
    [
      `${network.name}, recipe ${record.recipe}${Object.keys(record.overrides).length > 0 ? ` with ${overridesText(record)}` : ""}: ${length} of ${countedText(plan.batch, "image")}, run \`${folder.path}\``,
      `  images: ${countText(data.train)} train, ${data.validation === undefined ? "none for validation" : `${countText(data.validation.count)} ${data.validation.of} validate`}; ${countedText(data.stepsPerEpoch, "step")} an epoch`,
      ...remarks.map((remark) => `  ${remark}`),
      ...(step > 0 ? [`  goes on after step ${countText(step)}`] : []),
    ].join("\n"),
  );
}

/** Says in which layout the engine trains, and keeps it in the run's record: it goes on in the same. */
async function recordLayout({ record, folder }: PreparedRun, { layout }: TrainingProcess, display: Display): Promise<void> {
  if (layout === undefined) return;
  const { name, why } = layout;
  const begun = record.engine.layout;
  const another = begun !== undefined && begun !== name ? "; not as the run began, so its numbers may differ in their last digits" : "";
  display.event({ event: "layout", layout: name, why }, `  layout of maps: ${name} (${why})${another}`);
  if (begun === undefined) await folder.amend({ ...record, engine: { ...record.engine, layout: name } });
}

async function trainWith(run: PreparedRun, training: TrainingProcess, display: Display, stopped: () => boolean): ReturnType<typeof runTraining> {
  const { plan, data, folder, record, from, classes } = run;
  const stream = data.stream(from.position.step);
  const input = run.network.inputs[0]?.name ?? "image";
  invariant(run.network.inputs.length === 1, `${input} is the only input`);
  const metadata = { "rnc.network": run.network.name, "rnc.version": VERSION };
  const clock = { steps: 0, ms: 0, stepMs: 0, waitedMs: 0 };
  const imagesPerSecond = (): number => (clock.ms > 0 ? (1000 * clock.steps * plan.batch) / clock.ms : 0);
  const page = createRunReport(folder);
  const patiently = <T>(action: () => Promise<T>): Promise<T> => untilThereIsRoom(action, display, stopped);
  let last = performance.now();
  let told = 0;
  const tellSkipped = (): void => {
    for (const { message } of stream.skipped.slice(told, NAMED)) display.say(`  not used: ${message}`);
    if (told <= NAMED && stream.skipped.length > NAMED) display.say(`  and more are not used: \`rnc data check ${shellWord(data.set.path)}\` names every image that is broken`);
    told = stream.skipped.length;
  };
  try {
    await patiently(() => page.update());
    const ended = await runTraining(
      { plan, classes, stepsPerEpoch: data.stepsPerEpoch, every: record.every, ...(record.evaluateEvery === undefined ? {} : { evaluateEvery: record.evaluateEvery }) },
      from.position,
      {
        async next() {
          const batch = await stream.next();
          invariant(batch !== undefined, "training batches have no end");
          return { inputs: [{ data: batch.data, shape: batch.shape }], labels: batch.labels };
        },
        most: training.most,
        async steps(batches, rates) {
          const begun = performance.now();
          clock.waitedMs += begun - last;
          const results = await training.steps(batches, rates);
          last = performance.now();
          clock.stepMs += last - begun;
          clock.ms = clock.stepMs + clock.waitedMs;
          clock.steps += batches.length;
          return results;
        },
        stepDone: ({ step, loss, right, learningRate }) => display.step({ step, loss, error: 1 - right / plan.batch, learningRate, imagesPerSecond: imagesPerSecond() }),
        ...(data.validation === undefined ? {} : { evaluate: () => evaluate(run, training, data.validate()) }),
        async report(line) {
          const speed = imagesPerSecond();
          await patiently(() => folder.append("metrics", line));
          const share = clock.ms > 0 ? clock.waitedMs / clock.ms : 0;
          await patiently(() => folder.append("timing", { step: line.step, images_per_second: rounded(speed, 1), seconds: rounded(clock.ms / 1000, 3), engine_waited_share: rounded(share, 4), at: new Date().toISOString() }));
          Object.assign(clock, { steps: 0, ms: 0, stepMs: 0, waitedMs: 0 });
          await patiently(() => page.update());
          tellSkipped();
          display.interval(line, rounded(speed, 1));
        },
        keepBest: () => patiently(() => writeWeights(training, folder.file(RUN_FILES.best), metadata)),
        async checkpoint(position) {
          await patiently(() => folder.checkpoint(position, (path) => training.writeState(path, "everything", metadata)));
          display.event({ event: "checkpoint", step: position.step });
          // Neither evaluations nor checkpoints are the engine waiting for images.
          last = performance.now();
        },
        stopped,
      },
    );
    await patiently(() => page.finish("stopped"));
    return ended;
  } catch (error) {
    // What went wrong first is what is told.
    await page.finish("stopped").catch(() => undefined);
    throw error;
  } finally {
    tellSkipped();
    await stream.close();
  }
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Writes weights alone; the child writes beside and renames, so the file is whole or not there. */
const writeWeights = (training: TrainingProcess, path: string, metadata: Readonly<Record<string, string>>): Promise<void> => training.writeState(path, "weights", metadata);

/** Runs the network as it is now on every image of a stream. */
async function evaluate({ network, classes, record }: PreparedRun, training: TrainingProcess, stream: BatchStream | undefined): Promise<Evaluation> {
  invariant(stream !== undefined, "there are images to look at");
  const output = Math.max(0, network.outputs.findIndex(({ name }) => name === record.lossOn));
  const isLogits = trainedPart(network, record.lossOn).logits === network.outputs[output]?.value;
  const [fixed] = network.inputs[0]?.type.shape ?? [];
  const judge = createJudge(classes, isLogits ? "logits" : "probabilities");
  try {
    await training.open();
    let coming = stream.next();
    for (let batch = await coming; batch !== undefined; batch = await coming) {
      const running = scoresOf(training, output, batch, typeof fixed === "number" ? fixed : undefined);
      coming = stream.next();
      coming.catch(() => undefined);
      judge.add((await running).data, batch.labels, batch.viewsPerImage);
    }
    return judge.result();
  } finally {
    await stream.close();
  }
}

/** Tries again while the disk is full, unless somebody wants to stop. */
async function untilThereIsRoom<T>(action: () => Promise<T>, display: Display, stopped: () => boolean): Promise<T> {
  for (let told = false; ; told = true) {
    try {
      return await action();
    } catch (error) {
      const full = error instanceof DiskFull || (error instanceof InputError && error.message.includes("the disk is full"));
      if (!full || stopped()) throw error;
      if (!told) display.event({ event: "disk-full", message: error.message }, `${error.message}; the training waits until there is room. Ctrl-C ends it.`);
      await wait(DISK_WAIT_MS);
    }
  }
}

/** The files that are used afterwards: last and best weights, and the network with the best as an ONNX file. */
async function finishRun(run: PreparedRun, training: TrainingProcess, { step, best }: Position, display: Display, host: CliHost): Promise<void> {
  const { network, folder, data } = run;
  const stream = data.test();
  const test = stream && (await evaluate(run, training, stream));
  const [lastPath, bestPath, modelPath] = [folder.file(RUN_FILES.last), folder.file(RUN_FILES.best), folder.file(RUN_FILES.model)];
  await writeWeights(training, lastPath, { "rnc.network": network.name, "rnc.version": VERSION });
  if (!existsSync(bestPath)) {
    await copyFile(lastPath, `${bestPath}.part`);
    await rename(`${bestPath}.part`, bestPath);
  }
  const weights = await openWeightsAt(host, bestPath);
  try {
    const { files } = compileOnnx(network, { version: VERSION, weights, dataName: `${RUN_FILES.model}.data` });
    await writeEmittedFiles(files, modelPath);
  } finally {
    await weights.close?.();
  }
  const result = { steps: step, ...(best ? { best } : {}), ...(test ? { test } : {}) };
  await writeFile(folder.file(RUN_FILES.result), `${JSON.stringify(result, null, 2)}\n`);
  await createRunReport(folder).finish("finished");
  const tested = test === undefined ? "" : `\n  ${countedText(test.images, "test image")}, with the last weights: error ${(100 * test.error).toFixed(2)} %, loss ${test.loss.toFixed(4)}`;
  const text = best === undefined ? "there were no images for validation: the best weights are the last" : `the best validation error is ${(100 * best.error).toFixed(2)} %, after step ${countText(best.step)}`;
  display.event(
    { event: "end", run: folder.path, step, ...(best ? { best } : {}), ...(test ? { test } : {}) },
    `done: ${text}${tested}\n  ${bestPath}, ${lastPath}, ${modelPath} (with the best weights)\n  curves and settings: ${folder.file(RUN_FILES.report)}`,
  );
}
