import { createToken, Lexer, type TokenType } from "chevrotain";

// The signs a pattern can begin with are given with it: Chevrotain would find them by reading the pattern, each time rnc starts.
const DIGITS = [..."0123456789"];
const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"];

// Categories: never matched by the lexer, only named by the grammar.

/** A name, or any reserved word: what may stand after `.`. */
export const Word = createToken({ name: "Word", pattern: Lexer.NA });
/** What divides the items of a body: the end of a line, or `|`. */
export const Separator = createToken({ name: "Separator", pattern: Lexer.NA });
export const Relation = createToken({ name: "Relation", pattern: Lexer.NA });
/** `and`, `or`. */
export const LogicalOperator = createToken({ name: "LogicalOperator", pattern: Lexer.NA });
export const ArithmeticOperator = createToken({ name: "ArithmeticOperator", pattern: Lexer.NA });
/** A value of one token. */
export const Atom = createToken({ name: "Atom", pattern: Lexer.NA });

export const Identifier = createToken({ name: "Identifier", pattern: /[A-Za-z_][A-Za-z0-9_]*/, start_chars_hint: LETTERS, categories: [Word, Atom] });

const reserved = (word: string, ...categories: TokenType[]): TokenType =>
  createToken({ name: word, pattern: word, categories: [Word, ...categories] });

export const Use = reserved("use");
export const As = reserved("as");
export const Network = reserved("network");
export const Block = reserved("block");
export const Recipe = reserved("recipe");
export const Let = reserved("let");
export const Input = reserved("input");
export const Output = reserved("output");
export const Shortcuts = reserved("shortcuts");
export const Require = reserved("require");
export const Expect = reserved("expect");
export const If = reserved("if");
export const Else = reserved("else");
export const For = reserved("for");
export const In = reserved("in", Atom);
export const From = reserved("from");
export const Times = reserved("x");
export const And = reserved("and", LogicalOperator);
export const Or = reserved("or", LogicalOperator);
export const Not = reserved("not");
export const True = reserved("true", Atom);
export const False = reserved("false", Atom);

/** The 22 words that cannot be names. */
export const reservedWords: readonly TokenType[] = [
  Use, As, Network, Block, Recipe, Let, Input, Output, Shortcuts, Require, Expect,
  If, Else, For, In, From, Times, And, Or, Not, True, False,
];

export const DocComment = createToken({ name: "DocComment", pattern: /\/\/\/(?!\/)[^\r\n]*/, start_chars_hint: ["/"], group: "comments" });
export const Comment = createToken({ name: "Comment", pattern: /\/\/[^\r\n]*/, start_chars_hint: ["/"], group: "comments" });
export const NewLine = createToken({ name: "NewLine", pattern: /\r\n?|\n/, start_chars_hint: ["\r", "\n"], categories: Separator, line_breaks: true });
/** Blanks, with what editors and web pages leave behind: a no-break space, a byte order mark. */
export const Blank = createToken({ name: "Blank", pattern: /[ \t\f\v\u00a0\u3000\ufeff]+/, start_chars_hint: [..." \t\f\v\u00a0\u3000\ufeff"], group: Lexer.SKIPPED });

/** `3x3`, the list `[3, 3]`. */
export const Dims = createToken({ name: "Dims", pattern: /\d+(?:x\d+)+(?![A-Za-z0-9_])/, start_chars_hint: DIGITS, categories: Atom });
export const NumberToken = createToken({
  name: "Number",
  pattern: /\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?[KMG]?/,
  start_chars_hint: DIGITS,
  categories: Atom,
});
export const StringToken = createToken({ name: "String", pattern: /"[^"\r\n]*"/, start_chars_hint: ['"'], categories: Atom });
/** A string without its end. */
export const OpenString = createToken({ name: "OpenString", pattern: /"[^"\r\n]*/, start_chars_hint: ['"'] });

/** What is written in other languages, or by a word processor; the reader says what to write here, and goes on. */
export const Foreign = createToken({
  name: "Foreign",
  pattern:
    /#[^\r\n]*|\/\*[\s\S]*?(?:\*\/|(?![\s\S]))|;|&&|\|\||!==|!(?!=)|===|\*\*|<>|=>|'[^'\r\n]*'|[“”][^"“”\r\n]*["“”]|[×→⇒≤≥≠−–]/,
  start_chars_hint: [..."#/;&|!=*<'×–“”→⇒≤≥≠−"],
  line_breaks: true,
});

