import type { BlockChange, CostChange, LayerChange, NetworkDiff, Quantity, StageChange } from "../program/diff.ts";
import type { Colors } from "../diagnostics/render/colors.ts";
import { bytesText, fieldText } from "./commands/summary.ts";
import type { Row, Table } from "./table.ts";
import { countText, renderMarkdownTable, renderTable } from "./table.ts";

/** More than this many names of blocks with the same change are counted, not printed. */
const MOST_NAMES = 3;

/**
 * A difference for people:
 *
 *   ResNet50 -> ResNet50v1
 *     multiply-adds  4,089,184,256  ->  3,857,973,248  −231,211,008 (−5.7 %)
 *
 *     layer2  multiply-adds −77,070,336
 *       ~ layer2.0
 *           conv1  stride 1 -> 2; output [N, 128, 56, 56] -> [N, 128, 28, 28]
 */
export function diffText(diff: NetworkDiff, names: readonly [string, string], colors: Colors): string {
  const title = colors.bold(`${names[0]} -> ${names[1]}`);
  if (diff.same) return `${title}: the same network\n`;
  const totals = renderTable(totalsTable(diff), { title: colors.dim, rule: colors.dim });
  const stages = diff.stages.map((stage) => `\n${stageLines(stage, colors).join("\n")}\n`);
  return `${title}\n${indent(totals, 2)}${stages.join("")}`;
}

/** The same for a comment under a pull request. */
export function diffMarkdown(diff: NetworkDiff, names: readonly [string, string]): string {
  const title = `### \`${names[0]}\` → \`${names[1]}\``;
  if (diff.same) return `${title}\n\nThe same network.\n`;
  const plain = (text: string): string => text;
  const plainColors: Colors = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, blue: plain, cyan: plain };
  const stages = diff.stages.map((stage) => {
    const [first = "", ...rest] = stageLines(stage, plainColors);
    return `<details><summary>${escapeHtml(first.trim())}</summary>\n\n\`\`\`diff\n${rest.map((line) => markedFirst(line)).join("\n")}\n\`\`\`\n\n</details>\n`;
  });
  return `${title}\n\n${renderMarkdownTable(totalsTable(diff))}\n${stages.join("\n")}`;
}

/** In a code block of the kind `diff` the sign has to stand first for its line to be coloured. */
function markedFirst(line: string): string {
  const [, blanks = "", sign = "", rest = ""] = /^( *)([-+~]?)(.*)$/.exec(line) ?? [];
  return sign === "" ? line : `${sign === "~" ? "!" : sign}${blanks}${rest}`;
}

const escapeHtml = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function totalsTable({ totals, before, after }: NetworkDiff): Table {
  const row = <T>(title: string, { before: one, after: other }: Quantity<T>, text: (value: T) => string, change: (one: T, other: T) => string): Row => {
    const [a, b] = [one, other].map((value) => (value === null ? "open" : text(value))) as [string, string];
    return { cells: [title, a, b, a === b ? "same" : one === null || other === null ? "" : change(one, other)] };
  };
  const shape = (title: string, quantity: Quantity<string>): Row => row(title, quantity, (text) => text, () => "");
  const rows = [
    row("params", totals.params, countText, changeText),
    row("running statistics", totals.buffers, countText, changeText),
    row("multiply-adds", totals.macs, countText, changeText),
    row("depth", totals.depth, String, (one, other) => signed(other - one)),
    row("receptive field", totals.receptiveField, fieldText, (one, other) => fieldChange(one, other)),
    row("memory", totals.memoryInBytes, bytesText, (one, other) => percentChange(one, other)),
    shape("input", totals.input),
    shape("output", totals.output),
  ];
  return { columns: [{ title: "" }, { title: before, align: "right" }, { title: after, align: "right" }, { title: "change", align: "right" }], rows };
}

