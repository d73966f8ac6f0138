/** What `rnc explain CODE` prints; the message itself is worded where it is reported, with the values of the case. */
export interface CatalogueEntry {
  /** A short name in kebab-case. */
  readonly slug: string;
  /** One line: what it is about. */
  readonly summary: string;
  /** Why it is a mistake and how to mend it, in a few sentences. */
  readonly explanation: string;
  /** A small program that is reported with this code (compiled by a test). */
  readonly wrong: string;
  /** The same program, mended (compiled by a test). */
  readonly right: string;
}

/** Checks entries against {@link CatalogueEntry} and keeps their codes as literal types. */
export function defineDiagnostics<const T extends Record<`RN${number}`, CatalogueEntry>>(entries: T): T {
  return entries;
}
