import { spawnSync } from "node:child_process";
import { posix } from "node:path";
import { InputError } from "../base/input-error.ts";
import { decodeText } from "./decode-text.ts";
import type { CliHost } from "./host.ts";

/** More than this is no `.resnet` file. */
const LARGEST_TEXT_IN_BYTES = 16 * 1024 * 1024;

/**
 * The same world, in which `REVISION:FILE` names a file as it was in a revision of git: `HEAD~1:net.resnet`, relative to
 * the folder rnc was started in. What such a file imports comes from the same revision.
 */
export function withRevisions(host: CliHost): CliHost {
  return {
    ...host,
    pathKind(path) {
      const place = placeOf(host, path);
      if (place === undefined) return host.pathKind(path);
      const kind = git(["cat-file", "-t", objectOf(place)]);
      if (kind.status !== 0) return "missing";
      return kind.text.trim() === "tree" ? "folder" : "file";
    },
    list: (folder) => (placeOf(host, folder) === undefined ? host.list(folder) : []),
    async readText(path) {
      const place = placeOf(host, path);
      return place === undefined ? host.readText(path) : readRevision(place, path);
    },
    files: {
      resolve(importer, path) {
        const place = placeOf(host, importer);
        return place === undefined ? host.files.resolve(importer, path) : `${place.revision}:${posix.join(posix.dirname(place.path), path)}`;
      },
      async read(path) {
        const place = placeOf(host, path);
        if (place === undefined) return host.files.read(path);
        return git(["cat-file", "-e", objectOf(place)]).status === 0 ? readRevision(place, path) : undefined;
      },
    },
  };
}

interface Place {
  readonly revision: string;
  readonly path: string;
}

/** `undefined` for what is a path: a file of that name, or a drive of Windows. */
function placeOf(host: CliHost, path: string): Place | undefined {
  const [, revision = "", rest = ""] = /^([^:]{2,}):([^:]+)$/.exec(path) ?? [];
  return revision === "" || host.pathKind(path) !== "missing" ? undefined : { revision, path: rest };
}

/** Git reads paths from the top of a repository unless they begin with a dot. */
function objectOf({ revision, path }: Place): string {
  return `${revision}:${posix.isAbsolute(path) || path.startsWith(".") ? path : `./${path}`}`;
}

function readRevision(place: Place, path: string): string {
  const { status, text, error, bytes } = git(["cat-file", "blob", objectOf(place)]);
  if (status === 0) return decodeText(bytes, path);
  const reason = error.trim().split("\n")[0]?.replace(/^fatal: /, "") ?? "";
  throw new InputError(`\`${path}\` cannot be read from git: ${reason || text || "it gives no reason"}`, {
    help: ["Write `REVISION:FILE` with a revision that `git log` knows and a path from this folder on: `HEAD~1:net.resnet`."],
  });
}

function git(args: readonly string[]): { readonly status: number | null; readonly text: string; readonly bytes: Uint8Array; readonly error: string } {
  const ran = spawnSync("git", args, { maxBuffer: LARGEST_TEXT_IN_BYTES });
  if (ran.error) {
    const isMissing = "code" in ran.error && ran.error.code === "ENOENT";
    throw new InputError(isMissing ? "`git` is not installed here, and it is what knows the revisions of a file" : `git failed: ${ran.error.message}`);
  }
  return { status: ran.status, text: ran.stdout.toString(), bytes: ran.stdout, error: ran.stderr.toString() };
}
