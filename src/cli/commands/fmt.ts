import { createTwoFilesPatch, FILE_HEADERS_ONLY, formatPatch } from "diff";
import type { StructuredPatch } from "diff";
import { InputError } from "../../base/input-error.ts";
import type { Problem } from "../../diagnostics/problem.ts";
import { hasErrors } from "../../diagnostics/problem.ts";
import { format } from "../../format/format.ts";
import type { Command } from "../command.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import { messageOf } from "../input-message.ts";
import { reportProblems } from "../report.ts";
import { resnetFiles } from "../resnet-files.ts";
import { writeEmittedFiles } from "../write-files.ts";

interface FmtOptions {
  readonly check?: boolean;
  readonly diff?: boolean;
}

/** What became of one file. */
type Outcome = "changed" | "same" | "left alone";

/** More lines than this are not compared one by one, as that takes the square of the time: the patch replaces the whole text. */
const MOST_DIFFERENCES = 2000;

const DETAILS = `
Files are written in place, and only where something changes; folders are searched for
\`.resnet\` files. \`-\` reads standard input and writes standard output. A file with syntax
errors is left alone, and the others are written all the same.

With --check or --diff nothing is written, and the exit code is 1 when a file would change.
The rules are in the language reference, "Layout".`;

/** `rnc fmt`: one layout for all files. */
export function register(program: Command, host: CliHost): void {
  program
    .command("fmt")
    .argument("<files...>", "files and folders, or `-` for standard input")
    .description("write .resnet files in the language's one layout")
    .option("--check", "write nothing; name the files that would change")
    .option("--diff", "write nothing; print what would change")
    .addHelpText("after", DETAILS)
    .action((files: string[], options: FmtOptions) => formatAll(files, options, host));
}

async function formatAll(targets: readonly string[], options: FmtOptions, host: CliHost): Promise<number> {
  if (targets.includes("-") && targets.length > 1) {
    throw new UsageError("`-` is standard input, and its text goes to standard output: files cannot be given beside it", { help: ["Format them with a command of their own."] });
  }
  const counts: Record<Outcome, number> = { changed: 0, same: 0, "left alone": 0 };
  const problems: Problem[] = [];
  for (const target of targets) {
    // What is wrong with one file is told, and the others are written.
    await guarded(host, counts, async () => {
      for (const path of resnetFiles(target, host)) await guarded(host, counts, async () => void counts[await formatOne(path, options, problems, host)]++);
    });
  }
  reportProblems(host, problems);
  const previews = options.check === true || options.diff === true;
  if (targets[0] !== "-") host.out.write(summary(counts, previews, host));
  return counts["left alone"] > 0 || (previews && counts.changed > 0) ? 1 : 0;
}

async function guarded(host: CliHost, counts: Record<Outcome, number>, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    host.err.write(messageOf(error, host));
    counts["left alone"]++;
  }
}

async function formatOne(path: string, options: FmtOptions, problems: Problem[], host: CliHost): Promise<Outcome> {
  const isStandard = path === "-";
  const name = isStandard ? "<stdin>" : path;
  // Reading drops a byte order mark; formatting does, too, and that is a change of the file.
  const text = await host.readText(path);
  const written = !isStandard && (await beginsWithMark(path, host)) ? `\ufeff${text}` : text;
  const formatted = format({ path: name, text, standard: false });
  problems.push(...formatted.problems);
  if (formatted.text === undefined || hasErrors(formatted.problems)) return "left alone";

  const outcome = formatted.text === written ? "same" : "changed";
  if (options.diff) {
    if (outcome === "changed") host.out.write(differences(name, written, formatted.text, host));
  } else if (options.check) {
    if (outcome === "changed") host.out.write(`would change: ${name}\n`);
  } else if (isStandard) {
    host.out.write(formatted.text);
  } else if (outcome === "changed") {
    await write(path, formatted.text);
    host.out.write(`formatted: ${name}\n`);
  }
  return outcome;
}

async function beginsWithMark(path: string, host: CliHost): Promise<boolean> {
  const file = await host.openBytes(path);
  try {
    if (file.size < 3) return false;
    const [first, second, third] = await file.read(0, 3);
    return first === 0xef && second === 0xbb && third === 0xbf;
  } finally {
    await file.close();
  }
}

async function write(path: string, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  const chunks = async function* (): AsyncIterable<Uint8Array> {
    yield bytes;
  };
  await writeEmittedFiles([{ path: "", sizeInBytes: bytes.length, chunks }], path);
}

/** A patch in the usual form. */
function differences(name: string, before: string, after: string, host: CliHost): string {
  const patch =
    createTwoFilesPatch(name, name, before, after, undefined, undefined, { context: 3, headerOptions: FILE_HEADERS_ONLY, maxEditLength: MOST_DIFFERENCES }) ?? formatPatch(replacement(name, before, after), FILE_HEADERS_ONLY);
  const { bold, cyan, green, red } = host.out.colors;
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

/** `2 files formatted, 14 were already`, or what would become of them. */
function summary(counts: Readonly<Record<Outcome, number>>, previews: boolean, host: CliHost): string {
  const files = (count: number): string => `${count} file${count === 1 ? "" : "s"}`;
  const parts: string[] = [];
  if (counts.changed > 0) parts.push(`${files(counts.changed)} ${previews ? "would change" : "formatted"}`);
  if (counts.same > 0) parts.push(`${files(counts.same)} ${counts.same === 1 ? "was" : "were"} formatted already`);
  if (counts["left alone"] > 0) parts.push(`${files(counts["left alone"])} left alone`);
  return parts.length === 0 ? "" : `${host.out.colors.bold(parts.join(", "))}\n`;
}
