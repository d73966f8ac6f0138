import type { IToken, TokenType } from "chevrotain";
import { endOf, makeToken, retype } from "./lexer.ts";
import { fixOf, rangeOf, shorten, type Reporter } from "./reporter.ts";
import { mendNumber } from "./number-mistakes.ts";
import * as t from "./tokens.ts";

/** What the tokens of a place belong to. */
export type Context = "file" | "imports" | "parameters" | "arguments" | "list" | "body";

/** A walk over the tokens, from the first to the last. */
export interface Walk {
  readonly tokens: readonly IToken[];
  readonly reporter: Reporter;
  readonly dropped: IToken[];
  readonly kept: IToken[];
  /** What the present token belongs to. */
  context: Context;
  /** The word with which the present statement begins, when it begins with one. */
  statement: TokenType | undefined;
  /** The word of the declaration whose body this is. */
  declaration: TokenType | undefined;
}

const isDeclarationWord = t.oneOf(t.Network, t.Block, t.Recipe);
const isBeforeElement = t.oneOf(t.LeftBrace, t.NewLine, t.Bar, t.Arrow);

/** What follows a name after these words; tells a reserved word in the name's place from one that is meant. */
const afterNameOf = new Map<TokenType, ReadonlySet<TokenType | undefined>>([
  [t.Let, new Set([t.Equals, t.Colon])],
  [t.Input, new Set([t.Colon])],
  [t.Output, new Set([t.Equals, t.NewLine, t.RightBrace, t.Bar])],
  [t.For, new Set([t.In])],
  [t.As, new Set([t.Comma, t.RightBrace])],
  [t.Network, new Set([t.LeftParen, t.LeftBrace, t.Equals])],
  [t.Block, new Set([t.LeftParen, t.LeftBrace, t.Equals])],
  [t.Recipe, new Set([t.LeftParen, t.LeftBrace, t.Equals])],
]);

/**
 * Finds the mistakes that everybody makes at first (a size with blanks, `=` for a label, a reserved word for a name),
 * tells each in its own words, and mends the tokens, so that the parser meets what was meant and nothing follows from it.
 */
export function mendMistakes(tokens: readonly IToken[], reporter: Reporter, dropped: IToken[]): IToken[] {
  const kept: IToken[] = [];
  const contexts: Context[] = [];
  const walk: Walk = { tokens, reporter, dropped, kept, context: "file", statement: undefined, declaration: undefined };
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] as IToken;
    const type = token.tokenType;
    const context = contexts.at(-1) ?? "file";
    walk.context = context;
    if (beginsStatement(type, kept.at(-1)?.tokenType, context)) walk.statement = type;
    if (context !== "file" && context !== "body") mendComma(walk, index);
    const mended = mendToken(walk, index);
    if (mended !== undefined) {
      index = mended;
      continue;
    }
    switch (type) {
      case t.LeftParen:
        contexts.push(opensParameters(kept, context) ? "parameters" : "arguments");
        break;
      case t.LeftSquare:
        contexts.push("list");
        break;
      case t.LeftBrace:
        if (context === "file") walk.declaration = walk.statement;
        contexts.push(context === "file" && walk.statement === t.Use ? "imports" : "body");
        break;
      case t.RightParen:
      case t.RightSquare:
      case t.RightBrace:
        contexts.pop();
        if (contexts.length === 0 && type === t.RightBrace) walk.statement = undefined;
        break;
    }
    kept.push(token);
  }
  return kept;
}

/** Mends what stands at an index; gives the index of the last token it has dealt with, nothing where all is well. */
function mendToken(walk: Walk, index: number): number | undefined {
  const { tokenType } = walk.tokens[index] as IToken;
  switch (tokenType) {
    case t.NumberToken:
    case t.Dims:
      return mendNumber(walk, index);
    case t.Equals:
    case t.Colon:
      return mendSign(walk, index);
    default:
      return t.isReserved(tokenType) ? (mendInput(walk, index) ?? mendName(walk, index)) : undefined;
  }
}

