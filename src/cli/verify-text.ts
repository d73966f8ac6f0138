import type { Colors } from "../diagnostics/render/colors.ts";
import type { Block } from "../verify/blocks.ts";
import type { LinePlace } from "../verify/places.ts";
import type { ReportedDifference, ReportedOrigin, ReportedParameter, ReportedResult, VerifyReport } from "../verify/report.ts";
import type { Row } from "./table.ts";
import { renderTable } from "./table.ts";

/** More blocks than this are told by their stages. */
const MOST_ROWS = 60;

/** A report for people. */
export function verifyText(report: VerifyReport, blocks: readonly Block[], colors: Colors): string {
  const { bold, dim, yellow, cyan } = colors;
  const inputs = report.inputs.map(({ name, shape }) => `${name} [${shape.join(", ")}]`).join(", ");
  const lines = [`${bold(report.network)}  ${inputs}: noise of seed ${report.seed}; weights ${weightsText(report)}`, ""];
  const mark = { title: bold, rule: dim };
  const columns = [{ title: "model" }, { title: "runs on" }, { title: "output" }, { title: "max|a-b|", align: "right" }, { title: "/ max|b|", align: "right" }, { title: "" }] as const;
  lines.push(renderTable({ columns, rows: report.results.flatMap(rowsOf) }, mark));
  const others = report.results.filter(({ blocks: own }) => own.length > 0);
  if (others.length > 0) {
    const titles = [{ title: "block" }, ...others.map(({ name }) => ({ title: name, align: "right" as const }))];
    lines.push(`${dim(report.training ? "max|a-b| / max|b| of the gradients of each block, and of its running statistics:" : "max|a-b| / max|b| of what leaves each block:")}`, renderTable({ columns: titles, rows: blockRows(blocks, others) }, mark));
  }
  for (const { engine, reason } of report.notRun) lines.push(`${yellow("not run:")} ${engine}: ${reason.replace(/\n/g, "\n  ")}`);
  for (const { name, remarks } of report.results) for (const remark of remarks) lines.push(`${cyan("note:")} ${name}: ${remark}`);
  if (report.notRun.length + report.results.reduce((sum, { remarks }) => sum + remarks.length, 0) > 0) lines.push("");
  return `${lines.join("\n")}\n${verdict(report, colors)}`;
}

function weightsText({ weights: { kind, description } }: VerifyReport): string {
  if (kind === "model") return `from ${description} itself, so the architecture alone is compared`;
  return kind === "file" ? `from ${description}` : description;
}

function rowsOf({ name, engine, version, device, reference, failed, outputs }: ReportedResult): readonly Row[] {
  const about = [name, `${name === engine ? "" : `${engine}, `}${version}, ${device}`];
  if (failed !== null) return [{ cells: [...about, "", "", "", "failed"] }];
  if (reference) return [{ cells: [...about, "", "", "", "reference"] }];
  return outputs.map((output, index) => ({
    cells: [...(index === 0 ? about : ["", ""]), output.name, numberText(output.absolute), numberText(output.relative), output.agrees ? "agrees" : `differs${output.why === null ? "" : `: ${output.why}`}`],
  }));
}

/** A row for each block; for very many, one for each stage with the greatest difference in it. */
function blockRows(blocks: readonly Block[], results: readonly ReportedResult[]): readonly Row[] {
  const groups = new Map<string, string[]>();
  for (const { name, stage } of blocks) {
    const key = blocks.length > MOST_ROWS ? (stage ?? name) : name;
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  const ofResult = results.map((result) => new Map(result.blocks.map((block) => [block.name, block])));
  return [...groups].map(([title, names]) => ({
    cells: [
      names.length > 1 ? `${title} (${names.length} blocks)` : title,
      ...ofResult.map((own) => {
        const compared = names.flatMap((name) => own.get(name) ?? []);
        const [first, ...rest] = compared;
        if (first === undefined) return "-";
        const worst = rest.reduce((a, b) => ((b.relative ?? Infinity) > (a.relative ?? Infinity) ? b : a), first);
        return worst.agrees ? numberText(worst.relative) : `${worst.why === null ? numberText(worst.relative) : "shape or NaN"} *`;
      }),
    ],
  }));
}

function verdict(report: VerifyReport, colors: Colors): string {
  const { bold, green, red } = colors;
  const tolerance = numberText(report.tolerance);
  const compared = report.results.length;
  if (report.agrees) return `${green(bold("agree"))}: all ${compared} ${report.training ? "make the same training step" : "compute the same"}, within ${tolerance} of the greatest value\n`;
  const reference = report.results.find((result) => result.reference)?.name ?? "";
  return report.results
    .filter(({ agrees }) => !agrees)
    .map((result) => {
      if (result.failed !== null) return `${red(bold("failed"))}: ${result.name} gave no answer: ${result.failed}\n`;
      const head = `${red(bold("differ"))}: ${bold(result.name)} from ${reference} by more than ${tolerance}`;
      const apart = result.parameters.filter((each) => !each.agrees);
      const counted = apart.length > 0 ? `  ${apart.length} of ${result.parameters.length} gradients and running statistics differ: ${listed(apart)}\n` : "";
      return `${result.origin === null ? `${head}\n` : `${head}, first in the block ${originText(result.origin, bold)}`}${counted}`;
    })
    .join("");
}

/** The greatest differences first. */
function listed(parameters: readonly ReportedParameter[]): string {
  const shown = [...parameters].sort((a, b) => (b.relative ?? Infinity) - (a.relative ?? Infinity)).slice(0, 3);
  const text = shown.map(({ name, relative, why }) => `${name} ${why ?? numberText(relative)}`).join(", ");
  return shown.length < parameters.length ? `${text}, …` : text;
}

function originText({ block, relative, lines, layer }: ReportedOrigin, bold: (text: string) => string): string {
  const text = [`${bold(block)} (${numberText(relative)})`, ...placeLines(lines)];
  if (layer) {
    const how = layer.why ?? numberText(layer.relative);
    text.push(`  and there first in the layer ${bold(layer.name)} (${layer.description}${layer.inserted ? ", of an inserted shortcut" : ""}): ${how}`, ...placeLines(layer.lines));
  }
  return `${text.join("\n")}\n`;
}

function placeLines(lines: readonly LinePlace[]): readonly string[] {
  const places = lines.map(({ file, line, column }) => `${file}:${line}:${column}`);
  const widest = Math.max(0, ...places.map((place) => place.length));
  return lines.map(({ text }, index) => `    ${(places[index] ?? "").padEnd(widest)}  ${text}`);
}

/** `3.6e-7`; where no number says it, `∞`. */
function numberText(value: ReportedDifference["relative"]): string {
  if (value === null) return "∞";
  return value === 0 ? "0" : value.toExponential(1).replace(/\.0e/, "e");
}
