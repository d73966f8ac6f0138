import { InternalError } from "../base/assert.ts";
import { didYouMean } from "../base/suggest.ts";
import type { Severity } from "../diagnostics/problem.ts";
import { RULES } from "./registry.ts";
import type { Rule } from "./rule.ts";

/** What a project asks of the linter, as `rnc.toml` and the command line give it; a rule is named by name or code. */
export interface LintConfig {
  /** Rules, or `all`; left out: all. A rule that is named here is shown also when its severity is `info`. */
  readonly select?: readonly string[];
  /** Rules that are never asked; stronger than `select`. */
  readonly ignore?: readonly string[];
  /** The least severity that is shown; left out: `warning`. */
  readonly severity?: Severity;
  /** By rule: another severity, `off`, or thresholds of the rule. */
  readonly rules?: Readonly<Record<string, RuleConfig>>;
}

export interface RuleConfig {
  readonly severity?: Severity | "off";
  readonly thresholds?: Readonly<Record<string, number>>;
}

/** The same, resolved: what the linter asks for every rule. */
export interface LintSettings {
  /** What a finding of the rule weighs; `off`: the rule is not asked, as nobody would see its findings. */
  severityOf(rule: Rule): Severity | "off";
  threshold(rule: Rule, name: string): number;
}

/** What is wrong with a configuration, and where in it: `["rules", "deep-plain", "thresholds", "depth"]`, `["select", 0]`. */
export interface SettingProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly help: readonly string[];
}

/** Severities from the heaviest to the lightest. */
export const SEVERITIES: readonly Severity[] = ["error", "warning", "info"];

const weight = (severity: Severity): number => SEVERITIES.indexOf(severity);

/** The rule of a name or code, in any case. */
export function findRule(name: string): Rule | undefined {
  const wanted = name.toLowerCase();
  return RULES.find((rule) => rule.name === wanted || rule.code.toLowerCase() === wanted);
}

/** `did you mean …?` for a rule that does not exist, or where all of them are listed. */
export function rulesLike(name: string): string {
  const guess = didYouMean(name, RULES.flatMap((rule) => [rule.name, rule.code]));
  return guess === undefined ? "`rnc explain` lists every rule." : `D${guess.slice(1)}`;
}

/** Reads a configuration. What is wrong in it is said and left out; the rest holds. */
export function resolveSettings(config: LintConfig = {}): { readonly value: LintSettings; readonly problems: readonly SettingProblem[] } {
  const problems: SettingProblem[] = [];
  const known = (name: string, path: SettingProblem["path"]): Rule | undefined => {
    const rule = findRule(name);
    if (rule === undefined) problems.push({ path, message: `there is no rule \`${name}\``, help: [rulesLike(name)] });
    return rule;
  };
  const named = (names: readonly string[], key: "select" | "ignore"): ReadonlySet<Rule> =>
    new Set(names.flatMap((name, index) => (name.toLowerCase() === "all" ? [] : (known(name, [key, index]) ?? []))));
  const all = (names: readonly string[] | undefined): boolean => names?.some((name) => name.toLowerCase() === "all") ?? false;

  const selected = named(config.select ?? [], "select");
  const selectsAll = config.select === undefined || all(config.select);
  const ignored = named(config.ignore ?? [], "ignore");
  const ignoresAll = all(config.ignore);
  const least = weight(severityIn(config.severity, ["severity"], SEVERITIES, problems) ?? "warning");
  const severities = new Map<Rule, Severity | "off">();
  const thresholds = new Map<Rule, ReadonlyMap<string, number>>();
  for (const [name, given] of Object.entries(config.rules ?? {})) {
    const rule = known(name, ["rules", name]);
    if (rule === undefined) continue;
    const severity = severityIn(given.severity, ["rules", name, "severity"], [...SEVERITIES, "off"], problems);
    if (severity !== undefined) severities.set(rule, severity);
    thresholds.set(rule, thresholdsIn(rule, given.thresholds ?? {}, ["rules", name, "thresholds"], problems));
  }

  return {
    problems,
    value: {
      severityOf(rule) {
        const severity = severities.get(rule) ?? rule.severity;
        if (severity === "off" || ignoresAll || ignored.has(rule)) return "off";
        if (selected.has(rule)) return severity;
        return selectsAll && weight(severity) <= least ? severity : "off";
      },
      threshold(rule, name) {
        const spec = rule.thresholds?.[name];
        if (spec === undefined) throw new InternalError(`the rule ${rule.name} has no threshold ${name}`);
        return thresholds.get(rule)?.get(name) ?? spec.default;
      },
    },
  };
}

function severityIn<const S extends string>(given: S | undefined, path: SettingProblem["path"], allowed: readonly S[], problems: SettingProblem[]): S | undefined {
  if (given === undefined || allowed.includes(given)) return given;
  const text = JSON.stringify(given);
  problems.push({ path, message: `${text} is no severity`, help: [`Use ${allowed.map((word) => `"${word}"`).join(", ")}.`] });
  return undefined;
}

function thresholdsIn(rule: Rule, given: Readonly<Record<string, number>>, path: SettingProblem["path"], problems: SettingProblem[]): ReadonlyMap<string, number> {
  const specs = rule.thresholds ?? {};
  const names = Object.keys(specs);
  const read = new Map<string, number>();
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(specs, name)) {
      const guess = didYouMean(name, names);
      const help = guess ? `D${guess.slice(1)}` : names.length > 0 ? `It has ${names.map((own) => `\`${own}\``).join(", ")}.` : "It has no thresholds.";
      problems.push({ path: [...path, name], message: `the rule \`${rule.name}\` has no threshold \`${name}\``, help: [help] });
    } else if (typeof value !== "number" || !Number.isFinite(value) || value < 0) {
      problems.push({ path: [...path, name], message: `the threshold \`${name}\` is a number that is not negative, not ${JSON.stringify(value)}`, help: [`${specs[name]?.meaning ?? ""} Its default is ${specs[name]?.default ?? ""}.`.trim()] });
    } else read.set(name, value);
  }
  return read;
}
