import type { SourceFile, Span } from "../../base/source-file.ts";
import { lineStarts, lineText, positionAt } from "../../base/source-file.ts";
import type { Label } from "../problem.ts";
import type { Colors } from "./colors.ts";
import { textWidth } from "./text-width.ts";

/** A label of a code frame; the primary one is drawn with `^`, the others with `-`. */
export interface FrameLabel extends Label {
  readonly primary: boolean;
}

interface Mark {
  readonly label: FrameLabel;
  readonly line: number;
  /** Offsets in the line's text. */
  readonly start: number;
  readonly end: number;
  /** The span goes on below this line, to the one given. */
  readonly lastLine: number | undefined;
}

/** Longer lines are cut around what is marked. */
const WIDEST = 110;
const TAB = "    ";

/**
 * One source with everything that is said about it:
 *
 *     ┌─ net.resnet:3:9
 *     │
 *   3 │   sum { conv(3x3, 8) | identity }
 *     │         ^^^^^^^^^^^^ 8 channels
 *     │                        -------- 16 channels
 *
 * @param labels at least one, all in the same source; the head names the place of the first
 */
export function renderFrame(labels: readonly FrameLabel[], gutter: number, colors: Colors): string[] {
  const [first] = labels;
  if (!first) return [];
  const { source } = first.span;
  const at = positionAt(source, first.span.start);
  const edge = `${" ".repeat(gutter)} ${colors.blue("│")}`;
  const out = [`${" ".repeat(gutter)} ${colors.blue("┌─")} ${source.path}:${at.line}:${at.column}`, edge];

  const byLine = new Map<number, Mark[]>();
  for (const label of labels) {
    const mark = markOf(label);
    const marks = byLine.get(mark.line);
    if (marks) marks.push(mark);
    else byLine.set(mark.line, [mark]);
  }
  let previous: number | undefined;
  for (const line of [...byLine.keys()].sort((a, b) => a - b)) {
    if (previous !== undefined && line === previous + 2) out.push(sourceLine(source, previous + 1, gutter, colors));
    else if (previous !== undefined && line > previous + 1) out.push(`${" ".repeat(gutter)} ${colors.blue("·")}`);
    out.push(...markedLine(source, line, byLine.get(line) ?? [], gutter, colors));
    previous = line;
  }
  return out;
}

/** Columns the line numbers of these labels need. */
export function gutterWidth(labels: readonly Label[]): number {
  return Math.max(...labels.map(({ span }) => String(markOf({ span, text: "", primary: false }).line).length)) + 1;
}

function markOf(label: FrameLabel): Mark {
  const { source } = label.span;
  const span = visible(label.span);
  const begin = positionAt(source, span.start);
  const finish = positionAt(source, Math.max(span.start, span.end - 1));
  const text = lineText(source, begin.line);
  const start = Math.min(begin.column - 1, text.length);
  const goesOn = finish.line > begin.line;
  const end = goesOn ? text.trimEnd().length : Math.min(text.length, start + Math.max(0, span.end - span.start));
  return { label, line: begin.line, start, end: Math.max(end, start), lastLine: goesOn ? finish.line : undefined };
}

/** An empty place at the end of the file is shown behind the last thing that stands there. */
function visible(span: Span): Span {
  const { text } = span.source;
  if (span.start < text.length || text.length === 0) return span;
  const end = text.trimEnd().length;
  return { source: span.source, start: end, end };
}

function sourceLine(source: SourceFile, line: number, gutter: number, colors: Colors): string {
  const { shown } = clip(lineText(source, line), 0, 0);
  return `${colors.blue(`${String(line).padStart(gutter)} │`)} ${shown}`.trimEnd();
}

function markedLine(source: SourceFile, line: number, marks: Mark[], gutter: number, colors: Colors): string[] {
  const text = lineText(source, line);
  marks.sort((a, b) => a.start - b.start || Number(b.label.primary) - Number(a.label.primary));
  const [leading] = marks.filter((mark) => mark.label.primary);
  const shownAround = leading ?? marks[0];
  const { shown, column } = clip(text, shownAround?.start ?? 0, shownAround?.end ?? 0);
  const out = [`${colors.blue(`${String(line).padStart(gutter)} │`)} ${shown}`.trimEnd()];
  for (const { label, start, end, lastLine } of marks) {
    const from = column(start);
    const length = Math.max(1, column(end) - from);
    const paint = label.primary ? colors.red : colors.blue;
    const marker = (label.primary ? "^" : "-").repeat(length);
    const extent = lastLine === undefined ? "" : ` (to line ${lastLine})`;
    const [head = "", ...more] = (label.text + extent).split("\n").map(clean);
    out.push(`${" ".repeat(gutter)} ${colors.blue("│")} ${" ".repeat(from)}${paint(`${marker}${head ? ` ${head.trim()}` : ""}`)}`);
    for (const next of more) out.push(`${" ".repeat(gutter)} ${colors.blue("│")} ${" ".repeat(from + length + 1)}${paint(next)}`);
  }
  return out;
}

/** The part of a line that is shown, without control characters, and where an offset of the line stands in it. */
function clip(text: string, start: number, end: number): { shown: string; column: (offset: number) => number } {
  let from = 0;
  let to = text.length;
  if (text.length > WIDEST) {
    const room = Math.max(0, WIDEST - (Math.min(end, start + WIDEST) - start));
    from = Math.max(0, Math.min(start - Math.floor(room / 2), text.length - WIDEST));
    to = Math.min(text.length, from + WIDEST);
  }
  const before = from > 0 ? "…" : "";
  const after = to < text.length ? "…" : "";
  const shown = before + clean(text.slice(from, to)) + after;
  const column = (offset: number): number => {
    const within = Math.min(Math.max(offset, from), to);
    return textWidth(before) + textWidth(clean(text.slice(from, within)));
  };
  return { shown, column };
}

/** A text that cannot move the cursor or change the terminal. */
export function clean(text: string): string {
  let out = "";
  for (const character of text) {
    if (character === "\t") out += TAB;
    else out += isControl(character) ? "�" : character;
  }
  return out;
}

/** C0 and C1 controls, and the marks that reorder a line (CVE-2021-42574). */
function isControl(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return code < 32 || (code >= 0x7f && code < 0xa0) || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/** The lines of a text, one-based, from `first` to `last`. */
export function linesBetween(source: SourceFile, first: number, last: number): string[] {
  const count = Math.min(last, lineStarts(source).length) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, i) => lineText(source, first + i));
}
