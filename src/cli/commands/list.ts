import { standardLibrary } from "../../program/standard-library.ts";
import type { Module } from "../../syntax/ast.ts";
import { hasErrors } from "../../diagnostics/problem.ts";
import type { Command } from "../command.ts";
import type { Described } from "../../program/declarations.ts";
import { declarationsOf, describeDeclaration, firstSentence } from "../../program/declarations.ts";
import type { CliHost } from "../host.ts";
import { reportProblems, writeJson } from "../report.ts";
import { openTarget } from "../target.ts";

interface ListOptions {
  readonly json?: boolean;
}

const TITLES = { network: "Networks", block: "Blocks", shortcut: "Shortcut options", recipe: "Recipes" } as const;

const HELP = `
Examples:
  rnc list
  rnc list std.blocks
  rnc list net.resnet --json`;

/** `rnc list`: the networks, blocks, shortcut options and recipes of files or of the standard library. */
export function register(program: Command, host: CliHost): void {
  program
    .command("list")
    .argument("[files...]", "files, or modules of the standard library (std.blocks); nothing means all of the library")
    .description("list networks, blocks, shortcut options and recipes with their documentation")
    .option("--json", "print the result as JSON (grammar/list.schema.json)")
    .addHelpText("after", HELP)
    .action((files: string[], options: ListOptions) => list(files, options, host));
}

async function list(files: readonly string[], options: ListOptions, host: CliHost): Promise<number> {
  const modules: Module[] = [];
  let exitCode = 0;
  if (files.length === 0) modules.push(...standardLibrary.values());
  for (const file of files) {
    const { program } = await openTarget(host, file);
    modules.push(program.root);
    if (hasErrors(program.problems)) exitCode = reportProblems(host, program.problems);
  }
  const described = modules.flatMap((module) => declarationsOf(module).map((declaration) => describeDeclaration(declaration, module)));
  if (options.json) writeJson(host, { declarations: described.map((entry) => ({ ...entry, doc: entry.doc ?? null })) });
  else host.out.write(describeAll(described, files.length === 0, host));
  return exitCode;
}

function describeAll(described: readonly Described[], standard: boolean, host: CliHost): string {
  const { bold, dim } = host.out.colors;
  if (described.length === 0) return "There is no declaration.\n";
  const out: string[] = [];
  for (const kind of ["network", "block", "shortcut", "recipe"] as const) {
    const entries = described.filter((entry) => entry.kind === kind);
    if (entries.length === 0) continue;
    if (out.length > 0) out.push("");
    out.push(bold(TITLES[kind]));
    for (const [module, own] of groupBy(entries, (entry) => entry.module)) {
      out.push(dim(`  ${module}`));
      const widest = Math.min(28, Math.max(...own.map((entry) => entry.name.length)));
      for (const entry of own) {
        const doc = firstSentence(entry.doc);
        out.push(`    ${entry.name.padEnd(widest)}${doc ? `  ${doc}` : ""}`);
      }
    }
  }
  if (standard) out.push("", dim("`rnc explain NAME` shows one of them; `rnc summary NAME` measures a network."));
  return `${out.join("\n")}\n`;
}

function groupBy<T>(entries: readonly T[], key: (entry: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const entry of entries) {
    const group = groups.get(key(entry));
    if (group) group.push(entry);
    else groups.set(key(entry), [entry]);
  }
  return groups;
}
