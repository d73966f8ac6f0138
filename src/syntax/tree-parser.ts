import { CstParser, EOF, tokenMatcher, type IRecognitionException, type IToken, type TokenType } from "chevrotain";
import { isNode, makeNode, type CstNode, type Piece } from "./cst.ts";
import * as t from "./tokens.ts";

const structural: ReadonlySet<TokenType> = new Set([t.LeftBrace, t.RightBrace, t.NewLine, t.Bar, t.Arrow, EOF]);
const passingOn: ReadonlySet<string> = new Set(["Expr", "Condition", "Comparison", "Sum", "Operand"]);

/** The looser operators of the two levels that one rule reads. */
const looser: Readonly<Record<string, ReadonlySet<TokenType>>> = { Condition: new Set([t.Or]), Sum: new Set([t.Plus, t.Minus]) };

const mostRecoveries = 200;
const insertable: ReadonlySet<TokenType> = new Set([t.RightParen, t.RightSquare, t.RightBrace]);

const isAtom = t.oneOf(t.Identifier, t.NumberToken, t.Dims, t.StringToken, t.True, t.False, t.In);
/** Whether a value may go on with this token. */
const goesOn = t.oneOf(
  t.LeftParen, t.LeftSquare, t.Dot, t.Plus, t.Minus, t.Star, t.Slash, t.Percent,
  t.EqualTo, t.NotEqualTo, t.LessOrEqual, t.GreaterOrEqual, t.Less, t.Greater, t.And, t.Or, t.If,
);

/** A rule that is being read: its name, and where its pieces begin. */
interface OpenNode {
  readonly name: string;
  readonly from: number;
}

/** The parts of Chevrotain's parser that {@link TreeParser} uses; they exist, but are not in its typings. */
export interface TreeParser {
  readonly CST_STACK: OpenNode[];
  consumeToken(): void;
  flattenFollowSet(): TokenType[];
}

/**
 * A parser of Chevrotain that makes our concrete tree (`cst.ts`) and recovers in our way. Some of its methods are
 * Chevrotain's own, by name and contract.
 */
export abstract class TreeParser extends CstParser {
  /** Runs a rule over tokens: what it has read, and what the parser could not read. */
  protected readTree(rule: string, read: () => unknown, tokens: IToken[]): { readonly cst: CstNode; readonly errors: IRecognitionException[] } {
    this.input = tokens;
    this.recoveries = 0;
    read();
    const cst = makeNode(rule, this.pieces);
    const { errors } = this;
    this.pieces = [];
    this.input = [];
    return { cst, errors };
  }

  // The children of a node stand in the order of the text: what was read and has no node yet lies on `pieces`, and where a
  // rule ends, its pieces become one. (Chevrotain's own tree has a table of lists in every node, three times as large.)

  /** What was read of the rules that have not ended. */
  private pieces: Piece[] = [];

  protected cstInvocationStateUpdate(name: string): void {
    this.CST_STACK.push({ name, from: this.pieces.length });
  }

  protected cstPostTerminal(_name: string, token: IToken): void {
    this.pieces.push(token);
  }

  protected cstPostNonTerminal({ name, from }: OpenNode): void {
    const { pieces } = this;
    // Of the five rules that a value goes through, most only pass on what one other has read: the tree has the inner node in
    // their place (`expressions-to-ast.ts` goes by the names of the nodes).
    if (pieces.length === from + 1 && passingOn.has(name) && isNode(pieces[from])) return;
    const children = pieces.splice(from);
    const loose = looser[name];
    pieces.push(makeNode(name, loose && children.length > 3 ? inLevels(name, children, loose) : children));
  }

  /** Most values are one token: where nothing follows that a value goes on with, no rule needs to be asked. */
  protected readAtom(): boolean {
    const token = this.LA(1);
    if (!isAtom(token.tokenType) || goesOn(this.LA(2).tokenType)) return false;
    this.consumeToken();
    this.pieces.push(makeNode("Operand", [token]));
    return true;
  }

  // Recovery passes over a whole `{ … }` at once: the filter has balanced them, and a line break inside one is no place
  // to go on from.

  /** The distance from the token `k` ahead to the one behind it, or behind the `}` that belongs to it. */
  private stepOver(k: number): number {
    if (this.LA(k).tokenType !== t.LeftBrace) return 1;
    let depth = 0;
    for (let ahead = k; ; ahead++) {
      const { tokenType } = this.LA(ahead);
      if (tokenType === t.LeftBrace) depth++;
      else if (tokenType === t.RightBrace && --depth === 0) return ahead - k + 1;
      else if (tokenType === EOF) return ahead - k;
    }
  }

  protected override SKIP_TOKEN(): IToken {
    for (let step = this.stepOver(1); step > 0 && this.LA(1).tokenType !== EOF; step--) this.consumeToken();
    return this.LA(1);
  }

  protected findReSyncTokenType(): TokenType {
    // Recovery recurses once for each fault in a body: after very many, the rest of the text is given up.
    if (++this.recoveries > mostRecoveries) {
      while (this.LA(1).tokenType !== EOF) this.consumeToken();
      return EOF;
    }
    const wanted = this.flattenFollowSet();
    for (let k = 1; ; k += this.stepOver(k)) {
      const found = wanted.find((type) => tokenMatcher(this.LA(k), type));
      if (found) return found;
      if (this.LA(k).tokenType === EOF) return EOF;
    }
  }

  protected canRecoverWithSingleTokenDeletion(expected: TokenType): boolean {
    const { tokenType } = this.LA(1);
    return !structural.has(tokenType) && tokenMatcher(this.LA(2), expected);
  }

  /** How often reading had to go on at another place. */
  private recoveries = 0;

  /** Only what closes may be thought of as there: an invented name or number would be reported later as unknown. */
  protected override canTokenTypeBeInsertedInRecovery(type: TokenType): boolean {
    return insertable.has(type);
  }
}

/** In `a + b * c - d`, makes a node of the operators that bind tighter, with their operands: `a + (b * c) - d`. */
function inLevels(name: string, pieces: readonly Piece[], loose: ReadonlySet<TokenType>): readonly Piece[] {
  const outer: Piece[] = [];
  let inner: Piece[] = [];
  const close = (): void => {
    const [only] = inner;
    outer.push(inner.length === 1 && only ? only : makeNode(name, inner));
    inner = [];
  };
  for (const piece of pieces) {
    if (isNode(piece) || !loose.has(piece.tokenType)) {
      inner.push(piece);
    } else {
      close();
      outer.push(piece);
    }
  }
  if (outer.length === 0) return pieces;
  close();
  return outer;
}
