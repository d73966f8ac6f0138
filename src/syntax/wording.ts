import { EOF, type IRecognitionException, type IToken } from "chevrotain";
import { endOf } from "./lexer.ts";
import { rangeOf, fixOf, shorten, type Reporter, type SyntaxProblem } from "./reporter.ts";
import * as t from "./tokens.ts";

/** What could have followed, by the rule that was being read. */
const expectedIn: Readonly<Record<string, string>> = {
  File: "`use`, `let`, `network`, `block` or `recipe`",
  Use: "`use std.blocks { basic }`: a module, and in braces what is taken from it",
  Import: "the name of what is taken from the module",
  Decl: "a name, its parameters, and then `{ … }` or `= …`",
  Params: "`,` or `)`",
  Param: "a parameter with its type, as in `width: int`",
  Type: "a type, as `int`, `block[4]` or `float32[N, 3, H, W]`",
  Body: "`->`, `|`, the end of the line or `}`",
  Item: "a layer or a statement",
  Let: "`let name = value`",
  Input: "`input name: float32[N, 3, H, W]`",
  Output: "`output name` or `output name = label`",
  Shortcuts: "`shortcuts` and a block that makes them",
  Require: "`require condition, \"what to tell\"`",
  Expect: "`expect quantity == value`, as in `expect params == 21_797_672`",
  Chain: "a layer",
  Element: "a layer",
  If: "`if condition { … }`",
  For: "`for name in list { … }`",
  From: "the label of an earlier layer, or `in`",
  Layer: "a layer",
  Args: "`,` or `)`",
  List: "`,` or `]`",
  Operand: "`]`",
  Path: "a name",
  RelOp: "`==` or another comparison",
};

const aValue = "a value: a number, a name, a text or a list";

/** Words one error of the parser for people. */
export function reportSyntaxError(error: IRecognitionException, tokens: readonly IToken[], reporter: Reporter): void {
  const { token } = error;
  const previous = tokens[indexOf(token, tokens) - 1];
  const rule = error.context.ruleStack.at(-1) ?? "File";
  const words = describe({ token, previous, rule, rules: error.context.ruleStack, ...placeOf(indexOf(token, tokens), tokens) }, reporter);
  const length = reporter.source.text.length;
  const atEnd = previous ? endOf(previous) : length;
  const place = token.tokenType === EOF ? { start: atEnd, end: atEnd } : rangeOf(token);
  reporter.reportOncePerLine({ ...place, ...words, unread: true });
}

type Words = Omit<SyntaxProblem, "start" | "end"> & { readonly start?: number; readonly end?: number };

interface Fault {
  readonly token: IToken;
  readonly previous: IToken | undefined;
  readonly rule: string;
  readonly rules: readonly string[];
  /** What the line begins with, behind a `{` that it may have. */
  readonly begins: IToken | undefined;
  /** Whether the token stands in the body of a recipe, where everything is a field. */
  readonly inRecipe: boolean;
}

/** Where a token stands, by those before it. */
function placeOf(index: number, tokens: readonly IToken[]): Pick<Fault, "begins" | "inRecipe"> {
  const typeAt = (at: number): IToken["tokenType"] | undefined => tokens[at]?.tokenType;
  let first = index;
  while (first > 0 && typeAt(first - 1) !== t.NewLine && typeAt(first - 1) !== t.LeftBrace) first--;
  let open = index - 1;
  for (let closed = 0; open >= 0 && (closed > 0 || typeAt(open) !== t.LeftBrace); open--) {
    if (typeAt(open) === t.RightBrace) closed++;
    else if (typeAt(open) === t.LeftBrace) closed--;
  }
  let head = open;
  while (head > 0 && typeAt(head - 1) !== t.NewLine && typeAt(head - 1) !== t.RightBrace) head--;
  return { begins: tokens[first], inRecipe: open >= 0 && typeAt(head) === t.Recipe };
}

/** The index of a token; of the end of the file, one more than the last. */
function indexOf(token: IToken, tokens: readonly IToken[]): number {
  if (token.tokenType === EOF) return tokens.length;
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle] as IToken).startOffset < token.startOffset) low = middle + 1;
    else high = middle;
  }
  while (low < tokens.length && tokens[low] !== token) low++;
  return low;
}

