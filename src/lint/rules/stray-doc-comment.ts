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
      if (first === undefined || last === undefined || (lines === blocks[0] && isFileDoc(module, first)) || isAttached(lines, documented)) continue;
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
  let block: Span[] | undefined;
  for (const comment of comments) {
    const { text } = comment.source;
    if (!text.startsWith("///", comment.start)) continue;
    const last = block?.at(-1);
    if (block && last && beginsLine(last) && lineBelow(last) === comment.start) block.push(comment);
    else blocks.push((block = [comment]));
  }
  return blocks;
}

/** True for the lines that document the file. */
function isFileDoc({ doc, source }: Module, first: Span): boolean {
  return doc !== undefined && source.text.slice(0, first.start).trim() === "";
}

function isAttached(lines: readonly Span[], documented: ReadonlySet<number>): boolean {
  const first = lines[0] as Span;
  const last = lines.at(-1) as Span;
  const below = lineBelow(last);
  return beginsLine(first) && below !== undefined && documented.has(below);
}

function beginsLine({ source: { text }, start }: Span): boolean {
  let at = start;
  while (at > 0 && " \t\uFEFF".includes(text.charAt(at - 1))) at--;
  return at === 0 || "\r\n".includes(text.charAt(at - 1));
}

/** The rest of a line, and the blanks that the next one begins with. */
const LINE_END = /[ \t]*(?:\r\n|\n|\r)[ \t]*/y;

/** Where the text of the line below a comment begins; `undefined` where something else stands behind the comment. */
function lineBelow({ source: { text }, end }: Span): number | undefined {
  LINE_END.lastIndex = end;
  return LINE_END.test(text) ? LINE_END.lastIndex : undefined;
}
