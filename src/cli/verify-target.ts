import { dirname, join } from "node:path";
import { InputError, inOneSentence } from "../base/input-error.ts";
import type { EngineName, FloatTensor } from "../engines/engine.ts";
import { ENGINES } from "../engines/registry.ts";
import type { Graph } from "../ir/graph.ts";
import { noise } from "../program/calibrate.ts";
import { givenLayers } from "../verify/given-layers.ts";
import { givenOnnx } from "../verify/given-onnx.ts";
import type { GivenFile } from "../verify/given.ts";
import { reportOf } from "../verify/report.ts";
import type { NotRun } from "../verify/report.ts";
import { ownSubjects } from "../verify/subject.ts";
import type { Subject } from "../verify/subject.ts";
import { verify } from "../verify/verify.ts";
import type { ByteSource } from "../weights/source.ts";
import type { CliHost } from "./host.ts";
import { createSteps } from "./progress.ts";
import { reportProblems, writeJson } from "./report.ts";
import type { NetworkOptions } from "./target.ts";
import { buildOpened, openNetwork } from "./target.ts";
import { engineFor, findEngines } from "./verify-engines.ts";
import { verifyText } from "./verify-text.ts";
import { calibratedWeights, chooseWeights, refuseOpenSizes, widerBatch } from "./verify-weights.ts";
import { VERSION } from "./version.ts";

export interface VerifyCommandOptions extends NetworkOptions {
  readonly weights?: string;
  readonly rename?: readonly string[];
  readonly ignore?: readonly string[];
  readonly seed: number;
  readonly engine?: readonly EngineName[];
  readonly against?: readonly string[];
  readonly batch?: number;
  readonly tolerance: number;
  readonly json?: boolean;
  readonly training?: boolean;
  readonly lossOn?: string;
}

/** What `rnc verify` does: finds engines and weights, compares, prints; everything it opened is closed. */
export async function verifyTarget(target: string, options: VerifyCommandOptions, host: CliHost): Promise<number> {
  const { network, program } = await openNetwork(host, target);
  const { value: graph, problems } = buildOpened(program, network, options);
  reportProblems(host, problems);
  if (graph === undefined) return 1;
  refuseOpenSizes(graph);
  const opened: { close?(): Promise<void> }[] = [];
  try {
    const given = await Promise.all((options.against ?? []).map((path) => openGiven(path, host, opened)));
    const engines = await findEngines(options.engine, host);
    const wider = widerBatch(options, (input) => buildOpened(program, network, { ...options, input }).value);
    const { source, told, symbols } = await chooseWeights(graph, options, host, { opened, calibrated: () => calibratedWeights(wider ?? graph, options.seed, host) });
    const inputs: FloatTensor[] = [];
    for (const input of graph.inputs) inputs.push(await noise(input, symbols, options.seed));

    const own = ownSubjects(graph, source, engines.running, VERSION);
    const [refused] = own.refused;
    if (refused && options.engine) throw refused.error;
    const subjects: Subject[] = [...own.subjects];
    for (const { format, file } of given) {
      const engine = await engineFor(format, file.path, engines, host);
      const make = format === "onnx" ? givenOnnx : givenLayers;
      subjects.push(await make(graph, file, engine, inputs.map(({ shape }) => shape)));
    }
    const notRun: readonly NotRun[] = [...engines.notRun, ...own.refused.map(({ engine, error }) => ({ engine: engine.name, reason: inOneSentence(error), help: error.help }))];
    if (subjects.length < 2) throw nothingToCompare(graph, subjects, notRun, options.engine !== undefined);

    const progress = createSteps(host);
    const verification = await verify({ graph, subjects, inputs, tolerance: options.tolerance, onRun: progress.next }).finally(progress.end);
    const report = reportOf(verification, { graph, inputs, weights: told, seed: options.seed, tolerance: options.tolerance, notRun });
    if (options.json) writeJson(host, report);
    else host.out.write(verifyText(report, verification.blocks, host.out.colors));
    return report.agrees ? 0 : 1;
  } finally {
    for (const each of opened) await each.close?.();
  }
}

interface Given {
  readonly format: "onnx" | "tfjs";
  readonly file: GivenFile;
}

/** A model at a path: an ONNX file, or a TF.js model by its folder or its `model.json`. What it opens is noted to be closed. */
async function openGiven(path: string, host: CliHost, opened: { close?(): Promise<void> }[]): Promise<Given> {
  const kind = host.pathKind(path);
  if (kind === "missing") throw new InputError(`there is no file \`${path}\``, { notes: ["`--against` names a model to compare with the network"] });
  const main = kind === "folder" ? join(path, "model.json") : path;
  if (kind === "folder" && host.pathKind(main) !== "file") throw new InputError(`\`${path}\` is a folder without a \`model.json\`, so it is no TF.js model`, { help: ["Name an ONNX file, or the folder of a LayersModel."] });
  const open = async (name: string): Promise<ByteSource> => {
    const bytes = await host.openBytes(name);
    opened.push(bytes);
    return bytes;
  };
  const bytes = await open(main);
  const start = await bytes.read(0, Math.min(64, bytes.size));
  const isJson = /^\s*\{/.test(String.fromCharCode(...start));
  // An ONNX model is a protobuf message that begins with its version, a small whole number.
  if (!isJson && start[0] !== 0x08) throw new InputError(`\`${path}\` is neither an ONNX file nor a model of TensorFlow.js`, { help: ["A file of weights is given with `--weights`."] });
  return { format: isJson ? "tfjs" : "onnx", file: { path, bytes, beside: (name) => open(join(dirname(main), name)) } };
}

function nothingToCompare(graph: Graph, subjects: readonly Subject[], notRun: readonly NotRun[], chosen: boolean): InputError {
  const [only] = subjects;
  const install = ENGINES.filter(({ name }) => notRun.some(({ engine }) => engine === name) && name !== only?.name).slice(0, 2);
  return new InputError(only ? `only \`${only.name}\` ${chosen ? "is to" : "can"} run ${graph.name}${chosen ? "" : " here"}, and a comparison needs two` : `nothing here can run ${graph.name}`, {
    notes: notRun.map(({ engine, reason }) => `${engine}: ${reason}`),
    help: [...(chosen ? ["Name a second `--engine`, or none: then every one that works is run."] : []), ...install.map((engine) => `\`${engine.install}\` adds ${engine.title}.`), "Or compare with a model of your own: `--against FILE`.", "`rnc doctor` says what is installed and what works."],
  });
}
