/** `grammar/STDLIB.md`: every module of the standard library and what it declares, from its own documentation and contracts. */
import { splitDoc } from "../src/program/declarations.ts";
import { standardLibrary } from "../src/program/standard-library.ts";
import type { LibraryEntry } from "../src/reference/library.ts";
import { entryDocument, libraryEntries, sourceDocument } from "../src/reference/library.ts";
import { anchorOf, fence, inlineCode, markdownTable, renderMarkdown } from "../src/reference/markdown.ts";
import type { Module } from "../src/syntax/ast.ts";

/** What a network's row shows of its contract. */
const COUNTS = { params: "parameters", macs: "multiply-adds", depth: "depth" } as const;

export function libraryPage(): string {
  const modules = [...standardLibrary.values()];
  return [
    "# The standard library\n\n",
    "Made from the library itself by `npm run generate:reference`; not edited by hand. `rnc explain NAME` prints one of these, `rnc list` all names.\n\n",
    "A network of the library is named wherever a command takes a network: `rnc summary ResNet50`. In a file, `use` takes names from a module. Counts are those\n",
    "of the networks' contracts, which every check measures; `rnc summary` has those that are left out here.\n\n",
    markdownTable(["module", "about"], modules.map(({ source, doc }) => [`[${inlineCode(source.path)}](#${anchorOf(source.path)})`, splitDoc(doc).prose])),
    ...modules.map(modulePart),
  ].join("");
}

function modulePart(module: Module): string {
  const entries = libraryEntries(module);
  const ready = entries.filter(isReady);
  return [
    `## ${module.source.path}\n\n${splitDoc(module.doc).prose}\n\n`,
    ready.length > 0 ? networksPart(module.source.path, ready) : "",
    ...entries.filter((entry) => !isReady(entry)).map((entry) => renderMarkdown(entry.kind === "recipe" ? sourceDocument(entry) : entryDocument(entry), 3)),
  ].join("");
}

/** True for a network that needs nothing: those are many, and a row says enough. */
const isReady = ({ kind, parameters }: LibraryEntry): boolean => kind === "network" && parameters.every(({ value }) => value !== undefined);

function networksPart(module: string, entries: readonly LibraryEntry[]): string {
  const shown = Object.entries(COUNTS).filter(([quantity]) => entries.some((entry) => countOf(entry, quantity) !== ""));
  const [first] = entries;
  return [
    fence(`use ${module} { ${first?.name ?? ""} }`),
    markdownTable(
      ["network", "about", "is", ...shown.map(([, title]) => title)],
      entries.map((entry) => [inlineCode(entry.name), entry.doc.replaceAll("\n", " "), meaningOf(entry), ...shown.map(([quantity]) => countOf(entry, quantity))]),
    ),
  ].join("");
}

/** What an alias stands for. */
const meaningOf = ({ head }: LibraryEntry): string => {
  const [, target] = /^\w+ \w+(?:\([^=]*\))? = (.*)$/.exec(head) ?? [];
  return target === undefined ? "" : inlineCode(target);
};

/** A number; what is a formula of parameters stands in the file. */
const countOf = ({ counts }: LibraryEntry, wanted: string): string => counts.find(({ quantity, relation, value }) => quantity === wanted && relation === "==" && /^[\d,]+$/.test(value))?.value ?? "";
