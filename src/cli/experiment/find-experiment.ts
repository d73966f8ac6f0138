import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { InputError } from "../../base/input-error.ts";
import { didYouMean } from "../../base/suggest.ts";
import type { Experiment } from "../../report/experiment.ts";
import { readExperiment } from "../../report/experiment.ts";
import type { CliHost } from "../host.ts";

export interface FoundExperiment {
  /** `degradation`. */
  readonly name: string;
  readonly experiment: Experiment;
  /** Where its files of networks are; absent for experiments of the library. */
  readonly folder: string | undefined;
}

const ENDING = ".json";

/** Those of the library, by name. */
export function libraryExperiments(): readonly string[] {
  return readdirSync(libraryFolder()).filter((name) => name.endsWith(ENDING)).map((name) => basename(name, ENDING)).sort();
}

/**
 * An experiment of the library by its name, or one of the user's own by the path of its JSON file.
 *
 * @throws {@link InputError} when there is none, or it is damaged
 */
export async function findExperiment(text: string, host: CliHost): Promise<FoundExperiment> {
  if (text.endsWith(ENDING)) return { name: basename(text, ENDING), experiment: readExperiment(await host.readText(text), text), folder: dirname(text) };
  const names = libraryExperiments();
  if (!names.includes(text)) {
    const guess = didYouMean(text, names);
    throw new InputError(`there is no experiment \`${text}\`${guess ? `; ${guess}` : ""}`, { help: [`There are ${names.join(", ")}; one of your own is a JSON file: \`rnc experiment mine.json\`.`] });
  }
  const path = join(libraryFolder(), `${text}${ENDING}`);
  return { name: text, experiment: readExperiment(await host.readText(path), path), folder: undefined };
}

/** Beside the bundled program, or in the source tree. */
function libraryFolder(): string {
  const here = import.meta.filename;
  return join(dirname(here), here.endsWith(".ts") ? "../../../stdlib/experiments" : "../stdlib/experiments");
}
