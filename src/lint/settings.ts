import type { Severity } from "../diagnostics/problem.ts";
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
