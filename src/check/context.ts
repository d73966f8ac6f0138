import type { Span } from "../base/source-file.ts";
import type { Instance } from "../ir/origin.ts";
import type { Element } from "../syntax/ast.ts";
import type { BlockDatum } from "./data.ts";
import { spanIn } from "./data.ts";
import type { NameScope } from "./naming.ts";
import type { NetworkRun } from "./network.ts";
import type { Flow, LabelScope, Scope } from "./scope.ts";
import type { Report, Session } from "./session.ts";

/** The shortcut policy in force; a body may set its own, otherwise its holder's holds. */
export interface PolicyCell {
  readonly parent: PolicyCell | undefined;
  /** `unknown` after a policy that could not be worked out: nothing more is said about the shortcuts it would have made. */
  current: { readonly block: BlockDatum; readonly span: Span } | "unknown" | undefined;
}

/** Where an expression or a body is worked out. */
export interface Context {
  readonly session: Session;
  readonly scope: Scope;
  readonly labels: LabelScope;
  readonly names: NameScope;
  /** True inside `x` or `for` of the same name scope: unlabelled blocks take numbers. */
  readonly repeated: boolean;
  readonly policy: PolicyCell;
  readonly instance: Instance | undefined;
  /** What `in` is; absent outside of a block. */
  readonly input: Flow | undefined;
  /** True inside what a shortcut policy makes. */
  readonly inserted: boolean;
  /** Instances around this place. */
  readonly nesting: number;
  readonly loopIndex: number | undefined;
  /** Set in the text of a network on top or used as an element: where `input`, `output` and `expect` belong. */
  readonly network: NetworkRun | undefined;
}

export function spanAt(context: Context, range: { readonly start: number; readonly end: number }): Span {
  return spanIn(context.scope.source, range);
}

/** Counts an element or statement, or one pass of a repetition, against the budget; ends the elaboration when it is spent. */
export function spendStep(context: Context, range: { readonly start: number; readonly end: number }): void {
  const { session } = context;
  if (--session.stepsLeft < 0) session.outOfSteps(spanAt(context, range), context.instance);
}

/** Counts work on values that are no elements (expressions, entries of lists, comparisons) against their budget. */
export function spendWork(count: number, context: Context, range: { readonly start: number; readonly end: number }): void {
  const { session } = context;
  session.workLeft -= count;
  if (session.workLeft < 0) session.outOfWork(spanAt(context, range), context.instance);
}

/** Reports a problem at a range of the text being worked on. */
export function report(
  context: Context,
  range: { readonly start: number; readonly end: number },
  problem: Omit<Report, "span" | "instance">,
): void {
  context.session.report({ ...problem, span: spanAt(context, range), instance: context.instance });
}

/** What the text of an element calls it, for messages. */
export function elementText(context: Context, element: Element | { readonly start: number; readonly end: number }): string {
  const text = context.scope.source.text.slice(element.start, element.end).replace(/\s+/g, " ");
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
