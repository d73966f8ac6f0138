import { didYouMean } from "../../base/suggest.ts";
import { ENGINES } from "../../engines/registry.ts";
import type { EngineName } from "../../engines/engine.ts";
import type { ViewKind } from "../../evaluation/views.ts";
import type { Command } from "../command.ts";
import type { EvalOptions } from "../eval/options.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import { addNetworkOptions, collectText, wholeNumber } from "../options.ts";

const VIEWS: readonly ViewKind[] = ["single", "ten-crop", "multi-scale"];
const PARTS = ["test", "val", "train"] as const;
/** A larger image is a mistake of typing. */
const LARGEST_SIDE = 16_384;

const HELP = `
A model is the folder of a run (\`rnc train\`; its best weights), an ONNX file, or a network with --weights. Several are an
ensemble: their probabilities are averaged. Images are the part \`test\` of the data set, else \`val\`; for a run --data may
be left out: its own data set is taken.

Images are prepared as the run's recipe says, or --recipe, or --mean and --std; where nobody says it, as in the paper (the
mean of every pixel of the training images is subtracted). The output says what was done.

Views: as the recipe's field \`test\` says; single: a window in the middle; ten-crop: four corners, the middle, and their
mirror images; multi-scale: whole images at several sizes, for which the network is built for any size. A window is cut
from an image that is 256/224 times as large. Logits become probabilities by a softmax, and those are averaged.

Examples:
  rnc eval runs/ResNet20-1
  rnc eval ResNet20 --weights r20.safetensors --data cifar10 --recipe Cifar10Epochs
  rnc eval resnet50.onnx --data imagenet --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --views ten-crop
  rnc eval ResNet50 --weights resnet50.pth --data imagenet --recipe Mine --views multi-scale --flip
  rnc eval runs/a runs/b runs/c

Exit codes: 0 measured, 1 problems in what you gave, 2 wrong usage, 130 stopped by Ctrl-C.`;

/** `rnc eval`: how often a model is right on images that it was not trained on. */
export function register(program: Command, host: CliHost): void {
  const command = program
    .command("eval")
    .argument("<models...>", "folders of runs, ONNX files, or networks with --weights (FILE, FILE#Network, a name of the library)")
    .description("test models on real images: top-1 and top-5 error, each class, confusions; ten crops, scales, ensembles")
    .option("--data <folder>", "the images: a folder for each class, or CIFAR-10 in its binary form (default: those of the run)")
    .option("--split <part>", "which of them: test, val or train (default: test, else val)", oneOf("--split", PARTS))
    .option("--limit <n>", "so many images, evenly over all of them", wholeNumber("--limit", 1))
    .option("--weights <path>", "weights of a network: a safetensors, PyTorch or ONNX file or a TF.js folder; once for each network", collectText)
    .option("--rename <old=new>", "take the weights `old` of a file for `new`; repeatable", collectText)
    .option("--ignore <name>", "let tensors of a file with this name or prefix be unused; repeatable", collectText)
    .option("--last", "the last weights of runs instead of the best")
    .option("--output <name>", "the output with the scores, where there are several")
    .option("--recipe <name>", "prepare images as this recipe says: of the network's file, the library, or FILE#NAME")
    .option("--mean <r,g,b>", "subtract it from values on the scale 0 to 1; with --std", threeNumbers("--mean"))
    .option("--std <r,g,b>", "and divide by it", threeNumbers("--std"))
    .option("--size <n>", "windows of this size (224, or height and width: 224x192), where the network takes any", size)
    .option("--resize <n>", "shorter side of the images that windows are cut from", wholeNumber("--resize", 1))
    .option("--views <how>", `what is shown of an image: ${VIEWS.join(", ")} (default: as the recipe says, else single)`, oneOf("--views", VIEWS))
    .option("--scales <sizes>", "shorter sides for multi-scale (default: 224,256,384,480,640)", scales)
    .option("--flip", "show the mirror image of every view, too")
    .option("--engine <name>", `what runs the model: ${ENGINES.map(({ name }) => name).join(", ")} (default: the first that works)`, engineCalled)
    .option("--batch <n>", "images at a time", wholeNumber("--batch", 1))
    .option("--confusion", "print the whole confusion matrix")
    .option("--json", "print the result as JSON (grammar/eval.schema.json)")
    .addHelpText("after", HELP);
  addNetworkOptions(command).action(async (models: string[], options: EvalOptions) => {
    refuseNonsense(options);
    const { evalTargets } = await import("../eval/eval.ts");
    return evalTargets(models, options, host);
  });
}

