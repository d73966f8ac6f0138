import { createTwoFilesPatch, FILE_HEADERS_ONLY, formatPatch } from "diff";
import type { StructuredPatch } from "diff";
import type { Colors } from "../diagnostics/render/colors.ts";

/** More lines than this are not compared one by one, as that takes the square of the time: the patch replaces the whole text. */
const MOST_DIFFERENCES = 2000;

/** What became of a text, as a patch in the usual form: `git apply -p0` takes it. */
export function patchOf(name: string, before: string, after: string, { bold, cyan, green, red }: Colors): string {
  const patch =
    createTwoFilesPatch(name, name, before, after, undefined, undefined, { context: 3, headerOptions: FILE_HEADERS_ONLY, maxEditLength: MOST_DIFFERENCES }) ?? formatPatch(replacement(name, before, after), FILE_HEADERS_ONLY);
  const mark = (line: string): string => {
    if (/^(?:---|\+\+\+) /.test(line)) return bold(line);
    if (line.startsWith("@@")) return cyan(line);
    return line.startsWith("+") ? green(line) : line.startsWith("-") ? red(line) : line;
  };
  return patch.split("\n").map(mark).join("\n");
}

/** The patch that takes all lines away and puts others there. */
function replacement(name: string, before: string, after: string): StructuredPatch {
  const marked = (text: string, mark: "-" | "+"): string[] => {
    const lines = text.split("\n");
    return lines.at(-1) === "" ? lines.slice(0, -1).map((line) => mark + line) : [...lines.map((line) => mark + line), "\\ No newline at end of file"];
  };
  const count = (lines: readonly string[]): number => lines.filter((line) => !line.startsWith("\\")).length;
  const [old, made] = [marked(before, "-"), marked(after, "+")];
  const hunk = { oldStart: 1, oldLines: count(old), newStart: 1, newLines: count(made), lines: [...old, ...made] };
  return { oldFileName: name, newFileName: name, oldHeader: undefined, newHeader: undefined, hunks: [hunk] };
}
