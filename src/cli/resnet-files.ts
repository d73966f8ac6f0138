import { dirname, join, relative, resolve, sep } from "node:path";
import { InputError } from "../base/input-error.ts";
import type { CliHost } from "./host.ts";
import { codeOf } from "./node-host.ts";

/** What the arguments of a command stand for. */
export interface FoundFiles {
  /** In the order of the arguments, in folders by name; each once. */
  readonly paths: readonly string[];
  /** What could not be searched, or has no `.resnet` file; the rest was searched all the same. */
  readonly failures: readonly InputError[];
}

/**
 * The files that arguments stand for: a folder for the `.resnet` files in it and in its folders, a pattern (`nets/*.resnet` in
 * quotes) for those that it matches; anything else is taken as it is. Folders are searched without hidden ones, `node_modules`,
 * and what a `.gitignore` from the repository's root downwards leaves out. What is named itself is taken.
 */
export async function findResnetFiles(targets: readonly string[], host: CliHost): Promise<FoundFiles> {
  const paths = new Set<string>();
  const failures: InputError[] = [];
  for (const target of targets) {
    const isPattern = /[*?[\]{}]/.test(target) && host.pathKind(target) === "missing";
    if (!isPattern && host.pathKind(target) !== "folder") {
      paths.add(target);
      continue;
    }
    const { folder, matches } = isPattern ? await patternOf(target) : { folder: target, matches: () => true };
    const before = failures.length;
    const { found, ignored } = host.pathKind(folder) === "folder" ? await search(folder, host, failures) : { found: [], ignored: 0 };
    const wanted = found.filter((path) => matches(path));
    for (const path of wanted) paths.add(path);
    if (wanted.length > 0 || failures.length > before) continue;
    const help = ignored === 0 ? [] : ["A `.gitignore` leaves out a part of what is there; a file or folder that is named itself is taken."];
    failures.push(new InputError(isPattern ? `no \`.resnet\` file matches \`${target}\`` : `there is no \`.resnet\` file in \`${target}\``, { help }));
  }
  return { paths: [...paths], failures };
}

/** Where a pattern's search begins, and which of the files there it means. */
async function patternOf(pattern: string): Promise<{ readonly folder: string; readonly matches: (path: string) => boolean }> {
  const { default: picomatch } = await import("picomatch");
  const plain = pattern.replace(/^(\.\/+)+/, "");
  return { folder: picomatch.scan(plain).base || ".", matches: picomatch(plain) };
}

/** The rules of one `.gitignore`, inside those of the folders around it. */
interface IgnoreRules {
  readonly folder: string;
  readonly test: (path: string) => { readonly ignored: boolean; readonly unignored: boolean };
  readonly outer: IgnoreRules | undefined;
}

async function search(root: string, host: CliHost, failures: InputError[]): Promise<{ readonly found: readonly string[]; readonly ignored: number }> {
  const found: string[] = [];
  let ignored = 0;
  const visit = async (folder: string, outer: IgnoreRules | undefined): Promise<void> => {
    const entries = listed(folder, host, failures);
    const rules = entries.includes(".gitignore") ? await readRules(folder, outer, host, failures) : outer;
    for (const entry of entries) {
      if (entry.startsWith(".") || entry === "node_modules/" || !/\/$|\.resnet$/.test(entry)) continue;
      const path = `${folder.replace(/\/+$/, "") || "/"}/${entry}`.replace(/^(\.\/|\/(?=\/))/, "");
      if (isIgnored(path, rules)) ignored++;
      else if (entry.endsWith("/")) await visit(path.slice(0, -1), rules);
      else found.push(path);
    }
  };
  const outer = await rulesAround(root, host, failures);
  // A folder that is ignored and named all the same is searched: its own files are then no exception.
  await visit(root, isIgnored(`${root.replace(/\/+$/, "")}/`, outer) ? undefined : outer);
  return { found, ignored };
}

function listed(folder: string, host: CliHost, failures: InputError[]): readonly string[] {
  try {
    return host.list(folder);
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    failures.push(new InputError(code === "EACCES" || code === "EPERM" ? `the folder \`${folder}\` may not be searched by this user` : `the folder \`${folder}\` cannot be searched: ${code}`));
    return [];
  }
}

/** The rules of the folders above one, from the root of its repository; none where there is no repository. */
async function rulesAround(folder: string, host: CliHost, failures: InputError[]): Promise<IgnoreRules | undefined> {
  const above: string[] = [];
  for (let at = resolve(folder); host.pathKind(join(at, ".git")) === "missing"; at = dirname(at)) {
    if (dirname(at) === at) return undefined;
    above.unshift(dirname(at));
  }
  let rules: IgnoreRules | undefined;
  for (const path of above) if (host.pathKind(join(path, ".gitignore")) === "file") rules = await readRules(path, rules, host, failures);
  return rules;
}

async function readRules(folder: string, outer: IgnoreRules | undefined, host: CliHost, failures: InputError[]): Promise<IgnoreRules | undefined> {
  try {
    const text = await host.readText(join(folder, ".gitignore"));
    const { default: ignore } = await import("ignore");
    const rules = ignore().add(text);
    return { folder: resolve(folder), test: (path) => rules.test(path), outer };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    failures.push(error);
    return outer;
  }
}

/** The innermost `.gitignore` that says something decides. */
function isIgnored(path: string, rules: IgnoreRules | undefined): boolean {
  for (let at = rules; at; at = at.outer) {
    const within = relative(at.folder, resolve(path)).replaceAll(sep, "/");
    if (within === "" || within.startsWith("../")) continue;
    const { ignored, unignored } = at.test(path.endsWith("/") ? `${within}/` : within);
    if (ignored || unignored) return ignored;
  }
  return false;
}
