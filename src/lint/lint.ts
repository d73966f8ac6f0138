import { lazy } from "../base/lazy.ts";
import type { Problem } from "../diagnostics/problem.ts";
import { hasErrors, sortProblems } from "../diagnostics/problem.ts";
import type { Graph } from "../ir/graph.ts";
import type { Program } from "../program/load.ts";
import type { BuildOptions, NetworkEntry } from "../program/networks.ts";
import { buildNetwork, checkProgram, listNetworks } from "../program/networks.ts";
import { moduleElements } from "../syntax/elements.ts";
import { commentsOf } from "../syntax/index.ts";
import { networkContext } from "./context.ts";
import { createFindings } from "./findings.ts";
import { recipesOf } from "./recipes.ts";
import { RULES } from "./registry.ts";
import type { ModuleContext, Rule } from "./rule.ts";
import { unusedIgnore } from "./rules/unused-ignore.ts";
import type { LintSettings } from "./settings.ts";
import { readIgnores } from "./suppress.ts";

export interface LintOptions {
  /** Look at this network alone, beside the text of the file. */
  readonly network?: NetworkEntry;
  /** Values for parameters and shapes for inputs, as the command line gives them. */
  readonly build?: BuildOptions;
  /** Other rules than rnc's own; `rnc-ignore` knows the names of rnc's alone. */
  readonly rules?: readonly Rule[];
}

export interface LintResult {
  /** What the checker and the rules say, sorted by place. */
  readonly problems: readonly Problem[];
}

/**
 * Checks a program and asks the rules about its root file: every rule for texts once, every rule for networks once for each
 * network that could be built, if only its contracts are broken, too. Work is linear in the size of the networks, as long as the rules' is.
 */
export function lintProgram(program: Program, settings: LintSettings, options: LintOptions = {}): LintResult {
  const { graphs, problems, isWhole } = built(program, options);
  const module = program.root;
  const asked = (options.rules ?? RULES).filter((rule) => settings.severityOf(rule) !== "off");
  const comments = commentsOf(module.source);
  const ignores = readIgnores(module, comments);
  const findings = createFindings(module.source, ignores.isIgnored);

  // The rule that is being asked: all share what is known, and each has thresholds and findings of its own.
  let rule: Rule;
  const threshold = (name: string): number => settings.threshold(rule, name);
  // What could not be read is missing from the tree: a rule would speak of names as unused whose use is in the lost part.
  const isRead = !hasErrors(program.problems);
  if (isRead) {
    const context: ModuleContext = { module, comments, elements: moduleElements(module), threshold, report: (finding) => findings.inModule(rule, finding) };
    for (rule of asked) rule.checkModule?.(context);
  }
  const recipes = lazy(() => recipesOf(program));
  for (const graph of graphs) {
    const context = networkContext(graph, { module, recipes, threshold, report: (finding) => findings.inNetwork(rule, graph, finding) });
    for (rule of asked) rule.checkNetwork?.(context);
  }
  for (const finding of ignores.findings({ rules: new Set(asked), text: isRead, graphs: isWhole && !hasErrors(problems) ? graphs : undefined })) {
    findings.inModule(unusedIgnore, finding);
  }
  return { problems: sortProblems([...problems, ...findings.problems(settings, graphs.length)]) };
}

function built(program: Program, { network, build }: LintOptions): { readonly graphs: readonly Graph[]; readonly problems: readonly Problem[]; readonly isWhole: boolean } {
  if (network === undefined && build === undefined) {
    const { value, problems } = checkProgram(program);
    return { graphs: value.flatMap(({ review }) => review ?? []), problems, isWhole: true };
  }
  const given = new Set(Object.keys(build?.settings ?? {}));
  const networks = network ? [network] : listNetworks(program).filter(({ open }) => open.every(({ name }) => given.has(name)));
  const outcomes = networks.map((entry) => buildNetwork(program, entry, build));
  return { graphs: outcomes.flatMap(({ review }) => review ?? []), problems: outcomes.flatMap(({ problems }) => problems), isWhole: false };
}
