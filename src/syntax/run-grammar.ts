import type { CstNode, IToken } from "chevrotain";
import { preparedGrammar } from "./grammar.generated.ts";
import { ResnetParser } from "./grammar.ts";

let parser: ResnetParser | undefined;

/** Runs one rule of the grammar over tokens. */
export function runGrammar(
  rule: "File" | "Expr",
  tokens: IToken[],
): { readonly cst: CstNode | undefined; readonly errors: ResnetParser["errors"] } {
  parser ??= new ResnetParser({ validate: false, prepared: preparedGrammar });
  // The lexer does not set it (it tracks offsets only), and the ranges of the nodes are made from it.
  for (const token of tokens) token.endOffset = token.startOffset + token.image.length - 1;
  parser.input = tokens;
  parser.recoveries = 0;
  const cst: CstNode | undefined = parser[rule]();
  const { errors } = parser;
  parser.input = [];
  return { cst, errors };
}
