import type { AttributeSpec, OpRecord } from "../ops/define-op.ts";
import { operators } from "../ops/registry.ts";
import type { Document } from "./document.ts";
import { code, document, prose, table } from "./document.ts";
import { inlineCode } from "./markdown.ts";

/** The operators and joins that users write. */
export const LANGUAGE_OPERATORS: readonly OpRecord[] = Object.values(operators).filter(({ level }) => level === "language");

/** An operator or join: its form, what it computes, its arguments, an example. */
export function operatorDocument(record: OpRecord): Document {
  const isWhole = /^(use|block|network)\b/m.test(record.sample);
  const kind = record.kind === record.name ? "" : ` Its parameters are called ${inlineCode(`${record.kind}1`)}, ${inlineCode(`${record.kind}2`)}, ….`;
  return document(record.name, [
    code(operatorForm(record), { info: "text" }),
    prose(record.summary + kind),
    prose(record.doc),
    record.attributes.length === 0 && record.form === "layer" ? prose("It takes no arguments.") : undefined,
    table(["argument", "type", "default", "by position", "meaning"], record.attributes.map(attributeRow)),
    code(isWhole ? record.sample : `network Sample {\n${record.sample.replace(/^(?=.)/gm, "  ")}\n}`, { caption: "Example:" }),
  ]);
}

/** `conv(kernel, channels, stride=1, …)`; `residual(shortcut=…) { … | … }` */
export function operatorForm(record: OpRecord): string {
  const parts = record.attributes.map((spec) => (isRequired(spec) ? spec.name : `${spec.name}=${spec.default === undefined ? "…" : JSON.stringify(spec.default)}`));
  if (record.name === "residual") parts.push("shortcut=…");
  return `${record.name}${parts.length === 0 ? "" : `(${parts.join(", ")})`}${record.form === "join" ? " { … | … }" : ""}`;
}

const isRequired = (spec: AttributeSpec): boolean => spec.default === undefined && spec.defaultText === undefined;

function attributeRow(spec: AttributeSpec): readonly string[] {
  const given = spec.default === undefined ? (spec.defaultText ?? "required") : inlineCode(JSON.stringify(spec.default));
  const choices = spec.choices ? ` One of ${spec.choices.map((choice) => inlineCode(JSON.stringify(choice))).join(", ")}.` : "";
  return [inlineCode(spec.name), inlineCode(spec.type), given, spec.positional ? "yes" : "", spec.doc + choices];
}
