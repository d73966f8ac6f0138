import { groupDigits } from "../base/digits.ts";
import type { Described } from "../program/declarations.ts";
import { declarationsOf, describeDeclaration, splitDoc } from "../program/declarations.ts";
import { standardProgram } from "../program/load.ts";
import type { SignatureParameter } from "../program/signature.ts";
import { signatureOf } from "../program/signature.ts";
import { standardDeclaration } from "../program/standard-library.ts";
import type { Declaration, Expect, Module } from "../syntax/ast.ts";
import type { Document } from "./document.ts";
import { code, document, prose, table } from "./document.ts";
import { inlineCode } from "./markdown.ts";

/** What the reference says of a declaration of the standard library. */
export interface LibraryEntry extends Pick<Described, "name" | "kind" | "module"> {
  /** The doc comment without its example. */
  readonly doc: string;
  /** The declaration up to its body, on one line: `network ResNet50 = ImageNetResNet(bottleneck, [3, 4, 6, 3])`. */
  readonly head: string;
  /** What can be given; for an alias that of what it stands for, with the values that it has. */
  readonly parameters: readonly SignatureParameter[];
  /** What the contracts in its body say of the whole, in their order. */
  readonly counts: readonly Count[];
  /** A whole file that uses it. */
  readonly example: string;
  /** The declaration as it is written. */
  readonly text: string;
}

export interface Count {
  /** `params`, `rf.min`, `layer4.shape` */
  readonly quantity: string;
  readonly relation: string;
  /** Numbers with commas, anything else as written. */
  readonly value: string;
}

/** The declarations of a module of the library, in order. */
export function libraryEntries(module: Module): readonly LibraryEntry[] {
  const program = standardProgram(module);
  return declarationsOf(module).map((declaration) => {
    const { name, kind } = describeDeclaration(declaration, module);
    const { prose: doc, example } = splitDoc(declaration.doc);
    const parameters = signatureOf(program, name);
    const entry = { name, kind, module: module.source.path, doc, head: headOf(declaration, module), parameters, counts: countsOf(declaration, module), text: module.source.text.slice(declaration.start, declaration.end) };
    return { ...entry, example: example === undefined ? aliasExample(entry) : wholeExample(example, entry) };
  });
}

/** One of them, by its name. */
export function libraryEntry(name: string): LibraryEntry | undefined {
  const found = standardDeclaration(name);
  return found && libraryEntries(found.module).find((entry) => entry.name === name);
}

/** How a network, block or recipe is used, and what it counts. */
export function entryDocument(entry: LibraryEntry): Document {
  const { name, kind, module, doc, head, parameters, counts, example } = entry;
  return document(name, [
    code(head),
    prose(doc),
    table(["parameter", "type", "default"], parameters.map((parameter) => [inlineCode(parameter.name), inlineCode(parameter.type), parameter.value === undefined ? "required" : inlineCode(parameter.value)])),
    table(["quantity", "value"], counts.map(({ quantity, relation, value }) => [inlineCode(quantity), `${relation === "==" ? "" : `${relation} `}${value}`]), "Its contract:"),
    prose(`It is ${kind === "shortcut" ? "a shortcut option" : `a ${kind}`} of ${inlineCode(module)}: ${inlineCode(useLine(entry))}.`),
    code(example, { caption: "Example:" }),
    kind === "network" ? code(commandsFor(entry), { info: "sh" }) : kind === "recipe" ? code(`rnc train net.resnet --data DIR --recipe ${name}`, { info: "sh" }) : undefined,
  ]);
}

/** The text of a declaration, to stand under its document. */
export const sourceDocument = (entry: LibraryEntry): Document => ({ ...entryDocument(entry), pieces: [...entryDocument(entry).pieces, code(entry.text, { caption: "As it is written:" })] });

