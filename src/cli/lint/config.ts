import { dirname, join, relative, resolve, sep } from "node:path";
import { InputError } from "../../base/input-error.ts";
import type { LintConfig, LintSettings } from "../../lint/settings.ts";
import { findRule, resolveSettings } from "../../lint/settings.ts";
import type { CliHost } from "../host.ts";
import { UsageError } from "../host.ts";
import type { ConfigText } from "./read-config.ts";

/** The name of the file that says what a project asks of rnc. */
export const CONFIG_NAME = "rnc.toml";

export interface ConfigOptions {
  /** Holds for every file, wherever it is; left out: the nearest `rnc.toml` upwards from each file. */
  readonly file?: string | undefined;
  /** No `rnc.toml` is looked for. */
  readonly isOff?: boolean | undefined;
  /** Of the command line; stronger than what a file says. */
  readonly given: LintConfig;
}

/** What is asked of one file. */
export interface FileConfig {
  readonly settings: LintSettings;
  /** The `rnc.toml` as messages name it; `undefined` where none holds. */
  readonly path: string | undefined;
  /** True when the `rnc.toml` leaves the file out. */
  readonly isExcluded: (path: string) => boolean;
}

/** Finds and reads settings, each file of them once. */
export interface Configs {
  of(path: string): Promise<FileConfig>;
  /** What was wrong with the settings that were read. */
  readonly mistakes: readonly UsageError[];
}

/**
 * The settings of files. The nearest `rnc.toml` holds alone: nothing is merged with those further up, and the root of a
 * repository is no border (as Ruff has it).
 */
export function createConfigs(host: CliHost, options: ConfigOptions): Configs {
  const mistakes: UsageError[] = [];
  const bare = withGiven(undefined, options.given);
  const none: FileConfig = { settings: bare, path: undefined, isExcluded: () => false };

  const load = async (path: string): Promise<FileConfig> => {
    const shown = relative(".", path) || path;
    const { readConfig } = await import("./read-config.ts");
    const text = await host.readText(path).catch((error: unknown) => {
      if (!(error instanceof InputError)) throw error;
      return new UsageError(error.message, { notes: error.notes, help: error.help });
    });
    if (text instanceof UsageError) {
      mistakes.push(text);
      return none;
    }
    const read = await readConfig({ path: shown, text, standard: false });
    mistakes.push(...read.mistakes);
    return { settings: withGiven(read.value?.lint, options.given), path: shown, isExcluded: await excludes(read.value, dirname(path)) };
  };

  const byFolder = new Map<string, Promise<FileConfig>>();
  const inFolder = (folder: string): Promise<FileConfig> => {
    const known = byFolder.get(folder);
    if (known) return known;
    const path = join(folder, CONFIG_NAME);
    const above = dirname(folder);
    const found = host.pathKind(path) === "file" ? load(path) : above === folder ? Promise.resolve(none) : inFolder(above);
    byFolder.set(folder, found);
    return found;
  };
  const only = options.isOff === true ? Promise.resolve(none) : options.file === undefined ? undefined : load(resolve(options.file));
  return { mistakes, of: (path) => only ?? inFolder(dirname(resolve(path))) };
}

/** `--select` takes the place of what a file selects and ignores, and a rule that it names is asked even where the file says `off`. */
function withGiven(said: LintConfig = {}, given: LintConfig): LintSettings {
  const named = new Set(given.select?.map((name) => findRule(name)));
  const rules = Object.entries(said.rules ?? {}).map(([name, { severity, ...rule }]) => {
    const isOff = severity === undefined || (severity === "off" && named.has(findRule(name)));
    return [name, isOff ? rule : { severity, ...rule }] as const;
  });
  const ignore = [...(given.select === undefined ? (said.ignore ?? []) : []), ...(given.ignore ?? [])];
  return resolveSettings({ ...said, ...given, ignore, rules: Object.fromEntries(rules) }).value;
}

async function excludes(config: ConfigText | undefined, folder: string): Promise<FileConfig["isExcluded"]> {
  if (config === undefined || config.exclude.length === 0) return () => false;
  const { default: ignore } = await import("ignore");
  const rules = ignore().add(config.exclude);
  return (path) => {
    const within = relative(folder, resolve(path)).replaceAll(sep, "/");
    return within !== "" && !within.startsWith("../") && rules.ignores(within);
  };
}