function oneOf<T extends string>(option: string, choices: readonly T[]): (text: string) => T {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    const guess = didYouMean(text, choices);
    throw new UsageError(`\`${option} ${text}\`: ${choices.map((choice) => `\`${choice}\``).join(", ")} are possible${guess ? `; ${guess}` : ""}`);
  };
}

function engineCalled(text: string): EngineName {
  const names = ENGINES.map(({ name }) => name);
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  const guess = didYouMean(text, names);
  throw new UsageError(`there is no engine \`${text}\`${guess ? `; ${guess}` : ""}`, { help: [`There are ${names.join(", ")}; \`rnc doctor\` says which work here.`] });
}

/** `0.485,0.456,0.406`, or one number for all three channels. */
function threeNumbers(option: "--mean" | "--std"): (text: string) => readonly number[] {
  return (text) => {
    const numbers = text.split(/[\s,]+/).filter((part) => part !== "").map(Number);
    const [first] = numbers;
    if (first === undefined || (numbers.length !== 1 && numbers.length !== 3) || !numbers.every(Number.isFinite)) {
      throw new UsageError(`\`${option} ${text}\`: three numbers are needed, of red, green and blue: \`${option} ${option === "--mean" ? "0.485,0.456,0.406" : "0.229,0.224,0.225"}\``);
    }
    if (option === "--std" && numbers.some((value) => value <= 0)) throw new UsageError(`\`--std ${text}\`: values are divided by it, so it must be above 0`);
    if (numbers.some((value) => Math.abs(value) > 1)) {
      throw new UsageError(`\`${option} ${text}\` is on the scale 0 to 255, and here values are on the scale 0 to 1`, {
        help: [`That is \`${option} ${numbers.map((value) => Number((value / 255).toPrecision(8))).join(",")}\`; where nothing is divided, \`--std ${Number((1 / 255).toPrecision(8))}\`.`],
      });
    }
    return numbers.length === 3 ? numbers : [first, first, first];
  };
}

/** `224`, or height and width: `224x192`. */
function size(text: string): { readonly height: number; readonly width: number } {
  const sides = /^\d+(x\d+)?$/.test(text) ? text.split("x").map(Number) : [];
  const [height, width = height] = sides;
  if (height === undefined || width === undefined || Math.min(height, width) < 1 || Math.max(height, width) > LARGEST_SIDE) {
    throw new UsageError(`\`--size ${text}\`: one number or height and width are needed: \`--size 224\`, \`--size 224x192\``);
  }
  return { height, width };
}

function scales(text: string): readonly number[] {
  const sides = text.split(/[\s,]+/).filter((part) => part !== "").map(Number);
  if (sides.length === 0 || !sides.every((side) => Number.isSafeInteger(side) && side >= 1 && side <= LARGEST_SIDE)) throw new UsageError(`\`--scales ${text}\`: whole numbers are needed: \`--scales 224,256,384,480,640\``);
  return sides;
}

function refuseNonsense({ views, scales: sides, resize, size: window, flip, mean, std, batch }: EvalOptions): void {
  if ((mean === undefined) !== (std === undefined)) throw new UsageError("`--mean` and `--std` belong together: the values 0 to 1 become (value - mean) / std", { help: ["Where nothing is divided, the std is 1: `--std 1`."] });
  if (sides && views !== "multi-scale") throw new UsageError("`--scales` is about whole images at several sizes", { help: ["Add `--views multi-scale`."] });
  if (views === "multi-scale" && (resize ?? window) !== undefined) throw new UsageError(`\`${resize === undefined ? "--size" : "--resize"}\` is about windows, and \`--views multi-scale\` shows whole images`, { help: ["`--scales` gives their sizes."] });
  if (flip && views === "ten-crop") throw new UsageError("ten crops have their mirror images already: leave `--flip` out");
  if (batch !== undefined && batch > 65_536) throw new UsageError(`\`--batch ${batch}\`: that many images at a time do not fit in any memory`);
}
