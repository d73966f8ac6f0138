import type { Problem } from "../../diagnostics/problem.ts";
import { lintProgram } from "../../lint/lint.ts";
import { resolveSettings } from "../../lint/settings.ts";
import type { Command } from "../command.ts";
import type { CliHost } from "../host.ts";
import type { NetworkOptions } from "../target.ts";
import { addNetworkOptions } from "../options.ts";
import { reportProblems } from "../report.ts";
import { findResnetFiles } from "../resnet-files.ts";
import { openTarget } from "../target.ts";

/** `rnc lint`: what a careful colleague would say of an architecture. */
export function register(program: Command, host: CliHost): void {
  const command = program
    .command("lint")
    .argument("<files...>", "files and folders, FILE#Network, names of the standard library, or `-`")
    .description("review networks: mistakes of design, with the reason and the edit");
  addNetworkOptions(command).action((files: string[], options: NetworkOptions) => lint(files, options, host));
}

async function lint(targets: readonly string[], options: NetworkOptions, host: CliHost): Promise<number> {
  const { value: settings } = resolveSettings();
  const problems: Problem[] = [];
  const { paths, failures } = await findResnetFiles(targets, host);
  for (const failure of failures) throw failure;
  {
    for (const path of paths) {
      const { program, network } = await openTarget(host, path);
      const build = { ...(options.set ? { settings: options.set } : {}), ...(options.input ? { sizes: options.input } : {}) };
      const isWhole = options.set === undefined && options.input === undefined;
      problems.push(...lintProgram(program, settings, { ...(network ? { network } : {}), ...(isWhole ? {} : { build }) }).problems);
    }
  }
  reportProblems(host, problems);
  return problems.some(({ severity }) => severity !== "info") ? 1 : 0;
}
