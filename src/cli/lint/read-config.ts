import type { SourceFile } from "../../base/source-file.ts";
import { didYouMean } from "../../base/suggest.ts";
import type { Severity } from "../../diagnostics/problem.ts";
import type { LintConfig, RuleConfig } from "../../lint/settings.ts";
import { findRule, resolveSettings } from "../../lint/settings.ts";
import { UsageError } from "../host.ts";
import type { TomlPath, TomlText } from "./toml.ts";
import { parseToml } from "./toml.ts";

/** What a `rnc.toml` says. */
export interface ConfigText {
  readonly lint: LintConfig;
  /** Files that are never linted, as patterns of a `.gitignore` in the same folder. */
  readonly exclude: readonly string[];
}

/** What may stand in `[lint]`. */
const LINT_KEYS = ["select", "ignore", "severity", "exclude", "rules"];

/**
 * Reads the text of a `rnc.toml`; `grammar/rnc.schema.json` describes it. What is wrong is said with its place and left out;
 * a text that is no TOML has no value.
 */
export async function readConfig(source: SourceFile): Promise<{ readonly value: ConfigText | undefined; readonly mistakes: readonly UsageError[] }> {
  const toml = await parseToml(source).catch((error: unknown) => {
    if (error instanceof UsageError) return error;
    throw error;
  });
  if (toml instanceof UsageError) return { value: undefined, mistakes: [toml] };

  const reader = createReader(toml);
  reader.known(toml.value, [], ["lint"]);
  const lint = reader.table(toml.value.lint, ["lint"]);
  reader.known(lint, ["lint"], LINT_KEYS);
  const [select, ignore, exclude] = (["select", "ignore", "exclude"] as const).map((key) => reader.texts(lint[key], ["lint", key]));
  const severity = reader.text(lint.severity, ["lint", "severity"]);
  const tables = reader.table(lint.rules, ["lint", "rules"]);
  const rules = Object.fromEntries(Object.entries(tables).map(([name, value]) => [name, readRule(reader, value, ["lint", "rules", name])]));
  const config: LintConfig = { ...(select ? { select } : {}), ...(ignore ? { ignore } : {}), ...(severity === undefined ? {} : { severity: severity as Severity }), rules };

  // What the texts mean (rules, severities, thresholds) is known there; only the places are known here.
  for (const { path, message, help } of resolveSettings(config).problems) {
    const [section, rule, , threshold] = path;
    const isRule = section === "rules" && path.length === 2;
    const isThreshold = threshold !== undefined && findRule(String(rule))?.thresholds?.[threshold] === undefined;
    reader.report(message, threshold === undefined ? ["lint", ...path] : ["lint", "rules", String(rule), threshold], { help, isKey: isRule || isThreshold });
  }
  const mistakes = [...reader.mistakes].sort((a, b) => (a.at?.span.start ?? 0) - (b.at?.span.start ?? 0));
  return { value: { lint: config, exclude: exclude ?? [] }, mistakes };
}

function readRule(reader: Reader, value: unknown, path: TomlPath): RuleConfig {
  const { severity, ...others } = reader.table(value, path);
  const said = reader.text(severity, [...path, "severity"]);
  const thresholds = Object.entries(others).flatMap(([name, given]) => {
    const number = reader.number(given, [...path, name]);
    return number === undefined ? [] : [[name, number] as const];
  });
  return { ...(said === undefined ? {} : { severity: said as Severity | "off" }), thresholds: Object.fromEntries(thresholds) };
}

type Reader = ReturnType<typeof createReader>;

/** Takes values of the kind that is wanted, and notes those that are of another. */
function createReader(toml: TomlText) {
  const mistakes: UsageError[] = [];
  const report = (message: string, path: TomlPath, more: { readonly help?: readonly string[]; readonly isKey?: boolean } = {}): void => {
    const span = more.isKey === true ? toml.keyAt(path) : toml.valueAt(path);
    mistakes.push(new UsageError(message, { at: { span, text: "" }, help: more.help ?? [] }));
  };
  const wanted = (kind: string, value: unknown, path: TomlPath, help: string): undefined => {
    const isElement = typeof path.at(-1) === "number";
    report(`${isElement ? "an element of " : ""}\`${path.slice(0, isElement ? -1 : undefined).join(".")}\` is ${kind}, not ${kindOf(value)}`, path, { help: [help] });
    return undefined;
  };
  return {
    mistakes,
    report,
    known(table: Readonly<Record<string, unknown>>, path: TomlPath, keys: readonly string[]): void {
      for (const key of Object.keys(table)) {
        if (keys.includes(key)) continue;
        const guess = didYouMean(key, keys);
        const where = path.length === 0 ? "here" : `in [${path.join(".")}]`;
        const help = guess === undefined ? `There ${keys.length === 1 ? "is" : "are"} ${keys.map((name) => `\`${name}\``).join(", ")}.` : `D${guess.slice(1)}`;
        report(`there is no setting \`${key}\` ${where}`, [...path, key], { help: [help], isKey: true });
      }
    },
    table(value: unknown, path: TomlPath): Readonly<Record<string, unknown>> {
      if (value === undefined) return {};
      if (typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)) return value as Readonly<Record<string, unknown>>;
      wanted("a table", value, path, `Write its settings in lines of their own, under \`[${path.join(".")}]\`.`);
      return {};
    },
    text(value: unknown, path: TomlPath): string | undefined {
      return value === undefined || typeof value === "string" ? value : wanted("a text", value, path, "Write it in quotes.");
    },
    texts(value: unknown, path: TomlPath): readonly string[] | undefined {
      if (value === undefined) return undefined;
      if (!Array.isArray(value)) return wanted("a list of texts", value, path, `Write \`${path.at(-1) ?? ""} = ["…", "…"]\`.`);
      return value.flatMap((element: unknown, index) => (typeof element === "string" ? [element] : (wanted("a text", element, [...path, index], "Write it in quotes.") ?? [])));
    },
    number(value: unknown, path: TomlPath): number | undefined {
      return typeof value === "number" ? value : wanted("a number", value, path, "The settings of a rule are `severity` and its thresholds, which are numbers.");
    },
  };
}

function kindOf(value: unknown): string {
  if (typeof value === "string") return "a text";
  if (typeof value === "number") return "a number";
  if (typeof value === "boolean") return "true or false";
  if (value instanceof Date) return "a date";
  return Array.isArray(value) ? "a list" : "a table";
}
