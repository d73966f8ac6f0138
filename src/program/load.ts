import type { SourceFile } from "../base/source-file.ts";
import type { Checker } from "../check/check.ts";
import { createChecker } from "../check/check.ts";
import type { ModuleIndex, UseFailure } from "../check/module-index.ts";
import type { Problem } from "../diagnostics/problem.ts";
import type { Module } from "../syntax/ast.ts";
import { parse } from "../syntax/index.ts";
import { standardLibrary } from "./standard-library.ts";

/** How imported files are found and read; the command line reads a disk, a page its own store. */
export interface ModuleHost {
  /** The path a `use "…"` in the file `importer` means. */
  resolve(importer: string, path: string): string;
  /** The text of a file; `undefined` when there is none; rejects with a reason when it cannot be read. */
  read(path: string): Promise<string | undefined>;
}

/** A host without any file: for programs of one text. */
export const NO_FILES: ModuleHost = { resolve: (_importer, path) => path, read: async () => undefined };

/** A file with everything it imports, parsed; ready to be checked. */
export interface Program {
  readonly root: Module;
  readonly checker: Checker;
  /** Problems of syntax in the root and in imported files. */
  readonly problems: readonly Problem[];
}

/** Parses a text and the files it imports. */
export async function loadProgram(source: SourceFile, host: ModuleHost = NO_FILES): Promise<Program> {
  const parsed = parse(source);
  const problems = [...parsed.problems];
  const files = new Map<string, Module | UseFailure>([[source.path, parsed.module]]);
  const queue: Module[] = [parsed.module];
  for (let module = queue.shift(); module; module = queue.shift()) {
    for (const item of module.items) {
      if (item.kind !== "use" || !item.isPath) continue;
      const path = host.resolve(module.source.path, item.from.name);
      if (files.has(path)) continue;
      const found = await readModule(path, host);
      if ("tried" in found) files.set(path, found);
      else {
        files.set(path, found.module);
        problems.push(...found.problems);
        queue.push(found.module);
      }
    }
  }
  return { root: parsed.module, checker: createChecker(indexOf(files, host)), problems };
}

async function readModule(path: string, host: ModuleHost): Promise<ReturnType<typeof parse> | UseFailure> {
  try {
    const text = await host.read(path);
    if (text === undefined) return { kind: "missing", tried: path, candidates: [] };
    return parse({ path, text, standard: false });
  } catch (error) {
    return { kind: "unreadable", tried: path, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** A module of the standard library as a program of its own. */
export function standardProgram(module: Module): Program {
  return { root: module, checker: createChecker(indexOf(new Map(), NO_FILES)), problems: [] };
}

function indexOf(files: ReadonlyMap<string, Module | UseFailure>, host: ModuleHost): ModuleIndex {
  return {
    standard: standardLibrary,
    resolve(from, use) {
      if (!use.isPath) {
        return standardLibrary.get(use.from.name) ?? { kind: "missing", tried: use.from.name, candidates: [...standardLibrary.keys()] };
      }
      const path = host.resolve(from.source.path, use.from.name);
      return files.get(path) ?? { kind: "missing", tried: path, candidates: [] };
    },
  };
}
