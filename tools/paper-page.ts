/** The page of the paper's tables, published figures beside what is counted and measured here. */
import { readFileSync } from "node:fs";
import { groupDigits } from "../src/base/digits.ts";
import type { Graph } from "../src/ir/graph.ts";
import { measure } from "../src/passes/measure.ts";
import { standardProgram } from "../src/program/load.ts";
import { buildNetwork, listNetworks } from "../src/program/networks.ts";
import { standardDeclaration } from "../src/program/standard-library.ts";

export interface PaperRow {
  readonly method: string;
  /** A network of the standard library; null where it has none. */
  readonly network: string | null;
  /** By the names of the table's columns. */
  readonly published: Readonly<Record<string, number>>;
  readonly measured?: Readonly<Record<string, number>>;
  readonly note?: string;
}

export interface PaperTable {
  readonly table: number;
  readonly title: string;
  readonly columns: readonly { readonly name: string; readonly title: string }[];
  readonly rows: readonly PaperRow[];
}

export interface PaperTables {
  readonly paper: string;
  readonly measures: string;
  readonly tables: readonly PaperTable[];
}

export const PAPER_PAGE = "examples/paper/README.md";

/** Tables 2 to 6 of the paper. */
export function paperTables(): PaperTables {
  return JSON.parse(readFileSync(new URL("../examples/paper/tables.json", import.meta.url), "utf8")) as PaperTables;
}

/** A network of the standard library. */
export function libraryNetwork(name: string): Graph {
  const declared = standardDeclaration(name);
  const program = declared?.keyword === "network" ? standardProgram(declared.module) : undefined;
  const entry = program && listNetworks(program).find((network) => network.name === name);
  const built = program && entry && buildNetwork(program, entry);
  if (built?.value === undefined) throw new Error(`there is no network ${name} in the library`);
  return built.value;
}

/** The page in Markdown. */
export function paperPage({ paper, tables }: PaperTables = paperTables()): string {
  return [
    "# The paper's tables",
    "",
    `${paper}. Published figures beside what is counted and measured here; made from [tables.json](tables.json) by \`npm run generate:reference\`,`,
    "not edited by hand. Parameters and multiply-adds are exact counts of the library's network for one image, multiply-adds of convolutions and",
    "linear layers; an error is only given where it was measured. What was trained here is in [examples/experiments](../experiments/README.md).",
    ...tables.flatMap((table) => ["", `## Table ${table.table}`, "", `${table.title}.`, "", ...tableLines(table)]),
    "",
  ].join("\n");
}

function tableLines({ columns, rows }: PaperTable): readonly string[] {
  const measured = columns.filter(({ name }) => rows.some((row) => row.measured?.[name] !== undefined));
  const hasNotes = rows.some(({ note }) => note !== undefined);
  const heads = ["method", ...columns.map(({ title }) => title), "network here", "parameters here", "multiply-adds here", ...measured.map(({ title }) => `${title}, measured here`), ...(hasNotes ? ["note"] : [])];
  const figure = (value: number | undefined): string => (value === undefined ? "–" : String(value));
  const lines = rows.map(({ method, network, published, measured: own, note }) => {
    const counted = network === null ? undefined : measure(libraryNetwork(network));
    return [
      method,
      ...columns.map(({ name }) => figure(published[name])),
      network === null ? "–" : `\`${network}\``,
      counted === undefined ? "–" : groupDigits(counted.params),
      counted?.macs === undefined ? "–" : groupDigits(counted.macs),
      ...measured.map(({ name }) => figure(own?.[name])),
      ...(hasNotes ? [note ?? ""] : []),
    ];
  });
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map((head) => (["method", "network here", "note"].includes(head) ? "---" : "---:"))), ...lines.map(line)];
}
