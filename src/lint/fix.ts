import type { SourceFile } from "../base/source-file.ts";
import { lineText, positionAt } from "../base/source-file.ts";
import type { Fix, Problem } from "../diagnostics/problem.ts";

/** A fix with the problem that it mends. */
export interface AppliedFix {
  readonly problem: Problem;
  readonly fix: Fix;
}

export interface FixOptions {
  /** Also what may change what the network computes. */
  readonly unsafe: boolean;
}

type Edit = Fix["edits"][number];

/**
 * A text after one pass of fixes: of each problem the first that may be applied and whose edits overlap none that were
 * taken before. The others wait for a next pass over the new text; {@link fixProgram} makes those passes and checks them.
 */
export function applyFixes(source: SourceFile, problems: readonly Problem[], options: FixOptions): { readonly text: string; readonly applied: readonly AppliedFix[] } {
  const applied = compatible(fixesFor(source, problems, options));
  return { text: edited(source, applied), applied };
}

/** The first fix of each problem that may be applied to this file alone, in the order of the text. */
export function fixesFor(source: SourceFile, problems: readonly Problem[], { unsafe }: FixOptions, isWanted: (candidate: AppliedFix) => boolean = () => true): readonly AppliedFix[] {
  const found = problems.flatMap((problem) => {
    const fix = problem.fixes.find(({ isSafe = false, edits, ...rest }) => (unsafe || isSafe) && edits.length > 0 && edits.every(({ span }) => span.source === source) && isWanted({ problem, fix: { isSafe, edits, ...rest } }));
    return fix ? [{ problem, fix }] : [];
  });
  return found.sort((a, b) => startOf(a) - startOf(b));
}

const startOf = ({ fix: { edits } }: AppliedFix): number => Math.min(...edits.map(({ span }) => span.start));

/** Those of the candidates that can be applied together, earlier ones first; two that say the same are one. */
export function compatible(candidates: readonly AppliedFix[], most = Infinity): readonly AppliedFix[] {
  const taken: AppliedFix[] = [];
  const edits: Edit[] = [];
  const known = new Set<string>();
  for (const candidate of candidates) {
    const key = textOf(candidate.fix.edits);
    if (known.has(key)) taken.push(candidate);
    else if (known.size < most && !candidate.fix.edits.some((edit) => edits.some((other) => overlap(edit, other)))) {
      known.add(key);
      taken.push(candidate);
      edits.push(...candidate.fix.edits);
    }
  }
  return taken;
}

const textOf = (edits: readonly Edit[]): string => JSON.stringify(edits.map(({ span: { start, end }, text }) => [start, end, text]));

/** Two texts at one place have no order, so that they overlap, too. */
function overlap({ span: a }: Edit, { span: b }: Edit): boolean {
  return a.start === b.start || (a.start < b.end && b.start < a.end);
}

/** A text with fixes applied that do not overlap. */
export function edited(source: SourceFile, fixes: readonly AppliedFix[]): string {
  const edits = new Map(fixes.map(({ fix }) => [textOf(fix.edits), fix.edits]));
  let text = "";
  let at = 0;
  for (const { span, text: replacement } of [...edits.values()].flat().sort((a, b) => a.span.start - b.span.start)) {
    text += source.text.slice(at, span.start) + replacement;
    at = span.end;
  }
  return text + source.text.slice(at);
}

/** What tells a fix from others wherever it has moved to: what it is about, the text it changes, and into what. */
export function identityOf({ problem, fix }: AppliedFix): string {
  const lines = fix.edits.map(({ span }) => lineText(span.source, positionAt(span.source, span.start).line));
  return JSON.stringify([problem.code, problem.message, fix.title, fix.edits.map(({ text }) => text), lines]);
}
