import type { AST } from "toml-eslint-parser";
import type { SourceFile, Span } from "../../base/source-file.ts";
import { UsageError } from "../host.ts";

/** The way to a value: `["lint", "select", 0]`. */
export type TomlPath = readonly (string | number)[];

/** A TOML text as plain data, with the place of everything in it. */
export interface TomlText {
  readonly value: Readonly<Record<string, unknown>>;
  /** Where a key is written; of what has no key (an element of a list), where it stands. */
  keyAt(path: TomlPath): Span;
  /** Where a value is written; of a table, its head. */
  valueAt(path: TomlPath): Span;
}

/**
 * Reads a TOML text.
 *
 * @throws {@link UsageError} with the place of what is no TOML
 */
export async function parseToml(source: SourceFile): Promise<TomlText> {
  const { getStaticTOMLValue, ParseError, parseTOML } = await import("toml-eslint-parser");
  try {
    const tree = parseTOML(source.text, { tomlVersion: "1.0" });
    const { keys, values } = placesIn(tree.body[0]);
    const at = (places: ReadonlyMap<string, AST.Range>, path: TomlPath): Span => {
      for (let length = path.length; length > 0; length--) {
        const range = places.get(nameOf(path.slice(0, length)));
        if (range) return { source, start: range[0], end: range[1] };
      }
      return { source, start: 0, end: 0 };
    };
    return { value: getStaticTOMLValue(tree), keyAt: (path) => at(keys, path), valueAt: (path) => at(values, path) };
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const message = error.message.replace(/\.$/, "");
    const span = { source, start: error.index, end: error.index };
    throw new UsageError(`\`${source.path}\` is no TOML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`, { at: { span, text: "" }, help: ['A setting is `name = value` in one line; texts stand in quotes: `severity = "info"`.'] });
  }
}

const nameOf = (path: TomlPath): string => JSON.stringify(path);

function placesIn(table: AST.TOMLTopLevelTable): { readonly keys: ReadonlyMap<string, AST.Range>; readonly values: ReadonlyMap<string, AST.Range> } {
  const keys = new Map<string, AST.Range>();
  const values = new Map<string, AST.Range>();
  /** The path that a key leads to; tables that it makes on the way begin at its parts. */
  const enter = (key: AST.TOMLKey, base: TomlPath): TomlPath => {
    let path = base;
    for (const part of key.keys) {
      path = [...path, part.type === "TOMLBare" ? part.name : part.value];
      const name = nameOf(path);
      if (!keys.has(name)) keys.set(name, part.range);
      if (!values.has(name)) values.set(name, part.range);
    }
    return path;
  };
  const visitValue = (node: AST.TOMLContentNode, path: TomlPath): void => {
    values.set(nameOf(path), node.range);
    if (node.type === "TOMLInlineTable") visitBody(node.body, path);
    if (node.type === "TOMLArray") {
      node.elements.forEach((element, index) => {
        keys.set(nameOf([...path, index]), element.range);
        visitValue(element, [...path, index]);
      });
    }
  };
  const visitBody = (body: readonly (AST.TOMLKeyValue | AST.TOMLTable)[], base: TomlPath): void => {
    for (const item of body) {
      if (item.type === "TOMLKeyValue") visitValue(item.value, enter(item.key, base));
      else {
        enter(item.key, []);
        values.set(nameOf(item.resolvedKey), item.key.range);
        visitBody(item.body, item.resolvedKey);
      }
    }
  };
  visitBody(table.body, []);
  return { keys, values };
}