export const LeftParen = createToken({ name: "LeftParen", pattern: "(" });
export const RightParen = createToken({ name: "RightParen", pattern: ")" });
export const LeftSquare = createToken({ name: "LeftSquare", pattern: "[" });
export const RightSquare = createToken({ name: "RightSquare", pattern: "]" });
export const LeftBrace = createToken({ name: "LeftBrace", pattern: "{" });
export const RightBrace = createToken({ name: "RightBrace", pattern: "}" });
export const Comma = createToken({ name: "Comma", pattern: "," });
export const Colon = createToken({ name: "Colon", pattern: ":" });
export const Dot = createToken({ name: "Dot", pattern: "." });
export const Bar = createToken({ name: "Bar", pattern: "|", categories: Separator });
export const Arrow = createToken({ name: "Arrow", pattern: "->" });
export const EqualTo = createToken({ name: "EqualTo", pattern: "==", categories: Relation });
export const NotEqualTo = createToken({ name: "NotEqualTo", pattern: "!=", categories: Relation });
export const LessOrEqual = createToken({ name: "LessOrEqual", pattern: "<=", categories: Relation });
export const GreaterOrEqual = createToken({ name: "GreaterOrEqual", pattern: ">=", categories: Relation });
export const Less = createToken({ name: "Less", pattern: "<", categories: Relation });
export const Greater = createToken({ name: "Greater", pattern: ">", categories: Relation });
export const Equals = createToken({ name: "Equals", pattern: "=" });
export const Plus = createToken({ name: "Plus", pattern: "+", categories: ArithmeticOperator });
export const Minus = createToken({ name: "Minus", pattern: "-", categories: ArithmeticOperator });
export const Star = createToken({ name: "Star", pattern: "*", categories: ArithmeticOperator });
export const Slash = createToken({ name: "Slash", pattern: "/", categories: ArithmeticOperator });
export const Percent = createToken({ name: "Percent", pattern: "%", categories: ArithmeticOperator });

/** In the order in which the lexer tries them: the longer of two with the same beginning first. */
export const tokenTypes: readonly TokenType[] = [
  Word, Separator, Relation, LogicalOperator, ArithmeticOperator, Atom,
  DocComment, Comment, NewLine, Blank,
  Dims, NumberToken, StringToken, Foreign, OpenString,
  ...reservedWords, Identifier,
  Arrow, EqualTo, NotEqualTo, LessOrEqual, GreaterOrEqual, Less, Greater, Equals,
  LeftParen, RightParen, LeftSquare, RightSquare, LeftBrace, RightBrace,
  Comma, Colon, Dot, Bar, Plus, Minus, Star, Slash, Percent,
];

/**
 * A test of belonging to some types: a list by Chevrotain's numbers of types, because the passes before the parser ask
 * several for every token.
 */
export function oneOf(...types: readonly TokenType[]): (type: TokenType | undefined) => boolean {
  const isOne = tokenTypes.map(() => false);
  for (const { tokenTypeIdx } of types) isOne[tokenTypeIdx ?? 0] = true;
  return (type) => isOne[type?.tokenTypeIdx ?? 0] === true;
}

/** True for the 22 words that cannot be names. */
export const isReserved = oneOf(...reservedWords);

/** True for a name or a reserved word. */
export const isWord = oneOf(Identifier, ...reservedWords);

/** True for a relation, an arithmetic sign, `and` and `or`. */
export const isBinaryOperator = oneOf(
  EqualTo, NotEqualTo, LessOrEqual, GreaterOrEqual, Less, Greater, Plus, Minus, Star, Slash, Percent, And, Or,
);

/** True when a value may end with this token. */
export const endsOperand = oneOf(Identifier, NumberToken, Dims, StringToken, True, False, In, RightParen, RightSquare);

/** True when a value may begin with this token and nothing can go on with it. */
export const beginsOperand = oneOf(Identifier, NumberToken, Dims, StringToken, True, False, In);