function stageLines(stage: StageChange, colors: Colors): string[] {
  const name = stage.stage ?? "beside the stages";
  const lines = [`  ${colors.bold(name)}  ${kindText(stage.kind)}${costText(stage)}`.trimEnd()];
  for (const { blocks, change } of folded(stage.blocks)) {
    const sign = { added: "+", removed: "-", changed: "~", renamed: "~" }[change.kind];
    const paint = { added: colors.green, removed: colors.red, changed: colors.yellow, renamed: colors.yellow }[change.kind];
    const isLoose = change.path === (stage.stage ?? "");
    if (!isLoose) {
      const named = change.from === null ? namesText(blocks.map(({ path }) => path)) : `${change.from} -> ${change.path}, nothing else`;
      lines.push(`    ${paint(`${sign} ${named}`)}${costText(change, blocks.length)}`);
    }
    const widest = Math.max(0, ...change.layers.map(({ name: layer }) => layer.length));
    for (const layer of change.layers) lines.push(layerLine(layer, widest, isLoose ? 4 : 8, colors));
  }
  return lines;
}

function layerLine(layer: LayerChange, widest: number, depth: number, colors: Colors): string {
  const { kind, name, what, inserted } = layer;
  const text = `${" ".repeat(depth)}${kind === "added" ? "+" : kind === "removed" ? "-" : "~"} ${name.padEnd(widest)}  `;
  const note = inserted ? colors.dim("  (inserted shortcut)") : "";
  if (kind === "added") return `${colors.green(text + (layer.after ?? ""))}${note}`;
  if (kind === "removed") return `${colors.red(text + (layer.before ?? ""))}${note}`;
  return `${colors.yellow(text)}${what.join("; ")}${note}`;
}

/** Blocks one after the other in which the same layers changed in the same way, told once. */
function folded(blocks: readonly BlockChange[]): readonly { readonly change: BlockChange; readonly blocks: readonly BlockChange[] }[] {
  const out: { change: BlockChange; form: string; blocks: BlockChange[] }[] = [];
  for (const block of blocks) {
    const form = JSON.stringify([block.kind, block.from, block.layers.map(({ kind, name, before, after, what }) => [kind, name, before, after, what]), block.params, block.macs]);
    const last = out[out.length - 1];
    if (last?.form === form) last.blocks.push(block);
    else out.push({ change: block, form, blocks: [block] });
  }
  return out;
}

function namesText(names: readonly string[]): string {
  if (names.length <= MOST_NAMES) return names.join(", ");
  return `${names[0] ?? ""} … ${names[names.length - 1] ?? ""} (${names.length} blocks)`;
}

const kindText = (kind: StageChange["kind"]): string => (kind === "changed" ? "" : `${kind}  `);

/** `  params +1,024, multiply-adds −77,070,336, field 91 -> 99`; nothing where nothing of it changed. */
function costText({ params, macs, receptiveField }: CostChange, blocks = 1): string {
  const each = blocks > 1 ? " each" : "";
  const parts = [difference("params", params, each), difference("multiply-adds", macs, each)];
  const { before, after } = receptiveField;
  if (before !== null && after !== null && String(before) !== String(after) && blocks === 1) parts.push(`field ${fieldText(before)} -> ${fieldText(after)}`);
  const told = parts.filter((part) => part !== "");
  return told.length === 0 ? "" : `  ${told.join(", ")}`;
}

function difference(title: string, { before, after }: Quantity, each: string): string {
  const change = (after ?? 0) - (before ?? 0);
  return change === 0 ? "" : `${title} ${signed(change)}${each}`;
}

const signed = (value: number): string => `${value > 0 ? "+" : value < 0 ? "−" : ""}${countText(Math.abs(value))}`;

const changeText = (one: number, other: number): string => `${signed(other - one)} (${percentChange(one, other)})`;

function percentChange(one: number, other: number): string {
  if (one === 0) return "new";
  const percent = ((other - one) / one) * 100;
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(1)} %`;
}

function fieldChange(one: readonly number[], other: readonly number[]): string {
  return one.length === other.length && new Set(other.map((size, axis) => size - (one[axis] as number))).size === 1 ? signed((other[0] as number) - (one[0] as number)) : "";
}

const indent = (text: string, by: number): string => text.replace(/^(?=.)/gm, " ".repeat(by));
