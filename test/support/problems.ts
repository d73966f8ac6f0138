import { positionAt } from "../../src/base/source-file.ts";
import type { Span } from "../../src/base/source-file.ts";
import type { Problem } from "../../src/diagnostics/problem.ts";
import type { ModuleHost } from "../../src/program/load.ts";
import { loadProgram } from "../../src/program/load.ts";
import { checkProgram } from "../../src/program/networks.ts";

/** Files beside `main.resnet`, by name. */
export type Files = Readonly<Record<string, string>>;

/** Everything that is said about a text called `main.resnet`. */
export async function problemsOf(text: string, files: Files = {}): Promise<readonly Problem[]> {
  const host: ModuleHost = { resolve: (_importer, path) => path, read: async (path) => files[path] };
  const program = await loadProgram({ path: "main.resnet", text, standard: false }, host);
  return checkProgram(program).problems;
}

/** `3:8 «conv»`: a place by line and column, and the text that is underlined there; other files than main.resnet are named. */
export function placeOf(span: Span): string {
  const { line, column } = positionAt(span.source, span.start);
  const file = span.source.path === "main.resnet" ? "" : `${span.source.path}:`;
  return `${file}${line}:${column} «${span.source.text.slice(span.start, span.end).replace(/\s+/g, " ")}»`;
}

/** `3:8 «3 x 3» RN0101 message` */
export function lineOf(problem: Problem): string {
  return `${placeOf(problem.primary.span)} ${problem.code} ${problem.message}`;
}
