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
  /** Set when what stands there is not in the syntax tree as it was meant. */
  readonly unread?: boolean;
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
  /** True when something between two offsets could not be read. */
  isBroken(start: number, end: number): boolean;
}

/** Makes an empty {@link Reporter}. */
export function createReporter(source: SourceFile): Reporter {
  const problems: Problem[] = [];
  const lines = new Set<number>();
  const lineOf = (offset: number): number => positionAt(source, offset).line;
  let unread: number[] = [];
  let isSorted = true;
  const report = ({ start, end, unread: isUnread, ...rest }: SyntaxProblem): void => {
    if (isUnread) {
      unread.push(start);
      isSorted = false;
    }
    lines.add(lineOf(start));
    if (problems.length < mostProblems) problems.push(createProblem({ ...rest, span: { source, start, end } }));
  };
  return {
    source,
    problems,
    report,
    reportOncePerLine(problem) {
      if (!lines.has(lineOf(problem.start))) report(problem);
      else if (problem.unread) {
        unread.push(problem.start);
        isSorted = false;
      }
    },
    isBroken(start, end) {
      if (!isSorted) unread = unread.sort((a, b) => a - b);
      isSorted = true;
      let low = 0;
      let high = unread.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((unread[middle] as number) < start) low = middle + 1;
        else high = middle;
      }
      return (unread[low] ?? Infinity) <= end;
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

/** A piece of the text for a message; the end of a very long one is left out. */
export function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
