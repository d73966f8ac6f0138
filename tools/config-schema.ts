import { RULES } from "../src/lint/registry.ts";
import type { Rule } from "../src/lint/rule.ts";
import { SEVERITIES } from "../src/lint/settings.ts";

/** The text of `grammar/rnc.schema.json`, made from the rules: editors complete and check `rnc.toml` with it. */
export function configSchema(): string {
  const rule = { enum: ["all", ...RULES.flatMap(({ name, code }) => [name, code])] };
  const list = (description: string, items: object): object => ({ description, type: "array", items });
  const schema = {
    // The version that editors' TOML extensions know.
    $schema: "http://json-schema.org/draft-07/schema#",
    $id: "rnc/rnc.schema.json",
    title: "rnc.toml",
    description: "What a project asks of rnc. The nearest rnc.toml upwards from a file holds, alone.",
    type: "object",
    properties: {
      lint: {
        description: "Settings of `rnc lint`.",
        type: "object",
        properties: {
          select: list("The rules that are asked, by name or code; left out: all. A rule that is named here is shown also when it is a remark.", { $ref: "#/definitions/rule" }),
          ignore: list("Rules that are never asked; stronger than `select`.", { $ref: "#/definitions/rule" }),
          severity: { description: "The least severity that is shown.", enum: SEVERITIES, default: "warning" },
          exclude: list("Files that are never linted, also when they are named: patterns as in a .gitignore in the same folder.", { type: "string" }),
          rules: {
            description: "By name or code of a rule: another severity, and the rule's thresholds.",
            type: "object",
            properties: Object.fromEntries(RULES.flatMap((entry) => [[entry.name, ruleSchema(entry)], [entry.code, { $ref: `#/properties/lint/properties/rules/properties/${entry.name}` }]])),
            additionalProperties: false,
          },
        },
        additionalProperties: false,
      },
    },
    additionalProperties: false,
    definitions: { rule },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function ruleSchema({ code, summary, severity, thresholds = {} }: Rule): object {
  const numbers = Object.entries(thresholds).map(([name, { default: value, meaning }]) => [name, { description: meaning, type: "number", minimum: 0, default: value }]);
  return {
    description: `${code}: ${summary}`,
    type: "object",
    properties: { severity: { enum: [...SEVERITIES, "off"], default: severity }, ...Object.fromEntries(numbers) },
    additionalProperties: false,
  };
}
