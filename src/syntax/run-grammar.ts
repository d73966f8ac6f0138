import type { IToken } from "chevrotain";
import { preparedGrammar } from "./grammar.generated.ts";
import { ResnetParser } from "./grammar.ts";

let parser: ResnetParser | undefined;

/** Runs one rule of the grammar over tokens. */
export function runGrammar(rule: "File" | "Expr", tokens: IToken[]): ReturnType<ResnetParser["read"]> {
  parser ??= new ResnetParser({ validate: false, prepared: preparedGrammar });
  return parser.read(rule, tokens);
}
