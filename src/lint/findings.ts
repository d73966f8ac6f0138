import { groupDigits } from "../base/digits.ts";
import type { SourceFile, Span } from "../base/source-file.ts";
import type { Label, Problem, Severity } from "../diagnostics/problem.ts";
import { createProblem } from "../diagnostics/problem.ts";
import type { Graph, Node } from "../ir/graph.ts";
import type { Instance } from "../ir/origin.ts";
import type { Place } from "./place.ts";
import { isNode, placeIn } from "./place.ts";
import type { Finding, Rule } from "./rule.ts";
import type { LintSettings } from "./settings.ts";

/** This many names are written out; the others are counted. */
const MOST_NAMES = 3;

/** Asked before a finding is noted: whether an `rnc-ignore` covers one of the lines that had a part in it. */
export type IsIgnored = (rule: Rule, chain: readonly Span[]) => boolean;

/** What the rules found, gathered: the same cause in many blocks and networks is one problem. */
export interface Findings {
  inModule(rule: Rule, finding: Finding & { readonly at: Span }): void;
  inNetwork(rule: Rule, graph: Graph, finding: Finding & { readonly at: Node | Instance }): void;
  /** What is to be said, when `networkCount` networks were asked about. */
  problems(settings: LintSettings, networkCount: number): readonly Problem[];
}

interface Occurrence {
  readonly graph: Graph;
  readonly at: Node | Instance;
  readonly place: Place;
  readonly notes: readonly string[];
}

interface Group {
  readonly rule: Rule;
  readonly span: Span;
  readonly finding: Finding;
  readonly occurrences: Occurrence[];
}

export function createFindings(file: SourceFile, isIgnored: IsIgnored): Findings {
  const groups = new Map<string, Group>();
  const keyOf = (rule: Rule, { source, start, end }: Span, message: string): string => `${rule.code} ${source === file ? "" : source.path} ${start} ${end} ${message}`;
  const groupOf = (rule: Rule, span: Span, finding: Finding): Group => {
    const key = keyOf(rule, span, finding.message);
    const known = groups.get(key);
    if (known) return known;
    const made: Group = { rule, span, finding, occurrences: [] };
    groups.set(key, made);
    return made;
  };
  return {
    inModule(rule, finding) {
      if (!isIgnored(rule, [finding.at])) groupOf(rule, finding.at, finding);
    },
    inNetwork(rule, graph, finding) {
      const place = placeIn(file, graph, finding.at);
      if (isIgnored(rule, place.chain)) return;
      groupOf(rule, place.span, finding).occurrences.push({ graph, at: finding.at, place, notes: finding.notes ?? [] });
    },
    problems: (settings, networkCount) =>
      [...groups.values()].flatMap((group) => {
        const severity = settings.severityOf(group.rule);
        return severity === "off" ? [] : [problemOf(group, severity, networkCount)];
      }),
  };
}

function problemOf({ rule, span, finding, occurrences }: Group, severity: Severity, networkCount: number): Problem {
  const inner = innerLabels(occurrences, finding.label);
  return createProblem({
    code: rule.code,
    rule: rule.name,
    severity,
    message: finding.message,
    span,
    label: inner.length === 0 ? finding.label : undefined,
    secondary: [...inner, ...(finding.secondary ?? [])],
    notes: occurrences.length === 0 ? finding.notes : [...notesOf(occurrences), ...placeNotes(occurrences, networkCount)],
    help: finding.help,
    fixes: finding.fixes,
  });
}

/** The library lines behind a place in the linted file. */
function innerLabels(occurrences: readonly Occurrence[], text: string | undefined): readonly Label[] {
  const labels = new Map<string, Label>();
  for (const { place: { inner } } of occurrences) {
    if (inner === undefined || labels.size === MOST_NAMES) continue;
    const key = `${inner.source.path} ${inner.start}`;
    if (!labels.has(key)) labels.set(key, { span: inner, text: text ?? "made here" });
  }
  return [...labels.values()];
}

/** Notes that hold everywhere are said once; of those that differ from block to block, the first few with their blocks. */
function notesOf(occurrences: readonly Occurrence[]): readonly string[] {
  const [first, ...rest] = occurrences;
  const common = (first?.notes ?? []).filter((note) => rest.every(({ notes }) => notes.includes(note)));
  const own = new Set<string>();
  for (const { place, notes } of occurrences) {
    for (const note of notes) if (!common.includes(note)) own.add(`${place.name}: ${note}`);
  }
  const shown = [...own].slice(0, MOST_NAMES);
  return [...common, ...shown, ...(own.size > shown.length ? [`${groupDigits(own.size - shown.length)} more, with other numbers`] : [])];
}

/** `in 36 blocks: layer1.0, layer1.1, layer1.2, …`, and which networks of the file they are in, where it has several. */
function placeNotes(occurrences: readonly Occurrence[], networkCount: number): readonly string[] {
  const named = occurrences.filter(({ at, graph }) => at !== graph.instance);
  const places = new Map(named.map((occurrence) => [occurrence.place.name, occurrence.place]));
  const names = [...places.keys()];
  const [first] = places.values();
  const networks = [...new Set(occurrences.map(({ graph }) => graph.name))];
  const isSaid = networkCount < 2 || (first === undefined && networks.length === 1);
  const where = isSaid ? "" : networks.length === 1 ? `network ${networks[0] ?? ""}` : `${groupDigits(networks.length)} networks: ${firstOf(networks)}`;
  if (first === undefined) return where === "" ? [] : [`in ${where}`];
  if (places.size > 1) return [`in ${groupDigits(places.size)} ${kindOf(named)}: ${firstOf(names)}`, ...(where === "" ? [] : [`in ${where}`])];
  const parts = [first.name, first.within, where === "" ? "" : `in ${where}`].filter((part) => part !== "");
  return [`in ${parts.join(", ")}`];
}

function kindOf(occurrences: readonly Occurrence[]): string {
  if (occurrences.every(({ at }) => isNode(at))) return "layers";
  return occurrences.every(({ at }) => !isNode(at)) ? "blocks" : "places";
}

const firstOf = (names: readonly string[]): string => `${names.slice(0, MOST_NAMES).join(", ")}${names.length > MOST_NAMES ? ", …" : ""}`;
