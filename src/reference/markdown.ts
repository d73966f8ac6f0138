import { assertNever } from "../base/assert.ts";
import type { Document, Piece } from "./document.ts";

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |\n`;

/** A table and the empty line below it. */
export const markdownTable = (heads: readonly string[], rows: readonly (readonly string[])[]): string => `${row(heads)}${row(heads.map(() => "---"))}${rows.map(row).join("")}\n`;

/** Text as code inside of a line. */
export const inlineCode = (text: string): string => `\`${text}\``;

/** A block of code; `info` are the words behind the fence. */
export const fence = (text: string, info = "resnet"): string => `\`\`\`${info}\n${text.trimEnd()}\n\`\`\`\n\n`;

/** A document as Markdown that ends with an empty line; its title is a heading of the given level. */
export function renderMarkdown({ title, pieces }: Document, level = 1): string {
  return `${"#".repeat(level)} ${title}\n\n${pieces.map(renderPiece).join("")}`;
}

function renderPiece(piece: Piece): string {
  switch (piece.kind) {
    case "prose":
      return `${piece.text}\n\n`;
    case "code":
      return `${captionOf(piece)}${fence(piece.text, piece.info)}`;
    case "quote":
      return `> ${piece.text.replaceAll("\n", "\n> ")}\n\n`;
    case "table":
      return `${captionOf(piece)}${markdownTable(piece.heads, piece.rows)}`;
    default:
      return assertNever(piece);
  }
}

const captionOf = ({ caption }: { readonly caption: string | undefined }): string => (caption === undefined ? "" : `${caption}\n\n`);

/** The anchor that GitHub gives a heading: `RN0501 identity` is `rn0501-identity`. */
export const anchorOf = (title: string): string => title.toLowerCase().replace(/[^\p{L}\p{N}_ -]/gu, "").replaceAll(" ", "-");
