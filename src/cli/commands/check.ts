import type { Command } from "../command.ts";
import type { Problem } from "../../diagnostics/problem.ts";
import { hasErrors } from "../../diagnostics/problem.ts";
import type { Graph } from "../../ir/graph.ts";
import type { Dim } from "../../ir/dim.ts";
import { formatDim } from "../../ir/dim.ts";
import { formatShape } from "../../ir/tensor-type.ts";
import { standardProgram } from "../../program/load.ts";
import type { Program } from "../../program/load.ts";
import { checkProgram, listNetworks } from "../../program/networks.ts";
import { standardLibrary } from "../../program/standard-library.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import type { NetworkOptions } from "../target.ts";
import { messageOf } from "../input-message.ts";
import { addNetworkOptions } from "../options.ts";
import { jsonProblems, reportProblems, writeJson } from "../report.ts";
import { findResnetFiles } from "../resnet-files.ts";
import { buildOpened, openTarget, openText } from "../target.ts";

interface CheckOptions extends NetworkOptions {
  readonly json?: boolean;
  readonly updateExpect?: boolean;
}

interface CheckedNetwork {
  readonly name: string;
  /** Parameters without a value: the network was read, not built. */
  readonly needs: readonly { readonly name: string; readonly type: string }[];
  readonly graph: Graph | undefined;
}

interface CheckedFile {
  readonly path: string;
  readonly networks: readonly CheckedNetwork[];
  readonly problems: readonly Problem[];
}

const DETAILS = `
With --update-expect, each \`expect\` that does not hold gets the value that was measured, in
the form in which it is written; a strict bound becomes \`<=\` or \`>=\`. Nothing else of the file
changes. Formulas, contracts of imported files and of the standard library are left alone and
named. Read the difference before you commit it: a contract is there to catch mistakes.

Examples:
  rnc check net.resnet
  rnc check .                                  every file here and below
  rnc check net.resnet#Net --input 1x3x64x64
  rnc check net.resnet --update-expect

Exit codes: 0 no errors, 1 errors, or a file could not be read, 2 wrong usage.`;

/** `rnc check`: parses, elaborates, checks shapes and contracts. */
export function register(program: Command, host: CliHost): void {
  const command = program
    .command("check")
    .argument("<files...>", "files, folders and patterns, FILE#Network, names of the standard library, or `-`")
    .description("check networks: names, shapes, shortcuts and contracts")
    .option("--json", "print the result as JSON (grammar/check.schema.json)")
    .option("--update-expect", "write today's values into the contracts that do not hold, then check");
  addNetworkOptions(command).addHelpText("after", DETAILS).action((files: string[], options: CheckOptions) => check(files, options, host));
}

async function check(targets: readonly string[], options: CheckOptions, host: CliHost): Promise<number> {
  const { paths, failures } = await findResnetFiles(targets, host);
  for (const failure of failures) host.err.write(messageOf(failure, host));
  if (options.updateExpect) {
    if (options.set) throw new UsageError("`--update-expect` writes what networks are as they stand, and `--set` makes others of them", { help: ["Leave `--set` out."] });
    const { updateExpect } = await import("../update-expect.ts");
    await updateExpect(paths, (path) => checkOne(path, options, host), host, options.json ? host.err : host.out);
  }
  const files: CheckedFile[] = [];
  for (const path of paths) files.push(await checkOne(path, options, host));
  const problems = unique(files.flatMap((file) => file.problems));
  if (options.json) {
    writeJson(host, { files: files.map(jsonFile), problems: jsonProblems(problems) });
    return hasErrors(problems) || failures.length > 0 ? 1 : 0;
  }
  for (const file of files) if (!hasErrors(file.problems)) host.out.write(describe(file, host));
  return reportProblems(host, problems) || failures.length > 0 ? 1 : 0;
}

async function checkOne(text: string, options: CheckOptions, host: CliHost): Promise<CheckedFile> {
  const whole = standardLibrary.get(text);
  const { path, program, network } = whole ? { path: text, program: standardProgram(whole), network: undefined } : await openTarget(host, text);
  if (network) {
    const { value, problems } = buildOpened(program, network, options);
    return { path, networks: [{ name: network.name, needs: [], graph: value }], problems };
  }
  if (options.set === undefined && options.input === undefined) return checkWhole(path, program);
  const networks = listNetworks(program).map((entry) => ({ entry, ...buildOpened(program, entry, options) }));
  return { path, networks: networks.map(({ entry, value }) => ({ name: entry.name, needs: [], graph: value })), problems: unique(networks.flatMap(({ problems }) => problems)) };
}

function checkWhole(path: string, program: Program): CheckedFile {
  const { value, problems } = checkProgram(program);
  const built = new Map(value.map((network) => [network.name, network.graph]));
  const networks = listNetworks(program).map(({ name, open }) => ({ name, needs: open, graph: built.get(name) }));
  return { path, networks, problems };
}

/** A problem in a file that two others import is told once. */
function unique(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems.filter(({ code, message, primary: { span } }) => {
    const key = `${span.source.path} ${span.start} ${span.end} ${code} ${message}`;
    return !seen.has(key) && seen.add(key);
  });
}

/**
 *   net.resnet: 2 networks, no problems
 *     ResNet20  [N, 3, 32, 32] -> [N, 10]
 *     ByDepth   needs n: int
 */
function describe({ path, networks }: CheckedFile, host: CliHost): string {
  const { bold, dim } = host.out.colors;
  const count = networks.length === 0 ? "no network" : `${networks.length} network${networks.length === 1 ? "" : "s"}`;
  const widest = Math.max(0, ...networks.map(({ name }) => name.length));
  const rows = networks.map((network) => {
    const shapes = network.graph ? shapesOf(network.graph) : dim(`needs ${openText(network.needs)}`);
    return `  ${network.name.padEnd(widest)}  ${shapes}\n`;
  });
  return `${bold(path)}: ${count}, no problems\n${rows.join("")}`;
}

function shapesOf(graph: Graph): string {
  const inputs = graph.inputs.map((value) => formatShape(value.type.shape)).join(", ");
  const outputs = graph.outputs.map(({ value }) => formatShape(value.type.shape)).join(", ");
  return `${inputs} -> ${outputs}`;
}

/** Known sizes as numbers, others as text: `["N", 3, 32, 32]`. */
function jsonShape(shape: readonly Dim[]): (number | string)[] {
  return shape.map((dim) => (typeof dim === "number" ? dim : formatDim(dim)));
}

function jsonFile({ path, networks }: CheckedFile): object {
  return {
    path,
    networks: networks.map(({ name, needs, graph }) => ({
      name,
      needs,
      inputs: graph?.inputs.map((value) => ({ name: value.name, shape: jsonShape(value.type.shape) })) ?? null,
      outputs: graph?.outputs.map((output) => ({ name: output.name, shape: jsonShape(output.value.type.shape) })) ?? null,
    })),
  };
}
