import { conventions } from "../../program/conventions.ts";
import type { ConventionName } from "../../program/conventions.ts";
import { describeLayer } from "../../program/describe-layer.ts";
import { summarize } from "../../program/summarize.ts";
import type { Summary, SummaryLayer, SummaryPolicy, SummaryShape, SummaryTensor } from "../../program/summarize.ts";
import type { Command } from "../command.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import { addNetworkOptions, wholeNumber } from "../options.ts";
import { writeJson } from "../report.ts";
import type { Row, Table } from "../table.ts";
import { countText, renderMarkdownTable, renderTable } from "../table.ts";
import type { NetworkOptions } from "../target.ts";
import { buildTarget } from "../target.ts";

interface SummaryOptions extends NetworkOptions {
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly depth?: number;
  readonly convention?: ConventionName;
}

const HELP = `
Examples:
  rnc summary ResNet50
  rnc summary ResNet152 --depth 1                   stage by stage
  rnc summary net.resnet --input 1x3x320x320        where sizes are open
  rnc summary CifarResNet --set n=9 --set option=B  with parameters`;

/** `rnc summary`: the network as a table. */
export function register(program: Command, host: CliHost): void {
  const command = program
    .command("summary")
    .argument("<network>", "FILE, FILE#Network, a name of the standard library (ResNet50), or `-`")
    .description("a network layer by layer: shapes, parameters, multiply-adds, receptive field, and what was inserted")
    .option("--depth <n>", "fold layers by the first N parts of their paths (1: stages)", wholeNumber("--depth", 1))
    .option("--markdown", "print Markdown tables")
    .option("--json", "print the result as JSON (grammar/summary.schema.json)");
  addConventionOption(addNetworkOptions(command)).addHelpText("after", HELP).action((network: string, options: SummaryOptions) => run(network, options, host));
}

/** Adds `--convention`, which says whose way of counting is meant. */
export function addConventionOption(command: Command): Command {
  const names = Object.keys(conventions);
  return command.option("--convention <name>", `count as ${names.join(", ")} does (default: paper)`, (text) => {
    if (!names.includes(text)) throw new UsageError(`there is no convention \`${text}\``, { help: [`Conventions are ${names.join(", ")}.`] });
    return text;
  });
}

async function run(target: string, options: SummaryOptions, host: CliHost): Promise<number> {
  if (options.json && options.markdown) throw new UsageError("`--json` and `--markdown` are two forms of the same result: choose one");
  const graph = await buildTarget(host, target, options);
  if (graph === undefined) return 1;
  const summary = summarize(graph, options.convention ? { convention: options.convention } : {});
  if (options.json) {
    writeJson(host, summary);
    return 0;
  }
  const table = layerTable(summary, options.depth);
  const totals = totalLines(summary, options.convention === undefined ? "paper" : "all");
  if (options.markdown) host.out.write(`# ${summary.network}\n\n${renderMarkdownTable(table)}\n${totals.map(([title, text]) => `- ${title}: ${text}\n`).join("")}`);
  else {
    const { bold, dim } = host.out.colors;
    const widest = Math.max(...totals.map(([title]) => title.length));
    host.out.write(`${bold(summary.network)}\n\n${renderTable(table, { title: bold, rule: dim })}\n${totals.map(([title, text]) => `${title.padEnd(widest)}  ${text}\n`).join("")}`);
  }
  return 0;
}

/** One row of the table: a layer, or the layers that a path holds. */
interface Entry {
  readonly path: string;
  readonly operator: string;
  readonly layers: readonly SummaryLayer[];
}

/** The table of layers, folded to the first `depth` parts of their paths. */
export function layerTable(summary: Summary, depth: number | undefined): Table {
  const unit = summary.count.convention === "paper" ? "MACs" : summary.count.unit === "operations" ? "FLOPs" : `MACs (${summary.count.convention})`;
  const rows = entriesOf(summary.layers, depth).map(({ path, operator, layers }): Row => {
    const last = layers[layers.length - 1] as SummaryLayer;
    const params = layers.reduce((sum, layer) => sum + layer.params, 0);
    const operations = sumOf(layers.map((layer) => layer.operations));
    const field = last.receptiveField ? fieldText(last.receptiveField.greatest) : "";
    return { cells: [path, operator, shapeText(last.output), params === 0 ? "" : countText(params), operations === 0 ? "" : operations === null ? "open" : countText(operations), field, noteOf(layers)] };
  });
  const total: Row = { cells: ["total", "", "", countText(summary.params), summary.count.total === null ? "open" : countText(summary.count.total), "", ""], ruled: true };
  return {
    columns: [{ title: "layer" }, { title: "operator" }, { title: "output" }, { title: "params", align: "right" }, { title: unit, align: "right" }, { title: "field", align: "right" }, { title: "shortcut" }],
    rows: [...rows, total],
  };
}

