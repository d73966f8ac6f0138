import type { Span, SourceFile } from "../base/source-file.ts";
import { positionAt } from "../base/source-file.ts";
import { createProblem, type Fix, type Problem, type ProblemInput } from "../diagnostics/problem.ts";
import type { IToken } from "chevrotain";
import { endOf } from "./lexer.ts";

/** What a place in the syntax reports: a problem without its span's source. */
export type SyntaxProblem = Omit<ProblemInput, "span" | "fixes"> & {
  readonly start: number;
  readonly end: number;
  readonly fixes?: readonly Fix[] | undefined;
};

/** So many are shown; a file that is no `.resnet` text would give one for every line. */
const mostProblems = 100;

/** Collects what is to be said about one source. */
export interface Reporter {
  readonly source: SourceFile;
  readonly problems: Problem[];
  /** Reports what was understood and mended. */
  report(problem: SyntaxProblem): void;
  /** Reports what was not understood, unless the line has a problem already, which may have caused it. */
  reportOncePerLine(problem: SyntaxProblem): void;
}

/** Makes an empty {@link Reporter}. */
export function createReporter(source: SourceFile): Reporter {
  const problems: Problem[] = [];
  const lines = new Set<number>();
  const lineOf = (offset: number): number => positionAt(source, offset).line;
  const report = ({ start, end, ...rest }: SyntaxProblem): void => {
    lines.add(lineOf(start));
    if (problems.length < mostProblems) problems.push(createProblem({ ...rest, span: { source, start, end } }));
  };
  return {
    source,
    problems,
    report,
    reportOncePerLine(problem) {
      if (!lines.has(lineOf(problem.start))) report(problem);
    },
  };
}

/** The place of a token. */
export function rangeOf(token: IToken): { readonly start: number; readonly end: number } {
  return { start: token.startOffset, end: endOf(token) };
}

/** A fix of one edit. */
export function fixOf(source: SourceFile, title: string, start: number, end: number, text: string): Fix {
  const span: Span = { source, start, end };
  return { title, edits: [{ span, text }] };
}
