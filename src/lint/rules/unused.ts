import { assertNever } from "../../base/assert.ts";
import type { SourceFile } from "../../base/source-file.ts";
import type { Fix } from "../../diagnostics/problem.ts";
import type { Module, Ranged } from "../../syntax/ast.ts";
import { replaced, spanOf, withoutItem } from "../analysis/edits.ts";
import type { Unused } from "../analysis/unused.ts";
import { unusedNames } from "../analysis/unused.ts";
import { defineRule } from "../rule.ts";

export const unused = defineRule({
  code: "RL03",
  name: "unused",
  severity: "warning",
  summary: "An import, `let`, parameter or label that nothing uses.",
  why: `A name that nothing uses is what is left of a change, or the sign of a slip: a parameter that was meant to reach a layer and does not
changes nothing when it is set.`,
  evidence: undefined,
  exceptions: `Left alone is what others may use or decide: \`let\`s and declarations of a file, which other files may import; labels that name parameters;
\`channels\` and \`stride\` of a shortcut option; parameters of a block that is handed on as a value, or that this file does not use.`,
  wrong: `use std.shortcuts { A, B }

network Small(width: int = 16, dropped: float = 0.5) {
  input image: float32[N, 3, 32, 32]
  shortcuts B
  let half = width / 2
  conv(3x3, width) -> bn -> relu -> skip: identity
  residual { conv(3x3, 2 * width) -> bn -> relu -> conv(3x3, 2 * width) -> bn }
  globalavgpool -> fc: linear(10)
}
`,
  right: `use std.shortcuts { B }

network Small(width: int = 16) {
  input image: float32[N, 3, 32, 32]
  shortcuts B
  conv(3x3, width) -> bn -> relu
  residual { conv(3x3, 2 * width) -> bn -> relu -> conv(3x3, 2 * width) -> bn }
  globalavgpool -> fc: linear(10)
}
`,
  checkModule(context) {
    const { module } = context;
    for (const each of unusedNames(module)) {
      const { name } = each.name;
      context.report({ at: spanOf(module, each.name), message: `${wordFor(each)} \`${name}\` is never used`, help: [adviceFor(each)], fixes: fixFor(each, module) });
    }
  },
});

function wordFor(each: Unused): string {
  switch (each.kind) {
    case "import":
      return "the import";
    case "let":
      return "the value";
    case "label":
      return "the label";
    case "parameter":
      return "the parameter";
    default:
      return assertNever(each);
  }
}

function adviceFor(each: Unused): string {
  switch (each.kind) {
    case "import":
      return "Take it out of the import.";
    case "let":
      return "Remove the line.";
    case "label":
      return "The label names neither parameters nor anything that `from`, `output` or `expect` asks for: leave it out.";
    case "parameter":
      return `Whatever \`${each.of.name.name}\` is given for it, it builds the same: use it in the body, or remove it from the declaration and its calls.`;
    default:
      return assertNever(each);
  }
}

function fixFor(each: Unused, { source }: Module): readonly Fix[] {
  switch (each.kind) {
    case "import": {
      const whole = each.use.imports.length === 1;
      return [{ title: whole ? "remove the import" : `remove \`${each.name.name}\``, isSafe: true, edits: [whole ? withoutItem(source, each.use) : withoutEntry(source, each.import)] }];
    }
    case "let":
      return [{ title: "remove it", isSafe: true, edits: [withoutItem(source, each.item)] }];
    case "label":
      return [{ title: "remove the label", isSafe: true, edits: [replaced(source, { start: each.name.start, end: afterColon(source, each.name.end) }, "")] }];
    case "parameter":
      return [];
    default:
      return assertNever(each);
  }
}

/** An entry of a list with one of its commas. */
function withoutEntry(source: SourceFile, { start, end }: Ranged): Fix["edits"][number] {
  const after = /^\s*,[ \t]*/.exec(source.text.slice(end, end + 200));
  if (after) return replaced(source, { start, end: end + after[0].length }, "");
  const before = /,\s*$/.exec(source.text.slice(Math.max(0, start - 200), start));
  return replaced(source, { start: start - (before?.[0].length ?? 0), end }, "");
}

function afterColon(source: SourceFile, end: number): number {
  return end + (/^\s*:[ \t]*/.exec(source.text.slice(end, end + 200))?.[0].length ?? 0);
}