function beginsStatement(type: TokenType, previous: TokenType | undefined, context: Context): boolean {
  if (context === "body") return isBeforeElement(previous);
  return context === "file" && (isDeclarationWord(type) || type === t.Use || type === t.Let);
}

function opensParameters(kept: readonly IToken[], context: Context): boolean {
  const word = kept.at(-2)?.tokenType;
  // `def unit(`: what other words begin has parameters all the same.
  const declares = word !== undefined && (isDeclarationWord(word) || word === t.Identifier);
  return context === "file" && kept.at(-1)?.tokenType === t.Identifier && declares;
}

/** `input: float32[…]`: an input that was given no name. */
function mendInput({ tokens, reporter, kept }: Walk, index: number): number | undefined {
  const token = tokens[index] as IToken;
  if (token.tokenType !== t.Input || tokens[index + 1]?.tokenType !== t.Colon || tokens[index + 2]?.image !== "float32") return undefined;
  const at = endOf(token);
  reporter.report({
    code: "RN0100",
    message: "an input has a name: `input image: float32[N, 3, H, W]`",
    ...rangeOf(token),
    fixes: [fixOf(reporter.source, "call it `image`", at, at, " image")],
  });
  kept.push(token, makeToken(t.Identifier, "", at));
  return index;
}

/** A comma that is missing between two values in brackets, or between two names that are taken from a module. */
function mendComma({ tokens, reporter, kept, context }: Walk, index: number): void {
  const token = tokens[index] as IToken;
  const previous = kept.at(-1);
  if (!previous) return;
  const at = endOf(previous);
  const beforeName = kept.at(-2)?.tokenType;
  const isType = token.tokenType === t.Identifier || token.tokenType === t.Block;
  if (context === "parameters" && isType && previous.tokenType === t.Identifier && (beforeName === t.LeftParen || beforeName === t.Comma)) {
    reporter.report({
      code: "RN0103",
      message: `a parameter's type stands after \`:\`, \`${shorten(previous.image)}: ${shorten(token.image)}\``,
      ...rangeOf(token),
      fixes: [fixOf(reporter.source, "add `:`", at, at, ":")],
    });
    kept.push(makeToken(t.Colon, "", at));
    return;
  }
  if (!t.beginsOperand(token.tokenType) || !t.endsOperand(previous.tokenType)) return;
  reporter.report({
    code: "RN0100",
    message: `a comma is missing before \`${shorten(token.image)}\``,
    ...rangeOf(token),
    fixes: [fixOf(reporter.source, "add a comma", at, at, ",")],
  });
  kept.push(makeToken(t.Comma, "", at));
}

/** A reserved word where a name has to stand. */
function mendName({ tokens, reporter, kept, context }: Walk, index: number): number | undefined {
  const token = tokens[index] as IToken;
  const previous = kept.at(-1)?.tokenType;
  const next = tokens[index + 1]?.tokenType;
  if (token.tokenType === t.Let && next === t.Equals) return undefined;
  const role = roleOfName(context, previous, next);
  if (!role) return undefined;
  reporter.report({
    code: "RN0102",
    message: `\`${shorten(token.image)}\` is a word of the language; choose another ${role}`,
    ...rangeOf(token),
    help: [`any other name will do, for example \`${shorten(token.image)}1\``],
  });
  kept.push(retype(token, t.Identifier));
  if (context !== "body" || next !== t.Equals || !isBeforeElement(previous)) return index;
  kept.push(retype(tokens[index + 1] as IToken, t.Colon));
  return index + 1;
}

function roleOfName(context: Context, previous: TokenType | undefined, next: TokenType | undefined): string | undefined {
  const beginsEntry = previous === t.LeftParen || previous === t.Comma || previous === t.LeftBrace;
  if (previous && afterNameOf.get(previous)?.has(next)) return previous === t.As ? "name" : `name for this ${nounOf(previous)}`;
  switch (context) {
    case "body":
      return isBeforeElement(previous) && (next === t.Colon || next === t.Equals) ? "label" : undefined;
    case "parameters":
      return beginsEntry && next === t.Colon ? "name for this parameter" : undefined;
    case "arguments":
      return beginsEntry && (next === t.Equals || next === t.Colon) ? "name for the parameter" : undefined;
    case "imports":
      return beginsEntry && (next === t.Comma || next === t.RightBrace || next === t.As) ? "name where it is declared" : undefined;
    default:
      return undefined;
  }
}

