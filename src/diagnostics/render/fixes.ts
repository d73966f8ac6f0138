import type { SourceFile } from "../../base/source-file.ts";
import { positionAt } from "../../base/source-file.ts";
import type { Fix } from "../problem.ts";
import type { Colors } from "./colors.ts";
import { clean, linesBetween } from "./frame.ts";

/** More changed lines than this are not printed. */
const MOST_LINES = 8;

/** A text after a fix; edits that overlap an earlier one are left out. */
export function applyFix(source: SourceFile, fix: Fix): string {
  const edits = fix.edits.filter((edit) => edit.span.source === source).sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
  let out = "";
  let at = 0;
  for (const { span, text } of edits) {
    if (span.start < at) continue;
    out += source.text.slice(at, span.start) + text;
    at = span.end;
  }
  return out + source.text.slice(at);
}

/**
 * What a fix would change, line by line:
 *
 *   5 -   linear(10)
 *   5 +   globalavgpool -> linear(10)
 */
export function renderFix(fix: Fix, gutter: number, colors: Colors): string[] {
  const source = fix.edits[0]?.span.source;
  if (!source) return [];
  const touched = fix.edits.filter((edit) => edit.span.source === source);
  const first = Math.min(...touched.map(({ span }) => positionAt(source, span.start).line));
  const last = Math.max(...touched.map(({ span }) => positionAt(source, span.end).line));
  if (last - first >= MOST_LINES) return [];
  const before = linesBetween(source, first, last);
  const after = editedLines(source, fix, first, last);
  let same = 0;
  while (same < before.length && same < after.length && before[same] === after[same]) same++;
  let end = 0;
  while (end < before.length - same && end < after.length - same && before.at(-1 - end) === after.at(-1 - end)) end++;
  const removed = before.slice(same, before.length - end);
  const added = after.slice(same, after.length - end);
  if (added.length > MOST_LINES) return [];
  const line = first + same;
  const row = (sign: string, text: string, index: number): string => `${String(line + index).padStart(gutter)} ${sign} ${clean(text)}`.trimEnd();
  return [...removed.map((text, i) => colors.red(row("-", text, i))), ...added.map((text, i) => colors.green(row("+", text, i)))];
}

function editedLines(source: SourceFile, fix: Fix, first: number, last: number): string[] {
  const added = applyFix(source, fix).split(/\r\n|\n|\r/);
  const total = source.text.split(/\r\n|\n|\r/).length;
  return added.slice(first - 1, last + added.length - total);
}
