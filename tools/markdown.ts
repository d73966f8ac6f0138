/** Pieces of Markdown for the generated pages. */

/** Text in a cell of a table. */
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |\n`;
/** A table and the empty line below it. */
export const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string => `${row(heads)}${row(heads.map(() => "---"))}${rows.map(row).join("")}\n`;
export const code = (text: string): string => `\`${text}\``;
/** A block of code; `info` are the words behind the fence. */
export const fence = (text: string, info = "resnet"): string => `\`\`\`${info}\n${text.trimEnd()}\n\`\`\`\n\n`;
