/** The reference page of the linter's rules, from their records and what is said of their programs. */
import { RULES } from "../src/lint/registry.ts";
import type { Rule } from "../src/lint/rule.ts";
import { anchorOf, markdownTable, renderMarkdown } from "../src/reference/markdown.ts";
import { findingsOf, ruleDocument } from "../src/reference/rules.ts";

const INTRODUCTION = `# Rules of \`rnc lint\`

Made from the rules' own records by \`npm run generate:reference\`; not edited by hand. \`rnc explain NAME\` prints one of these.
Codes are stable and never used again for something else. [PRECISION.md](PRECISION.md) has what they find in the standard library.

\`rnc lint\` shows errors and warnings. What is *info* is shown with \`--severity info\`, or when it is named: \`--select uneven-padding\`.
Which rules are asked, what they weigh and their thresholds are set in \`rnc.toml\`.

## One finding

The place of a finding is the innermost line of the linted file that made the layers in question; the line of the library behind it
is shown below. The same cause in 36 blocks, or in several networks of the file, is one finding that counts and names them.

Rules for texts are not asked about a file with errors of syntax. Networks that have errors, or parameters without a value, are not
built, and rules for networks have nothing to say about them; \`--set\` gives values.

## Ignoring a finding

\`\`\`text
// rnc-ignore-file width-not-growing: widths are from a search
/// The control of the experiment.
network Control {
  …
  conv(3x3, 64, bias=true) -> bn -> relu // rnc-ignore bias-before-norm: the weights we load have it
  // rnc-ignore single-layer-residual, RL32: the form of section 3.2
  residual { conv(3x3, 64) -> bn }
}
\`\`\`

- Behind something, \`// rnc-ignore RULE: REASON\` holds for what begins on its line; on a line of its own, for what begins on the
  line below (other comments may stand between). Above a declaration it holds for all of it. \`// rnc-ignore-file\`, above the first
  declaration, holds for the file.
- It counts wherever it stands on the way: on the line that uses a block, on the line in the block, in an imported file.
- A rule is named by name or code, several with commas. The reason is required.
- An ignore that ignores nothing is found by [unused-ignore](#rl08-unused-ignore).
- Errors of the checker cannot be ignored: there is no network to speak of.

## Fixes

A fix is *safe* when the network computes the same as before, or when what it takes away meant nothing. \`--fix\` applies the safe
ones, \`--unsafe-fixes\` the others, too. The file is linted again after every pass: what was fixed is gone, nothing new is wrong,
every comment is there, and a second run changes nothing; a fix that does not hold to that is taken back, and that is said. A file in
the [layout](LANGUAGE.md#layout) of \`rnc fmt\` stays in it.

`;

/** `grammar/RULES.md` */
export async function rulesPage(): Promise<string> {
  const rows = await Promise.all(RULES.map(summaryRow));
  const parts = await Promise.all(RULES.map(async (rule) => renderMarkdown(await ruleDocument(rule), 3)));
  return [INTRODUCTION, "## The rules\n\n", markdownTable(["code", "rule", "weighs", "fix", "about"], rows), ...parts].join("");
}

async function summaryRow(rule: Rule): Promise<readonly string[]> {
  const fixes = (await findingsOf(rule)).flatMap((problem) => problem.fixes);
  const fix = fixes.some(({ isSafe }) => isSafe) ? "safe" : fixes.length > 0 ? "unsafe" : "";
  return [`[${rule.code}](#${anchorOf(`${rule.code} ${rule.name}`)})`, rule.name, rule.severity, fix, rule.summary];
}
