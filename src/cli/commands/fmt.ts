import { InputError } from "../../base/input-error.ts";
import type { Problem } from "../../diagnostics/problem.ts";
import { hasErrors } from "../../diagnostics/problem.ts";
import { format } from "../../format/format.ts";
import { withMark } from "../byte-order-mark.ts";
import type { Command } from "../command.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import { messageOf } from "../input-message.ts";
import { patchOf } from "../patch.ts";
import { reportProblems } from "../report.ts";
import { findResnetFiles } from "../resnet-files.ts";
import { writeSource } from "../write-text.ts";

interface FmtOptions {
  readonly check?: boolean;
  readonly diff?: boolean;
}

/** What became of one file. */
type Outcome = "changed" | "same" | "left alone";

const DETAILS = `
Files are written in place, and only where something changes; folders are searched for
\`.resnet\` files, but for what a \`.gitignore\` leaves out. \`-\` reads standard input and writes standard output. A file with syntax
errors is left alone, and the others are written all the same.

With --check or --diff nothing is written, and the exit code is 1 when a file would change.
The rules are in the language reference, "Layout".

Examples:
  rnc fmt .
  rnc fmt net.resnet --diff
  rnc fmt --check "nets/**/*.resnet"

Exit codes: 0 fine, 1 a file would change (--check, --diff), has syntax errors or could not be read, 2 wrong usage.`;

/** `rnc fmt`: one layout for all files. */
export function register(program: Command, host: CliHost): void {
  program
    .command("fmt")
    .argument("<files...>", "files, folders and patterns, or `-` for standard input")
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
  // What is wrong with one file is told, and the others are written.
  const leave = (error: InputError): void => {
    host.err.write(messageOf(error, host));
    counts["left alone"]++;
  };
  const { paths, failures } = await findResnetFiles(targets, host);
  failures.forEach(leave);
  for (const path of paths) {
    try {
      counts[await formatOne(path, options, problems, host)]++;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      leave(error);
    }
  }
  reportProblems(host, problems);
  const previews = options.check === true || options.diff === true;
  if (targets[0] !== "-") host.out.write(summary(counts, previews, host));
  return counts["left alone"] > 0 || (previews && counts.changed > 0) ? 1 : 0;
}

async function formatOne(path: string, options: FmtOptions, problems: Problem[], host: CliHost): Promise<Outcome> {
  const isStandard = path === "-";
  const name = isStandard ? "<stdin>" : path;
  // Reading drops a byte order mark; formatting does, too, and that is a change of the file.
  const text = await host.readText(path);
  const written = isStandard ? text : await withMark(path, text, host);
  const formatted = format({ path: name, text, standard: false });
  problems.push(...formatted.problems);
  if (formatted.text === undefined || hasErrors(formatted.problems)) return "left alone";

  const outcome = formatted.text === written ? "same" : "changed";
  if (options.diff) {
    if (outcome === "changed") host.out.write(patchOf(name, written, formatted.text, host.out.colors));
  } else if (options.check) {
    if (outcome === "changed") host.out.write(`would change: ${name}\n`);
  } else if (isStandard) {
    host.out.write(formatted.text);
  } else if (outcome === "changed") {
    await writeSource(path, formatted.text);
    host.out.write(`formatted: ${name}\n`);
  }
  return outcome;
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
