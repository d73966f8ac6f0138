import { createTokenInstance, Lexer, type ILexingResult, type IToken, type TokenType } from "chevrotain";
import { tokenTypes } from "./tokens.ts";

let lexer: Lexer | undefined;

/** Makes the lexer; `validate` spends some milliseconds on checking the token definitions (a test does). */
export function createLexer(options: { readonly validate: boolean }): Lexer {
  return new Lexer([...tokenTypes], {
    positionTracking: "onlyOffset",
    skipValidations: !options.validate,
    ensureOptimizations: true,
  });
}

/** Cuts a text into tokens; comments come apart, blanks not at all, what is no token as errors. */
export function tokenize(text: string): ILexingResult {
  lexer ??= createLexer({ validate: false });
  return lexer.tokenize(text);
}

/** The offset behind a token. */
export function endOf(token: IToken): number {
  return token.startOffset + token.image.length;
}

/** A token that stands for a piece of the text; with an empty image, for something that was left out there. */
export function makeToken(type: TokenType, image: string, start: number): IToken {
  const end = start + image.length - 1;
  return createTokenInstance(type, image, start, end, Number.NaN, Number.NaN, Number.NaN, Number.NaN);
}

/** Gives a token another type; its text stays. */
export function retype(token: IToken, type: TokenType): IToken {
  return makeToken(type, token.image, token.startOffset);
}
