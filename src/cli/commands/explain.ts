import { nearest } from "../../base/suggest.ts";
import { InputError } from "../../base/input-error.ts";
import { QUANTITIES } from "../../check/contracts.ts";
import { FUNCTIONS } from "../../check/functions.ts";
import { catalogue } from "../../diagnostics/catalogue.ts";
import type { Code } from "../../diagnostics/catalogue.ts";
import type { CatalogueEntry } from "../../diagnostics/entry.ts";
import { wrap } from "../../diagnostics/render/text-width.ts";
import type { AttributeSpec, OpRecord } from "../../ops/define-op.ts";
import { RULES } from "../../lint/registry.ts";
import type { Rule } from "../../lint/rule.ts";
import { UNMEASURED } from "../../lint/rule.ts";
import { findRule } from "../../lint/settings.ts";
import { findOperator, operators } from "../../ops/registry.ts";
import { standardDeclaration, standardNames } from "../../program/standard-library.ts";
import type { Module } from "../../syntax/ast.ts";
import type { Command } from "../command.ts";
import { declarationsOf, describeDeclaration } from "../declarations.ts";
import type { CliHost } from "../host.ts";

/** `rnc explain`: a diagnostic, a rule of the linter, an operator, a function, a quantity of `expect` or a declaration of the library. */
export function register(program: Command, host: CliHost): void {
  program
    .command("explain")
    .argument("[name]", "a code (RN0501, RL05) or its name, an operator (conv), a function (range), a quantity (params), a library name (basic)")
    .description("explain a message, a rule of the linter, an operator, a function or a part of the standard library")
    .action((name: string | undefined) => {
      host.out.write(name === undefined ? overview(host) : explain(name, host));
      return 0;
    });
}

