import type { CstNode, IToken } from "chevrotain";
import type { Argument, BinaryOperator, Expression, Identifier, Path } from "./ast.ts";
import { endOfNode, nodeOf, nodesOf, startOfNode, tokenOf, tokensOf } from "./cst.ts";
import { endOf } from "./lexer.ts";

// Every child is optional: in a broken text any of them may be missing, and then there is no expression.

/** A token as a name with its place. */
export function toIdentifier(token: IToken): Identifier {
  return { name: token.image, start: token.startOffset, end: endOf(token) };
}

/**
 * A value, from the node of any rule from `Expr` down to `Primary`: the tree leaves out those that only pass on what one
 * other has made.
 */
export function toExpression(node: CstNode | undefined): Expression | undefined {
  switch (node?.name) {
    case "Expr":
      return toConditional(node);
    case "Or":
      return toBinary(node, "And", "or");
    case "And":
      return toBinary(node, "Not", "and");
    case "Not":
      return toUnary(node, "Not", "not");
    case "Comparison":
      return toComparison(node);
    case "Sum":
      return toBinary(node, "Product", "SumOperator");
    case "Product":
      return toBinary(node, "Unary", "ProductOperator");
    case "Unary":
      return toUnary(node, "Unary", "-");
    case "Postfix":
      return toPostfix(node);
    case "Primary":
      return toPrimary(node);
    default:
      return undefined;
  }
}

function toConditional(node: CstNode): Expression | undefined {
  const then = toExpression(nodeOf(node, "Or"));
  if (!then || !tokenOf(node, "if")) return then;
  const condition = toExpression(nodeOf(node, "Or", 1));
  const otherwise = toExpression(nodeOf(node, "Expr"));
  if (!condition || !otherwise) return undefined;
  return { kind: "conditional", condition, then, otherwise, start: startOfNode(node), end: endOfNode(node) };
}

/** `- a`, `not a`; without the operator, what the next rule has made. */
function toUnary(node: CstNode, rule: "Not" | "Unary", operator: "not" | "-"): Expression | undefined {
  if (!tokenOf(node, operator === "-" ? "Minus" : "not")) {
    return toExpression(nodeOf(node, rule === "Not" ? "Comparison" : "Postfix"));
  }
  const operand = toExpression(nodeOf(node, rule));
  return operand && { kind: "unary", operator, operand, start: startOfNode(node), end: endOfNode(node) };
}

function toComparison(node: CstNode): Expression | undefined {
  const left = toExpression(nodeOf(node, "Sum"));
  const relation = nodeOf(node, "RelOp");
  if (!left || !relation) return left;
  const operator = tokenOf(relation, "Relation");
  const right = toExpression(nodeOf(node, "Sum", 1));
  if (!operator || !right) return undefined;
  return { kind: "binary", operator: meaningOf(operator), left, right, start: startOfNode(node), end: endOfNode(node) };
}

/** Operands of one rule with operators between them, from left to right. */
function toBinary(node: CstNode, rule: string, operatorName: string): Expression | undefined {
  const operands = nodesOf(node, rule);
  let left = toExpression(operands[0]);
  const start = startOfNode(node);
  for (let index = 1; index < operands.length; index++) {
    const operand = operands[index] as CstNode;
    const operator = tokenOf(node, operatorName, index - 1);
    const right = toExpression(operand);
    if (!left || !operator || !right) return undefined;
    left = { kind: "binary", operator: meaningOf(operator), left, right, start, end: endOfNode(operand) };
  }
  return operands.length > tokensOf(node, operatorName).length ? left : undefined;
}

/** The operator a token stands for: its text, except where another language's sign was read as it. */
function meaningOf(token: IToken): BinaryOperator {
  const { PATTERN } = token.tokenType;
  return (typeof PATTERN === "string" ? PATTERN : token.image) as BinaryOperator;
}

type Suffix =
  | { readonly kind: "call"; readonly at: number; readonly node: CstNode }
  | { readonly kind: "index"; readonly at: number; readonly node: CstNode; readonly close: IToken | undefined }
  | { readonly kind: "member"; readonly at: number; readonly token: IToken };

