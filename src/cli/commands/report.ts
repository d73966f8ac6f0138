import type { Command } from "../command.ts";
import type { CliHost } from "../host.ts";
import type { ReportOptions } from "../train/report-runs.ts";

const HELP = `
\`rnc train\` writes report.html into the folder of its run at every interval and at the end. This makes it again, of a
run that is finished, stopped or under way, or puts several runs into one picture: dashed lines are training errors,
bold ones validation or test errors, as in Fig. 6 of He et al. 2015. The file needs no network and no other file.

Examples:
  rnc report runs/ResNet20-1                       writes runs/ResNet20-1/report.html
  rnc report runs/plain runs/residual -o both.html
  rnc report runs/plain runs/residual -o both.svg  the curves alone, as a picture

Exit codes: 0 written, 1 a folder is no run, or the file cannot be written, 2 wrong usage.`;

/** `rnc report`: the page of a run, or of several in one picture. */
export function register(program: Command, host: CliHost): void {
  program
    .command("report")
    .argument("<runs...>", "folders that `rnc train` wrote")
    .description("curves and settings of trainings as one HTML file or SVG picture")
    .option("-o, --output <file>", "the file to write: .html, or .svg for the curves alone (default: RUN/report.html; report.html for several runs)")
    .addHelpText("after", HELP)
    .action(async (runs: string[], options: ReportOptions) => {
      const { reportRuns } = await import("../train/report-runs.ts");
      return reportRuns(runs, options, host);
    });
}
