import { join } from "node:path";
import { lowerToLayers } from "../backends/tfjs/lower.ts";
import { InputError, inOneSentence } from "../base/input-error.ts";
import type { FloatTensor } from "../engines/engine.ts";
import { ENGINES } from "../engines/registry.ts";
import type { TrainingBatch, TrainingOptions } from "../engines/training.ts";
import type { Graph } from "../ir/graph.ts";
import { trainingStep } from "../passes/gradient.ts";
import { trainedPart } from "../passes/training/logits.ts";
import { noise } from "../program/calibrate.ts";
import { calibrationShift, WIDE_SHIFT } from "../verify/calibration.ts";
import { nearKinks } from "../verify/kinks.ts";
import type { NearKinks } from "../verify/kinks.ts";
import { reportOf } from "../verify/report.ts";
import type { NotRun } from "../verify/report.ts";
import { answerOf, portableStep, stepOptions } from "../verify/step-subject.ts";
import type { StepSubject } from "../verify/step-subject.ts";
import type { RunningEngine } from "../verify/subject.ts";
import { verifyTraining } from "../verify/training.ts";
import { writeSafetensors } from "../weights/safetensors-writer.ts";
import type { WeightSource } from "../weights/source.ts";
import { inFolder } from "./engine-process.ts";
import type { CliHost } from "./host.ts";
import { createNodeHost } from "./node-host.ts";
import { openWeightsAt } from "./open-weights-at.ts";
import { createSteps } from "./progress.ts";
import { reportProblems, writeJson } from "./report.ts";
import { buildOpened, openNetwork } from "./target.ts";
import { openTrainingInChildProcess } from "./train/training-process.ts";
import { findEngines } from "./verify-engines.ts";
import type { FoundEngines } from "./verify-engines.ts";
import type { VerifyCommandOptions } from "./verify-target.ts";
import { verifyText } from "./verify-text.ts";
import { calibratedWeights, chooseWeights, refuseOpenSizes, widerBatch } from "./verify-weights.ts";
import { VERSION } from "./version.ts";
import { writeEmittedFiles } from "./write-files.ts";

/** Examples of the step where nobody says how many: enough for statistics of maps of one position. */
const BATCH = 4;
/** Inputs that are looked at for one that rounding leaves alone. */
const TRIES = 4;
/** Where shifts of calibrated weights are spread where the ordinary place finds no such input. */
const OTHER_SHIFTS = [2, WIDE_SHIFT];
/** With so many values near a kink in one input, another one has some, too. */
const HOPELESS = 12;

/** What `rnc verify --training` does: one step of every engine that trains here, compared with the portable step. */
export async function verifyTrainingTarget(target: string, options: VerifyCommandOptions, host: CliHost): Promise<number> {
  const { network, program } = await openNetwork(host, target);
  const { value: graph, problems } = buildOpened(program, network, options);
  reportProblems(host, problems);
  if (graph === undefined) return 1;
  refuseOpenSizes(graph);
  const part = trainedPart(graph, options.lossOn);
  const isOpen = graph.inputs.some(({ type }) => typeof type.shape[0] !== "number");
  const sized = { ...options, ...(isOpen ? { batch: options.batch ?? BATCH } : {}) };
  const opened: { close?(): Promise<void> }[] = [];
  try {
    const engines = await findEngines(options.engine && [...new Set(["onnxruntime" as const, ...options.engine])], host);
    const reference = engines.running.find(({ name }) => name === "onnxruntime");
    if (reference === undefined) throw withoutReference(engines);
    const wider = widerBatch(options, (input) => buildOpened(program, network, { ...options, input }).value) ?? graph;
    const progress = createSteps(host);
    const choose = (shift: number) => chooseWeights(graph, sized, host, { opened, calibrated: () => calibratedWeights(wider, options.seed, host, shift) });
    const { weights, input, near } = await quietInput({ graph, choose, seed: options.seed, engine: reference, next: progress.next }).finally(progress.end);

    const { source, symbols, told } = weights;
    const step = stepOptions({ batch: input[0]?.shape[0] ?? 1, seed: options.seed, ...(options.lossOn === undefined ? {} : { lossOn: options.lossOn }) });
    const portable = portableStep(graph, source, reference, { ...step, sizes: symbols, version: VERSION });
    const { random, notes } = trainingStep(graph, { ...step, sizes: symbols });
    const classes = Number(part.logits.type.shape[1]);
    const batch: TrainingBatch = { inputs: input, labels: Int32Array.from({ length: step.batch }, (_, example) => (example * 7 + options.seed) % classes) };
    const notRun: NotRun[] = [...engines.notRun];
    const subjects: StepSubject[] = [{ ...portable, remarks: [...notes, kinksText(near)] }];
    for (const engine of engines.running) {
      if (options.engine && !options.engine.includes(engine.name)) continue;
      const reason = whyNot(engine, graph, random.length > 0);
      if (reason === undefined) subjects.push(engineStep(engine, graph, source, step));
      else notRun.push({ engine: engine.name, ...reason });
    }
    if (subjects.length < 2) throw new InputError(`nothing here can be compared with the portable step of ${graph.name}`, { notes: notRun.map(({ engine, reason }) => `${engine}: ${reason}`), help: ["`rnc doctor` says what is installed and what works."] });

    const verification = await verifyTraining({ graph, subjects, batch, tolerance: options.tolerance, onRun: progress.next }).finally(progress.end);
    const report = reportOf(verification, { graph, inputs: input, weights: told, seed: options.seed, tolerance: options.tolerance, notRun, training: true });
    if (options.json) writeJson(host, report);
    else host.out.write(verifyText(report, verification.blocks, host.out.colors));
    return report.agrees ? 0 : 1;
  } finally {
    for (const each of opened) await each.close?.();
  }
}

