import type { Span } from "../base/source-file.ts";
import type { Code } from "./catalogue.ts";

export type Severity = "error" | "warning" | "info";

/** The code of a lint rule: `RL05`. */
export type RuleCode = `RL${number}`;

/** A place in a source, with what is to be said about it. */
export interface Label {
  readonly span: Span;
  readonly text: string;
}

/** An edit that mends a problem, as data: the texts that replace the spans. */
export interface Fix {
  readonly title: string;
  readonly edits: readonly { readonly span: Span; readonly text: string }[];
  /** True when the network computes the same as before, or a program that meant nothing gets the only meaning it can have. */
  readonly isSafe?: boolean;
}

/**
 * Something to tell the user. Read in this order: message (what is wrong, in the user's words), primary label (what is
 * here), secondary labels (where the expectation came from), notes (the numbers), help (the next step).
 */
export interface Problem {
  readonly code: Code | RuleCode;
  /** The name of the lint rule that found it. */
  readonly rule?: string | undefined;
  readonly severity: Severity;
  readonly message: string;
  readonly primary: Label;
  readonly secondary: readonly Label[];
  readonly notes: readonly string[];
  readonly help: readonly string[];
  readonly fixes: readonly Fix[];
}

/** What a reporting site gives; everything but code, message and place may be left out. */
export interface ProblemInput {
  readonly code: Code | RuleCode;
  readonly rule?: string | undefined;
  readonly message: string;
  readonly span: Span;
  readonly label?: string | undefined;
  readonly severity?: Severity | undefined;
  readonly secondary?: readonly Label[] | undefined;
  readonly notes?: readonly string[] | undefined;
  readonly help?: readonly string[] | undefined;
  readonly fixes?: readonly Fix[] | undefined;
}

/** Makes a problem from what the reporting site knows. */
export function createProblem(input: ProblemInput): Problem {
  return {
    code: input.code,
    ...(input.rule === undefined ? {} : { rule: input.rule }),
    severity: input.severity ?? "error",
    message: input.message,
    primary: { span: input.span, text: input.label ?? "" },
    secondary: input.secondary ?? [],
    notes: input.notes ?? [],
    help: (input.help ?? []).map(capitalized),
    fixes: input.fixes ?? [],
  };
}

/** Help is a sentence; whoever wrote it as the end of one is put right here. */
function capitalized(text: string): string {
  return /^[a-z]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

/** The result of a stage: there is always a value to go on with, and whatever has to be said. */
export interface Outcome<T> {
  readonly value: T;
  readonly problems: readonly Problem[];
}

/** True when at least one of the problems is an error. */
export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === "error");
}

/** In the order of files and places, the same message at the same place once. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const order = new Map<unknown, number>();
  for (const { primary } of problems) if (!order.has(primary.span.source)) order.set(primary.span.source, order.size);
  const seen = new Set<string>();
  const unique = problems.filter((problem) => {
    const { span } = problem.primary;
    const key = `${order.get(span.source)}:${span.start}:${span.end}:${problem.code}:${problem.message}`;
    return !seen.has(key) && seen.add(key);
  });
  return unique.sort((a, b) => {
    const files = (order.get(a.primary.span.source) as number) - (order.get(b.primary.span.source) as number);
    return files || a.primary.span.start - b.primary.span.start || String(a.code).localeCompare(String(b.code), "en");
  });
}