function toPostfix(node: CstNode): Expression | undefined {
  let object = toExpression(nodeOf(node, "Primary"));
  const start = startOfNode(node);
  for (const suffix of suffixesOf(node)) {
    if (!object) return undefined;
    if (suffix.kind === "call") {
      object = { kind: "call", callee: object, arguments: toArguments(suffix.node), start, end: endOfNode(suffix.node) };
    } else if (suffix.kind === "index") {
      const index = toExpression(suffix.node);
      const end = suffix.close ? endOf(suffix.close) : endOfNode(suffix.node);
      object = index && { kind: "index", object, index, start, end };
    } else {
      object = { kind: "member", object, member: toIdentifier(suffix.token), start, end: endOf(suffix.token) };
    }
  }
  return object;
}

/** The calls, indices and members of a postfix expression, in the order of the text. */
function suffixesOf(node: CstNode): readonly Suffix[] {
  const suffixes: Suffix[] = [];
  for (const args of nodesOf(node, "Args")) suffixes.push({ kind: "call", at: startOfNode(args), node: args });
  nodesOf(node, "Expr").forEach((index, i) =>
    suffixes.push({ kind: "index", at: startOfNode(index), node: index, close: tokenOf(node, "RightSquare", i) }),
  );
  for (const token of tokensOf(node, "Word")) suffixes.push({ kind: "member", at: token.startOffset, token });
  return suffixes.length > 1 ? suffixes.sort((a, b) => a.at - b.at) : suffixes;
}

function toArguments(node: CstNode): Argument[] {
  const result: Argument[] = [];
  for (const arg of nodesOf(node, "Arg")) {
    const value = toExpression(nodeOf(arg, "Expr"));
    const name = tokenOf(arg, "Identifier");
    if (value) result.push({ name: name && toIdentifier(name), value, start: startOfNode(arg), end: endOfNode(arg) });
  }
  return result;
}

function toPrimary(node: CstNode): Expression | undefined {
  const [name] = Object.keys(node.children);
  if (name === undefined) return undefined;
  const inner = node.children["Expr"]?.[0] ?? node.children["List"]?.[0];
  if (inner) return name === "List" ? toList(inner as CstNode) : toExpression(inner as CstNode);
  const token = tokenOf(node, name);
  if (!token) return undefined;
  const range = { start: token.startOffset, end: endOf(token) };
  switch (name) {
    case "Number":
      return { kind: "number", text: token.image, ...range };
    case "Dims":
      return { kind: "size", entries: token.image.match(/\d+/g) ?? [], ...range };
    case "String":
      return { kind: "string", value: unquote(token), ...range };
    case "true":
    case "false":
      return { kind: "boolean", value: name === "true", ...range };
    case "Identifier":
      return { kind: "name", name: token.image, ...range };
    case "in":
      return { kind: "in", ...range };
    default:
      return undefined;
  }
}

function toList(node: CstNode): Expression {
  return { kind: "list", entries: toEntries(node), start: startOfNode(node), end: endOfNode(node) };
}

/** The entries of a `List`. */
export function toEntries(node: CstNode): Expression[] {
  const entries: Expression[] = [];
  for (const entry of nodesOf(node, "Expr")) {
    const value = toExpression(entry);
    if (value) entries.push(value);
  }
  return entries;
}

/** What stands between the quotes; the second one may be missing. */
export function unquote(token: IToken): string {
  return token.image.slice(1).replace(/["'“”]$/, "");
}

/** `Path`: names and whole numbers with `.` between them. */
export function toPath(node: CstNode | undefined): Path | undefined {
  if (!node) return undefined;
  const first = tokenOf(node, "Identifier");
  if (!first) return undefined;
  const rest = [...tokensOf(node, "Word"), ...tokensOf(node, "Number")].sort((a, b) => a.startOffset - b.startOffset);
  return { parts: [first, ...rest].map(toIdentifier), start: startOfNode(node), end: endOfNode(node) };
}