function explain(name: string, host: CliHost): string {
  const upper = name.toUpperCase();
  const code = (Object.hasOwn(catalogue, upper) ? upper : Object.keys(catalogue).find((key) => catalogue[key as Code].slug === name)) as Code | undefined;
  if (code) return explainDiagnostic(code, catalogue[code], host);
  const rule = findRule(name);
  if (rule) return explainRule(rule, host);
  const record = findOperator(name);
  if (record?.level === "language") return explainOperator(record, host);
  const fact = FUNCTIONS[name] ?? QUANTITIES[name];
  if (Object.hasOwn(FUNCTIONS, name) || Object.hasOwn(QUANTITIES, name)) {
    const usage = fact && "usage" in fact ? fact.usage : `expect ${name} == …`;
    return `${host.out.colors.bold(usage)}\n\n${paragraphs(fact?.doc ?? "", host)}\n`;
  }
  const declared = standardDeclaration(name);
  if (declared) return explainDeclaration(name, declared.module, host);
  const near = nearest(name, [...everyName(), ...Object.keys(catalogue), ...RULES.map(({ code }) => code)]);
  throw new InputError(`nothing is called \`${name}\``, {
    help: [near.length > 0 ? `Did you mean ${near.map((entry) => `\`${entry}\``).join(" or ")}?` : "`rnc explain` without a name prints everything it knows."],
  });
}

function everyName(): string[] {
  const words = Object.values(catalogue).map((entry) => entry.slug as string);
  return [...words, ...RULES.map((rule) => rule.name), ...languageOperators(), ...Object.keys(FUNCTIONS), ...Object.keys(QUANTITIES), ...(["network", "block", "recipe"] as const).flatMap(standardNames)];
}

function languageOperators(): string[] {
  return Object.values(operators).filter((record) => record.level === "language").map((record) => record.name);
}

function overview(host: CliHost): string {
  const { bold } = host.out.colors;
  const section = (title: string, names: readonly string[]): string => `${bold(title)}\n${wrap(names.join(", "), 96).map((line) => `  ${line}\n`).join("")}\n`;
  const codes = Object.entries(catalogue).map(([code, entry]) => `  ${code}  ${entry.slug.padEnd(26)}  ${entry.summary}\n`);
  const rules = RULES.map((rule) => `  ${rule.code}  ${rule.name.padEnd(26)}  ${rule.summary}\n`);
  return [
    section("Operators", languageOperators()),
    section("Functions", Object.keys(FUNCTIONS)),
    section("Quantities of `expect`", Object.keys(QUANTITIES)),
    `${bold("Messages")}\n${codes.join("")}\n`,
    `${bold("Rules of `rnc lint`")}\n${rules.join("")}\n`,
    "The standard library: `rnc list`.\n",
  ].join("");
}

function explainDiagnostic(code: Code, entry: CatalogueEntry, host: CliHost): string {
  const { bold, red, green } = host.out.colors;
  return [
    `${bold(`${code} ${entry.slug}`)}\n`,
    paragraphs(entry.summary, host),
    paragraphs(entry.explanation, host),
    `${red("Wrong:")}\n${indent(entry.wrong)}`,
    `${green("Right:")}\n${indent(entry.right)}`,
  ].join("\n");
}

function explainRule(rule: Rule, host: CliHost): string {
  const { bold, red, green } = host.out.colors;
  const thresholds = Object.entries(rule.thresholds ?? {}).map(([name, { default: value, meaning }]) => `  ${bold(name)} = ${value}\n${wrap(meaning, 92).map((line) => `      ${line}\n`).join("")}`);
  return [
    `${bold(`${rule.code} ${rule.name}`)} (${rule.severity})\n`,
    paragraphs(rule.summary, host),
    paragraphs(rule.why, host),
    paragraphs(`Evidence: ${rule.evidence ?? UNMEASURED}`, host),
    paragraphs(`When it does not apply: ${rule.exceptions}`, host),
    thresholds.length > 0 ? `Thresholds, to set in rnc.toml:\n${thresholds.join("")}` : "",
    `${red("Wrong:")}\n${indent(rule.wrong)}`,
    `${green("Right:")}\n${indent(rule.right)}`,
    paragraphs(rule.severity === "info" ? `It is shown with \`--select ${rule.name}\` or \`--severity info\`.` : `To leave it out: \`--ignore ${rule.name}\`, or in one place \`// rnc-ignore ${rule.name}: REASON\`.`, host),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function explainOperator(record: OpRecord, host: CliHost): string {
  const { bold } = host.out.colors;
  const usage = record.form === "join" ? `${record.name} { … | … }` : `${record.name}(${record.attributes.filter((spec) => spec.positional).map((spec) => spec.name).join(", ")})`;
  const kind = record.kind === record.name ? "" : ` Its parameters are called \`${record.kind}1\`, \`${record.kind}2\`, ….`;
  const attributes = record.attributes.map(
    (spec) => `  ${bold(`${spec.name}: ${spec.type}`)}${defaultOf(spec)}${spec.positional ? "" : ", by name only"}\n${wrap(spec.doc, 92).map((line) => `      ${line}\n`).join("")}`,
  );
  return [
    `${bold(usage)}\n`,
    paragraphs(record.summary + kind, host),
    paragraphs(record.doc, host),
    attributes.length > 0 ? `Parameters:\n${attributes.join("")}` : "It takes no parameters.\n",
    record.sample ? `Example:\n${indent(record.sample)}` : "",
  ]
    .filter((part) => part.trim() !== "")
    .join("\n");
}

function defaultOf(spec: AttributeSpec): string {
  const choices = spec.choices ? `, one of ${spec.choices.map((word) => `"${word}"`).join(", ")}` : "";
  if (spec.defaultText !== undefined) return ` = ${spec.defaultText}${choices}`;
  if (spec.default === undefined) return ` (required)${choices}`;
  return ` = ${typeof spec.default === "string" ? `"${spec.default}"` : Array.isArray(spec.default) ? `[${spec.default.join(", ")}]` : String(spec.default)}${choices}`;
}

function explainDeclaration(name: string, module: Module, host: CliHost): string {
  const { bold, dim } = host.out.colors;
  const found = declarationsOf(module).find((declaration) => declaration.name.name === name);
  if (!found) throw new InputError(`\`${name}\` is not in \`${module.source.path}\``);
  const { kind, parameters, doc } = describeDeclaration(found, module);
  const use = kind === "network" ? `rnc summary ${name}` : `use ${module.source.path} { ${name} }`;
  return [
    `${bold(`${kind} ${name}${parameters}`)}\n`,
    doc === undefined ? "" : paragraphs(doc, host),
    `${dim(`From ${module.source.path}; use it with: ${use}`)}\n`,
    indent(module.source.text.slice(found.start, found.end)),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

/** Prose broken to the width of the terminal, whatever the width it was written at; lists, tables and code keep their lines. */
function paragraphs(text: string, host: CliHost): string {
  const width = Math.min(host.out.columns, 100);
  const blocks = text.trim().split(/\n{2,}/).map((block) => {
    const lines = block.split("\n");
    const asWritten = lines.some((line) => /^( {2,}|\s*[-*|]\s)/.test(line));
    return (asWritten ? lines : [lines.join(" ")]).flatMap((line) => wrap(line, width)).join("\n");
  });
  return `${blocks.join("\n\n")}\n`;
}

function indent(text: string): string {
  return text.replace(/\r\n/g, "\n").trimEnd().split("\n").map((line) => (line === "" ? "\n" : `    ${line}\n`)).join("");
}
