import type { EmittedFile } from "../backends/backend.ts";
import { InputError } from "../base/input-error.ts";
import type { Graph } from "../ir/graph.ts";
import type { ByteSource } from "../weights/source.ts";

/** A model of the user's own, as a path leads to it. */
export interface GivenFile {
  /** As the user named it. */
  readonly path: string;
  /** The model itself: an ONNX file, or the `model.json`. */
  readonly bytes: ByteSource;
  /** Opens a file beside it, by its relative path. */
  beside(path: string): Promise<ByteSource>;
}

/** An input or output as a file declares it. */
export interface Declared {
  readonly name: string;
  /** Channels first; a size that is open is nothing. Absent where the file says nothing. */
  readonly shape?: readonly (number | undefined)[];
}

const CHUNK_BYTES = 1 << 20;

/** A file that was given, as engines take files. */
export function emittedFrom(bytes: ByteSource, path: string, appended: Uint8Array = new Uint8Array(0)): EmittedFile {
  return {
    path,
    sizeInBytes: bytes.size + appended.length,
    async *chunks() {
      for (let start = 0; start < bytes.size; start += CHUNK_BYTES) yield bytes.read(start, Math.min(CHUNK_BYTES, bytes.size - start));
      if (appended.length > 0) yield appended;
    },
  };
}

/**
 * Which of `theirs` each of `ours` is: by name where every name is found, else by position.
 *
 * @throws {@link InputError} where the numbers differ
 */
export function matched(ours: readonly string[], theirs: readonly string[], about: { readonly path: string; readonly network: string; readonly what: "input" | "output" }): { readonly indices: readonly number[]; readonly remark: string | undefined } {
  const { path, network, what } = about;
  const byName = ours.map((name) => theirs.indexOf(name));
  const plural = (count: number): string => `${count} ${what}${count === 1 ? "" : "s"}`;
  // More outputs than the network's do no harm; an input that nobody fills does.
  if (byName.every((index) => index >= 0) && (what === "output" || ours.length === theirs.length)) return { indices: byName, remark: undefined };
  if (ours.length !== theirs.length) {
    throw new InputError(`\`${path}\` has ${plural(theirs.length)} (${theirs.join(", ")}), and ${network} has ${plural(ours.length)} (${ours.join(", ")})`, {
      help: ["Name the network that the model was made from, or give its outputs the same names."],
    });
  }
  const pairs = ours.map((name, index) => `\`${theirs[index] ?? ""}\` is taken for \`${name}\``);
  return { indices: ours.map((_, index) => index), remark: `${ours.length === 1 ? `its ${what} has another name` : `its ${what}s have other names and are matched by position`}: ${pairs.join(", ")}` };
}

/**
 * Makes sure that a model takes the inputs that are ready.
 *
 * @throws {@link InputError} with both shapes
 */
export function checkSizes(graph: Graph, declared: readonly Declared[], ofInput: readonly number[], shapes: readonly (readonly number[])[], path: string): void {
  declared.forEach(({ name, shape }, index) => {
    const given = shapes[ofInput[index] ?? -1];
    if (shape === undefined || given === undefined) return;
    if (shape.length === given.length && shape.every((size, axis) => size === undefined || size === given[axis])) return;
    const text = `[${shape.map((size) => size ?? "any").join(", ")}]`;
    const fixed = shape.map((size, axis) => size ?? given[axis] ?? 1);
    const batchAlone = fixed.length === given.length && fixed.every((size, axis) => axis === 0 || size === given[axis]);
    const help = batchAlone ? [`Its batch is fixed: \`--batch ${fixed[0] ?? 1}\`.`] : shape.length === given.length ? [`Where the network takes any size: \`--input ${fixed.join("x")}\`.`] : [];
    throw new InputError(`\`${path}\` takes ${text} as \`${name}\`, and ${graph.name} is given [${given.join(", ")}]`, { notes: ["Sizes are [batch, channels, height, width]."], help });
  });
}
