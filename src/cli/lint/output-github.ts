import { relative, resolve, sep } from "node:path";
import { positionAt } from "../../base/source-file.ts";
import type { Problem, Severity } from "../../diagnostics/problem.ts";
import { slugOf } from "../../diagnostics/render/json.ts";
import type { Output } from "../host.ts";
import type { LintOutput } from "./output.ts";

/** What GitHub calls them. */
const COMMANDS: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "notice" };

/** For GitHub Actions: a workflow command a problem, which GitHub shows at its line of a pull request. */
export function createGithubOutput(out: Output): LintOutput {
  return {
    file({ problems }) {
      for (const problem of problems) out.write(`::${COMMANDS[problem.severity]} ${placeOf(problem)}::${escaped(textOf(problem))}\n`);
    },
    failure({ message, help }, path) {
      out.write(`::error ${path === undefined ? "" : `file=${property(inRepository(path))},`}title=rnc lint::${escaped([message, ...help].join("\n"))}\n`);
    },
    end() {},
  };
}

function placeOf(problem: Problem): string {
  const { source, start, end } = problem.primary.span;
  const [from, to] = [positionAt(source, start), positionAt(source, end)];
  // A module of the library is in no repository. Columns are only known to GitHub inside of one line.
  const last = to.column === 1 && to.line > from.line ? to.line - 1 : to.line;
  const columns = from.line === to.line ? [`col=${from.column}`, `endLine=${last}`, `endColumn=${to.column}`] : [`endLine=${last}`];
  const place = source.standard ? [] : [`file=${property(inRepository(source.path))}`, `line=${from.line}`, ...columns];
  return [...place, `title=${property(`${problem.code} ${slugOf(problem)}`)}`].join(",");
}

function textOf({ message, primary, notes, help }: Problem): string {
  return [message, ...(primary.text === "" ? [] : [primary.text]), ...notes, ...help].join("\n");
}

/** Paths begin at the root of the checkout, wherever in it the command is run. */
function inRepository(path: string): string {
  return relative(process.env.GITHUB_WORKSPACE ?? ".", resolve(path)).replaceAll(sep, "/");
}

/** The escapes of workflow commands: of a text, and of a property. */
const escaped = (text: string): string => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const property = (text: string): string => escaped(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
