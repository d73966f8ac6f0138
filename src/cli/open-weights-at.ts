import { dirname, join } from "node:path";
import { InputError } from "../base/input-error.ts";
import type { OpenedWeights, OpenWeightsOptions } from "../weights/open-weights.ts";
import { openWeights } from "../weights/open-weights.ts";
import type { CliHost } from "./host.ts";

/** Opens the weights at a path: a file, or the folder of a TF.js model. Files that it names are looked for beside it. */
export async function openWeightsAt(host: CliHost, path: string, options: Omit<OpenWeightsOptions, "beside"> = {}): Promise<OpenedWeights> {
  const isFolder = host.pathKind(path) === "folder";
  const file = isFolder ? join(path, "model.json") : path;
  if (isFolder && host.pathKind(file) !== "file") {
    throw new InputError(`\`${path}\` is a folder without a \`model.json\`, so it is no TF.js model`, { help: ["Name the file of weights itself."] });
  }
  return openWeights(await host.openBytes(file), { ...options, beside: (name) => host.openBytes(join(dirname(file), name)) });
}
