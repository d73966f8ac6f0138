import { didYouMean } from "../../base/suggest.ts";
import { ENGINES } from "../../engines/registry.ts";
import type { Command } from "../command.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import { addNetworkOptions, collectText, wholeNumber } from "../options.ts";
import type { TrainOptions } from "../train/prepare-run.ts";

const HELP = `
A recipe says optimizer, schedule, batch, length, split and augmentation; options replace single values of it, --with
whole fields as the language writes them, and the run records both. Recipes are written in the network's own .resnet file
or taken from the library: Cifar10, ImageNet2015, …

A run is a folder: the network's text, recipe.json (what was used), statistics.json (the mean of the training images),
run.json (seed, versions, data), metrics.jsonl (loss and errors of every interval), timing.jsonl (images/s), report.html
(curves and settings, also while it goes on), checkpoints, and at the end best.safetensors, last.safetensors, model.onnx
with the best weights and result.json (with the error on test images). It can be ended at any moment and goes on with
--resume from its last checkpoint, to the same bytes that it would have written otherwise (ONNX Runtime on the CPU, the
same number of threads).

With --engine auto the engines that work here make some steps of the training, and the fastest is taken (for fewer than
200 steps the first that works; TensorFlow.js in plain JavaScript only where nothing else does). The run records the speeds.

Images: a folder with a folder for each class, in DIR or in DIR/train and DIR/val, or CIFAR-10 in its binary form.

Examples:
  rnc train ResNet20 --data cifar10/ --recipe Cifar10
  rnc train net.resnet#Small --data photos/ --recipe Mine --epochs 20 --lr 0.05 -o runs/small
  rnc train ResNet20 --data cifar10/ --recipe Cifar10 --with "split: random(train=40000, val=10000)" --with "warmup: constant(lr=0.01, epochs=1)"
  rnc train --resume runs/small

Exit codes: 0 trained to the end, 1 problems in what you gave, or the training diverged, 2 wrong usage,
130 stopped by Ctrl-C, 143 by SIGTERM: a checkpoint is written after what is under way; a second time ends at once, without.`;

/** `rnc train`: trains a network on images by a recipe, in a run that can be stopped and resumed. */
export function register(program: Command, host: CliHost): void {
  const command = program
    .command("train")
    .argument("[network]", "FILE, FILE#Network, a name of the standard library (ResNet20), or `-`; none with --resume")
    .description("train a network on images by a recipe; can be stopped and resumed")
    .option("--data <folder>", "the images: a folder for each class, or CIFAR-10 in its binary form")
    .option("--recipe <name>", "a recipe of the network's file, of the library, or FILE#NAME")
    .option("--with <field>", "a field instead of the recipe's, in the language: \"schedule: cosine\"; repeatable", collectFields)
    .option("-o, --output <folder>", "the folder of the run (default: runs/NETWORK-NUMBER)")
    .option("--resume <run>", "go on with a run from its last checkpoint")
    .option("--engine <name>", `what computes: auto, ${ENGINES.filter(({ openTraining }) => openTraining).map(({ name }) => name).join(", ")} (default: auto)`, engineCalled)
    .option("--threads <n>", "onnxruntime: threads (default: all processors)", wholeNumber("--threads", 1))
    .option("--steps <n>", "length in steps, instead of the recipe's", wholeNumber("--steps", 1))
    .option("--epochs <n>", "length in passes over the images, instead of the recipe's", wholeNumber("--epochs", 1))
    .option("--batch <n>", "images of a step", wholeNumber("--batch", 1))
    .option("--lr <rate>", "learning rate of the optimizer", numberUpTo("--lr", Infinity))
    .option("--momentum <m>", "momentum", numberUpTo("--momentum", 1))
    .option("--nesterov", "Nesterov's form of momentum")
    .option("--weight-decay <d>", "weight decay", numberUpTo("--weight-decay", Infinity))
    .option("--decay <what>", "what decays: weights or all", decayed)
    .option("--label-smoothing <share>", "share of a label that all classes get", numberUpTo("--label-smoothing", 1))
    .option("--freeze <pattern>", "leave parameters as they are: a name or the path of a layer, `*` for any characters; repeatable", collectText)
    .option("--seed <n>", "seed of weights, order, split and augmentation", wholeNumber("--seed", 0))
    .option("--weights <path>", "begin with the weights of this file instead of initial ones")
    .option("--loss-on <output>", "the output that is trained, where there are several")
    .option("--every <n>", "steps between two lines of metrics, each with a checkpoint (default: 100)", wholeNumber("--every", 1))
    .option("--evaluate-every <n>", "steps between two validations (default: an epoch); the last step has one anyway", wholeNumber("--evaluate-every", 1))
    .option("--json", "print events as JSON, one a line (grammar/train.schema.json)")
    .addHelpText("after", HELP);
  addNetworkOptions(command).action(async (network: string | undefined, options: TrainOptions) => {
    refuseNonsense(network, options);
    const { trainTarget } = await import("../train/train.ts");
    return trainTarget(network, options, host);
  });
}

