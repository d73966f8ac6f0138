export type * from "./ast.ts";
export { commentsOf } from "./comments.ts";
export { longestSource, parse, parseExpression, parseTree, type ParseResult, type ParseTree } from "./parse.ts";
export { printCst, tokensOfCst } from "./print-cst.ts";
export { reservedWords } from "./reserved-words.ts";
