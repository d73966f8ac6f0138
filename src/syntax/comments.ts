import type { SourceFile, Span } from "../base/source-file.ts";
import { endOf, tokenize } from "./lexer.ts";
import { longestSource } from "./parse.ts";

/** The comments of a text in order, `//` and `///`, with their places; none where the text is too long to be read. */
export function commentsOf(source: SourceFile): readonly Span[] {
  if (source.text.length > longestSource || !source.text.includes("//")) return [];
  return (tokenize(source.text).groups["comments"] ?? []).map((token) => ({ source, start: token.startOffset, end: endOf(token) }));
}
