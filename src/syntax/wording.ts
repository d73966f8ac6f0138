import { EOF, type IRecognitionException, type IToken } from "chevrotain";
import { rangeOf, fixOf, type Reporter, type SyntaxProblem } from "./reporter.ts";
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
  Postfix: "`]`",
  Path: "a name",
  RelOp: "`==` or another comparison",
};

const aValue = "a value: a number, a name, a text or a list";

/** Words one error of the parser for people. */
export function reportSyntaxError(error: IRecognitionException, tokens: readonly IToken[], reporter: Reporter): void {
  const isEnd = error.token.tokenType === EOF;
  const length = reporter.source.text.length;
  const last = tokens.at(-1);
  const place = isEnd ? { start: last ? rangeOf(last).end : length, end: last ? rangeOf(last).end : length } : rangeOf(error.token);
  reporter.reportOncePerLine({ ...describe(error, reporter), ...place });
}

type Words = Omit<SyntaxProblem, "start" | "end">;

function describe(error: IRecognitionException, reporter: Reporter): Words {
  const { token } = error;
  const previous = "previousToken" in error ? (error.previousToken as IToken | undefined) : undefined;
  const rule = error.context.ruleStack.at(-1) ?? "File";
  const found = nameOf(token);
  const outer = error.context.ruleStack;
  const inBrackets = outer.some((name) => name === "Args" || name === "List");
  const type = token.tokenType;

  if (type === t.Times && inBrackets) {
    return {
      code: "RN0101",
      message: "a repetition cannot stand here, and a size is written as one word",
      label: "`x` between two values",
      help: ["write `3x3`, or with names a list: `[height, width]`"],
    };
  }
  if (t.isReserved(type) && expectsName(rule)) {
    return {
      code: "RN0102",
      message: `\`${token.image}\` is a word of the language and cannot be a name here`,
      help: ["choose another name"],
    };
  }
  if (rule === "Primary" && t.isReserved(type)) {
    return {
      code: "RN0102",
      message: `\`${token.image}\` is a word of the language, not ${aValue}`,
      help: ["if it was meant as a name, choose another one"],
    };
  }
  if (type === t.LeftBrace && (rule === "Args" || rule === "List")) return plain(found, "`,` or a closing bracket");
  if ((type === t.Bar || type === t.RightBrace) && previous?.tokenType === t.Bar) {
    return {
      code: "RN0100",
      message: "there is nothing in this branch",
      help: ["write `identity` for a branch that changes nothing"],
    };
  }
  if ((rule === "If" || rule === "For") && (type === t.NewLine || type === t.RightBrace)) {
    return { code: "RN0104", message: `\`${rule.toLowerCase()}\` needs \`{\` on this line`, help: [`write ${expectedIn[rule]}`] };
  }
  if ((rule === "Args" || rule === "List" || rule === "Params") && previous && t.endsOperand(previous.tokenType) && t.beginsOperand(type)) {
    const { end } = rangeOf(previous);
    return {
      code: "RN0100",
      message: `a comma is missing before ${found}`,
      fixes: [fixOf(reporter.source, "add a comma", end, end, ",")],
    };
  }
  if (rule === "Body" && t.beginsOperand(type) && previous && t.endsOperand(previous.tokenType)) {
    const { end } = rangeOf(previous);
    return {
      code: "RN0100",
      message: `something is missing between ${nameOf(previous)} and ${found}`,
      help: ["lead from layer to layer with `->`, or begin a new line"],
      fixes: [fixOf(reporter.source, "add `->`", end, end, " ->")],
    };
  }
  if (rule === "Param" && type !== t.Colon && previous?.tokenType === t.Identifier) {
    return {
      code: "RN0100",
      message: `the parameter \`${previous.image}\` has no type`,
      help: [`write \`${previous.image}: int\`, or float, bool, string, block`],
    };
  }
  if (rule === "Primary" || rule === "Arg" || rule === "Unary" || rule === "Not") return plain(found, aValue);
  return plain(found, expectedIn[rule] ?? aValue);
}

function plain(found: string, expected: string): Words {
  return { code: "RN0100", message: `${found} cannot stand here`, label: `expected ${expected}` };
}

function expectsName(rule: string): boolean {
  return ["Import", "Decl", "Param", "Let", "Input", "Output", "For", "Path", "Use"].includes(rule);
}

/** How a reader would call a token. */
function nameOf(token: IToken): string {
  const { tokenType, image } = token;
  if (tokenType === EOF) return "the end of the file";
  if (tokenType === t.NewLine) return "the end of the line";
  if (image === "") return "the end of the brackets";
  return `\`${image.length > 40 ? `${image.slice(0, 40)}…` : image}\``;
}
