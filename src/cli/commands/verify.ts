import { didYouMean } from "../../base/suggest.ts";
import { ENGINES } from "../../engines/registry.ts";
import type { EngineName } from "../../engines/engine.ts";
import { TOLERANCE } from "../../verify/difference.ts";
import type { Command } from "../command.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import { addNetworkOptions, collectText, wholeNumber } from "../options.ts";
import type { VerifyCommandOptions } from "../verify-target.ts";

const HELP = `
Every engine that works here runs the model that \`rnc compile\` writes for it, and all get the same input. The first
of them (ONNX Runtime on the CPU, where it is there) is what the others are compared with: their outputs, and then,
with models that show more, what leaves each block. Where something differs, the block and the layer it comes from
are named with their lines.

Two tensors agree when max|a - b| <= tolerance * max|b|. Rounding in another order gives 1e-7 to 1e-5 in float32,
over hundreds of layers; a mistake gives 1e-3 and more. A block whose input differs already is not blamed. NaN and
infinite values are differences.

Weights are calibrated (seeded, with the running statistics of seeded noise), because with initial ones every batch
norm is the identity, which hides mistakes. A model given with --against brings its own weights, so that the
architectures are compared; with --weights its weights are compared, too.

With --training the engines make one training step, as for \`rnc train\`, on the same weights and batch. They are compared
with the portable step (\`rnc compile --target onnx-training\`, run by ONNX Runtime on the CPU): the loss, the gradient of
every parameter, and what running statistics became. Named is the first layer on the way back whose gradient differs, or
on the way forward where statistics differ already. A gradient that rounding alone makes (a bias before a batch norm)
is measured by the greatest of its layer. A ReLU whose input is all but 0 may turn its gradient in one engine and not
in another: an input is looked for that has no such value, and where there is none the result says how many there are.

Examples:
  rnc verify ResNet20
  rnc verify ResNet20 --training
  rnc verify net.resnet#Small --weights trained.safetensors --engine onnxruntime --engine tfjs-node
  rnc verify net.resnet --input 1x3x64x64 --against exported.onnx
  rnc verify ResNet50 --weights resnet50.pth --against my-tfjs-model/

Exit codes: 0 all agree, 1 something differs or could not be compared, 2 wrong usage.`;

/** `rnc verify`: the targets of a network against each other, or a model of the user's own against the network. */
export function register(program: Command, host: CliHost): void {
  const command = program
    .command("verify")
    .argument("<network>", "FILE, FILE#Network, a name of the standard library (ResNet50), or `-`")
    .description("run a network through every engine that works here and say whether, and where, they differ")
    .option("--weights <file>", "weights from a file, as for `rnc compile` (default: calibrated, or those of the model given)")
    .option("--rename <old=new>", "take the weights `old` of the file for `new`; repeatable", collectText)
    .option("--ignore <name>", "let tensors of the file with this name or prefix be unused; repeatable", collectText)
    .option("--seed <n>", "seed of the input, and of calibrated weights", wholeNumber("--seed", 0), 0)
    .option("--engine <name>", `run this engine alone (${ENGINES.map(({ name }) => name).join(", ")}); repeatable`, collectEngine)
    .option("--against <model>", "compare an ONNX file, or a folder or model.json of TensorFlow.js, too; repeatable", collectText)
    .option("--batch <n>", "examples in the input (default: 1)", wholeNumber("--batch", 1))
    .option("--tolerance <x>", "the greatest difference, as a part of the greatest value of a tensor", positiveNumber, TOLERANCE)
    .option("--training", "compare one training step instead of answers: the loss, every gradient, running statistics")
    .option("--loss-on <output>", "--training: the output that is trained, where there are several")
    .option("--json", "print the result as JSON (grammar/verify.schema.json)")
    .addHelpText("after", HELP);
  addNetworkOptions(command).action(async (network: string, options: VerifyCommandOptions) => {
    refuseNonsense(options);
    if (options.training) {
      const { verifyTrainingTarget } = await import("../verify-training.ts");
      return verifyTrainingTarget(network, options, host);
    }
    const { verifyTarget } = await import("../verify-target.ts");
    return verifyTarget(network, options, host);
  });
}

function collectEngine(text: string, earlier: readonly EngineName[] = []): EngineName[] {
  const engine = ENGINES.find(({ name }) => name === text);
  if (engine) return [...new Set([...earlier, engine.name])];
  const names = ENGINES.map(({ name }) => name);
  const guess = didYouMean(text, names);
  throw new UsageError(`there is no engine \`${text}\`${guess ? `; ${guess}` : ""}`, { help: [`There are ${names.join(", ")}; \`rnc doctor\` says which work here.`] });
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0) throw new UsageError(`\`--tolerance ${text}\`: a number above 0 is needed, such as 1e-4`);
  return value;
}

function refuseNonsense({ weights, rename, ignore, against, training, lossOn }: VerifyCommandOptions): void {
  if (training && against) throw new UsageError("`--against` names a model that answers, and `--training` compares training steps", { help: ["Leave one of them out."] });
  if (!training && lossOn !== undefined) throw new UsageError("`--loss-on` is about a training step: add `--training`");
  const hasWeights = weights !== undefined || against !== undefined;
  if (rename && !hasWeights) throw new UsageError("`--rename` is about a file of weights; name it with `--weights`");
  if (ignore && !hasWeights) throw new UsageError("`--ignore` is about a file of weights; name it with `--weights`");
}
