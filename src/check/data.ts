import type { SourceFile, Span } from "../base/source-file.ts";
import type { Rational } from "../base/rational.ts";
import { formatRational } from "../base/rational.ts";
import type { Problem } from "../diagnostics/problem.ts";
import type { SymbolicDim } from "../ir/dim.ts";
import { formatDim } from "../ir/dim.ts";
import type { OpRecord } from "../ops/define-op.ts";
import type { Declaration, Module } from "../syntax/ast.ts";
import type { DeclaredParameter } from "./call.ts";

/** What an expression of the language can be. `unknown` stands for what could not be worked out; it raises no second message. */
export type Datum = NumberDatum | BooleanDatum | StringDatum | ListDatum | DimensionDatum | BlockDatum | FunctionDatum | Unknown;

export interface NumberDatum {
  readonly kind: "number";
  readonly value: Rational;
  /** True for a number given where `int[]` is wanted: every entry is it. */
  readonly everyAxis?: boolean;
}
export interface BooleanDatum {
  readonly kind: "boolean";
  readonly value: boolean;
}
export interface StringDatum {
  readonly kind: "string";
  readonly value: string;
}
export interface ListDatum {
  readonly kind: "list";
  readonly items: readonly Datum[];
}
/** A size that depends on a symbol: `H`, `H / 8`, `ceil(W / 4)`. */
export interface DimensionDatum {
  readonly kind: "dimension";
  readonly dim: SymbolicDim;
}
/** A block, network, operator or join with some parameters bound. */
export interface BlockDatum {
  readonly kind: "block";
  readonly target: Target;
  readonly bound: ReadonlyMap<string, Bound>;
}
export interface FunctionDatum {
  readonly kind: "function";
  readonly name: string;
}
export interface Unknown {
  readonly kind: "unknown";
}

export const UNKNOWN: Unknown = { kind: "unknown" };
export const number = (value: Rational): NumberDatum => ({ kind: "number", value });
export const boolean = (value: boolean): BooleanDatum => ({ kind: "boolean", value });

export type Target =
  | { readonly kind: "declaration"; readonly declared: Declared }
  | { readonly kind: "operator"; readonly record: OpRecord }
  | { readonly kind: "none" };

/** A declaration in the scope of its module. */
export interface Declared {
  readonly ast: Declaration;
  readonly module: Module;
  readonly name: string;
  /** For an alias: what it stands for, worked out on first use. */
  alias?: BlockDatum | Unknown | "working";
  /** Its parameters, read off its text on first use. */
  parameters?: readonly DeclaredParameter[];
  /** What was said of that on the way. */
  aliasProblems?: readonly Problem[];
}

/** An argument that was given, and where. */
export interface Bound {
  readonly datum: Datum;
  readonly span: Span;
}

export function spanIn(source: SourceFile, range: { readonly start: number; readonly end: number }): Span {
  return { source, start: range.start, end: range.end };
}

export function targetName(target: Target): string {
  if (target.kind === "none") return "none";
  return target.kind === "declaration" ? target.declared.name : target.record.name;
}

/** As a user would write it: `[3, 4, 6, 3]`, `B(norm=identity)`, `0.5`; what is nested deeply is cut short. */
export function formatDatum(datum: Datum, levels = 4): string {
  switch (datum.kind) {
    case "number":
      return formatRational(datum.value);
    case "boolean":
      return String(datum.value);
    case "string":
      return JSON.stringify(datum.value);
    case "list": {
      const shown = datum.items.slice(0, 12).map((item) => (levels === 0 ? "…" : formatDatum(item, levels - 1)));
      return `[${shown.join(", ")}${datum.items.length > 12 ? ", …" : ""}]`;
    }
    case "dimension":
      return formatDim(datum.dim);
    case "block": {
      if (datum.bound.size === 0) return targetName(datum.target);
      const given = [...datum.bound].map(([name, { datum: value }]) => `${name}=${levels === 0 ? "…" : formatDatum(value, levels - 1)}`);
      return `${targetName(datum.target)}(${given.join(", ")})`;
    }
    case "function":
      return datum.name;
    case "unknown":
      return "?";
  }
}

/** As they stand in a call: `width=64, stride=2`. */
export function argumentsText(bound: BlockDatum["bound"]): string {
  let text = "";
  for (const [name, { datum }] of bound) text += `${text === "" ? "" : ", "}${name}=${formatDatum(datum)}`;
  return text;
}

/** "a number", "a list of 4": for messages about a value of the wrong kind. */
export function describeDatum(datum: Datum): string {
  switch (datum.kind) {
    case "number":
      return `the number ${formatDatum(datum)}`;
    case "boolean":
      return `${datum.value}`;
    case "string":
      return `the text ${formatDatum(datum)}`;
    case "list":
      return `a list of ${datum.items.length}`;
    case "dimension":
      return `the size ${formatDatum(datum)}`;
    case "block":
      return `the ${targetWord(datum.target)} \`${formatDatum(datum)}\``;
    case "function":
      return `the function \`${datum.name}\``;
    case "unknown":
      return "something unknown";
  }
}

/** What people call it: block, network, recipe, operator, join. */
export function targetWord(target: Target): string {
  if (target.kind === "none") return "block";
  if (target.kind === "declaration") return target.declared.ast.keyword;
  return target.record.form === "join" ? "join" : "operator";
}

/** `==` of the language: lists entry by entry, a list and a number every entry, blocks by declaration and arguments. `undefined`: unknown. */
export function equalData(a: Datum, b: Datum, sameDims: (a: DimensionDatum | NumberDatum, b: DimensionDatum | NumberDatum) => boolean | undefined): boolean | undefined {
  if (a.kind === "unknown" || b.kind === "unknown") return undefined;
  if (a === b) return true;
  if (a.kind === "list" || b.kind === "list") {
    if (a.kind === "list" && b.kind === "list") {
      if (a.items.length !== b.items.length) return false;
      return allEqual(a.items, (item, i) => equalData(item, b.items[i] as Datum, sameDims));
    }
    const list = a.kind === "list" ? a : (b as ListDatum);
    const other = a.kind === "list" ? b : a;
    if (other.kind !== "number" && other.kind !== "dimension") return false;
    return allEqual(list.items, (item) => equalData(item, other, sameDims));
  }
  if ((a.kind === "number" || a.kind === "dimension") && (b.kind === "number" || b.kind === "dimension")) return sameDims(a, b);
  if (a.kind === "block" && b.kind === "block") {
    if (!sameTarget(a.target, b.target) || a.bound.size !== b.bound.size) return false;
    return allEqual([...a.bound], ([name, { datum }]) => {
      const other = b.bound.get(name);
      return other === undefined ? false : equalData(datum, other.datum, sameDims);
    });
  }
  if (a.kind === "function" && b.kind === "function") return a.name === b.name;
  if ((a.kind === "boolean" && b.kind === "boolean") || (a.kind === "string" && b.kind === "string")) return a.value === b.value;
  return false;
}

function allEqual<T>(items: readonly T[], equal: (item: T, index: number) => boolean | undefined): boolean | undefined {
  let unknown = false;
  for (const [index, item] of items.entries()) {
    const result = equal(item, index);
    if (result === false) return false;
    unknown ||= result === undefined;
  }
  return unknown ? undefined : true;
}

export function sameTarget(a: Target, b: Target): boolean {
  if (a.kind === "declaration") return b.kind === "declaration" && a.declared === b.declared;
  if (a.kind === "operator") return b.kind === "operator" && a.record === b.record;
  return b.kind === "none";
}