/** A module: what it is for, and what it declares. */
export function moduleDocument(module: Module): Document {
  const entries = libraryEntries(module);
  return document(module.source.path, [
    prose(splitDoc(module.doc).prose),
    code(`use ${module.source.path} { ${entries.map(({ name }) => name).slice(0, 3).join(", ")} }`),
    table(["name", "kind", "about"], entries.map(({ name, kind, doc }) => [inlineCode(name), kind, doc.split("\n").join(" ")])),
  ]);
}

/** `use std.blocks { basic }` */
export const useLine = ({ module, name }: Pick<LibraryEntry, "module" | "name">): string => `use ${module} { ${name} }`;

function headOf({ start, name, parameters, target, body }: Declaration, { source }: Module): string {
  const end = target?.end ?? body?.start ?? parameters?.at(-1)?.end ?? name.end;
  return source.text.slice(start, end).replace(/\/\/.*$/gm, "").replace(/\s+/g, " ").replace(/([([]) /g, "$1").replace(/,? ([)\]])/g, "$1").trim();
}

/** The contracts that a declaration states; those of its parts too. */
function countsOf({ body }: Declaration, { source }: Module): readonly Count[] {
  const expects = body?.groups.flat().filter((item): item is Expect => item.kind === "expect") ?? [];
  return expects.map(({ quantity, relation, value }) => {
    const text = source.text.slice(value.start, value.end).replace(/\s+/g, " ");
    const digits = text.replaceAll("_", "");
    return { quantity: quantity.parts.map(({ name }) => name).join("."), relation, value: value.kind === "number" && /^\d+$/.test(digits) ? groupDigits(Number(digits)) : text };
  });
}

/** An example of a doc comment as a whole file: layers stand in a network, and what they name is imported. */
function wholeExample(lines: string, { name, module }: Pick<LibraryEntry, "name" | "module">): string {
  const imports = new Map<string, string[]>();
  for (const [word] of lines.matchAll(/\b[A-Za-z_]\w*\b(?!\s*[:=](?!=))/g)) {
    const from = word === name ? module : standardDeclaration(word)?.module.source.path;
    if (from === undefined || new RegExp(`\\b(?:network|block|recipe) ${word}\\b`).test(lines)) continue;
    const names = imports.get(from) ?? [];
    if (!names.includes(word)) imports.set(from, [...names, word]);
  }
  const uses = [...imports].sort(([a], [b]) => (a < b ? -1 : 1)).map(([from, names]) => `use ${from} { ${names.sort().join(", ")} }\n`);
  const isWhole = /^(network|block|recipe)\b/m.test(lines);
  const input = /^input\b/m.test(lines) ? "" : "  input image: float32[N, 64, 56, 56]\n";
  return `${uses.join("")}\n${isWhole ? `${lines}\n` : `network Sample {\n${input}${lines.replace(/^(?=.)/gm, "  ")}\n}\n`}`;
}

/** For a network or recipe that needs nothing: an alias of one's own. */
function aliasExample(entry: Pick<LibraryEntry, "name" | "kind" | "module" | "parameters">): string {
  const { name, kind, parameters } = entry;
  if (kind === "recipe") return `${useLine(entry)}\n\nrecipe Mine = ${name} { batch: 64 }\n`;
  const given = parameters.findLast(({ type, value }) => type === "int" && value !== undefined && /^\d+$/.test(value));
  return `${useLine(entry)}\n\nnetwork Mine = ${name}${given ? `(${given.name}=${given.value})` : ""}\n`;
}

/** What is done with a network: with one that needs arguments, by way of its example in a file. */
function commandsFor({ name, parameters, example }: LibraryEntry): string {
  const isOpen = parameters.some(({ value }) => value === undefined);
  const own = /^network (\w+)/m.exec(example)?.[1] ?? name;
  const named = isOpen ? `net.resnet#${own}` : name;
  return `rnc summary ${named}\nrnc compile ${named} -o ${(isOpen ? own : name).toLowerCase()}.onnx`;
}
