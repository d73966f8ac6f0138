import { CommanderError } from "commander";
import { InputError } from "../base/input-error.ts";
import { Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import type { CommandEntry } from "./commands.ts";
import type { CliHost } from "./host.ts";
import { BrokenPipe, Interrupted, UsageError } from "./host.ts";
import { messageOf } from "./input-message.ts";
import { VERSION } from "./version.ts";

/** What a process says to whoever started it. */
export const EXIT = { fine: 0, problems: 1, usage: 2, bug: 70, interrupted: 130 } as const;

const EXAMPLES = `
Examples:
  rnc new my-net                              start a project
  rnc check my-net/my-net.resnet              check every network of a file
  rnc summary ResNet50                        layers, sizes, parameters and multiply-adds
  rnc compile ResNet50 -o resnet50.onnx       an ONNX file with initial weights
  rnc compile net.resnet#Small --set n=3 -o small.onnx --weights small.safetensors

A network is a FILE with one network, FILE#Network, a name of the standard library
(\`rnc list\` prints them), or \`-\` for standard input.

Exit codes: 0 fine, 1 problems in what you gave, 2 wrong usage, 70 a mistake of rnc, 130 stopped by Ctrl-C.`;

/**
 * Runs one command line.
 *
 * @param args what follows `rnc`
 * @returns the exit code
 */
export async function main(args: readonly string[], host: CliHost): Promise<number> {
  try {
    return await run(args, host);
  } catch (error) {
    return reportFailure(error, args, host);
  }
}

async function run(args: readonly string[], host: CliHost): Promise<number> {
  let exitCode: number = EXIT.fine;
  const asked = COMMANDS.filter((entry) => entry.name === args[0]);
  const program = await createProgram(host, { entries: asked.length > 0 ? asked : COMMANDS, finish: (code) => (exitCode = code) });
  if (args.length === 0) {
    host.out.write(program.helpInformation());
    host.out.write(`${EXAMPLES}\n`);
    return EXIT.usage;
  }
  await program.parseAsync(args, { from: "user" });
  return exitCode;
}

/** The program with some of its commands: what reads a command line, and what help and the reference page are made from. */
export async function createProgram(host: CliHost, { entries, finish }: { readonly entries: readonly CommandEntry[]; readonly finish: (exitCode: number) => void }): Promise<Command> {
  const program = new Command("rnc", finish)
    .description("The compiler for .resnet files: residual networks, checked and compiled.")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .addHelpText("after", EXAMPLES)
    // What follows a command's name belongs to that command: `rnc weights` and its tasks have options of the same name.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.out.write(text),
      writeErr: (text) => host.err.write(text),
      outputError: (text, write) => write(wordUsage(text, host)),
      getOutHasColors: () => host.out.isTerminal,
      getErrHasColors: () => host.err.isTerminal,
      getOutHelpWidth: () => Math.min(host.out.columns, 100),
      getErrHelpWidth: () => Math.min(host.err.columns, 100),
    });
  for (const entry of entries) (await entry.load()).register(program, host);
  return program;
}

/** Commander's sentences with our mark in front, and the next step behind. */
function wordUsage(text: string, host: CliHost): string {
  const { bold, red, cyan } = host.err.colors;
  const [first = "", ...rest] = text.trim().split("\n");
  const hint = rest.map((line) => line.replace(/^\((.*)\)$/, "$1")).map((line) => `  ${cyan("help:")} ${line}\n`);
  return `${bold(red("error"))}${bold(first.replace(/^error/, ""))}\n${hint.join("")}  ${cyan("help:")} \`rnc --help\` and \`rnc COMMAND --help\` say what is possible\n`;
}

function reportFailure(error: unknown, args: readonly string[], host: CliHost): number {
  if (error instanceof BrokenPipe) return EXIT.fine;
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
  try {
    if (error instanceof Interrupted) {
      host.err.write(`${error.message}\n`);
      return error.exitCode;
    }
    if (error instanceof InputError || error instanceof UsageError) {
      host.err.write(messageOf(error, host));
      return error instanceof UsageError ? EXIT.usage : EXIT.problems;
    }
    host.err.write(bugReport(error, args, host));
  } catch (second) {
    // Nobody can read standard error any longer: the exit code is all that is left to say.
    if (!(second instanceof BrokenPipe)) throw second;
  }
  return EXIT.bug;
}

/** A mistake of ours: what happened, and what a report needs. */
function bugReport(error: unknown, args: readonly string[], host: CliHost): string {
  const { bold, red } = host.err.colors;
  const stack = error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error);
  return [
    `${bold(red("error"))}${bold(": rnc made a mistake of its own; your file may well be right")}`,
    "  Please report it with the file you gave and these lines:",
    `    rnc ${VERSION}, Node.js ${process.version}, ${process.platform} ${process.arch}`,
    `    command: rnc ${args.join(" ")}`,
    ...stack.split("\n").map((line) => `    ${line.trim()}`),
    "",
  ].join("\n");
}