interface Search {
  readonly graph: Graph;
  /** Weights; where they are calibrated, with shifts around this. */
  choose(shift: number): ReturnType<typeof chooseWeights>;
  readonly seed: number;
  readonly engine: RunningEngine;
  next(label: string): void;
}

interface QuietInput {
  readonly weights: Awaited<ReturnType<typeof chooseWeights>>;
  readonly input: readonly FloatTensor[];
  readonly near: NearKinks & { readonly seed: number };
}

/**
 * An input whose values no rounding takes over a kink of an activation: that would turn a gradient on or off, and engines that
 * are both right would differ. Larger networks have none with ordinary shifts; larger shifts leave fewer values near to 0.
 */
async function quietInput({ graph, choose, seed, engine, next }: Search): Promise<QuietInput> {
  let best: QuietInput | undefined;
  for (const shift of new Set([calibrationShift(graph), ...OTHER_SHIFTS])) {
    if (best && best.weights.told.kind !== "calibrated") break;
    const weights = await choose(shift);
    for (let tried = 0; tried < TRIES; tried++) {
      next("looking for an input whose gradients no rounding turns");
      const input: FloatTensor[] = [];
      for (const each of graph.inputs) input.push(await noise(each, weights.symbols, seed + tried));
      const found = await nearKinks(graph, weights.source, input, { engine, sizes: weights.symbols, version: VERSION });
      if (best === undefined || found.near < best.near.near) best = { weights, input, near: { ...found, seed: seed + tried } };
      if (best.near.near === 0) return best;
      if (found.near > HOPELESS) break;
    }
  }
  if (best === undefined) throw new InputError(`no input of \`${graph.name}\` could be made`);
  return best;
}

function kinksText({ near, all, seed }: QuietInput["near"]): string {
  if (all === 0) return `the input is noise of seed ${seed}; no activation has a kink`;
  if (near === 0) return `the input is noise of seed ${seed}: none of the ${all} values that activations with a kink take is so near to it that rounding could turn its gradient`;
  return `${near} of the ${all} values that activations with a kink take are so near to it that rounding decides on their side, and with it on gradients: differences of 1e-4 to 1e-2 may be chance (another \`--seed\`, a smaller \`--input\` or \`--batch\` has fewer)`;
}

/** Why an engine's step cannot be compared. */
function whyNot({ name, format }: RunningEngine, graph: Graph, isRandom: boolean): Pick<NotRun, "reason" | "help"> | undefined {
  if (ENGINES.find((engine) => engine.name === name)?.openTraining === undefined) return { reason: "it does not train", help: [] };
  if (format !== "tfjs") return undefined;
  try {
    const { untrainable } = lowerToLayers(graph);
    if (untrainable.length > 0) return { reason: `TensorFlow.js cannot train this network: ${untrainable.join("; ")}`, help: [] };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { reason: inOneSentence(error), help: error.help };
  }
  if (isRandom) return { reason: "TensorFlow.js draws the masks of dropout itself, so that its step is another one", help: ["Compare the network without dropout."] };
  return undefined;
}

/** The first step of a training, as `rnc train` makes it with this engine. */
function engineStep(engine: RunningEngine, graph: Graph, weights: WeightSource, options: TrainingOptions): StepSubject {
  const remarks: string[] = [];
  return {
    name: engine.name,
    engine,
    remarks,
    step: (batch) =>
      inFolder(async (folder) => {
        const [begin, end] = [join(folder, "begin.safetensors"), join(folder, "end.safetensors")];
        const { size, chunks } = writeSafetensors(graph.parameters, weights);
        await writeEmittedFiles([{ path: "", sizeInBytes: size, chunks }], begin);
        const training = await openTrainingInChildProcess(engine.name, graph, begin, options);
        if (training.layout) remarks.push(`layout of maps: ${training.layout.name} (${training.layout.why})`);
        try {
          return await answerOf(graph, { step: training.step, readState: async () => (await training.writeState(end, "everything", {}), openWeightsAt(createNodeHost(), end)) }, batch);
        } finally {
          await training.close().catch(() => training.kill());
        }
      }),
  };
}

function withoutReference({ notRun }: FoundEngines): InputError {
  const [failed] = notRun.filter(({ engine }) => engine === "onnxruntime");
  return new InputError("steps are compared with the portable one, which ONNX Runtime runs on the CPU, and that does not run here", { notes: failed ? [failed.reason] : [], help: failed?.help ?? [] });
}
