import { basename } from "node:path";
import type { CliHost } from "./host.ts";
import type { WrittenFile } from "./write-files.ts";

/** Files of weights as rnc and the tools of TensorFlow.js call them. */
const WEIGHTS = /^(group\d+-shard\d+of\d+|weights)\.bin$/;

/**
 * What to say of weights in a model's folder that the model just written does not name: an earlier one had more of them. They
 * stay, because a copy of that model's `model.json` may still name them.
 *
 * @returns a sentence, or nothing where there are none
 */
export function staleWeights(host: CliHost, folder: string, written: readonly WrittenFile[]): string | undefined {
  const used = new Set(written.map(({ path }) => basename(path)));
  const others = host.list(folder).filter((name) => WEIGHTS.test(name) && !used.has(name));
  const [first] = others;
  if (first === undefined) return undefined;
  const one = others.length === 1;
  const what = one ? `\`${first}\` is` : `\`${first}\` and ${others.length - 1} more ${others.length === 2 ? "file" : "files"} of weights are`;
  return `${what} still there from an earlier model; this one does not use ${one ? "it, and it" : "them, and they"} may be deleted`;
}
