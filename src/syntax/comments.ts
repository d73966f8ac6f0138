import type { SourceFile, Span } from "../base/source-file.ts";
import { longestSource } from "./parse.ts";
import { Comment, Foreign, OpenString, StringToken } from "./tokens.ts";

/** Comments, and all that may hold slashes without being one: no need to cut the rest into tokens a second time. */
const PIECES = new RegExp([Comment, StringToken, Foreign, OpenString].map(({ PATTERN }) => (PATTERN as RegExp).source).join("|"), "g");

/** The comments of a text in order, `//` and `///`, with their places; none where the text is too long to be read. */
export function commentsOf(source: SourceFile): readonly Span[] {
  const { text } = source;
  if (text.length > longestSource || !text.includes("//")) return [];
  const comments: Span[] = [];
  for (const { 0: piece, index } of text.matchAll(PIECES)) {
    if (piece.startsWith("//")) comments.push({ source, start: index, end: index + piece.length });
  }
  return comments;
}
