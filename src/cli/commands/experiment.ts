import type { Command } from "../command.ts";
import type { ExperimentOptions } from "../experiment/run-experiment.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import { wholeNumber } from "../options.ts";

const HELP = `
An experiment is a list of networks, a recipe, and what is shown of them: a JSON file (grammar/experiment.schema.json).
Those of the library are the paper's. Each has a small form, minutes on a processor, and with --full its published
length. Networks are trained one after the other, each in a run of its own below DIR/runs; what is trained already is
taken as it is, also from another experiment in the same folder. The result is in DIR/NAME: README.md with a table,
figure.svg laid out like the paper's, results.json.

Examples:
  rnc experiment                                   says which there are
  rnc experiment degradation --data cifar10/
  rnc experiment degradation --data cifar10/ --resume
  rnc experiment shortcuts --data cifar10/ --full -o long
  rnc experiment mine.json --data photos/

Exit codes: 0 done, 1 problems in what you gave, or a training diverged, 2 wrong usage, 130 stopped by Ctrl-C.`;

/** `rnc experiment`: trainings that are compared, as the paper does it. */
export function register(program: Command, host: CliHost): void {
  program
    .command("experiment")
    .argument("[name]", "an experiment of the library, or a JSON file; nothing says which there are")
    .description("train networks that are compared, and write a table and a figure")
    .option("--data <folder>", "the images: CIFAR-10 in its binary form, or a folder for each class")
    .option("--full", "the published length instead of the small form")
    .option("--resume", "go on with trainings that are not finished")
    .option("-o, --output <folder>", "where runs and results go", "experiments")
    .option("--engine <name>", "what computes, as for `rnc train`")
    .option("--threads <n>", "onnxruntime: threads (default: all processors)", wholeNumber("--threads", 1))
    .option("--seed <n>", "seed instead of the recipe's", wholeNumber("--seed", 0))
    .addHelpText("after", HELP)
    .action(async (name: string | undefined, options: ExperimentOptions) => {
      if (name === undefined) {
        if (options.data !== undefined) throw new UsageError("which experiment? Give its name, or nothing at all to see which there are");
        const { listExperiments } = await import("../experiment/list-experiments.ts");
        return listExperiments(host);
      }
      const { runExperiment } = await import("../experiment/run-experiment.ts");
      return runExperiment(name, options, host);
    });
}
