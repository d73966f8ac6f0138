import { expect } from "chai";
import { RULES } from "../../src/lint/registry.ts";
import type { LintConfig } from "../../src/lint/settings.ts";
import { findRule, resolveSettings } from "../../src/lint/settings.ts";

const rule = (name: string) => {
  const found = findRule(name);
  if (!found) throw new Error(`no rule ${name}`);
  return found;
};

/** The names of the rules that are asked. */
const asked = (config: LintConfig): readonly string[] => {
  const { value, problems } = resolveSettings(config);
  expect(problems).to.deep.equal([]);
  return RULES.filter((each) => value.severityOf(each) !== "off").map(({ name }) => name);
};

const named = (...severities: string[]): readonly string[] => RULES.filter(({ severity }) => severities.includes(severity)).map(({ name }) => name);

describe("lint: settings", () => {
  it("ask what is an error or a warning, and with a severity what is at least that", () => {
    expect(named("info").length).to.be.greaterThan(2);
    expect(asked({})).to.deep.equal(named("error", "warning"));
    expect(asked({ severity: "info" })).to.deep.equal(RULES.map(({ name }) => name));
    expect(asked({ severity: "error" })).to.deep.equal(named("error"));
    expect(asked({ select: ["all"] })).to.deep.equal(named("error", "warning"));
  });

  it("select by name or code, whatever its severity, and ignore what was selected", () => {
    expect(asked({ select: ["unlabelled-blocks", "RL05"] })).to.deep.equal(["unlabelled-blocks", "single-layer-residual"]);
    expect(asked({ select: ["rl05"], severity: "error" })).to.deep.equal(["single-layer-residual"]);
    expect(asked({ select: ["unlabelled-blocks", "RL05"], ignore: ["RL02"] })).to.deep.equal(["single-layer-residual"]);
    expect(asked({ select: ["all", "RL02"] })).to.deep.equal(RULES.filter(({ severity, code }) => severity !== "info" || code === "RL02").map(({ name }) => name));
    expect(asked({ ignore: ["all"] })).to.deep.equal([]);
    expect(asked({ select: [] })).to.deep.equal([]);
  });

  it("give rules another severity", () => {
    const { value } = resolveSettings({ rules: { "single-layer-residual": { severity: "error" }, RL02: { severity: "warning" }, RL03: { severity: "off" }, RL04: { severity: "info" } } });
    expect(["RL05", "RL02", "RL03", "RL04"].map((code) => value.severityOf(rule(code)))).to.deep.equal(["error", "warning", "off", "off"]);
  });

  it("set thresholds", () => {
    const { value, problems } = resolveSettings({ rules: { "deep-plain": { thresholds: { depth: 30 } } } });
    expect(problems).to.deep.equal([]);
    expect(value.threshold(rule("deep-plain"), "depth")).to.equal(30);
    expect(resolveSettings().value.threshold(rule("deep-plain"), "depth")).to.equal(20);
    expect(() => value.threshold(rule("deep-plain"), "width")).to.throw("has no threshold width");
  });

  it("say what is wrong with them, where, and what else holds", () => {
    const wrong = {
      select: ["deep-plane", "RL05"],
      ignore: ["nothing-like-it"],
      severity: "warn",
      rules: { "deep-plain": { severity: "loud", thresholds: { deepth: 3, depth: -1 } }, "singel-layer-residual": {} },
    } as unknown as LintConfig;
    const { value, problems } = resolveSettings(wrong);
    expect(problems.map(({ path, message, help }) => `${path.join(".")}: ${message}. ${help.join(" ")}`)).to.deep.equal([
      "select.0: there is no rule `deep-plane`. Did you mean `deep-plain`?",
      "ignore.0: there is no rule `nothing-like-it`. `rnc explain` lists every rule.",
      'severity: "warn" is no severity. Use "error", "warning", "info".',
      "rules.deep-plain.severity: \"loud\" is no severity. Use \"error\", \"warning\", \"info\", \"off\".",
      "rules.deep-plain.thresholds.deepth: the rule `deep-plain` has no threshold `deepth`. Did you mean `depth`?",
      `rules.deep-plain.thresholds.depth: the threshold \`depth\` is a number that is not negative, not -1. ${rule("deep-plain").thresholds?.depth?.meaning} Its default is 20.`,
      "rules.singel-layer-residual: there is no rule `singel-layer-residual`. Did you mean `single-layer-residual`?",
    ]);
    expect(RULES.filter((each) => value.severityOf(each) !== "off").map(({ code }) => code)).to.deep.equal(["RL05"]);
  });
});
