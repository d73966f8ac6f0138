import { basename } from "node:path";
import type { CliHost } from "../host.ts";
import type { RunFolder, RunRecord } from "./run-folder.ts";

/** A host that notes down every text that is read through it. */
export interface RecordingHost {
  readonly host: CliHost;
  /** By path, in the order in which they were read. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Notes down the texts of a network, so that a run can keep them. */
export function recordTexts(host: CliHost): RecordingHost {
  const texts = new Map<string, string>();
  const noted = (path: string, text: string): string => {
    texts.set(path, text);
    return text;
  };
  return {
    texts,
    host: {
      ...host,
      readText: async (path) => noted(path, await host.readText(path)),
      files: {
        resolve: (importer, path) => host.files.resolve(importer, path),
        async read(path) {
          const text = await host.files.read(path);
          return text === undefined ? undefined : noted(path, text);
        },
      },
    },
  };
}

/** Names for the copies: `spec/1-net.resnet`, the root first. */
export function copiesOf(texts: ReadonlyMap<string, string>): RunRecord["network"]["files"] {
  return [...texts.keys()].map((path, index) => ({ path, copy: `spec/${index + 1}-${path === "-" ? "stdin.resnet" : basename(path)}` }));
}

/** A host that has the texts of a run where they were, whatever has become of them since. */
export function replayTexts(host: CliHost, { path: run, file }: Pick<RunFolder, "path" | "file">, files: RunRecord["network"]["files"]): CliHost {
  const copies = new Map(files.map(({ path, copy }) => [path, file(copy)]));
  const read = async (path: string): Promise<string | undefined> => {
    const copy = copies.get(path);
    return copy === undefined ? undefined : host.readText(copy);
  };
  return {
    ...host,
    pathKind: (path) => (copies.has(path) ? "file" : "missing"),
    readText: async (path) => (await read(path)) ?? host.readText(`${run}/${path}`),
    files: { resolve: (importer, path) => host.files.resolve(importer, path), read },
  };
}
