import type { ILexingResult, IToken, TokenType } from "chevrotain";
import { makeToken, retype } from "./lexer.ts";
import { fixOf, rangeOf, type Reporter } from "./reporter.ts";
import * as t from "./tokens.ts";

/** What a sign of another language means here: the token it stands for, and how that is written. */
const meanings: Readonly<Record<string, { readonly type: TokenType; readonly write: string }>> = {
  "&&": { type: t.And, write: "and" },
  "||": { type: t.Or, write: "or" },
  "!": { type: t.Not, write: "not" },
  "===": { type: t.EqualTo, write: "==" },
  "!==": { type: t.NotEqualTo, write: "!=" },
  "<>": { type: t.NotEqualTo, write: "!=" },
  "=>": { type: t.Arrow, write: "->" },
  "→": { type: t.Arrow, write: "->" },
  "⇒": { type: t.Arrow, write: "->" },
  "×": { type: t.Times, write: "x" },
  "≤": { type: t.LessOrEqual, write: "<=" },
  "≥": { type: t.GreaterOrEqual, write: ">=" },
  "≠": { type: t.NotEqualTo, write: "!=" },
  "−": { type: t.Minus, write: "-" },
  "–": { type: t.Minus, write: "-" },
};

const wordLike = /[A-Za-z0-9_]/;

/** Replaces what other languages write by what is meant; what is left out goes to `dropped`. */
export function readForeign(lexed: ILexingResult, reporter: Reporter, dropped: IToken[]): IToken[] {
  reportUnknown(lexed, reporter, dropped);
  const { tokens } = lexed;
  if (!hasForeign(tokens)) return tokens;
  const read: IToken[] = [];
  let semicolons = 0;
  for (const token of tokens) {
    if (token.tokenType === t.OpenString) {
      reportOpenString(token, reporter);
      read.push(retype(token, t.StringToken));
    } else if (token.tokenType !== t.Foreign) {
      read.push(token);
    } else if (token.image === ";") {
      if (semicolons++ === 0) reportSemicolon(token, tokens, reporter);
      read.push(retype(token, t.NewLine));
    } else {
      const meant = readSign(token, reporter);
      if (meant) read.push(meant);
      else dropped.push(token);
    }
  }
  return read;
}

function hasForeign(tokens: readonly IToken[]): boolean {
  for (const { tokenType } of tokens) if (tokenType === t.Foreign || tokenType === t.OpenString) return true;
  return false;
}

function readSign(token: IToken, reporter: Reporter): IToken | undefined {
  const { source, report } = reporter;
  const { image } = token;
  const place = rangeOf(token);
  const first = image.charAt(0);
  if (first === "#") {
    report({
      code: "RN0105",
      message: "a comment begins with `//`, not with `#`",
      ...place,
      fixes: [fixOf(source, "write `//`", place.start, place.start + 1, "//")],
    });
    return undefined;
  }
  if (image.startsWith("/*")) {
    report({
      code: "RN0105",
      message: "comments between `/*` and `*/` do not exist here",
      ...place,
      end: place.start + 2,
      help: ["begin every line of the comment with `//`"],
    });
    return undefined;
  }
  if (image.length > 1 && "'“”".includes(first)) {
    report({
      code: "RN0105",
      message: "a text stands between straight double quotes, `\"…\"`",
      ...place,
      fixes: [fixOf(source, "use double quotes", place.start, place.end, `"${image.slice(1, -1)}"`)],
    });
    return retype(token, t.StringToken);
  }
  const meaning = meanings[image];
  if (!meaning) {
    report({
      code: "RN0105",
      message: `\`${image}\` is no operator here`,
      ...place,
      help: image === "**" ? ["there are no powers: multiply, `a * a`"] : [],
    });
    return image === "**" ? retype(token, t.Star) : undefined;
  }
  report({
    code: "RN0105",
    message: `write \`${meaning.write}\`; \`${image}\` means nothing here`,
    ...place,
    fixes: [fixOf(source, `write \`${meaning.write}\``, place.start, place.end, spaced(token, meaning.write, source.text))],
  });
  return retype(token, meaning.type);
}

/** The word with blanks where it would grow together with its neighbours; `3×3` becomes `3x3`. */
function spaced(token: IToken, word: string, text: string): string {
  const before = text.charAt(token.startOffset - 1);
  const after = text.charAt(token.startOffset + token.image.length);
  if (!wordLike.test(word) || (/\d/.test(before) && /\d/.test(after))) return word;
  return `${wordLike.test(before) ? " " : ""}${word}${wordLike.test(after) ? " " : ""}`;
}

/** One message for the habit, with an edit for every place. */
function reportSemicolon(first: IToken, tokens: readonly IToken[], { report, source }: Reporter): void {
  const edits = [];
  for (const token of tokens) {
    if (token.tokenType !== t.Foreign || token.image !== ";") continue;
    const start = token.startOffset;
    const isLast = /^[ \t]*(?:$|[\r\n}]|\/\/)/.test(source.text.slice(start + 1, start + 200));
    edits.push({ span: { source, start, end: start + 1 }, text: isLast ? "" : "\n" });
  }
  const more = edits.length - 1;
  report({
    code: "RN0105",
    message: "no `;` is needed: a line ends where it ends",
    ...rangeOf(first),
    notes: more > 0 ? [`this file has ${more} more`] : [],
    fixes: [{ title: "remove `;`", edits }],
  });
}

function reportOpenString(token: IToken, { report }: Reporter): void {
  report({
    code: "RN0104",
    unread: true,
    message: "this text is never closed",
    ...rangeOf(token),
    label: "begins here",
    help: ["end it with `\"` on the same line"],
  });
}

function reportUnknown({ errors }: ILexingResult, { report, source }: Reporter, dropped: IToken[]): void {
  for (const { offset, length } of errors) {
    const image = source.text.slice(offset, offset + length);
    dropped.push(makeToken(t.Foreign, image, offset));
    const shown = image.length > 12 ? `${Array.from(image).slice(0, 12).join("")}…` : image;
    const isLetters = /\p{L}/u.test(image);
    report({
      code: "RN0105",
      unread: true,
      message: isLetters
        ? `\`${shown}\` cannot be part of a name`
        : `\`${printable(shown)}\` means nothing here`,
      start: offset,
      end: offset + length,
      help: unknownHelp(image, isLetters),
    });
  }
}

function unknownHelp(image: string, isLetters: boolean): string[] {
  if (isLetters) return ["names are made of the letters a to z and A to Z, digits and `_`; any letter may stand in a comment or a text"];
  if (image.includes("?")) return ["a choice is written `this if condition else that`"];
  if (image.includes("&")) return ["conditions are joined with `and`"];
  return ["remove it"];
}

/** Control characters as their code points, the rest as it is. */
function printable(text: string): string {
  return text.replace(/\p{Cc}|\p{Cf}|\p{Co}|\p{Cs}/gu, (sign) => `U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`);
}
