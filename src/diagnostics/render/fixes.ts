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
 * What a fix would change, line by line; edits far from each other are shown each for itself, where they come to stand:
 *
 *   5 -   linear(10)
 *   5 +   globalavgpool -> linear(10)
 */
export function renderFix(fix: Fix, gutter: number, colors: Colors): string[] {
  const source = fix.edits[0]?.span.source;
  if (!source) return [];
  const touched = fix.edits.filter((edit) => edit.span.source === source).sort((a, b) => a.span.start - b.span.start);
  const groups: Fix["edits"][number][][] = [];
  for (const edit of touched) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    if (group && last && lineAt(source, edit.span.start) <= lineAt(source, last.span.end) + 1) group.push(edit);
    else groups.push([edit]);
  }
  const out: string[] = [];
  let moved = 0;
  for (const edits of groups) {
    const shown = renderLines(source, { ...fix, edits }, moved, gutter, colors);
    if (shown === undefined) return [];
    out.push(...shown.lines);
    moved += shown.added;
  }
  return out;
}

const lineAt = (source: SourceFile, offset: number): number => positionAt(source, offset).line;

/** The lines of neighbouring edits; nothing when they are too many. `moved`: lines that edits above have added. */
function renderLines(source: SourceFile, fix: Fix, moved: number, gutter: number, colors: Colors): { readonly lines: readonly string[]; readonly added: number } | undefined {
  const first = Math.min(...fix.edits.map(({ span }) => lineAt(source, span.start)));
  const last = Math.max(...fix.edits.map(({ span }) => lineAt(source, span.end)));
  if (last - first >= MOST_LINES) return undefined;
  const before = linesBetween(source, first, last);
  const after = editedLines(source, fix, first, last);
  let same = 0;
  while (same < before.length && same < after.length && before[same] === after[same]) same++;
  let end = 0;
  while (end < before.length - same && end < after.length - same && before.at(-1 - end) === after.at(-1 - end)) end++;
  const removed = before.slice(same, before.length - end);
  const added = after.slice(same, after.length - end);
  if (added.length > MOST_LINES) return undefined;
  const row = (sign: string, text: string, line: number): string => `${String(line).padStart(gutter)} ${sign} ${clean(text)}`.trimEnd();
  const line = first + same;
  return {
    lines: [...removed.map((text, i) => colors.red(row("-", text, line + i))), ...added.map((text, i) => colors.green(row("+", text, line + moved + i)))],
    added: added.length - removed.length,
  };
}

function editedLines(source: SourceFile, fix: Fix, first: number, last: number): string[] {
  const added = applyFix(source, fix).split(/\r\n|\n|\r/);
  const total = source.text.split(/\r\n|\n|\r/).length;
  return added.slice(first - 1, last + added.length - total);
}
