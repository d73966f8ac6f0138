import type { SourceFile, Span } from "../../base/source-file.ts";
import type { Fix } from "../../diagnostics/problem.ts";
import type { CallExpression, Module, Ranged } from "../../syntax/ast.ts";

type Edit = Fix["edits"][number];

/** A range of a file, as messages and edits want it. */
export function spanOf(module: Module, range: Ranged): Span {
  return { source: module.source, start: range.start, end: range.end };
}

/** What a range of a file says. */
export function textOf(module: Module, range: Ranged): string {
  return module.source.text.slice(range.start, range.end);
}

export function replaced(source: SourceFile, range: Ranged, text: string): Edit {
  return { span: { source, start: range.start, end: range.end }, text };
}

export function inserted(source: SourceFile, at: number, text: string): Edit {
  return { span: { source, start: at, end: at }, text };
}

/** Takes an argument out of a call, with its comma; the last one with the parentheses. */
export function withoutArgument(source: SourceFile, call: CallExpression, index: number): Edit {
  const { arguments: given } = call;
  if (given.length === 1) return replaced(source, { start: call.callee.end, end: call.end }, "");
  const argument = given[index] as Ranged;
  const before = given[index - 1];
  const after = given[index + 1];
  if (before) return replaced(source, { start: before.end, end: argument.end }, "");
  return replaced(source, { start: argument.start, end: after?.start ?? argument.end }, "");
}

/** Takes an item away, with its line where it stands alone on it; a comment beside it stays. */
export function withoutItem(source: SourceFile, range: Ranged): Edit {
  const { text } = source;
  let { start, end } = range;
  while (start > 0 && (text.charAt(start - 1) === " " || text.charAt(start - 1) === "\t")) start--;
  const alone = start === 0 || text.charAt(start - 1) === "\n" || text.charAt(start - 1) === "\r";
  const rest = /^[ \t]*(\r\n|\n|\r|$)/.exec(text.slice(end, end + 200));
  if (alone && rest) end += rest[0].length;
  else start = range.start;
  return replaced(source, { start, end }, "");
}
