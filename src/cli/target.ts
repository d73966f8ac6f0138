import { didYouMean, nearest } from "../base/suggest.ts";
import { InputError } from "../base/input-error.ts";
import type { Problem } from "../diagnostics/problem.ts";
import type { Graph } from "../ir/graph.ts";
import type { Program } from "../program/load.ts";
import { loadProgram, standardProgram } from "../program/load.ts";
import type { NetworkEntry } from "../program/networks.ts";
import { buildNetwork, listNetworks } from "../program/networks.ts";
import { standardDeclaration, standardLibrary, standardNames } from "../program/standard-library.ts";
import type { CliHost } from "./host.ts";
import { UsageError } from "./host.ts";
import { reportProblems } from "./report.ts";

/** What `FILE`, `FILE#Network`, a bare standard name or `-` stands for. */
export interface Target {
  /** The file as messages name it; a standard module's name. */
  readonly path: string;
  readonly program: Program;
  /** The network that was named; absent where only a file was. */
  readonly network: NetworkEntry | undefined;
}

/** The options every command for one network takes. */
export interface NetworkOptions {
  /** Parameter values as text, by name. */
  readonly set?: Readonly<Record<string, string>> | undefined;
  /** Shapes for the inputs, in order. */
  readonly input?: readonly (readonly number[])[] | undefined;
}

/** Opens what a command was given. A file that is not there, or a network it does not have, is an {@link InputError}. */
export async function openTarget(host: CliHost, text: string): Promise<Target> {
  const { path, name } = splitTarget(host, text);
  const kind = path === "-" ? "file" : host.pathKind(path);
  if (kind === "missing") return openStandard(host, path, name);
  if (kind === "folder") throw new UsageError(`\`${path}\` is a folder, and this command needs one network`, { help: ["Name a file in it: `FILE.resnet#Network`."] });
  const program = await loadProgram({ path: path === "-" ? "<stdin>" : path, text: await host.readText(path), standard: false }, host.files);
  return { path, program, network: name === undefined ? undefined : networkCalled(name, path, program) };
}

/** Opens a target and makes sure that it is one network: the one that was named, or the only one of the file. */
export async function openNetwork(host: CliHost, text: string): Promise<Target & { readonly network: NetworkEntry }> {
  const target = await openTarget(host, text);
  if (target.network) return { ...target, network: target.network };
  const networks = listNetworks(target.program);
  const [only] = networks;
  if (only && networks.length === 1) return { ...target, network: only };
  if (only) {
    throw new UsageError(`\`${target.path}\` has ${networks.length} networks, and this command needs one`, {
      notes: networks.map((network) => `${target.path}#${network.name}${network.open.length > 0 ? `  (needs ${openText(network.open)})` : ""}`),
      help: [`Name one of them: \`${target.path}#${only.name}\`.`],
    });
  }
  if (reportProblems(host, target.program.problems) !== 0) throw new InputError(`\`${target.path}\` could not be read as far as a network`);
  throw new InputError(`\`${target.path}\` has no network`, {
    help: ["A network begins with `network NAME {` and says what it receives: `input image: float32[N, 3, 224, 224]`."],
  });
}

/**
 * Opens and builds one network; what is wrong with it is printed on standard error.
 *
 * @returns the graph, absent when there were errors
 */
export async function buildTarget(host: CliHost, text: string, options: NetworkOptions = {}): Promise<Graph | undefined> {
  const { network, program } = await openNetwork(host, text);
  const { value, problems } = buildOpened(program, network, options);
  reportProblems(host, problems);
  return value;
}

/** Builds an opened network with the values of the command line. */
export function buildOpened(program: Program, network: NetworkEntry, options: NetworkOptions): { readonly value: Graph | undefined; readonly problems: readonly Problem[] } {
  const missing = network.open.filter((parameter) => options.set?.[parameter.name] === undefined);
  const [first] = missing;
  if (first) {
    throw new UsageError(`\`${network.name}\` still needs ${openText(missing)}`, {
      help: [`Give a value: \`--set ${first.name}=${exampleOf(first.type)}\`.`],
    });
  }
  return buildNetwork(program, network, { ...(options.set ? { settings: options.set } : {}), ...(options.input ? { sizes: options.input } : {}) });
}

/** `n: int, unit: block`: what a network still needs. */
export function openText(open: NetworkEntry["open"]): string {
  return open.map(({ name, type }) => `${name}: ${type}`).join(", ");
}

function exampleOf(type: string): string {
  if (type.endsWith("[]")) return "[3, 4, 6, 3]";
  return { int: "3", float: "0.5", bool: "true", string: '"word"' }[type] ?? "basic";
}

/** `FILE#Network`; a file whose name has a `#` of its own is taken as it is. */
export function splitTarget(host: CliHost, text: string): { path: string; name: string | undefined } {
  const at = text.lastIndexOf("#");
  if (at < 0 || host.pathKind(text) !== "missing") return { path: plainPath(text), name: undefined };
  return { path: plainPath(text.slice(0, at)), name: text.slice(at + 1) };
}

/** `./a.resnet` and `a.resnet` are one file: imports that come back to it must find it. */
function plainPath(path: string): string {
  return path.replace(/^(\.\/+)+(?=.)/, "");
}

function openStandard(host: CliHost, path: string, name: string | undefined): Target {
  const module = standardLibrary.get(path);
  if (module) {
    const program = standardProgram(module);
    return { path, program, network: name === undefined ? undefined : networkCalled(name, path, program) };
  }
  const declared = name === undefined ? standardDeclaration(path) : undefined;
  if (declared?.keyword === "network") {
    const program = standardProgram(declared.module);
    return { path: declared.module.source.path, program, network: networkCalled(path, declared.module.source.path, program) };
  }
  if (declared) throw new InputError(`\`${path}\` is a ${declared.keyword} of the standard library, not a network`, { help: [`\`rnc explain ${path}\` shows it.`] });
  throw new InputError(`there is no file \`${path}\`${looksLikeFile(path) ? "" : ", and the standard library has no network of this name"}`, { help: hintsFor(host, path) });
}

function looksLikeFile(path: string): boolean {
  return path.includes("/") || path.endsWith(".resnet");
}

function hintsFor(host: CliHost, path: string): string[] {
  const slash = path.lastIndexOf("/");
  const folder = slash < 0 ? "." : path.slice(0, slash) || "/";
  const holder = host.pathKind(folder);
  if (holder !== "folder") return [holder === "missing" ? `There is no folder \`${folder}\` either.` : `\`${folder}\` is a file, not a folder.`];
  const beside = host.list(folder).filter((entry) => entry.endsWith(".resnet"));
  const near = looksLikeFile(path) ? nearest(path.slice(slash + 1), beside).map((entry) => path.slice(0, slash + 1) + entry) : nearest(path, [...standardNames("network"), ...beside]);
  if (near.length > 0) return [`Did you mean ${near.map((entry) => `\`${entry}\``).join(" or ")}?`];
  return looksLikeFile(path) ? [] : ["`rnc list` prints the networks of the standard library."];
}

function networkCalled(name: string, path: string, program: Program): NetworkEntry {
  const networks = listNetworks(program);
  const found = networks.find((network) => network.name === name);
  if (found) return found;
  const names = networks.map((network) => network.name);
  const guess = didYouMean(name, names);
  throw new InputError(`\`${path}\` has no network \`${name}\`${guess ? `; ${guess}` : ""}`, {
    notes: names.length > 0 ? [`Its networks are ${names.join(", ")}.`] : [],
  });
}
