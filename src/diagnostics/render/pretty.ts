import { groupDigits } from "../../base/digits.ts";
import type { SourceFile } from "../../base/source-file.ts";
import type { Problem, Severity } from "../problem.ts";
import type { Colors } from "./colors.ts";
import { NO_COLORS } from "./colors.ts";
import { renderFix } from "./fixes.ts";
import type { FrameLabel } from "./frame.ts";
import { clean, gutterWidth, renderFrame } from "./frame.ts";
import { wrap } from "./text-width.ts";

export interface PrettyOptions {
  readonly colors?: Colors;
  /** Columns to wrap notes and help at. */
  readonly width?: number;
}

/**
 * A problem for a person at a terminal:
 *
 *   error[RN0402]: `linear` needs [N, features], got [N, 16, 32, 32]
 *     ┌─ net.resnet:4:3
 *     │
 *   4 │   linear(10)
 *     │   ^^^^^^^^^^ the image still has height and width
 *     │
 *     = the input comes from `conv1`
 *     help: add `globalavgpool` or `flatten` before it
 */
export function renderProblem(problem: Problem, options: PrettyOptions = {}): string {
  const colors = options.colors ?? NO_COLORS;
  const width = Math.min(options.width ?? 100, 120);
  const labels: FrameLabel[] = [{ ...problem.primary, primary: true }, ...problem.secondary.map((label) => ({ ...label, primary: false }))];
  const gutter = gutterWidth(labels);
  const pad = " ".repeat(gutter);
  const [title = "", ...rest] = cleanLines(problem.message);
  const name = problem.rule === undefined ? problem.code : `${problem.code} ${problem.rule}`;
  const out = [`${severityWord(problem.severity, colors)}${colors.bold(`[${name}]`)}${colors.bold(`: ${title}`)}`, ...rest.map((line) => `  ${line}`)];
  for (const group of bySource(labels)) out.push(...renderFrame(group, gutter, colors));

  const said = [
    ...problem.notes.map((note) => ({ lead: "=", text: note, paint: colors.blue })),
    ...problem.help.map((help) => ({ lead: "help:", text: help, paint: colors.cyan })),
  ];
  if (said.length > 0 || problem.fixes.length > 0) out.push(`${pad} ${colors.blue("│")}`);
  for (const { lead, text, paint } of said) out.push(...hanging(pad, lead, text, width, paint));
  for (const fix of problem.fixes) {
    const shown = renderFix(fix, gutter, colors);
    out.push(...hanging(pad, "fix:", fix.title, width, colors.green), ...shown);
  }
  return out.join("\n");
}

/** Problems one below the other, each followed by an empty line. */
export function renderProblems(problems: readonly Problem[], options: PrettyOptions = {}): string {
  return problems.map((problem) => `${renderProblem(problem, options)}\n`).join("\n");
}

/** `2 errors, 1 warning`; empty when there is nothing. */
export function countProblems(problems: readonly Problem[]): string {
  const kinds: Severity[] = ["error", "warning", "info"];
  const parts = kinds.flatMap((kind) => {
    const count = problems.filter((problem) => problem.severity === kind).length;
    const word = kind === "info" ? "remark" : kind;
    return count === 0 ? [] : [`${groupDigits(count)} ${word}${count === 1 ? "" : "s"}`];
  });
  return parts.join(", ");
}

function severityWord(severity: Severity, colors: Colors): string {
  if (severity === "error") return colors.bold(colors.red("error"));
  if (severity === "warning") return colors.bold(colors.yellow("warning"));
  return colors.bold(colors.blue("info"));
}

function hanging(pad: string, lead: string, text: string, width: number, paint: (text: string) => string): string[] {
  const indent = `${pad} ${" ".repeat(lead.length + 1)}`;
  const lines = cleanLines(text).flatMap((line) => wrap(line, Math.max(40, width - indent.length)));
  return lines.map((line, i) => (i === 0 ? `${pad} ${paint(lead)} ${line}` : `${indent}${line}`.trimEnd()));
}

function cleanLines(text: string): string[] {
  return text.split("\n").map(clean);
}

/** The primary label's source first, the others in order of appearance. */
function bySource(labels: readonly FrameLabel[]): FrameLabel[][] {
  const groups = new Map<SourceFile, FrameLabel[]>();
  for (const label of labels) {
    const group = groups.get(label.span.source);
    if (group) group.push(label);
    else groups.set(label.span.source, [label]);
  }
  return [...groups.values()];
}
