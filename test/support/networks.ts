import { buildNetwork, listNetworks, loadProgram, positionAt, standardDeclaration, standardProgram } from "../../src/index.ts";
import type { BuildOptions, Graph, ModuleHost, Problem, Program } from "../../src/index.ts";

/** One network of a program; throws with every message when there is an error in it. */
export function networkOf(program: Program, name: string, options: BuildOptions = {}): Graph {
  const entry = listNetworks(program).find((candidate) => candidate.name === name);
  if (entry === undefined) throw new Error(`no network ${name}`);
  const { value, problems } = buildNetwork(program, entry, options);
  if (value === undefined || problems.length > 0) throw new Error(`${name}: ${problems.map(worded).join("\n")}`);
  return value;
}

/** A network of the standard library, with parameters as `--set` gives them. */
export function standardNetwork(name: string, settings: Readonly<Record<string, string>> = {}, sizes?: readonly (readonly number[])[]): Graph {
  const declared = standardDeclaration(name);
  if (declared === undefined) throw new Error(`the standard library has no ${name}`);
  return networkOf(standardProgram(declared.module), name, { settings, ...(sizes ? { sizes } : {}) });
}

/** The network of this name in a text. */
export async function networkIn(text: string, name: string, options: BuildOptions = {}, host?: ModuleHost): Promise<Graph> {
  return networkOf(await loadProgram({ path: "mine.resnet", text, standard: false }, host), name, options);
}

/** A problem on one line, with its place. */
export function worded(problem: Problem): string {
  const { source, start } = problem.primary.span;
  const { line, column } = positionAt(source, start);
  return `${source.path}:${line}:${column} ${problem.code} ${problem.message}`;
}
