import type { Span } from "../../base/source-file.ts";
import { positionAt } from "../../base/source-file.ts";
import { catalogue } from "../catalogue.ts";
import type { Code } from "../catalogue.ts";
import type { Problem } from "../problem.ts";

/** A place in a source: lines and columns from 1, offsets in UTF-16 units; the end is the first place that does not belong to it. */
export interface JsonSpan {
  readonly path: string;
  readonly start: { readonly line: number; readonly column: number; readonly offset: number };
  readonly end: { readonly line: number; readonly column: number; readonly offset: number };
}

/** The stable machine form of a problem. */
export interface JsonProblem {
  readonly code: string;
  readonly slug: string;
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
  readonly span: JsonSpan;
  readonly label: string;
  readonly related: readonly { readonly span: JsonSpan; readonly label: string }[];
  readonly notes: readonly string[];
  readonly help: readonly string[];
  readonly fixes: readonly { readonly title: string; readonly isSafe: boolean; readonly edits: readonly { readonly span: JsonSpan; readonly text: string }[] }[];
}

/** The short name of what a problem is: of its lint rule, or of its entry in the catalogue. */
export function slugOf(problem: Problem): string {
  return problem.rule ?? catalogue[problem.code as Code].slug;
}

/** A place in the form `--json` output has. */
export function jsonSpan(span: Span): JsonSpan {
  return {
    path: span.source.path,
    start: { ...positionAt(span.source, span.start), offset: span.start },
    end: { ...positionAt(span.source, span.end), offset: span.end },
  };
}

/** A problem in the form `--json` output has. */
export function jsonProblem(problem: Problem): JsonProblem {
  return {
    code: problem.code,
    slug: slugOf(problem),
    severity: problem.severity,
    message: problem.message,
    span: jsonSpan(problem.primary.span),
    label: problem.primary.text,
    related: problem.secondary.map(({ span, text }) => ({ span: jsonSpan(span), label: text })),
    notes: problem.notes,
    help: problem.help,
    fixes: problem.fixes.map(({ title, isSafe = false, edits }) => ({ title, isSafe, edits: edits.map(({ span, text }) => ({ span: jsonSpan(span), text })) })),
  };
}
