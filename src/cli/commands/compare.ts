import type { Graph } from "../../ir/graph.ts";
import { compare } from "../../program/compare.ts";
import type { ComparedNetwork, ComparedStage, Comparison } from "../../program/compare.ts";
import type { ConventionName } from "../../program/conventions.ts";
import type { Command } from "../command.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import { addNetworkOptions } from "../options.ts";
import { writeJson } from "../report.ts";
import type { Row, Table } from "../table.ts";
import { countText, renderMarkdownTable, renderTable } from "../table.ts";
import type { NetworkOptions } from "../target.ts";
import { buildTarget } from "../target.ts";
import { addConventionOption, bytesText, fieldText, shortcutText } from "./summary.ts";

interface CompareOptions extends NetworkOptions {
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly convention?: ConventionName;
}

const HELP = `
Examples:
  rnc compare VGG19 Plain34 ResNet34
  rnc compare net.resnet#Before net.resnet#After --markdown`;

/** `rnc compare A B C…`: networks side by side, as in the paper's Table 1. */
export function register(program: Command, host: CliHost): void {
  const command = program
    .command("compare")
    .argument("<networks...>", "two or more: FILE, FILE#Network, or a name of the standard library (ResNet50)")
    .description("networks side by side: blocks by output size, parameters, multiply-adds, depth; ratios are against the first")
    .option("--markdown", "print a Markdown table")
    .option("--json", "print the result as JSON (grammar/compare.schema.json)");
  addConventionOption(addNetworkOptions(command)).addHelpText("after", HELP).action((networks: string[], options: CompareOptions) => run(networks, options, host));
}

async function run(targets: readonly string[], options: CompareOptions, host: CliHost): Promise<number> {
  if (options.json && options.markdown) throw new UsageError("`--json` and `--markdown` are two forms of the same result: choose one");
  if (targets.length < 2) throw new UsageError("`rnc compare` needs two networks or more", { help: [`For example \`rnc compare VGG19 Plain34 ResNet34\`; \`rnc summary ${targets[0] ?? "ResNet34"}\` shows one.`] });
  const graphs: Graph[] = [];
  let failed = false;
  for (const target of targets) {
    const graph = await buildTarget(host, target, options);
    if (graph) graphs.push(graph);
    else failed = true;
  }
  if (failed) return 1;
  const comparison = compare(graphs, options.convention ? { convention: options.convention } : {});
  if (options.json) writeJson(host, comparison);
  else if (options.markdown) host.out.write(renderMarkdownTable(comparisonTable(comparison)));
  else {
    const { bold, dim } = host.out.colors;
    host.out.write(renderTable(comparisonTable(comparison), { title: bold, rule: dim }));
  }
  return 0;
}

/** The table: one column a network, one row an output size, then totals. */
export function comparisonTable({ networks, rows }: Comparison): Table {
  const total = (title: string, text: (network: ComparedNetwork) => string, ruled = false): Row => ({ cells: [title, ...networks.map(text)], ruled });
  const first = networks[0]?.network ?? "";
  const unit = networks[0]?.count.unit ?? "multiply-adds";
  return {
    columns: [{ title: "output size" }, ...networks.map((network) => ({ title: network.network }))],
    rows: [
      ...rows.map((row): Row => ({ cells: [row.size, ...row.cells.map((stages) => stages.map(stageText).join("\n"))] })),
      total("shortcuts", (network) => network.shortcuts.map((policy) => shortcutText(policy, "short")).join("\n") || "none", true),
      total("depth", (network) => String(network.depth)),
      total("params", (network) => countText(network.params)),
      total(unit, (network) => orUnknown(network.count.total, countText)),
      total(`params, of ${first}`, (network) => orUnknown(network.ratio.params, percentText)),
      total(`${unit}, of ${first}`, (network) => orUnknown(network.ratio.operations, percentText)),
      total("receptive field", (network) => (network.receptiveField ? fieldText(network.receptiveField) : "-")),
      total("memory", (network) => orUnknown(network.memoryInBytes, bytesText)),
    ],
  };
}

function orUnknown(value: number | null, text: (value: number) => string): string {
  return value === null ? "open" : text(value);
}

/** 18.6 % */
function percentText(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}

/** `layer1: [3x3, 64; 3x3, 64] x 3`; `->` goes on, `|` begins another branch. */
export function stageText({ stage, units }: ComparedStage): string {
  const text = units.map(({ pattern, count, isBlock, follows }, index) => {
    const held = isBlock || count > 1 ? `[${pattern}]` : pattern;
    return `${index === 0 ? "" : follows ? " -> " : " | "}${held}${count > 1 ? ` x ${count}` : ""}`;
  });
  return `${stage === null ? "" : `${stage}: `}${text.join("")}`;
}
