import { basename } from "node:path";
import { didYouMean } from "../../base/suggest.ts";
import { ONNX_IR_VERSION, ONNX_OPSET } from "../../backends/onnx/index.ts";
import type { Graph } from "../../ir/graph.ts";
import { compileOnnx } from "../../program/compile.ts";
import { summarize } from "../../program/summarize.ts";
import { parseRename } from "../../weights/rename.ts";
import type { Command } from "../command.ts";
import { addTrainingStepOptions, openTrained, refuseForTraining, refuseTrainingOptions, trainingStepOf, writeTrainingStep } from "../compile-training.ts";
import type { TrainingStepOptions } from "../compile-training.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import { openWeightsAt } from "../open-weights-at.ts";
import { addNetworkOptions, collectText, wholeNumber } from "../options.ts";
import { staleWeights } from "../stale-weights.ts";
import { countText } from "../table.ts";
import type { NetworkOptions } from "../target.ts";
import { buildTarget } from "../target.ts";
import { VERSION } from "../version.ts";
import { writeOutput } from "../write-output.ts";
import { totalLines } from "./summary.ts";

interface CompileCommandOptions extends NetworkOptions, TrainingStepOptions {
  readonly output: string;
  readonly target: string;
  readonly weights?: string;
  readonly rename?: readonly string[];
  readonly ignore?: readonly string[];
  readonly seed?: number;
  readonly fan?: "in" | "out";
  readonly batch?: number;
  readonly softmax?: boolean;
  readonly foldBn?: boolean;
  readonly externalData?: boolean;
  readonly standalone?: boolean;
}

const TARGETS = ["onnx", "onnx-training", "tfjs"];
/** What `--target` will mean one day; each is refused by name until it does. */
const LATER: Readonly<Record<string, string>> = { pytorch: "a PyTorch module" };

const HELP = `
Parameters are named as \`rnc summary\` prints them. Without --weights initial values are drawn, the same for the same seed.

Examples:
  rnc compile ResNet50 -o resnet50.onnx
  rnc compile net.resnet#Small --set n=3 -o small.onnx --weights small.safetensors
  rnc compile ResNet50 --target tfjs -o r50
  rnc compile ResNet20 --target tfjs --standalone --recipe Cifar10 -o project
  rnc compile ResNet20 --target onnx-training --batch 128 -o step.onnx

Exit codes: 0 written, 1 problems in what you gave, or the target cannot say the network, 2 wrong usage.`;

/** `rnc compile`: a network and its weights as a file that runs. */
export function register(program: Command, host: CliHost): void {
  const command = program
    .command("compile")
    .argument("<network>", "FILE, FILE#Network, a name of the standard library (ResNet50), or `-`")
    .description("write a network with its weights as an ONNX file or a TensorFlow.js model, or a step of its training")
    .requiredOption("-o, --output <path>", "onnx: the file to write, `-` for standard output; tfjs: the folder")
    .option("--target <target>", "what to write: onnx (a file), onnx-training (a whole training step), tfjs (a folder that tf.loadLayersModel opens)", "onnx")
    .option("--weights <path>", "weights of a safetensors, PyTorch or ONNX file or a TF.js folder (default: seeded initial weights)")
    .option("--rename <old=new>", "take the weights `old` of the file for `new`; repeatable", collectText)
    .option("--ignore <name>", "let tensors of the file with this name or prefix be unused; repeatable", collectText)
    .option("--seed <n>", "seed of the initial weights (default: 0)", wholeNumber("--seed", 0))
    .option("--fan <side>", "the side He's initializer counts: out or in (default: out)", fanSide)
    .option("--batch <n>", "fix the batch (default: as the network says)", wholeNumber("--batch", 1))
    .option("--softmax", "end the outputs in a softmax that do not yet")
    .option("--fold-bn", "fold batch norms into the layers before them")
    .option("--standalone", "tfjs: a training project that runs without rnc, by --recipe: package.json, train.js, model/, README.md")
    .option("--external-data", "onnx: weights in a file of their own beside the model (always above 2 GB)");
  addTrainingStepOptions(addNetworkOptions(command)).addHelpText("after", HELP).action((network: string, options: CompileCommandOptions) => run(network, options, host));
}

function fanSide(text: string): "in" | "out" {
  if (text === "in" || text === "out") return text;
  throw new UsageError(`\`--fan ${text}\`: \`in\` or \`out\` is needed`);
}