function engineCalled(text: string): string {
  const names = ["auto", ...ENGINES.filter(({ openTraining }) => openTraining).map(({ name }) => name)];
  if (names.includes(text)) return text;
  const guess = didYouMean(text, names);
  throw new UsageError(`there is no engine \`${text}\` that trains${guess ? `; ${guess}` : ""}`, { help: [`There are ${names.join(", ")}; \`rnc doctor\` says which work here.`] });
}

function numberUpTo(option: string, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= 0 && value <= most) || value === Infinity) throw new UsageError(`\`${option} ${text}\`: a number ${most === Infinity ? "of at least 0" : `from 0 to ${most}`} is needed`);
    return value;
  };
}

function collectFields(text: string, earlier: readonly string[] = []): string[] {
  if (text.trim() === "") throw new UsageError("`--with` names a field of the recipe, and nothing was given", { help: ['Write it as the language does: `--with "schedule: cosine"`.'] });
  return collectText(text, earlier);
}

function decayed(text: string): "weights" | "all" {
  if (text === "weights" || text === "all") return text;
  throw new UsageError(`\`--decay ${text}\`: \`weights\` or \`all\` is needed`);
}

/** What a run has decided already. */
const DECIDED: Readonly<Partial<Record<keyof TrainOptions, string>>> = {
  recipe: "--recipe", with: "--with", output: "-o", steps: "--steps", epochs: "--epochs", batch: "--batch", lr: "--lr", momentum: "--momentum", nesterov: "--nesterov",
  weightDecay: "--weight-decay", decay: "--decay", labelSmoothing: "--label-smoothing", freeze: "--freeze", seed: "--seed", weights: "--weights",
  lossOn: "--loss-on", every: "--every", evaluateEvery: "--evaluate-every", set: "--set", input: "--input",
};

function refuseNonsense(network: string | undefined, options: TrainOptions): void {
  const places = { "--data": options.data, "-o": options.output, "--resume": options.resume, "--weights": options.weights };
  const [empty] = Object.entries(places).find(([, path]) => path === "") ?? [];
  if (empty !== undefined) throw new UsageError(`\`${empty}\` names a place, and nothing was given`, { help: ["Is a variable of your shell empty? `.` is the folder that you are in."] });
  if (options.steps !== undefined && options.epochs !== undefined) throw new UsageError("`--steps` and `--epochs` both say how long the training is: choose one");
  if (options.resume === undefined) return;
  if (network !== undefined) throw new UsageError(`\`--resume\` goes on with the network of the run; \`${network}\` is not looked at`, { help: [`Leave it out: \`rnc train --resume ${options.resume}\`.`] });
  for (const [key, option] of Object.entries(DECIDED) as [keyof TrainOptions, string][]) {
    if (options[key] !== undefined) throw new UsageError(`\`${option}\` was decided when the run began, and \`--resume\` goes on with it`, { help: ["With other values it is another run: begin one, with `--weights RUN/last.safetensors` to keep what it has learned."] });
  }
}
