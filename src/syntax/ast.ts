import type { SourceFile } from "../base/source-file.ts";

/**
 * The syntax tree. Every node has the half-open range of UTF-16 offsets it covers in its module's source; nothing else
 * points out of the tree, so a tree is plain JSON (the standard library is stored in this form).
 */
export interface Ranged {
  readonly start: number;
  readonly end: number;
}

/** A name with its place. */
export interface Identifier extends Ranged {
  readonly name: string;
}

/** One `.resnet` file. */
export interface Module {
  readonly source: SourceFile;
  /** `//!`-free documentation: the `///` lines above the first item, when a blank line follows them. */
  readonly doc: string | undefined;
  readonly items: readonly ModuleItem[];
  /** Set when something outside of its declarations could not be read: a name that seems unknown must not be reported. */
  readonly broken?: boolean;
}

export type ModuleItem = Use | Let | Declaration;

/** `use std.blocks { basic, stage as row }` */
export interface Use extends Ranged {
  readonly kind: "use";
  /** `std.blocks`, or what stands between the quotes of a path. */
  readonly from: Identifier;
  /** True for `use "file.resnet" { … }`. */
  readonly isPath: boolean;
  readonly imports: readonly Import[];
}

export interface Import extends Ranged {
  readonly name: Identifier;
  readonly alias: Identifier | undefined;
}

/** `network`, `block` or `recipe`; with `target` an alias (`network Plain20 = ResNet20(option=none) { … }`). */
export interface Declaration extends Ranged {
  readonly kind: "declaration";
  readonly keyword: "network" | "block" | "recipe";
  readonly name: Identifier;
  /** `undefined` when there is no parameter list: an alias without one keeps its target's parameters. */
  readonly parameters: readonly Parameter[] | undefined;
  readonly target: Expression | undefined;
  /** Absent in an alias without `{ }`. */
  readonly body: Body | undefined;
  /** The text of the `///` lines above, without the slashes. */
  readonly doc: string | undefined;
  /** Set when a part of it could not be read and is not in the tree: what seems to be missing must not be reported. */
  readonly broken?: boolean;
}

export interface Parameter extends Ranged {
  readonly name: Identifier;
  readonly type: TypeExpression;
  readonly default: Expression | undefined;
}

/** `int`, `block[4]`, `int[]` (an empty list), `float32[N, 3, H, W]`. */
export interface TypeExpression extends Ranged {
  readonly name: Identifier;
  readonly list: readonly Expression[] | undefined;
}

/**
 * `{ … }`. The items as `|` divides them; a body without `|` has one group (an empty body: one empty group).
 * `{ | a | b }` has `leadingBar` and two groups; `{ let n = 1 | a | b }` three groups without it.
 */
export interface Body extends Ranged {
  readonly groups: readonly (readonly Item[])[];
  readonly leadingBar: boolean;
  /** The place of every `|`. */
  readonly bars: readonly Ranged[];
}

export type Item = Let | Input | Output | Shortcuts | Require | Expect | Chain;

export interface Let extends Ranged {
  readonly kind: "let";
  readonly name: Identifier;
  readonly value: Expression;
}

export interface Input extends Ranged {
  readonly kind: "input";
  readonly name: Identifier;
  readonly type: TypeExpression;
}

export interface Output extends Ranged {
  readonly kind: "output";
  readonly name: Identifier;
  readonly path: Path | undefined;
}

export interface Shortcuts extends Ranged {
  readonly kind: "shortcuts";
  readonly policy: Expression;
}

export interface Require extends Ranged {
  readonly kind: "require";
  readonly condition: Expression;
  readonly message: string | undefined;
}

export type Relation = "==" | "!=" | "<" | "<=" | ">" | ">=";

export interface Expect extends Ranged {
  readonly kind: "expect";
  /** What is measured: `params`, `layer1.params`, `rf.min`. */
  readonly quantity: Path;
  readonly relation: Relation;
  readonly value: Expression;
}

/** `Ident { "." (Word | Index) }`; an index part is its decimal text. */
export interface Path extends Ranged {
  readonly parts: readonly Identifier[];
}

/** `a -> b -> c` */
export interface Chain extends Ranged {
  readonly kind: "chain";
  readonly elements: readonly Element[];
}

export type Element = IfElement | ForElement | FromElement | GroupElement | LayerElement;

interface ElementBase extends Ranged {
  readonly label: Identifier | undefined;
}

export interface IfElement extends ElementBase {
  readonly kind: "if";
  readonly condition: Expression;
  readonly then: Body;
  readonly otherwise: IfElement | Body | undefined;
}

export interface ForElement extends ElementBase {
  readonly kind: "for";
  readonly variable: Identifier;
  readonly iterable: Expression;
  readonly body: Body;
}

/** `from enc1`, `from b.c5`; `from in` has no path. */
export interface FromElement extends ElementBase {
  readonly kind: "from";
  readonly path: Path | undefined;
}

/** `{ … }` standing alone. */
export interface GroupElement extends ElementBase {
  readonly kind: "group";
  readonly body: Body;
}

/** `unit(64)`; `3 x unit(64)` has `repeated`; `residual(C) { … }` has `body`. */
export interface LayerElement extends ElementBase {
  readonly kind: "layer";
  readonly callee: Expression;
  readonly repeated: Element | undefined;
  readonly body: Body | undefined;
}

export type Expression =
  | NumberLiteral
  | SizeLiteral
  | StringLiteral
  | BooleanLiteral
  | NameExpression
  | InExpression
  | ListExpression
  | UnaryExpression
  | BinaryExpression
  | ConditionalExpression
  | CallExpression
  | IndexExpression
  | MemberExpression;

/** `0.1`, `64_000`, `4.1G`: the text as written; its value is exact. */
export interface NumberLiteral extends Ranged {
  readonly kind: "number";
  readonly text: string;
}

/** `3x3` is the list `[3, 3]`; each entry as it is written. */
export interface SizeLiteral extends Ranged {
  readonly kind: "size";
  readonly entries: readonly string[];
}

export interface StringLiteral extends Ranged {
  readonly kind: "string";
  readonly value: string;
}

export interface BooleanLiteral extends Ranged {
  readonly kind: "boolean";
  readonly value: boolean;
}

export interface NameExpression extends Ranged {
  readonly kind: "name";
  readonly name: string;
}

/** `in`: what the enclosing block receives. */
export interface InExpression extends Ranged {
  readonly kind: "in";
}

export interface ListExpression extends Ranged {
  readonly kind: "list";
  readonly entries: readonly Expression[];
}

export interface UnaryExpression extends Ranged {
  readonly kind: "unary";
  readonly operator: "-" | "not";
  readonly operand: Expression;
}

export type BinaryOperator = Relation | "+" | "-" | "*" | "/" | "%" | "and" | "or";

export interface BinaryExpression extends Ranged {
  readonly kind: "binary";
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
}

/** `then if condition else otherwise` */
export interface ConditionalExpression extends Ranged {
  readonly kind: "conditional";
  readonly condition: Expression;
  readonly then: Expression;
  readonly otherwise: Expression;
}

export interface CallExpression extends Ranged {
  readonly kind: "call";
  readonly callee: Expression;
  readonly arguments: readonly Argument[];
}

export interface Argument extends Ranged {
  readonly name: Identifier | undefined;
  readonly value: Expression;
}

export interface IndexExpression extends Ranged {
  readonly kind: "index";
  readonly object: Expression;
  readonly index: Expression;
}

export interface MemberExpression extends Ranged {
  readonly kind: "member";
  readonly object: Expression;
  readonly member: Identifier;
}
