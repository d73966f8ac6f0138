import { groupDigits } from "../base/digits.ts";
import type { Span } from "../base/source-file.ts";
import type { Label, Problem, ProblemInput } from "../diagnostics/problem.ts";
import { createProblem } from "../diagnostics/problem.ts";
import type { SymbolFact } from "../ir/dim.ts";
import type { GraphBuilder, Value } from "../ir/graph.ts";
import { createGraphBuilder } from "../ir/graph.ts";
import type { Instance } from "../ir/origin.ts";
import type { Jump } from "./jump.ts";
import type { ModuleIndex } from "./module-index.ts";
import type { ModuleScopes } from "./module-scope.ts";

/** Elaboration always ends: what one network may cost (language reference, "Limits"). */
export const LIMITS = { steps: 200_000, layers: 100_000, nesting: 64, elements: 300, work: 20_000_000 } as const;

/** Thrown inside an elaboration whose budget is spent, after the problem has been reported; never leaves `check/`. */
export class BudgetSpent extends Error {}

/** What a reporting site in an elaboration gives. */
export interface Report extends Omit<ProblemInput, "severity"> {
  /** The chain of uses the place stands in; the message points to the innermost one in the user's own files. */
  readonly instance?: Instance | undefined;
  /** The same place in the library is the same mistake, whichever of the user's lines led there. */
  readonly oncePerPlace?: boolean;
}

/** What is shared while one network is elaborated. */
export interface Session {
  readonly index: ModuleIndex;
  /** Scopes of modules, shared by all networks of one check. */
  readonly scopes: ModuleScopes;
  readonly builder: GraphBuilder;
  readonly facts: Map<string, SymbolFact>;
  readonly assumptions: string[];
  readonly symbols: Map<string, Span>;
  /** Full names of layers and blocks in use, for clashes and for paths such as `layer1.0`. */
  readonly named: Map<string, NamedThing>;
  /** Accumulated strides of values, by their ids. */
  readonly jumps: (Jump | undefined)[];
  /** Values in the parameters of all layers so far, and their multiply-adds for one example. */
  readonly totals: { parameters: number; macs: number };
  stepsLeft: number;
  /** Expressions and list entries that may still be worked out. */
  workLeft: number;
  /** Elements inside one another at this moment. */
  depth: number;
  epochs: number;
  report(report: Report): void;
  /** Says again what another session has found out. */
  repeat(problems: readonly Problem[]): void;
  /** Ends the elaboration: its elements and statements have spent the budget. */
  outOfSteps(span: Span, instance: Instance | undefined): never;
  /** Ends the elaboration: working out its values takes too long. */
  outOfWork(span: Span, instance: Instance | undefined): never;
  readonly problems: () => readonly Problem[];
}

/** A layer, block or group with a name of its own: the nodes it made and its value. */
export interface NamedThing {
  readonly span: Span;
  /** The use of a block in whose text the name was made. */
  readonly instance: Instance | undefined;
  readonly firstNode: number;
  endNode: number;
  value: Value | undefined;
}

export function createSession(index: ModuleIndex, scopes: ModuleScopes = new Map()): Session {
  const made: { problem: Problem; repeats: number }[] = [];
  const seen = new Map<string, { problem: Problem; repeats: number }>();
  const repeated = new Set<Problem>();
  const session: Session = {
    index,
    scopes,
    builder: createGraphBuilder(),
    facts: new Map(),
    assumptions: [],
    symbols: new Map(),
    named: new Map(),
    jumps: [],
    totals: { parameters: 0, macs: 0 },
    stepsLeft: LIMITS.steps,
    workLeft: LIMITS.work,
    depth: 0,
    epochs: 0,
    report(report) {
      const { primary, via } = userPlace(report.span, report.instance);
      const inner = report.span;
      const place = `${report.code} ${inner.source.path} ${inner.start} ${inner.end}`;
      const key = report.oncePerPlace ? place : `${place} ${primary.source.path} ${primary.start}`;
      const known = seen.get(key);
      if (known) {
        known.repeats++;
        return;
      }
      const moved = primary !== inner;
      const problem = createProblem({
        code: report.code,
        message: report.message,
        span: primary,
        label: moved ? undefined : report.label,
        secondary: [...(moved ? [{ span: inner, text: report.label ?? "the library line" }] : []), ...via, ...(report.secondary ?? []), ...(moved || !RECEIVED.test(report.code) ? [] : useOf(inner, report.instance))],
        notes: report.notes,
        help: report.help,
        fixes: report.fixes,
      });
      const entry = { problem, repeats: 0 };
      seen.set(key, entry);
      made.push(entry);
    },
    repeat(problems) {
      for (const problem of problems) {
        if (repeated.has(problem)) continue;
        repeated.add(problem);
        made.push({ problem, repeats: 0 });
      }
    },
    outOfSteps(span, instance) {
      session.report({
        code: "RN0801",
        message: `this network needs more than ${groupDigits(LIMITS.steps)} elaboration steps`,
        span,
        instance,
        label: "the budget is spent here",
        notes: ["A step is one element or statement of a body; repetition counts every pass."],
        help: ["Repeat fewer times, or split the network."],
      });
      throw new BudgetSpent();
    },
    outOfWork(span, instance) {
      session.report({
        code: "RN0801",
        message: "the expressions of this network take too long to work out",
        span,
        instance,
        label: "the budget is spent here",
        help: ["Build smaller lists, or fewer of them."],
      });
      throw new BudgetSpent();
    },
    problems: () => made.map(({ problem, repeats }) => (repeats === 0 ? problem : withRepeats(problem, repeats))),
  };
  return session;
}

function withRepeats(problem: Problem, repeats: number): Problem {
  const places = repeats === 1 ? "one more instance" : `${groupDigits(repeats)} more instances`;
  return { ...problem, notes: [...problem.notes, `The same holds for ${places} of this line.`] };
}

/** Mistakes of values and shapes: in a block they hang on what it is given and receives. */
const RECEIVED = /^RN0(?:303|305|307|308|4|5)/;

/** For a mistake in the text of a block: the line that uses the block. */
function useOf(span: Span, instance: Instance | undefined): Label[] {
  for (let at = instance; at; at = at.parent) {
    const { callSpan, declaration, kind } = at;
    if (kind !== "block") continue;
    const isWithin = callSpan.source === span.source && callSpan.start <= span.start && span.end <= callSpan.end;
    return isWithin || callSpan.source.standard || span.source.standard ? [] : [{ span: callSpan, text: `\`${declaration}\` is used here` }];
  }
  return [];
}

/** The innermost place in a file of the user's own, and the way there. A problem inside the library alone stays where it is. */
function userPlace(span: Span, instance: Instance | undefined): { primary: Span; via: Label[] } {
  if (!span.source.standard) return { primary: span, via: [] };
  const via: Label[] = [];
  for (let at = instance; at; at = at.parent) {
    if (!at.callSpan.source.standard) return { primary: at.callSpan, via };
    if (at.kind === "block" && via.length < 2) via.push({ span: at.callSpan, text: `in \`${at.declaration}\`${at.path ? ` (${at.path})` : ""}` });
  }
  return { primary: span, via: [] };
}
