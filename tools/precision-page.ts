/** What the rules find in the standard library, network by network, with the reviewed reason of every finding. */
import { ignoreCommentsOf } from "../src/lint/ignore-comments.ts";
import { lintProgram } from "../src/lint/lint.ts";
import { RULES } from "../src/lint/registry.ts";
import type { Rule } from "../src/lint/rule.ts";
import { findRule, resolveSettings } from "../src/lint/settings.ts";
import { standardProgram } from "../src/program/load.ts";
import { listNetworks } from "../src/program/networks.ts";
import { standardLibrary } from "../src/program/standard-library.ts";
import { commentsOf } from "../src/syntax/index.ts";
import { REVIEWED } from "../test/lint/reviewed-findings.ts";
import { inlineCode as code, markdownTable as table } from "../src/reference/markdown.ts";

export const PRECISION_PAGE = "grammar/PRECISION.md";

/** What a rule finds in a network that is linted alone. */
export interface Firing {
  readonly module: string;
  readonly network: string;
  readonly rule: Rule;
  readonly count: number;
}

/** Every rule of every severity on every network of the library that can be built as it stands. */
export function firings(): { readonly networks: readonly { readonly module: string; readonly name: string }[]; readonly found: readonly Firing[] } {
  const settings = resolveSettings({ severity: "info" }).value;
  const networks: { module: string; name: string }[] = [];
  const found: Firing[] = [];
  for (const [module, root] of standardLibrary) {
    const program = standardProgram(root);
    for (const network of listNetworks(program)) {
      if (network.open.length > 0) continue;
      networks.push({ module, name: network.name });
      const counts = new Map<Rule, number>();
      for (const { rule: name = "", message } of lintProgram(program, settings, { network }).problems) {
        const rule = findRule(name);
        if (rule === undefined) throw new Error(`${network.name} has an error: ${message}`);
        counts.set(rule, (counts.get(rule) ?? 0) + 1);
      }
      for (const [rule, count] of counts) found.push({ module, network: network.name, rule, count });
    }
  }
  return { networks, found };
}

/** `grammar/PRECISION.md` */
export function precisionPage({ networks, found }: ReturnType<typeof firings>): string {
  const firing = RULES.filter((rule) => found.some((one) => one.rule === rule));
  const silent = RULES.filter((rule) => !firing.includes(rule));
  const counts = new Map(found.map(({ module, network, rule, count }) => [`${module} ${network} ${rule.name}`, count]));
  const shown = (rule: Rule): boolean => rule.severity !== "info";
  const cells = networks.map(({ module, name }) => [
    code(name),
    ...firing.map((rule) => {
      const count = counts.get(`${module} ${name} ${rule.name}`);
      return count === undefined ? "" : shown(rule) ? `**${count}**` : String(count);
    }),
  ]);
  return [
    "# What the rules find in the standard library\n\n",
    "Made by `npm run generate:reference`; not edited by hand. Each network is linted alone, with all rules of [RULES.md](RULES.md); a number counts\n",
    "findings, and one finding may speak of many blocks. **Bold** is what is shown by default; the rest only when it is asked for. Families that\n",
    "still need a value (`n`, `depth`) are not in the table.\n\n",
    "## Why\n\nEvery rule that finds something, with the reason why it may.\n\n",
    table(["rule", "weighs", "in", "why it may"], REVIEWED.map(({ rule, networks: of, reason }) => [rule, findRule(rule)?.severity ?? "", inText(rule, of, found), reason])),
    ignoredPart(),
    `## The table\n\nNothing is found by ${silent.map(({ name }) => name).join(", ")}.\n\n`,
    table(["network", ...firing.map(({ code: of, name }) => `[${of}](RULES.md#${`${of}-${name}`.toLowerCase()})`)], cells),
  ].join("").trimEnd() + "\n";
}

function inText(rule: string, networks: readonly string[] | "all", found: readonly Firing[]): string {
  if (networks !== "all") return networks.map(code).join(", ");
  const count = found.filter((one) => one.rule.name === rule).length;
  return `${count} networks`;
}

/** What is written in the library itself. */
function ignoredPart(): string {
  const rows = [...standardLibrary].flatMap(([name, module]) =>
    ignoreCommentsOf(module, commentsOf(module.source)).map(({ comment, names, reason }) => {
      const below = module.items.find(({ start }) => start > comment.start);
      return [names.map(({ text }) => text).join(", "), name, below?.kind === "declaration" ? code(below.name.name) : "", reason];
    }),
  );
  return rows.length === 0 ? "" : `## Ignored in the library itself\n\n${table(["rule", "module", "declaration", "reason"], rows)}`;
}
