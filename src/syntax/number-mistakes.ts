import type { IToken } from "chevrotain";
import { endOf, makeToken } from "./lexer.ts";
import type { Walk } from "./mistakes.ts";
import { fixOf, rangeOf, shorten } from "./reporter.ts";
import * as t from "./tokens.ts";

/** Statements with a value, in which a repetition cannot stand. */
const isValueStatement = t.oneOf(t.Let, t.Require, t.Expect, t.Shortcuts, t.Output);

/**
 * What goes wrong around numbers: `3 x 3`, `4xbasic`, `3X3`, `2nd`. Also cuts `0.1` after a `.`, as in `layer1.0.1`, into
 * the two indices it stands for. Gives the index of the last token it has dealt with.
 */
export function mendNumber(walk: Walk, index: number): number | undefined {
  const mended = cutIndices(walk, index);
  if (mended !== undefined || !t.isWord(walk.tokens[index + 1]?.tokenType)) return mended;
  return mendSpacedSize(walk, index) ?? mendGrownTogether(walk, index);
}

function cutIndices({ tokens, kept }: Walk, index: number): number | undefined {
  const token = tokens[index] as IToken;
  if (kept.at(-1)?.tokenType !== t.Dot || !/^\d+\.\d+$/.test(token.image)) return undefined;
  const dot = token.image.indexOf(".");
  kept.push(
    makeToken(t.NumberToken, token.image.slice(0, dot), token.startOffset),
    makeToken(t.Dot, ".", token.startOffset + dot),
    makeToken(t.NumberToken, token.image.slice(dot + 1), token.startOffset + dot + 1),
  );
  return index;
}

const isWholeNumber = (token: IToken | undefined): boolean =>
  token !== undefined && (token.tokenType === t.Dims || (token.tokenType === t.NumberToken && /^\d+$/.test(token.image)));

/** `3 x 3` where only a value can stand; `3 x3`, `3x 3` and `3 × 3` too. */
function mendSpacedSize(walk: Walk, index: number): number | undefined {
  const { tokens, reporter, kept, context, statement } = walk;
  const onlyValues = context !== "body" || isValueStatement(statement);
  let last = index;
  let isForeign = false;
  while (isWholeNumber(tokens[last])) {
    const sign = tokens[last + 1];
    const isTimes = sign?.tokenType === t.Times;
    const grown = sign?.tokenType === t.Identifier && /^x\d+(?:x\d+)*$/.test(sign.image) && endOf(tokens[last] as IToken) < sign.startOffset;
    if (isTimes && isWholeNumber(tokens[last + 2]) && (onlyValues || touches(tokens, last, sign))) {
      isForeign ||= sign.image !== "x";
      last += 2;
    } else if (grown && last === index) {
      last += 1;
      break;
    } else break;
  }
  if (last === index) return undefined;
  const first = tokens[index] as IToken;
  const { source } = reporter;
  const range = { start: first.startOffset, end: endOf(tokens[last] as IToken) };
  const image = source.text.slice(range.start, range.end);
  const size = (image.match(/\d+/g) ?? []).join("x");
  // A foreign sign between the numbers was told already.
  if (!isForeign) {
    reporter.report({
      code: "RN0101",
      message: `a size is written without spaces, \`${shorten(size)}\`; a repetition with them, \`4 x basic\``,
      ...range,
      fixes: [fixOf(source, `write \`${size}\``, range.start, range.end, size)],
    });
  }
  kept.push(makeToken(t.Dims, image, range.start));
  return last;
}

/** `3×3` without blanks is a size wherever it stands. */
function touches(tokens: readonly IToken[], index: number, sign: IToken): boolean {
  return sign.image !== "x" && endOf(tokens[index] as IToken) === sign.startOffset && tokens[index + 2]?.startOffset === endOf(sign);
}

/** A number that a name has grown together with: `4xbasic`, `3X3`, `2nd`. */
function mendGrownTogether(walk: Walk, index: number): number | undefined {
  const { tokens, reporter, kept, context, statement } = walk;
  const number = tokens[index] as IToken;
  const name = tokens[index + 1];
  if (!name || name.tokenType === t.Times) return undefined;
  const { source, report } = reporter;
  const isAdjacent = endOf(number) === name.startOffset;
  const range = { start: number.startOffset, end: endOf(name) };
  const size = `${number.image}${name.image}`;
  if (isAdjacent && /^\d+(?:[xX]\d+)+$/.test(size)) {
    const written = size.toLowerCase();
    report({
      code: "RN0105",
      message: `a size is written with a small x: \`${shorten(written)}\``,
      ...range,
      fixes: [fixOf(source, `write \`${written}\``, range.start, range.end, written)],
    });
    kept.push(makeToken(t.Dims, size, range.start));
    return index + 1;
  }
  const inValue = context !== "body" || isValueStatement(statement);
  if (isAdjacent && /^[xX]./.test(name.image) && isWholeNumber(number)) {
    const rest = name.image.slice(1);
    if (inValue) {
      report({
        code: "RN0101",
        message: `a size of names is a list: \`${shorten(`[${number.image}, ${rest}]`)}\``,
        ...range,
        fixes: [fixOf(source, "write a list", range.start, range.end, `[${number.image}, ${rest}]`)],
      });
      pushList(kept, number, name, rest);
      return index + 1;
    }
    report({
      code: "RN0101",
      message: `a repetition is written with spaces, \`${shorten(`${number.image} x ${rest}`)}\`; a size without, \`3x3\``,
      ...range,
      fixes: [fixOf(source, "add the spaces", range.start, range.end, `${number.image} x ${rest}`)],
    });
    kept.push(number, makeToken(t.Times, name.image.charAt(0), name.startOffset), makeToken(t.Identifier, rest, name.startOffset + 1));
    return index + 1;
  }
  if (!isAdjacent && !inValue && /^x./.test(name.image) && isWholeNumber(number)) {
    const rest = name.image.slice(1);
    report({
      code: "RN0101",
      message: `a repetition is written with spaces, \`${shorten(`${number.image} x ${rest}`)}\``,
      ...range,
      fixes: [fixOf(source, "add the space", range.start, range.end, `${number.image} x ${rest}`)],
    });
    kept.push(number, makeToken(t.Times, "x", name.startOffset), makeToken(t.Identifier, rest, name.startOffset + 1));
    return index + 1;
  }
  if (name.image === "X" && !inValue) {
    report({
      code: "RN0105",
      message: "a repetition is written with a small x: `4 x basic`",
      ...rangeOf(name),
      fixes: [fixOf(source, "write `x`", name.startOffset, endOf(name), isAdjacent ? " x" : "x")],
    });
    kept.push(number, makeToken(t.Times, "X", name.startOffset));
    return index + 1;
  }
  if (!isAdjacent || name.tokenType !== t.Identifier) return undefined;
  report({
    code: "RN0100",
    message: `\`${shorten(size)}\` is neither a number nor a name`,
    ...range,
    help: ["a name begins with a letter or `_`; a number may end with K, M or G"],
  });
  kept.push(makeToken(t.Identifier, size, range.start));
  return index + 1;
}

function pushList(kept: IToken[], number: IToken, name: IToken, rest: string): void {
  const middle = endOf(number);
  kept.push(
    makeToken(t.LeftSquare, "", number.startOffset),
    number,
    makeToken(t.Comma, name.image.charAt(0), middle),
    makeToken(t.Identifier, rest, middle + 1),
    makeToken(t.RightSquare, "", endOf(name)),
  );
}