async function run(target: string, options: CompileCommandOptions, host: CliHost): Promise<number> {
  refuseNonsense(options);
  const began = performance.now();
  const seconds = (): string => ((performance.now() - began) / 1000).toFixed(2);
  const trained = options.target === "onnx-training" ? await openTrained(host, target, options) : undefined;
  const standalone = options.standalone ? await import("../compile-standalone.ts") : undefined;
  const subject = await standalone?.openStandalone(host, target, options);
  const graph = options.target === "onnx-training" ? trained?.graph : standalone ? subject?.graph : await buildTarget(host, target, options);
  if (graph === undefined) return 1;
  const toStandardOutput = options.output === "-";
  const told = toStandardOutput ? host.err : host.out;
  const places = async () => (await import("../../program/tfjs-places.ts")).tfjsPlaces(graph);
  const weights = options.weights === undefined ? undefined : await openWeightsAt(host, options.weights, { places });
  try {
    const choice = {
      renames: (options.rename ?? []).map(parseRename),
      ignore: options.ignore ?? [],
      ...(weights ? { weights } : {}),
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(options.fan === undefined ? {} : { fan: options.fan }),
    };
    if (trained) {
      const made = trainingStepOf(trained, options, choice);
      tellChecked(graph, [...made.remarks, ...(weights?.remarks ?? [])], told);
      await writeTrainingStep(host, made, trained, options.output, seconds);
      return 0;
    }
    if (standalone && subject) {
      const made = standalone.standaloneOf(subject, options, choice);
      tellChecked(graph, [...made.remarks, ...(weights?.remarks ?? [])], told);
      await standalone.writeStandalone(host, made, options.output, seconds);
      return 0;
    }
    const shared = {
      version: VERSION,
      ...choice,
      ...(options.batch === undefined ? {} : { batch: options.batch }),
      ...(options.foldBn ? { foldBatchNorm: true } : {}),
      ...(options.softmax ? { softmax: true } : {}),
    };
    const { files, remarks } =
      options.target === "tfjs"
        ? (await import("../../program/compile-tfjs.ts")).compileTfjs(graph, shared)
        : compileOnnx(graph, { ...shared, dataName: `${basename(options.output)}.data`, ...(options.externalData ? { externalData: true } : {}) });
    if (toStandardOutput && files.length > 1) {
      throw new UsageError("this model needs a second file for its weights, and standard output is one", { help: ["Name a file: `-o model.onnx`."] });
    }
    const { bold } = told.colors;
    tellChecked(graph, [...remarks, ...(weights?.remarks ?? [])], told);
    const written = await writeOutput(files, options.output, host);
    if (options.target === "tfjs") {
      const sizeInBytes = written.reduce((sum, file) => sum + file.sizeInBytes, 0);
      const shards = written.length - 1;
      told.write(`${bold("wrote")} ${options.output}  ${countText(sizeInBytes)} bytes: model.json and ${countText(shards)} ${shards === 1 ? "file" : "files"} of weights\n`);
      told.write(`  TensorFlow.js LayersModel, channels last; ${seconds()} s\n`);
      const stale = staleWeights(host, options.output, written);
      if (stale !== undefined) told.write(`  ${stale}\n`);
    } else {
      for (const { path, sizeInBytes } of written) told.write(`${bold("wrote")} ${path === "-" ? "standard output" : path}  ${countText(sizeInBytes)} bytes\n`);
      told.write(`  ONNX opset ${ONNX_OPSET}, IR version ${ONNX_IR_VERSION}; ${seconds()} s\n`);
    }
  } finally {
    await weights?.close?.();
  }
  return 0;
}

function tellChecked(graph: Graph, remarks: readonly string[], told: CliHost["out"]): void {
  const lines = totalLines(summarize(graph), "paper");
  const widest = Math.max(...lines.map(([title]) => title.length));
  told.write(`${told.colors.bold(graph.name)}: checked\n${lines.map(([title, text]) => `  ${title.padEnd(widest)}  ${text}\n`).join("")}`);
  for (const remark of remarks) told.write(`  ${remark}\n`);
}

function refuseNonsense(options: CompileCommandOptions): void {
  const { target, weights, rename, ignore, seed, fan } = options;
  if (!TARGETS.includes(target)) {
    const later = Object.hasOwn(LATER, target) ? LATER[target] : undefined;
    const guess = didYouMean(target, TARGETS);
    throw new UsageError(later ? `\`--target ${target}\` (${later}) does not exist yet` : `there is no target \`${target}\`${guess ? `; ${guess}` : ""}`, { help: ["There are `--target onnx`, `--target onnx-training` and `--target tfjs`."] });
  }
  if (target === "onnx-training") refuseForTraining(options);
  else if (!options.standalone) refuseTrainingOptions(target, options);
  if (options.standalone && target !== "tfjs") throw new UsageError("`--standalone` is a training in TensorFlow.js: add `--target tfjs`");
  if (target === "tfjs") {
    if (options.output === "-") throw new UsageError("a TensorFlow.js model is several files, and standard output is one", { help: ["Name a folder: `-o model`."] });
    if (options.externalData) throw new UsageError("`--external-data` is about ONNX files; a TensorFlow.js model has its weights in files of their own");
  }
  if (ignore && weights === undefined) throw new UsageError("`--ignore` is about a file of weights; name it with `--weights`");
  if (rename && weights === undefined) throw new UsageError("`--rename` is about a file of weights; name it with `--weights`");
  if (weights !== undefined && (seed !== undefined || fan !== undefined)) {
    throw new UsageError(`\`${seed === undefined ? "--fan" : "--seed"}\` makes initial weights, and \`--weights\` gives trained ones: choose one`);
  }
}
