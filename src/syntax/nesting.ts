import type { IToken } from "chevrotain";
import { rangeOf, type Reporter } from "./reporter.ts";
import * as t from "./tokens.ts";

/**
 * Deeper than any program that a person writes. The parser recurses: a call takes it through seven rules, and Node's
 * stack holds some 150 of them (measured on a cold start), so there is a margin of more than two.
 */
export const deepestNesting = 64;

/** What nests without a bracket (`-`, `not`, `x`, `else`) is a quarter as deep: one rule or two. */
export const mostPrefixes = 4 * deepestNesting;

/** So many operators, calls and indices may stand one behind another: each makes the tree one level deeper. */
export const longestExpression = 1000;

interface Level {
  /** How deep the place of its opening bracket is, in quarters. */
  readonly base: number;
  /** `x` and `else` since the last separator: each nests what follows. */
  nested: number;
  /** `-` and `not` directly one after another. */
  prefixes: number;
  /** Operators and what their operands hold, since the last separator. */
  height: number;
  tallest: number;
}

const newLevel = (base: number): Level => ({ base, nested: 0, prefixes: 0, height: 0, tallest: 0 });

/**
 * Leaves out every declaration that nests deeper than {@link deepestNesting}, with one message; measured on the tokens,
 * so that nothing recurses before it is known to be safe.
 */
export function limitNesting(tokens: IToken[], reporter: Reporter, dropped: IToken[]): IToken[] {
  const faults: number[] = [];
  const outer: Level[] = [];
  let level = newLevel(0);
  let failed = false;
  for (let index = 0; index < tokens.length; index++) {
    const { tokenType } = tokens[index] as IToken;
    const previous = tokens[index - 1]?.tokenType;
    if (outer.length === 0 && isDeclaration(tokenType) && previous !== t.Colon) {
      level = newLevel(0);
      failed = false;
    }
    if (tokenType === t.LeftParen || tokenType === t.LeftSquare || tokenType === t.LeftBrace) {
      const base = level.base + level.nested + level.prefixes + 4;
      level.prefixes = 0;
      outer.push(level);
      level = newLevel(base);
    } else if (tokenType === t.RightParen || tokenType === t.RightSquare || tokenType === t.RightBrace) {
      const inner = level;
      level = outer.pop() ?? level;
      // A body is no part of the expression before it.
      if (tokenType !== t.RightBrace) level.height += Math.max(inner.tallest, inner.height) + 1;
    } else if (separates(tokenType)) {
      level.tallest = Math.max(level.tallest, level.height);
      level.height = level.nested = level.prefixes = 0;
    } else if (tokenType === t.Times || tokenType === t.Else) {
      level.nested++;
    } else if (tokenType === t.Not || (tokenType === t.Minus && !t.endsOperand(previous))) {
      level.prefixes++;
      level.height++;
    } else {
      level.prefixes = 0;
      if (t.isBinaryOperator(tokenType) || tokenType === t.Dot) level.height++;
    }
    const isTooDeep = level.base + level.nested + level.prefixes > mostPrefixes;
    if (!failed && (isTooDeep || level.height > longestExpression)) {
      failed = true;
      faults.push(index);
      report(tokens[index] as IToken, isTooDeep, reporter);
    }
  }
  return faults.length === 0 ? tokens : withoutDeclarations(tokens, faults, dropped);
}

const isDeclaration = t.oneOf(t.Network, t.Block, t.Recipe, t.Use);
const separates = t.oneOf(t.Comma, t.NewLine, t.Bar, t.Arrow, t.Equals, t.Colon);

function report(token: IToken, isTooDeep: boolean, reporter: Reporter): void {
  const isBracket = token.tokenType === t.LeftParen || token.tokenType === t.LeftSquare || token.tokenType === t.LeftBrace;
  const message = !isTooDeep
    ? `an expression of more than ${longestExpression} operations`
    : isBracket
      ? `nested deeper than ${deepestNesting} levels`
      : `too many \`${token.image}\` inside one another: nested deeper than ${mostPrefixes}`;
  reporter.reportOncePerLine({
    code: "RN0802",
    unread: true,
    message,
    ...rangeOf(token),
    help: [isTooDeep ? "declare the inner parts as blocks of their own, and use their names" : "divide it with `let`"],
  });
}

/** Takes out the declarations in which the faults lie. */
function withoutDeclarations(tokens: readonly IToken[], faults: readonly number[], dropped: IToken[]): IToken[] {
  const kept: IToken[] = [];
  let depth = 0;
  let begin = 0;
  let fault = 0;
  const finish = (end: number): void => {
    const isFaulty = (faults[fault] ?? Infinity) < end;
    for (let index = begin; index < end; index++) (isFaulty ? dropped : kept).push(tokens[index] as IToken);
    while ((faults[fault] ?? Infinity) < end) fault++;
    begin = end;
  };
  tokens.forEach(({ tokenType }, index) => {
    if (tokenType === t.LeftParen || tokenType === t.LeftSquare || tokenType === t.LeftBrace) depth++;
    else if (tokenType === t.RightParen || tokenType === t.RightSquare || tokenType === t.RightBrace) depth--;
    else if (depth === 0 && (isDeclaration(tokenType) || tokenType === t.Let)) finish(index);
  });
  finish(tokens.length);
  return kept;
}
