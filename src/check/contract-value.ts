import { groupDigits } from "../base/digits.ts";
import type { Fix } from "../diagnostics/problem.ts";
import type { Expect, Expression } from "../syntax/ast.ts";
import type { Context } from "./context.ts";
import { spanAt } from "./context.ts";
import type { Datum, ListDatum } from "./data.ts";
import { equalData, formatDatum } from "./data.ts";
import { compareSizes } from "./evaluate.ts";

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The edit that makes a contract say what was measured, in the form in which it was written: `==` stays, a bound becomes the
 * nearest that holds. Nothing for `!=`, and where a formula says the value, which is the author's to change.
 */
export function writingMeasured(item: Expect, expected: Datum, measured: Datum, context: Context): readonly Fix[] {
  const { quantity, relation, value } = item;
  const { source } = context.scope;
  const isBound = relation !== "==";
  if (relation === "!=" || source.standard || (isBound && measured.kind !== "number")) return [];
  const edits = editsOf(value, expected, measured, context);
  if (edits === undefined) return [];
  const written = edits.reduceRight((text, edit) => text.slice(0, edit.start - value.start) + edit.text + text.slice(edit.end - value.start), source.text.slice(value.start, value.end));
  const sign = source.text.indexOf(relation, quantity.end) + relation.length;
  const all = relation === "<" || relation === ">" ? [{ start: sign, end: sign, text: "=" }, ...edits] : edits;
  return [{ title: `expect ${isBound ? `${relation.charAt(0)}= ` : ""}${written}`, edits: all.map(({ text, ...range }) => ({ span: spanAt(context, range), text })) }];
}

/** What to write where in an expression so that it is what was measured; nothing where that would be written over a formula. */
function editsOf(expression: Expression, expected: Datum, measured: Datum, context: Context): readonly Edit[] | undefined {
  const { start, end } = expression;
  if (expression.kind === "list" && expected.kind === "list" && measured.kind === "list") return editsOfList(expression, expected, measured, context);
  if (expression.kind === "number" && measured.kind === "number" && typeof measured.value === "number") return [{ start, end, text: numberLike(expression.text, measured.value) }];
  if (expression.kind === "size" && measured.kind !== "dimension") {
    const items = measured.kind === "list" ? measured.items : expression.entries.map(() => measured);
    return [{ start, end, text: items.map((item) => formatDatum(item)).join("x") }];
  }
  return isWritten(expression, measured) ? [{ start, end, text: formatDatum(measured) }] : undefined;
}

/** Entry by entry, so that those that hold stay as they are written. */
function editsOfList(expression: Expression & { readonly kind: "list" }, expected: ListDatum, measured: ListDatum, context: Context): readonly Edit[] | undefined {
  const { start, end, entries } = expression;
  if (entries.length !== measured.items.length) {
    return entries.every((entry, index) => isWritten(entry, expected.items[index])) ? [{ start, end, text: formatDatum(measured) }] : undefined;
  }
  const edits: Edit[] = [];
  for (const [index, entry] of entries.entries()) {
    const [wanted, found] = [expected.items[index], measured.items[index]];
    if (wanted === undefined || found === undefined || equalData(wanted, found, (a, b) => compareSizes(a, b, context) === 0)) continue;
    const inner = editsOf(entry, wanted, found, context);
    if (inner === undefined) return undefined;
    edits.push(...inner);
  }
  return edits;
}

/** True for a number that is written out, and for a size of any image, which a value in symbols says in full. */
function isWritten(expression: Expression, value: Datum | undefined): boolean {
  return expression.kind === "number" || value?.kind === "dimension";
}

const DECIMALS: Readonly<Record<string, number>> = { K: 3, M: 6, G: 9 };

/** A whole number in the form of another: its `K`, `M` or `G` where as many decimals say it exactly, its digits in groups or not. */
export function numberLike(form: string, value: number): string {
  const suffix = form.slice(-1);
  const places = DECIMALS[suffix];
  if (places !== undefined) {
    const decimals = Math.min(places, form.split(".")[1]?.replace(/\D/g, "").length ?? 0);
    if (value % 10 ** (places - decimals) === 0) return `${value / 10 ** places}${suffix}`;
  }
  return /^\d{4,}$/.test(form) ? String(value) : groupDigits(value).replaceAll(",", "_");
}
