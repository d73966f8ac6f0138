import { Lexer, type ILexingResult, type IToken, type TokenType } from "chevrotain";
import { Identifier, isReserved, reservedWords, tokenTypes } from "./tokens.ts";

let lexer: Lexer | undefined;

const reserved = new Map(reservedWords.map((type) => [type.name, type]));

/** Makes the lexer, to which reserved words are names; `validate` spends some milliseconds on checking the token definitions (a test does). */
export function createLexer(options: { readonly validate: boolean }): Lexer {
  return new Lexer(tokenTypes.filter((type) => !isReserved(type)), {
    positionTracking: "onlyOffset",
    skipValidations: !options.validate,
    ensureOptimizations: true,
  });
}

/** Cuts a text into tokens; comments come apart, blanks not at all, what is no token as errors. */
export function tokenize(text: string): ILexingResult {
  lexer ??= createLexer({ validate: false });
  const lexed = lexer.tokenize(text);
  for (const token of lexed.tokens) {
    // One pattern for all words, and a look at the text: otherwise each word is tried against several patterns.
    const word = token.tokenType === Identifier ? reserved.get(token.image) : undefined;
    if (!word) continue;
    token.tokenType = word;
    token.tokenTypeIdx = word.tokenTypeIdx ?? 0;
  }
  return lexed;
}

/** The offset behind a token. */
export function endOf(token: IToken): number {
  return token.startOffset + token.image.length;
}

/** A token that stands for a piece of the text; with an empty image, for something that was left out there. */
export function makeToken(type: TokenType, image: string, start: number): IToken {
  return { image, startOffset: start, tokenTypeIdx: type.tokenTypeIdx ?? 0, tokenType: type };
}

/** Gives a token another type; its text stays. */
export function retype(token: IToken, type: TokenType): IToken {
  return makeToken(type, token.image, token.startOffset);
}
