import type { SourceFile, Span } from "../base/source-file.ts";
import { lineStarts, positionAt } from "../base/source-file.ts";
import type { Module } from "../syntax/ast.ts";

/** `// rnc-ignore deep-plain, RL05: the baseline of the paper`, read but not judged. */
export interface IgnoreComment {
  readonly comment: Span;
  /** `rnc-ignore`, `rnc-ignore-file`, or what somebody wrote in their place. */
  readonly keyword: string;
  /** The rules as written, with their places. */
  readonly names: readonly { readonly text: string; readonly span: Span }[];
  /** Empty when none is given. */
  readonly reason: string;
  readonly covers: Covered;
}

/** The part of the file an ignore speaks of. */
export interface Covered {
  readonly kind: "line" | "declaration" | "file" | "nothing";
  /** Lines that begin in here are covered. */
  readonly start: number;
  readonly end: number;
}

const FORM = /^\/\/[ \t]*(rnc-ignore[\w-]*)[ \t]*([^:]*)(?::(.*))?$/;

/** The ignores of a file, in order. */
export function ignoreCommentsOf(module: Module, comments: readonly Span[]): readonly IgnoreComment[] {
  const { source } = module;
  // Nearly no file has one.
  if (!source.text.includes("rnc-ignore")) return [];
  const commentAt = new Map(comments.map((comment) => [positionAt(source, comment.start).line, comment]));
  return comments.flatMap((comment) => {
    const [, keyword, listed = "", reason = ""] = FORM.exec(source.text.slice(comment.start, comment.end)) ?? [];
    if (keyword === undefined) return [];
    const from = comment.start + source.text.slice(comment.start, comment.end).indexOf(keyword) + keyword.length;
    return [{ comment, keyword, names: namesIn(listed, source, from), reason: reason.trim(), covers: coveredBy(comment, keyword, module, commentAt) }];
  });
}

function namesIn(listed: string, source: SourceFile, from: number): IgnoreComment["names"] {
  const start = source.text.indexOf(listed, from);
  return [...listed.matchAll(/[^\s,]+/g)].map(({ 0: text, index }) => ({ text, span: { source, start: start + index, end: start + index + text.length } }));
}

function coveredBy(comment: Span, keyword: string, { source, items }: Module, commentAt: ReadonlyMap<number, Span>): Covered {
  if (keyword === "rnc-ignore-file") return comment.start > (items[0]?.start ?? Infinity) ? { kind: "nothing", start: 0, end: 0 } : { kind: "file", start: 0, end: source.text.length };
  const starts = lineStarts(source);
  const lineOf = (line: number): { readonly start: number; readonly end: number } => ({ start: starts[line - 1] ?? source.text.length, end: starts[line] ?? source.text.length });
  const isAlone = (at: Span): boolean => source.text.slice(lineOf(positionAt(source, at.start).line).start, at.start).trim() === "";
  let { line } = positionAt(source, comment.start);
  if (!isAlone(comment)) return { kind: "line", ...lineOf(line) };
  // Other comments may stand between it and what it speaks of.
  for (line++; ; line++) {
    const between = commentAt.get(line);
    if (between === undefined || !isAlone(between)) break;
  }
  const { start, end } = lineOf(line);
  if (source.text.slice(start, end).trim() === "") return { kind: "nothing", start: 0, end: 0 };
  const item = items.find((candidate) => candidate.start >= start && candidate.start < end);
  return item ? { kind: "declaration", start, end: item.end } : { kind: "line", start, end };
}
