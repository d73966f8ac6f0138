import { didYouMean } from "../../base/suggest.ts";
import type { Severity } from "../../diagnostics/problem.ts";
import type { LintConfig } from "../../lint/settings.ts";
import { resolveSettings, SEVERITIES } from "../../lint/settings.ts";
import type { BuildOptions } from "../../program/networks.ts";
import type { Command } from "../command.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import type { Format } from "../lint/output.ts";
import { FORMATS } from "../lint/output.ts";
import type { LintRun } from "../lint/run.ts";
import { runLint } from "../lint/run.ts";
import { addNetworkOptions, wholeNumber } from "../options.ts";
import type { NetworkOptions } from "../target.ts";

interface LintCommandOptions extends NetworkOptions {
  readonly select?: readonly string[];
  readonly ignore?: readonly string[];
  readonly severity?: Severity;
  readonly fix?: boolean;
  readonly unsafeFixes?: boolean;
  readonly diff?: boolean;
  readonly format: Format;
  readonly maxWarnings?: number;
  readonly statistics?: boolean;
  readonly resolution?: boolean;
  /** `false` by `--no-config`; commander makes it `true` where nothing is said. */
  readonly config: string | boolean;
  readonly stdinFilename?: string;
}

const DETAILS = `
Folders are searched for \`.resnet\` files, but for what a \`.gitignore\` leaves out. A pattern
stands in quotes: "nets/**/*.resnet". Problems go to standard output, what cannot be read to
standard error; the other files are linted all the same.

The nearest rnc.toml upwards from a file says what is asked of it. In a file, \`// rnc-ignore
RULE: reason\` takes a finding back. \`rnc explain RULE\` tells what a rule looks for, and why.

Exit codes: 0 when there is no error (warnings alone are no failure, remarks neither), 1 when
there is one, when there are more warnings than --max-warnings allows, when a file could not
be read, or with --diff when a file would change; 2 wrong usage or settings.

Examples:
  rnc lint                                    every file here and below
  rnc lint nets --severity info --statistics  everything there is to say, counted
  rnc lint net.resnet --diff                  what the safe fixes would change
  rnc lint ResNet50 --input 1x3x64x64 --resolution`;

/** `rnc lint`: what a careful colleague would say of an architecture. */
export function register(program: Command, host: CliHost): void {
  const command = program
    .command("lint")
    .argument("[files...]", "files, folders and patterns, FILE#Network, names of the standard library, or `-`; else the folder one is in")
    .description("review networks: mistakes of design, with the reason and the edit")
    .option("--select <rules>", "ask these rules alone, by name or code (RL05,unused or all); repeatable", collectRules)
    .option("--ignore <rules>", "do not ask these rules; repeatable", collectRules)
    .option("--severity <least>", "the least that is shown: error, warning (if nothing is said), info", oneOf("--severity", SEVERITIES))
    .option("--fix", "apply the safe fixes to the files")
    .option("--unsafe-fixes", "apply the others, too: they may change what a network computes")
    .option("--diff", "write nothing; print what the fixes would change")
    .option("--format <form>", "pretty, json (grammar/lint.schema.json), sarif (2.1.0) or github", oneOf("--format", FORMATS), "pretty")
    .option("--statistics", "a table of counts by rule in place of the problems")
    .option("--resolution", "also what the image's size makes of each network, stage by stage")
    .option("--max-warnings <n>", "more warnings than this are a failure", wholeNumber("--max-warnings", 0))
    .option("--config <file>", "these settings for every file, in place of the nearest rnc.toml")
    .option("--no-config", "look for no rnc.toml")
    .option("--stdin-filename <path>", "what `-` is called in messages; its rnc.toml and imports are looked for there");
  addNetworkOptions(command).addHelpText("after", DETAILS).action((files: string[], options: LintCommandOptions) => runLint(runOf(files.length === 0 ? ["."] : files, options), host));
}

/** What a command line asks for; refuses what does not go together. */
function runOf(targets: readonly string[], options: LintCommandOptions): LintRun {
  const fixes = options.diff ? "shown" : options.fix || options.unsafeFixes ? "written" : "none";
  const forPeople = options.diff ? "--diff" : options.statistics ? "--statistics" : options.resolution ? "--resolution" : undefined;
  if (forPeople !== undefined && options.format !== "pretty") {
    const help = forPeople === "--statistics" ? ["`--format json` has the counts in `summary`."] : ["Leave `--format` out."];
    throw new UsageError(`\`${forPeople}\` is text for people, and \`--format ${options.format}\` is for programs`, { help });
  }
  if (fixes === "written" && targets.includes("-") && targets.length > 1) {
    throw new UsageError("`-` is standard input, and its mended text goes to standard output: files cannot be given beside it", { help: ["Mend them with a command of their own."] });
  }
  return {
    targets,
    given: givenConfig(options),
    build: buildOptions(options),
    format: options.format,
    fixes,
    isUnsafe: options.unsafeFixes === true,
    mostWarnings: options.maxWarnings ?? Infinity,
    isStatistics: options.statistics === true,
    isResolution: options.resolution === true,
    configFile: typeof options.config === "string" ? options.config : undefined,
    isConfigOff: options.config === false,
    stdinName: options.stdinFilename,
  };
}

/** What the command line says of rules; a rule that is not there is an error of usage. */
function givenConfig({ select, ignore, severity }: LintCommandOptions): LintConfig {
  const given: LintConfig = { ...(select ? { select } : {}), ...(ignore ? { ignore } : {}), ...(severity ? { severity } : {}) };
  const [problem] = resolveSettings(given).problems;
  if (problem) throw new UsageError(`\`--${problem.path[0] ?? ""}\`: ${problem.message}`, { help: problem.help });
  return given;
}

function buildOptions({ set, input }: NetworkOptions): BuildOptions | undefined {
  if (set === undefined && input === undefined) return undefined;
  return { ...(set ? { settings: set } : {}), ...(input ? { sizes: input } : {}) };
}

function collectRules(text: string, earlier: readonly string[] = []): string[] {
  return [...earlier, ...text.split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()]))];
}

function oneOf<const T extends string>(option: string, allowed: readonly T[]): (text: string) => T {
  return (text) => {
    const found = allowed.find((word) => word === text);
    if (found !== undefined) return found;
    const guess = didYouMean(text, allowed);
    throw new UsageError(`\`${option} ${text}\`: there is no such choice`, { help: [guess ? `D${guess.slice(1)}` : `Choose ${allowed.join(", ")}.`] });
  };
}