function nounOf(type: TokenType): string {
  if (type === t.Let) return "value";
  return type === t.For ? "loop variable" : type.name;
}

/** `=` where `:` has to stand, or the other way round. */
function mendSign(walk: Walk, index: number): number | undefined {
  const { tokens, reporter, dropped, kept, context, statement, declaration } = walk;
  const token = tokens[index] as IToken;
  const name = kept.at(-1);
  const before = kept.at(-2)?.tokenType;
  if (name?.tokenType !== t.Identifier) return undefined;
  const { source, report } = reporter;
  const swap = (type: TokenType): number => {
    kept.push(retype(token, type));
    return index;
  };
  if (token.tokenType === t.Equals && context === "body" && isBeforeElement(before)) {
    report({
      code: "RN0103",
      message: `to ${declaration === t.Recipe ? "set a field" : "name a layer"}, write \`${shorten(name.image)}: …\``,
      ...rangeOf(token),
      help: declaration === t.Recipe ? [] : [`for a value, write \`let ${shorten(name.image)} = …\``],
      fixes: [fixOf(source, "write `:`", endOf(name), endOf(token), ":")],
    });
    return swap(t.Colon);
  }
  if (token.tokenType === t.Equals && context === "file" && startsItem(before, statement)) {
    report({
      code: "RN0103",
      message: `to give a name to a value, write \`let ${shorten(name.image)} = …\``,
      ...rangeOf(name),
      fixes: [fixOf(source, "write `let`", name.startOffset, name.startOffset, "let ")],
    });
    kept.splice(-1, 0, makeToken(t.Let, "", name.startOffset));
    kept.push(token);
    return index;
  }
  if (token.tokenType !== t.Colon) return undefined;
  if (context === "arguments" && (before === t.LeftParen || before === t.Comma)) {
    report({
      code: "RN0103",
      message: `an argument takes \`=\`: \`${shorten(name.image)}=…\``,
      ...rangeOf(token),
      fixes: [fixOf(source, "write `=`", token.startOffset, endOf(token) + blanksAfter(token, source.text), "=")],
    });
    return swap(t.Equals);
  }
  if (before === t.Output) {
    report({
      code: "RN0103",
      message: `an output takes \`=\`: \`output ${shorten(name.image)} = …\``,
      ...rangeOf(token),
      fixes: [fixOf(source, "write `=`", token.startOffset, endOf(token), " =")],
    });
    return swap(t.Equals);
  }
  if (before !== t.Let) return undefined;
  const hasType = tokens[index + 2]?.tokenType === t.Equals;
  report({
    code: "RN0103",
    message: hasType ? "a value has no type of its own: `let name = value`" : `a value takes \`=\`: \`let ${shorten(name.image)} = …\``,
    ...rangeOf(token),
    fixes: hasType
      ? [fixOf(source, "remove the type", token.startOffset, endOf(tokens[index + 1] as IToken), "")]
      : [fixOf(source, "write `=`", token.startOffset, endOf(token), " =")],
  });
  if (!hasType) return swap(t.Equals);
  dropped.push(token, tokens[index + 1] as IToken);
  return index + 1;
}

/** At the top of a file: a name that no `network`, `let` or the like stands before, after something complete. */
function startsItem(before: TokenType | undefined, statement: TokenType | undefined): boolean {
  if (before === undefined || before === t.RightBrace) return true;
  return statement === t.Let && t.endsOperand(before);
}

function blanksAfter(token: IToken, text: string): number {
  let count = 0;
  while (text.charAt(endOf(token) + count) === " ") count++;
  return count;
}
