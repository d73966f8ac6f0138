import type { IToken } from "chevrotain";
import type { Argument, BinaryOperator, Expression, Identifier, Path } from "./ast.ts";
import { isNode, isToken, tokenIn, tokenOf, type CstNode, type Piece } from "./cst.ts";
import { endOf } from "./lexer.ts";
import * as t from "./tokens.ts";

// Every child is optional: in a broken text any of them may be missing, and then there is no expression.

/** A token as a name with its place. */
export function toIdentifier(token: IToken): Identifier {
  return { name: token.image, start: token.startOffset, end: endOf(token) };
}

/**
 * A value, from the node of any rule from `Expr` down to `Operand`: the tree leaves out those that only pass on what one
 * other has made.
 */
export function toExpression(node: CstNode | undefined): Expression | undefined {
  switch (node?.name) {
    case "Expr":
      return toConditional(node);
    case "Condition":
    case "Sum":
      return toBinary(node);
    case "Comparison":
      return isToken(node.children[0], t.Not) ? toUnary(node, "not") : toBinary(node);
    case "Operand":
      return isToken(node.children[0], t.Minus) ? toUnary(node, "-") : toOperand(node);
    case "Group":
      return operandIn(node.children[1]);
    case "List":
      return toList(node);
    default:
      return undefined;
  }
}

/** The value among the children of a node; no rule has two of them side by side. */
export function valueIn(node: CstNode): Expression | undefined {
  for (const child of node.children) {
    const value = operandIn(child);
    if (value) return value;
  }
  return undefined;
}

/** A piece that has to be the node of a value. */
function operandIn(piece: Piece | undefined): Expression | undefined {
  return isNode(piece) ? toExpression(piece) : undefined;
}

function toConditional({ children, start, end }: CstNode): Expression | undefined {
  const then = operandIn(children[0]);
  if (!then || children.length === 1) return then;
  const condition = operandIn(children[2]);
  const otherwise = operandIn(children[4]);
  return condition && otherwise && { kind: "conditional", condition, then, otherwise, start, end };
}

/** `- a`, `not a`. */
function toUnary({ children, start, end }: CstNode, operator: "not" | "-"): Expression | undefined {
  const operand = operandIn(children[1]);
  return operand && { kind: "unary", operator, operand, start, end };
}

/** Operands with operators between them, from left to right. */
function toBinary({ children, start }: CstNode): Expression | undefined {
  let left = operandIn(children[0]);
  for (let index = 1; index < children.length; index += 2) {
    const operator = operatorIn(children[index]);
    const operand = children[index + 1];
    const right = operandIn(operand);
    if (!left || !operator || !right) return undefined;
    left = { kind: "binary", operator, left, right, start, end: (operand as CstNode).end };
  }
  return left;
}

/** The operator a token stands for: its text, except where another language's sign was read as it. */
function operatorIn(piece: Piece | undefined): BinaryOperator | undefined {
  const token = isNode(piece) ? tokenIn(piece) : piece;
  if (!token) return undefined;
  const { PATTERN } = token.tokenType;
  return (typeof PATTERN === "string" ? PATTERN : token.image) as BinaryOperator;
}

/** A value with the calls, indices and members behind it. */
function toOperand({ children, start }: CstNode): Expression | undefined {
  const [value] = children;
  let object = isNode(value) ? toExpression(value) : value && toAtom(value);
  for (let at = 1; object && at < children.length; at++) {
    const piece = children[at] as Piece;
    if (isNode(piece)) {
      if (piece.name === "Args") object = { kind: "call", callee: object, arguments: toArguments(piece), start, end: piece.end };
      continue;
    }
    const next = children[at + 1];
    if (piece.tokenType === t.LeftSquare) {
      const index = operandIn(next);
      const close = children[at + 2];
      const end = isToken(close, t.RightSquare) && !close.isInsertedInRecovery ? endOf(close) : isNode(next) ? next.end : start;
      object = index && { kind: "index", object, index, start, end };
    } else if (piece.tokenType === t.Dot && next && !isNode(next)) {
      object = { kind: "member", object, member: toIdentifier(next), start, end: endOf(next) };
    }
  }
  return object;
}

function toArguments(node: CstNode): Argument[] {
  const result: Argument[] = [];
  for (const arg of node.children) {
    if (!isNode(arg)) continue;
    const value = operandIn(arg.children.at(-1));
    const name = tokenOf(arg, t.Identifier);
    if (value) result.push({ name: name && toIdentifier(name), value, start: arg.start, end: arg.end });
  }
  return result;
}

function toAtom(token: IToken): Expression | undefined {
  const { image, tokenType, startOffset: start } = token;
  const end = endOf(token);
  switch (tokenType) {
    case t.NumberToken:
      return { kind: "number", text: image, start, end };
    case t.Dims:
      return { kind: "size", entries: image.match(/\d+/g) ?? [], start, end };
    case t.StringToken:
      return { kind: "string", value: unquote(token), start, end };
    case t.True:
    case t.False:
      return { kind: "boolean", value: tokenType === t.True, start, end };
    case t.Identifier:
      return { kind: "name", name: image, start, end };
    case t.In:
      return { kind: "in", start, end };
    default:
      return undefined;
  }
}

function toList(node: CstNode): Expression {
  return { kind: "list", entries: toEntries(node), start: node.start, end: node.end };
}

/** The entries of a `List`. */
export function toEntries(node: CstNode): Expression[] {
  const entries: Expression[] = [];
  for (const entry of node.children) {
    const value = operandIn(entry);
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
  const parts: Identifier[] = [];
  for (const piece of node.children) if (!isNode(piece) && piece.tokenType !== t.Dot) parts.push(toIdentifier(piece));
  return parts.length > 0 ? { parts, start: node.start, end: node.end } : undefined;
}
