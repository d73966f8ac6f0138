import type { Span } from "../../base/source-file.ts";
import type { Module } from "../../syntax/ast.ts";
import { defineRule } from "../rule.ts";
import type { ModuleContext } from "../rule.ts";

export const strayDocComment = defineRule({
  code: "RL04",
  name: "stray-doc-comment",
  severity: "warning",
  summary: "A `///` comment stands above nothing that it could document.",
  why: `\`///\` documents the block, network or recipe that begins on the line below, and \`rnc list\` and \`rnc explain\` print it. Above anything
else, or with an empty line between, nobody will see it there.`,
  evidence: undefined,
  exceptions: "The `///` lines at the top of a file, with an empty line below them, document the file.",
  wrong: `block unit(width: int) {
  /// The stride is that of the first convolution.
  residual { conv(3x3, width) -> bn -> relu -> conv(3x3, width) -> bn }
  relu
}
`,
  right: `block unit(width: int) {
  // The stride is that of the first convolution.
  residual { conv(3x3, width) -> bn -> relu -> conv(3x3, width) -> bn }
  relu
}
`,
  checkModule(context) {
    const { module } = context;
    const documented = documentedLines(module);
    const blocks = docBlocks(context);
    for (const lines of blocks) {
      const [first] = lines;
      const last = lines.at(-1);
      if (first === undefined || last === undefined || (lines === blocks[0] && isFileDoc(module, first)) || isAttached(module, lines, documented)) continue;
      context.report({
        at: { ...first, end: last.end },
        message: "this `///` documents nothing",
        label: beginsLine(first) ? "no declaration begins on the line below" : "it stands behind something on its line",
        help: ["Write `//` for a remark, or move it to the line above a `block`, `network` or `recipe`."],
        fixes: [{ title: "write `//`", isSafe: true, edits: lines.map(({ source, start }) => ({ span: { source, start, end: start + 3 }, text: "//" })) }],
      });
    }
  },
});

/** Where declarations begin. */
function documentedLines(module: Module): ReadonlySet<number> {
  return new Set(module.items.flatMap((item) => (item.kind === "declaration" ? [item.start] : [])));
}

/** The `///` comments, those of consecutive lines together. */
function docBlocks({ comments }: ModuleContext): readonly (readonly Span[])[] {
  const blocks: Span[][] = [];
  for (const comment of comments) {
    const { text } = comment.source;
    if (!text.startsWith("///", comment.start)) continue;
    const last = blocks.at(-1)?.at(-1);
    const isNext = last !== undefined && beginsLine(comment) && beginsLine(last) && /^[ \t]*(?:\r\n|\n|\r)[ \t]*$/.test(text.slice(last.end, comment.start));
    if (isNext) blocks.at(-1)?.push(comment);
    else blocks.push([comment]);
  }
  return blocks;
}

/** True for the lines that document the file. */
function isFileDoc({ doc, source }: Module, first: Span): boolean {
  return doc !== undefined && source.text.slice(0, first.start).trim() === "";
}

function isAttached(module: Module, lines: readonly Span[], documented: ReadonlySet<number>): boolean {
  const first = lines[0] as Span;
  const last = lines.at(-1) as Span;
  const { text } = module.source;
  if (!beginsLine(first)) return false;
  const gap = /^[ \t]*(?:\r\n|\n|\r)[ \t]*/.exec(text.slice(last.end, last.end + 200));
  return gap !== null && documented.has(last.end + gap[0].length);
}

function beginsLine({ source, start }: Span): boolean {
  const before = source.text.slice(0, start);
  return /(?:^|[\r\n])[ \t\uFEFF]*$/.test(before.slice(-200));
}
