/**
 * A page of the reference about one subject, before it is drawn: `rnc explain` prints it in a terminal or as Markdown, and
 * the generated pages put many of them together. Prose is Markdown of the simple kind: paragraphs, lists, code in backticks.
 */
export interface Document {
  readonly title: string;
  readonly pieces: readonly Piece[];
}

export type Piece = Prose | Code | Quote | Table;

export interface Prose {
  readonly kind: "prose";
  readonly text: string;
}

export interface Code {
  readonly kind: "code";
  readonly text: string;
  /** The words behind a fence of Markdown: `resnet`, `resnet wrong RN0501`, `sh`. */
  readonly info: string;
  /** A line above it: `Wrong:`. */
  readonly caption: string | undefined;
}

/** What the compiler says. */
export interface Quote {
  readonly kind: "quote";
  readonly text: string;
}

export interface Table {
  readonly kind: "table";
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly caption: string | undefined;
}

export const prose = (text: string): Prose => ({ kind: "prose", text: text.trim() });
export const quote = (text: string): Quote => ({ kind: "quote", text });
export const table = (heads: readonly string[], rows: readonly (readonly string[])[], caption?: string): Table => ({ kind: "table", heads, rows, caption });
/** Code of the language, unless `info` says otherwise. */
export const code = (text: string, more: { readonly caption?: string; readonly info?: string } = {}): Code => ({ kind: "code", text: text.replace(/\r\n/g, "\n").trimEnd(), info: more.info ?? "resnet", caption: more.caption });

/** Without what has nothing to say. */
export const document = (title: string, pieces: readonly (Piece | undefined)[]): Document => ({
  title,
  pieces: pieces.filter((piece): piece is Piece => piece !== undefined && (piece.kind === "table" ? piece.rows.length > 0 : piece.text !== "")),
});
