import type { SourceFile } from "../base/source-file.ts";
import { format } from "../format/format.ts";
import type { Problem } from "../diagnostics/problem.ts";
import type { ModuleHost, Program } from "../program/load.ts";
import { loadProgram, NO_FILES } from "../program/load.ts";
import { listNetworks } from "../program/networks.ts";
import { commentsOf } from "../syntax/index.ts";
import type { AppliedFix, FixOptions } from "./fix.ts";
import { compatible, edited, fixesFor, identityOf } from "./fix.ts";
import type { LintOptions } from "./lint.ts";
import { lintProgram } from "./lint.ts";
import type { LintSettings } from "./settings.ts";

/** After so many passes the rest is left to a next run; fixes that undo each other are found long before. */
const MOST_PASSES = 200;

export interface FixProgramOptions extends FixOptions, Omit<LintOptions, "network"> {
  /** Where imported files are read when the text is read again. */
  readonly host?: ModuleHost;
  /** Look at this network alone, by name. */
  readonly network?: string;
}

/** A fix that was tried and taken back, and why. */
export interface RefusedFix extends AppliedFix {
  readonly reason: string;
}

export interface FixedProgram {
  readonly text: string;
  /** The program of that text, and what is still said about it. */
  readonly program: Program;
  readonly problems: readonly Problem[];
  /** In the order in which they were applied; the places are those of the text at that time. */
  readonly applied: readonly AppliedFix[];
  readonly refused: readonly RefusedFix[];
}

interface State {
  readonly program: Program;
  readonly problems: readonly Problem[];
}

/**
 * Applies fixes to the root file and lints again, until no fix is left. After every pass the result is held against what
 * it came from: what was fixed is gone, nothing new is wrong, every comment is there. A pass that fails is taken back and
 * tried in halves, down to the fix that is at fault, which is refused. Nothing is left for a second run to change, and a
 * file in the one layout stays in it.
 */
export async function fixProgram(program: Program, settings: LintSettings, options: FixProgramOptions): Promise<FixedProgram> {
  const { host = NO_FILES, network: name, unsafe, ...asked } = options;
  const linted = (of: Program): State | undefined => {
    const network = name === undefined ? undefined : listNetworks(of).find((entry) => entry.name === name);
    if (name !== undefined && network === undefined) return undefined;
    return { program: of, problems: lintProgram(of, settings, { ...asked, ...(network ? { network } : {}) }).problems };
  };
  let state: State = linted(program) ?? { program, problems: [] };
  const applied: AppliedFix[] = [];
  const refused = new Map<string, RefusedFix>();
  const seen = new Set([program.root.source.text]);
  const isFormatted = format(program.root.source).text === program.root.source.text;

  let most = Infinity;
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const { source } = state.program.root;
    const fixes = compatible(fixesFor(source, state.problems, { unsafe }, (candidate) => !refused.has(identityOf(candidate))), most);
    if (fixes.length === 0) break;
    const text = laidOut({ ...source, text: edited(source, fixes) }, isFormatted);
    const next = linted(await loadProgram({ ...source, text }, host));
    const reason = next === undefined ? "the network would have another name" : text === source.text ? "it changes nothing" : seen.has(text) ? "it would undo another fix" : faultOf(state, next, fixes);
    if (reason === undefined && next !== undefined) {
      state = next;
      applied.push(...fixes);
      seen.add(text);
      most *= 2;
    } else if (fixes.length === 1 || most === 1) {
      for (const fix of fixes) refused.set(identityOf(fix), { ...fix, reason: reason ?? "" });
      most = Infinity;
    } else most = Math.max(1, Math.floor(fixes.length / 2));
  }
  return { text: state.program.root.source.text, ...state, applied, refused: [...refused.values()] };
}

function laidOut(source: SourceFile, isFormatted: boolean): string {
  return (isFormatted ? format(source).text : undefined) ?? source.text;
}

/** Why a text is no mended form of the one before; nothing when it is. */
function faultOf(before: State, after: State, fixes: readonly AppliedFix[]): string | undefined {
  const counts = counted(before.problems);
  for (const { problem } of fixes) counts.set(keyOf(problem), (counts.get(keyOf(problem)) ?? 0) - 1);
  const left = counted(after.problems);
  const still = fixes.find(({ problem }) => (left.get(keyOf(problem)) ?? 0) > (counts.get(keyOf(problem)) ?? 0));
  if (still) return "the same would still be wrong";

  const errors = after.problems.filter(({ severity, rule }) => severity === "error" && rule === undefined);
  const known = counted(before.problems);
  const fresh = errors.filter((problem) => !known.has(keyOf(problem)));
  // An error may have hidden one other.
  const allowed = fixes.filter(({ problem: { severity, rule } }) => severity === "error" && rule === undefined).length;
  if (fresh.length > allowed) return `something else would be wrong: ${fresh[0]?.message ?? ""}`;

  const lost = lostComment(before.program.root.source, after.program.root.source, fixes);
  return lost === undefined ? undefined : `the comment \`${lost}\` would be lost`;
}

const keyOf = ({ code, message }: Problem): string => `${code} ${message}`;

function counted(problems: readonly Problem[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const problem of problems) counts.set(keyOf(problem), (counts.get(keyOf(problem)) ?? 0) + 1);
  return counts;
}

/** A comment that is not there any more, unless a fix is about that very comment. */
function lostComment(before: SourceFile, after: SourceFile, fixes: readonly AppliedFix[]): string | undefined {
  const textIn = ({ text }: SourceFile, { start, end }: { readonly start: number; readonly end: number }): string => text.slice(start, end).replace(/^\/+\s*/, "").trimEnd();
  const left = new Map<string, number>();
  for (const comment of commentsOf(after)) left.set(textIn(after, comment), (left.get(textIn(after, comment)) ?? 0) + 1);
  for (const comment of commentsOf(before)) {
    const text = textIn(before, comment);
    const count = left.get(text) ?? 0;
    if (count > 0) left.set(text, count - 1);
    else if (!fixes.some(({ problem: { primary: { span } } }) => span.source === before && comment.start <= span.start && span.end <= comment.end)) return text;
  }
  return undefined;
}
