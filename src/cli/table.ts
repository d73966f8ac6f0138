import { groupDigits } from "../base/digits.ts";

/** Rows of text in columns, for people and for Markdown. */
export interface Table {
  readonly columns: readonly Column[];
  /** Cells by row and column; a cell may have several lines. */
  readonly rows: readonly Row[];
}

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

export interface Row {
  readonly cells: readonly string[];
  /** A line above it. */
  readonly ruled?: boolean;
}

/** 1,234,567 */
export function countText(value: number): string {
  return groupDigits(value);
}

/**
 * Columns padded with spaces, two apart; a column whose every cell is empty is left out.
 *
 *   layer    output            params
 *   conv1    [N, 64, 112, 112]  9,408
 */
export function renderTable(table: Table, mark: { readonly title: (text: string) => string; readonly rule: (text: string) => string }): string {
  const kept = table.columns.map((_, index) => index).filter((index) => table.rows.some((row) => (row.cells[index] ?? "") !== ""));
  const lines = table.rows.map((row) => kept.map((index) => (row.cells[index] ?? "").split("\n")));
  const widths = kept.map((column, at) => lines.reduce((most, row) => Math.max(most, ...(row[at] as string[]).map((text) => text.length)), (table.columns[column] as Column).title.length));
  const pad = (text: string, at: number): string => {
    const width = widths[at] as number;
    return table.columns[kept[at] as number]?.align === "right" ? text.padStart(width) : text.padEnd(width);
  };
  const join = (cells: readonly string[]): string => cells.map(pad).join("  ").trimEnd();
  const rule = mark.rule("-".repeat(widths.reduce((sum, width) => sum + width + 2, -2)));
  const out = [mark.title(join(kept.map((index) => (table.columns[index] as Column).title)))];
  lines.forEach((row, index) => {
    if (table.rows[index]?.ruled) out.push(rule);
    const height = Math.max(...row.map((cell) => cell.length));
    for (let line = 0; line < height; line++) out.push(join(row.map((cell) => cell[line] ?? "")));
  });
  return `${out.join("\n")}\n`;
}

/** The same table in Markdown (GitHub's form); lines of a cell are divided by `<br>`. */
export function renderMarkdownTable(table: Table): string {
  const cell = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("|", "\\|").replaceAll("\n", "<br>");
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  const rules = table.columns.map((column) => (column.align === "right" ? "---:" : "---"));
  return [line(table.columns.map((column) => column.title)), `| ${rules.join(" | ")} |`, ...table.rows.map((row) => line(row.cells)), ""].join("\n");
}
