import type { SourceFile } from "../base/source-file.ts";
import type { Built, CheckedNetwork } from "../check/check.ts";
import { checkModule, elaborateNetwork, networksOf } from "../check/check.ts";
import type { NetworkEntry, Setting } from "../check/check.ts";
import type { Outcome, Problem } from "../diagnostics/problem.ts";
import { hasErrors, sortProblems } from "../diagnostics/problem.ts";
import { parseExpression } from "../syntax/index.ts";
import type { Program } from "./load.ts";

export type { NetworkEntry } from "../check/check.ts";

/** The networks a program's root file declares, with the parameters each still needs. */
export function listNetworks(program: Program): readonly NetworkEntry[] {
  return networksOf(program.checker, program.root);
}

export interface BuildOptions {
  /** Parameter values as text: `{ option: "A", n: "9" }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Shapes for the inputs, in order. */
  readonly sizes?: readonly (readonly number[])[];
}

/** Builds one network of a program; its graph is absent when there were errors. */
export function buildNetwork(program: Program, network: NetworkEntry, options: BuildOptions = {}): Built {
  const settings: Setting[] = [];
  const problems: Problem[] = [...program.problems];
  for (const [name, text] of Object.entries(options.settings ?? {})) {
    const source: SourceFile = { path: `--set ${name}`, text, standard: false };
    const parsed = parseExpression(source);
    problems.push(...parsed.problems);
    if (parsed.value) settings.push({ name, value: parsed.value, source });
  }
  if (hasErrors(problems)) return { value: undefined, review: undefined, problems: sortProblems(problems) };
  const built = elaborateNetwork(program.checker, network.declared, { settings, ...(options.sizes ? { sizes: options.sizes } : {}) });
  return { ...built, problems: sortProblems([...problems, ...built.problems]) };
}

/** Checks a whole file: every network that can be built is built, everything else is read for names and types. */
export function checkProgram(program: Program): Outcome<readonly CheckedNetwork[]> {
  const checked = checkModule(program.checker, program.root);
  const meant = checked.problems.filter((problem) => !program.problems.some((syntax) => holds(problem, syntax)));
  return { value: checked.value, problems: sortProblems([...program.problems, ...meant]) };
}

/** True where a problem is about text in which a mistake of syntax lies: what was lost there, it would report again. */
function holds(problem: Problem, syntax: Problem): boolean {
  const outer = problem.primary.span;
  const inner = syntax.primary.span;
  return outer.source === inner.source && outer.start <= inner.start && inner.end <= outer.end;
}
