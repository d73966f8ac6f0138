import { assertNever } from "../base/assert.ts";
import { textWidth, wrap } from "../diagnostics/render/text-width.ts";
import type { Document, Piece, Table } from "../reference/document.ts";
import type { Output } from "./host.ts";
import { renderTable } from "./table.ts";

/** Lines of prose are no longer, however wide the terminal is. */
const WIDEST = 100;
/** Columns that a word of a table needs, whatever stands beside it. */
const NARROWEST = 12;

/** A page of the reference for people at a terminal. */
export function renderDocument({ title, pieces }: Document, { colors, columns }: Pick<Output, "colors" | "columns">): string {
  const width = Math.min(columns, WIDEST);
  return [`${colors.bold(title)}\n`, ...pieces.map((piece) => renderPiece(piece, width, colors))].join("\n");
}

function renderPiece(piece: Piece, width: number, colors: Output["colors"]): string {
  switch (piece.kind) {
    case "prose":
      return `${paragraphs(piece.text, width)}\n`;
    case "code":
      return `${caption(piece.caption, colors)}${indent(piece.text)}`;
    case "quote":
      return wrap(piece.text, width - 4).map((line) => `  ${colors.dim("|")} ${line}\n`).join("");
    case "table":
      return `${caption(piece.caption, colors)}${renderTable(fitted(piece, width), { title: colors.bold, rule: colors.dim })}`;
    default:
      return assertNever(piece);
  }
}

function caption(text: string | undefined, { red, green }: Output["colors"]): string {
  if (text === undefined) return "";
  return `${text === "Wrong:" ? red(text) : text === "Right:" ? green(text) : text}\n`;
}

/** Prose broken to the width of the terminal, whatever the width it was written at; lists, tables and code keep their lines. */
function paragraphs(text: string, width: number): string {
  const blocks = plainText(text).split(/\n{2,}/).map((block) => {
    const lines = block.split("\n");
    const asWritten = lines.some((line) => /^( {2,}|\s*[-*|]\s)/.test(line));
    return (asWritten ? lines : [lines.join(" ")]).flatMap((line) => wrap(line, width)).join("\n");
  });
  return blocks.join("\n\n");
}

/** Markdown that is nothing in a terminal: the target of a link, the stars around words. */
function plainText(text: string): string {
  return text.replace(/\[([^\]]+)\]\([^)]+\)/g, "$1").replace(/(^|\s)\*(\w[^*\n]*)\*(?=\s|$)/g, "$1$2");
}

function indent(text: string): string {
  return text.split("\n").map((line) => (line === "" ? "\n" : `    ${line}\n`)).join("");
}

/** Cells broken into lines so that the table has room: first the widest column gives way. */
function fitted({ heads, rows }: Table, width: number): Parameters<typeof renderTable>[0] {
  const cells = rows.map((row) => row.map((cell) => plainText(cell).replaceAll("`", "")));
  const filled = heads.map((_, column) => cells.some((row) => row[column] !== ""));
  const widths = heads.map((head, column) => (filled[column] ? Math.max(textWidth(head), ...cells.map((row) => textWidth(row[column] ?? ""))) : 0));
  const room = width - 2 * (filled.filter(Boolean).length - 1);
  for (let over = widths.reduce((sum, size) => sum + size, 0) - room; over > 0; ) {
    const widest = widths.indexOf(Math.max(...widths));
    const size = widths[widest] ?? 0;
    const next = Math.max(NARROWEST, ...widths.filter((_, column) => column !== widest), size - over);
    const reduced = next < size ? next : size - 1;
    if (reduced < NARROWEST) break;
    widths[widest] = reduced;
    over -= size - reduced;
  }
  return {
    columns: heads.map((title) => ({ title: title.replaceAll("`", "") })),
    rows: cells.map((row) => ({ cells: row.map((cell, column) => wrap(cell, widths[column] ?? width).join("\n")) })),
  };
}