function describe({ token, previous, rule, rules, begins, inRecipe }: Fault, reporter: Reporter): Words {
  const type = token.tokenType;
  const found = nameOf(token);
  const before = previous?.tokenType;
  if (type === t.Times && before && t.endsOperand(before) && rules.some((name) => name === "Args" || name === "List")) {
    return {
      code: "RN0101",
      message: "a size is written without spaces, `3x3`, and no repetition can stand here",
      help: ["a size of names is a list, `[height, width]`"],
    };
  }
  if (rule === "Use" && previous && before !== t.Use && before !== t.LeftBrace) {
    return {
      code: "RN0100",
      message: "`use` has to say in braces what it takes",
      ...rangeOf(previous),
      help: ["write `use std.blocks { basic, bottleneck }`"],
    };
  }
  if (t.isReserved(type) && namePlaces.has(rule)) {
    return {
      code: "RN0102",
      message: `\`${token.image}\` is a word of the language and cannot be a name here`,
      help: ["choose another name"],
    };
  }
  if (type === t.Else) {
    return { code: "RN0100", message: "this `else` belongs to no `if`", help: ["a choice of values is `this if condition else that`"] };
  }
  const beginsEntry = before === t.Comma || before === t.LeftParen || before === t.LeftSquare;
  // Behind a value, an operand goes on with what stands in `[ ]`.
  const wantsValue = (valuePlaces.has(rule) && !(rule === "Operand" && t.endsOperand(before))) || (beginsEntry && (rule === "Args" || rule === "List"));
  if (wantsValue && t.isReserved(type)) {
    return {
      code: "RN0102",
      message: `\`${token.image}\` is a word of the language, not ${aValue}`,
      help: ["if it was meant as a name, choose another one"],
    };
  }
  if ((type === t.Bar || type === t.RightBrace) && before === t.Bar) {
    return {
      code: "RN0602",
      message: "there is nothing in this branch",
      help: ["write `identity` for a branch that changes nothing"],
    };
  }
  if ((rules.at(-1) === "If" || rules.at(-1) === "For") && (type === t.NewLine || type === t.RightBrace)) {
    return {
      code: "RN0104",
      message: `\`${rule.toLowerCase()}\` needs \`{\` on this line`,
      help: [`write ${expectedIn[rule]}`],
    };
  }
  if (rule === "Body" && (token.image === "then" || token.image === "do")) {
    const statement = token.image === "then" ? "If" : "For";
    return { code: "RN0100", message: `no \`${token.image}\` is needed: what follows stands in braces`, help: [`write ${expectedIn[statement]}`] };
  }
  if (rule === "Body" && previous && t.endsOperand(before ?? type) && t.beginsOperand(type)) {
    const end = endOf(previous);
    const message = `something is missing between ${nameOf(previous)} and ${found}`;
    if (inRecipe) {
      return { code: "RN0100", message, help: ["each field of a recipe has a line of its own"], fixes: [fixOf(reporter.source, "begin a new line", end, end, "\n ")] };
    }
    return {
      code: "RN0100",
      message,
      help: ["lead from layer to layer with `->`, or begin a new line; a label ends with `:`"],
      fixes: [fixOf(reporter.source, "add `->`", end, end, " ->")],
    };
  }
  if (rule === "Body" && type === t.Arrow && begins && t.isReserved(begins.tokenType)) {
    return {
      code: "RN0100",
      message: `\`->\` leads from layer to layer, and this line is a statement, \`${begins.image}\``,
      help: begins.tokenType === t.Output ? ["label the last layer on a line of its own, `scores: linear(10)`, and name the label: `output NAME = scores`"] : ["begin a new line with the layers"],
    };
  }
  if (rule === "Param" && type !== t.Colon && previous && before === t.Identifier) {
    return {
      code: "RN0100",
      message: `the parameter \`${shorten(previous.image)}\` has no type`,
      ...rangeOf(previous),
      help: [`write \`${shorten(previous.image)}: int\`, or float, bool, string, block`],
    };
  }
  if (rule === "File") {
    const help = foreignBeginnings.find(([words]) => words.test(token.image))?.[1];
    return { ...plain(found, expectedIn[rule] ?? aValue), help: help === undefined ? [] : [help] };
  }
  if (before === t.Dot) return plain(found, "a name after `.`");
  if (wantsValue) return plain(found, aValue);
  return plain(found, expectedIn[rule] ?? aValue);
}

function plain(found: string, expected: string): Words {
  return { code: "RN0100", message: `${found} cannot stand here: expected ${expected}` };
}

/** How other languages begin what is said otherwise here. */
const foreignBeginnings: readonly (readonly [RegExp, string])[] = [
  [/^(?:import|from|include|using)$/, "write `use std.blocks { basic }`, or `use \"parts.resnet\" { stem }` for a file"],
  [/^(?:class|model|module|net|graph)$/i, "write `network NAME { … }`, and `block NAME(width: int) { … }` for a piece of one"],
  [/^(?:def|fn|func|function|layer)$/, "write `block NAME(width: int) { … }`"],
  [/^(?:var|const|auto|set)$/, "write `let NAME = …`"],
];

const namePlaces: ReadonlySet<string> = new Set(["Import", "Decl", "Param", "Let", "Input", "Output", "For", "Path"]);
const valuePlaces: ReadonlySet<string> = new Set(["Comparison", "Operand", "Group", "Arg"]);

/** How a reader would call a token. */
function nameOf(token: IToken): string {
  const { tokenType, image } = token;
  if (tokenType === EOF) return "the end of the file";
  if (tokenType === t.NewLine) return "the end of the line";
  if (image === "") return "the end of this";
  return `\`${shorten(image)}\``;
}
