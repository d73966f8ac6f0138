import { isAbsolute, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { ArtifactLocation, Fix as SarifFix, Invocation, Location, Notification, Region, ReportingDescriptor, Result } from "sarif";
import type { SourceFile, Span } from "../../base/source-file.ts";
import { positionAt } from "../../base/source-file.ts";
import { catalogue } from "../../diagnostics/catalogue.ts";
import type { Code } from "../../diagnostics/catalogue.ts";
import type { Fix, Label, Problem, Severity } from "../../diagnostics/problem.ts";
import { findRule } from "../../lint/settings.ts";
import type { Output } from "../host.ts";
import { VERSION } from "../version.ts";
import type { LintOutput } from "./output.ts";

const LEVELS = { error: "error", warning: "warning", info: "note" } as const satisfies Record<Severity, Result["level"]>;
/** What relative addresses begin at: the folder in which rnc runs. */
const ROOT = "%SRCROOT%";

/** SARIF 2.1.0, for code scanning and editors: one run, a result a line, written while files are read. */
export function createSarifOutput(out: Output): LintOutput {
  const rules = new Map<string, { readonly index: number; readonly rule: ReportingDescriptor }>();
  const notifications: Notification[] = [];
  let count = 0;
  const begin = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{ columnKind: "utf16CodeUnits", originalUriBaseIds: { [ROOT]: { uri: `${pathToFileURL(resolve(".")).href.replace(/\/$/, "")}/` } }, results: [] }],
  };
  const head = JSON.stringify(begin).slice(0, -"]}]}".length);
  const ruleIndex = (problem: Problem): number => {
    const known = rules.get(problem.code);
    if (known) return known.index;
    rules.set(problem.code, { index: rules.size, rule: descriptorOf(problem) });
    return rules.size - 1;
  };
  return {
    file({ problems }) {
      for (const problem of problems) out.write(`${count++ === 0 ? head : ","}\n${JSON.stringify(resultOf(problem, ruleIndex(problem)))}`);
    },
    failure({ message, help }, path) {
      const locations = path === undefined ? [] : [{ physicalLocation: { artifactLocation: artifactAt(path) } }];
      notifications.push({ level: "error", message: { text: [message, ...help].join("\n") }, locations });
    },
    end() {
      const invocation: Invocation = { executionSuccessful: notifications.length === 0, toolExecutionNotifications: notifications };
      const driver = { name: "rnc", version: VERSION, semanticVersion: VERSION, rules: [...rules.values()].map(({ rule }) => rule) };
      out.write(`${count === 0 ? head : "\n"}],"tool":${JSON.stringify({ driver })},"invocations":[${JSON.stringify(invocation)}]}]}\n`);
    },
  };
}

function descriptorOf({ code, severity }: Problem): ReportingDescriptor {
  const rule = findRule(code);
  const level = { defaultConfiguration: { level: LEVELS[rule?.severity ?? severity] } };
  if (rule === undefined) {
    const { slug, summary, explanation, wrong, right } = catalogue[code as Code];
    return { id: code, name: slug, shortDescription: { text: summary }, fullDescription: { text: explanation }, help: helpOf([explanation], wrong, right), ...level };
  }
  const { name, summary, why, evidence, exceptions, wrong, right } = rule;
  const said = [why, ...(evidence === undefined ? [] : [evidence]), exceptions];
  return { id: code, name, shortDescription: { text: summary }, fullDescription: { text: why }, help: helpOf(said, wrong, right), ...level };
}

function helpOf(said: readonly string[], wrong: string, right: string): ReportingDescriptor["help"] {
  const [before, after] = [wrong.trimEnd(), right.trimEnd()];
  return {
    text: [...said, `For example:\n\n${before}`, `Instead:\n\n${after}`].join("\n\n"),
    markdown: [...said, `For example:\n\n\`\`\`\n${before}\n\`\`\``, `Instead:\n\n\`\`\`\n${after}\n\`\`\``].join("\n\n"),
  };
}

function resultOf(problem: Problem, ruleIndex: number): Result {
  const { code, severity, message, primary, secondary, notes, help } = problem;
  const fixes = problem.fixes.flatMap(fixOf);
  return {
    ruleId: code,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: [message, ...notes, ...help].join("\n") },
    locations: [locationOf(primary)],
    ...(secondary.length > 0 ? { relatedLocations: secondary.map((label, id) => ({ id, ...locationOf(label) })) } : {}),
    ...(fixes.length > 0 ? { fixes } : {}),
  };
}

/** A module of the library has no address: it is named. */
function locationOf({ span, text }: Label): Location {
  const { line } = positionAt(span.source, span.start);
  const place: Location = span.source.standard
    ? { logicalLocations: [{ name: span.source.path, fullyQualifiedName: `${span.source.path}:${line}`, kind: "module" }] }
    : { physicalLocation: { artifactLocation: artifactOf(span.source), region: regionOf(span) } };
  return text === "" ? place : { ...place, message: { text } };
}

/** Lines and columns count from 1, columns in UTF-16 units; the end is the first place that does not belong to it. */
function regionOf({ source, start, end }: Span): Region {
  const [from, to] = [positionAt(source, start), positionAt(source, end)];
  return { startLine: from.line, startColumn: from.column, endLine: to.line, endColumn: to.column };
}

const artifactOf = ({ path }: SourceFile): ArtifactLocation => artifactAt(path);

/** Relative to the folder in which rnc runs; what is not below it has its whole address. */
function artifactAt(path: string): ArtifactLocation {
  const within = relative(".", resolve(path));
  if (within.startsWith("..") || isAbsolute(within)) return { uri: pathToFileURL(resolve(path)).href };
  return { uri: within.split(sep).map(encodeURIComponent).join("/"), uriBaseId: ROOT };
}

/** Nothing for an edit of the library, which nobody can make. */
function fixOf({ title, edits }: Fix): SarifFix[] {
  if (edits.length === 0 || edits.some(({ span }) => span.source.standard)) return [];
  const sources = [...new Set(edits.map(({ span }) => span.source))];
  const artifactChanges = sources.map((source) => ({
    artifactLocation: artifactOf(source),
    replacements: edits.filter(({ span }) => span.source === source).map(({ span, text }) => ({ deletedRegion: regionOf(span), insertedContent: { text } })),
  }));
  return [{ description: { text: title }, artifactChanges }];
}
