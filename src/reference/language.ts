import { QUANTITIES } from "../check/contracts.ts";
import { FUNCTIONS } from "../check/functions.ts";
import type { Keyword } from "../syntax/keywords.ts";
import { KEYWORDS, SIGNS } from "../syntax/keywords.ts";
import type { Document } from "./document.ts";
import { code, document, prose } from "./document.ts";

const WORDS: Readonly<Record<string, Keyword>> = { ...KEYWORDS, ...SIGNS };

/** A reserved word or a sign of the language: how it is written, what it does, an example. */
export function keywordDocument(word: string): Document | undefined {
  const name = /^[{}]{1,2}$/.test(word) ? "{ }" : word;
  const record = Object.hasOwn(WORDS, name) ? WORDS[name] : undefined;
  return record && document(name, [code(record.form, { info: "text" }), prose(record.summary), prose(record.doc), code(record.example, { caption: "Example:" })]);
}

/** A function of expressions. */
export function functionDocument(name: string): Document | undefined {
  const record = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  return record && document(name, [code(record.usage, { info: "text" }), prose(record.doc), code(sampleNetwork(record.sample), { caption: "Example:" })]);
}

/** For every quantity a line that holds of the network around it. */
const EXPECTED: Readonly<Record<string, string>> = {
  params: "expect params == 464",
  buffers: "expect buffers == 32",
  macs: "expect macs <= 0.5M",
  depth: "expect depth == 1",
  rf: "expect rf == 3",
  "rf.min": "expect rf.min == 3",
  memory: "expect memory <= 200K",
  shape: "expect shape == [N, 16, 32, 32]",
};

/** What `expect` measures. */
export function quantityDocument(name: string): Document | undefined {
  const record = Object.hasOwn(QUANTITIES, name) ? QUANTITIES[name] : undefined;
  return record && document(name, [code(`expect ${name} == …`, { info: "text" }), prose(record.doc), code(sampleNetwork(`conv(3x3, 16) -> bn -> relu\n${EXPECTED[name] ?? ""}`), { caption: "Example:" })]);
}

const sampleNetwork = (body: string): string => `network Sample {\n  input image: float32[N, 3, 32, 32]\n${body.replace(/^(?=.)/gm, "  ")}\n}`;