function entriesOf(layers: readonly SummaryLayer[], depth: number | undefined): readonly Entry[] {
  const single = (layer: SummaryLayer): string => describeLayer(layer.op, layer.attributes, { name: "always", stride: true });
  if (depth === undefined) return layers.map((layer) => ({ path: layer.path, operator: single(layer), layers: [layer] }));
  const groups = new Map<string, SummaryLayer[]>();
  for (const layer of layers) {
    const path = layer.path.split(".").slice(0, depth).join(".");
    (groups.get(path) ?? groups.set(path, []).get(path))?.push(layer);
  }
  return [...groups].map(([path, held]) => {
    const [first] = held;
    const only = held.length === 1 && first?.path === path ? single(first) : undefined;
    const holder = first?.instances.find((instance) => instance.path === path);
    const layersText = `${held.length} layer${held.length === 1 ? "" : "s"}`;
    return { path, operator: only ?? (holder?.declaration ? `${holder.declaration}, ${layersText}` : layersText), layers: held };
  });
}

function sumOf(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>((sum, value) => (sum === null || value === null ? null : sum + value), 0);
}

/** What the compiler did there: `+ inserted`, `x + identity`, `x + B`. */
function noteOf(layers: readonly SummaryLayer[]): string {
  const inserted = layers.filter((layer) => layer.inserted).length;
  const [only] = layers;
  if (only && layers.length === 1) {
    if (only.inserted) return "+ inserted";
    return only.shortcut === null ? "" : only.shortcut.made === "identity" ? "adds the identity" : `adds what ${only.shortcut.policy} made`;
  }
  return inserted === 0 ? "" : `+ ${inserted} inserted`;
}

export function shapeText(shape: SummaryShape): string {
  return `[${shape.join(", ")}]`;
}

/** `427`, or `427x211` where axes differ. */
export function fieldText(field: readonly number[]): string {
  return field.every((size) => size === field[0]) ? String(field[0] ?? "") : field.join("x");
}

/** 9.6 MB */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ["kB", "MB", "GB", "TB"];
  const step = Math.min(Math.floor(Math.log10(bytes) / 3), units.length);
  return `${(bytes / 1000 ** step).toFixed(1)} ${units[step - 1]}`;
}

const tensorText = ({ name, dtype, shape }: SummaryTensor): string => `${name}: ${dtype}${shapeText(shape)}`;

/** Totals with their titles, in the order of printing. */
export function totalLines(summary: Summary, counts: "paper" | "all"): readonly (readonly [string, string])[] {
  const open = "open until sizes are given: `--input 1x3x224x224`";
  const countLine = (total: number | null): string => (total === null ? open : `${countText(total)}${total >= 1e6 ? ` (${scaledText(total)})` : ""}`);
  const field = summary.receptiveField;
  const least = summary.leastReceptiveField;
  const lines: (readonly [string, string])[] = [
    ["input", summary.inputs.map(tensorText).join(", ")],
    ["output", summary.outputs.map(tensorText).join(", ")],
    ...(summary.assumptions.length > 0 ? [["requires", summary.assumptions.join(", ")] as const] : []),
    ["params", `${countText(summary.params)}${summary.buffers > 0 ? `, and ${countText(summary.buffers)} running statistics` : ""}`],
    ["multiply-adds", countLine(summary.macs)],
    ["depth", `${summary.depth} layers with weights on the longest path, shortcuts not counted`],
    ...(field ? [["field", `${fieldText(field)} pixels at most${least ? `; through the shortest path at most ${fieldText(least)}` : ""}`] as const] : []),
    ["memory", summary.memoryInBytes === null ? open : `${bytesText(summary.memoryInBytes)} of activations at a time (float32, batch 1, inference)`],
    ...summary.shortcuts.map((policy) => ["shortcuts", shortcutText(policy, "full")] as const),
  ];
  if (counts === "paper") return lines;
  return [
    ...lines,
    ...summary.conventions.map(({ convention, total, includes, source, unit }) => {
      const chosen = convention === summary.count.convention ? "; the column above" : "";
      return [convention, `${countLine(total)} ${unit}${chosen}\n    counts ${includes}\n    as in ${source}`] as const;
    }),
  ];
}

/** `4.09 G`; three digits as tables have them. */
function scaledText(value: number): string {
  return value >= 1e9 ? `${(value / 1e9).toFixed(2)} G` : `${(value / 1e6).toFixed(1)} M`;
}

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** `3 projections (option B): layer2.0.downsample, …; 13 identities` */
export function shortcutText({ policy, none, identities, inserted, residuals }: SummaryPolicy, form: "short" | "full"): string {
  if (none === residuals) return `none in ${plural(none, "residual block", "residual blocks")} (option ${policy})`;
  const kinds: readonly (readonly [string, string, readonly SummaryPolicy["inserted"][number][]])[] = [
    ["projection", "projections", inserted.filter((made) => made.projection)],
    ["shortcut without weights", "shortcuts without weights", inserted.filter((made) => !made.projection)],
  ];
  const parts = kinds.flatMap(([one, many, made]) => {
    if (made.length === 0) return [];
    const paths = made.slice(0, 4).map((shortcut) => shortcut.path).join(", ");
    const places = form === "full" ? `: ${paths}${made.length > 4 ? ", …" : ""}` : "";
    return [`${plural(made.length, one, many)} (option ${policy})${places}`];
  });
  if (identities > 0) parts.push(plural(identities, "identity", "identities"));
  return parts.join("; ");
}
