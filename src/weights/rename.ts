import { InputError } from "../base/input-error.ts";

/** `--rename from=to`: the name `from`, and every name below `from.`, gets `to` in its place. Either may be empty. */
export interface Rename {
  readonly from: string;
  readonly to: string;
}

/** Reads `old=new`, as the command line has it. */
export function parseRename(text: string): Rename {
  const [from, to, more] = text.split("=");
  if (from === undefined || to === undefined || more !== undefined || from === to) {
    throw new InputError(`\`--rename ${text}\` is no rename`, { help: ["write the name in the file, `=`, the name in the network: --rename linear=fc"] });
  }
  return { from, to };
}

/** The name after a rule, or nothing when the rule is not about it. */
export function renamed(name: string, { from, to }: Rename): string | undefined {
  if (from === "") return joined(to, name);
  if (name === from) return to;
  return name.startsWith(`${from}.`) ? joined(to, name.slice(from.length + 1)) : undefined;
}

function joined(prefix: string, rest: string): string {
  return prefix === "" ? rest : `${prefix}.${rest}`;
}

/** What tools put before every name, and who does. */
const WRAPPERS: ReadonlyMap<string, string> = new Map([
  ["module", "DataParallel"],
  ["_orig_mod", "torch.compile"],
  ["model", "Lightning and other trainers"],
  ["backbone", "detection and segmentation tools"],
  ["net", "some training scripts"],
]);

const MAX_PREFIX_WORDS = 4;

/** A prefix that tools put before every name: `module.`, `_orig_mod.module.`. */
export interface ToolPrefix {
  readonly prefix: string;
  readonly writtenBy: string;
}

/** The prefix without which most wanted names are found, or nothing when the names are best as they are. */
export function findToolPrefix(names: readonly string[], wanted: ReadonlySet<string>): ToolPrefix | undefined {
  const found = new Map<string, number>();
  let unprefixed = 0;
  for (const name of names) {
    if (wanted.has(name)) unprefixed++;
    let end = name.indexOf(".");
    for (let words = 0; words < MAX_PREFIX_WORDS && end >= 0 && WRAPPERS.has(lastWord(name, end)); words++) {
      const prefix = name.slice(0, end + 1);
      if (wanted.has(name.slice(end + 1))) found.set(prefix, (found.get(prefix) ?? 0) + 1);
      end = name.indexOf(".", end + 1);
    }
  }
  const [best] = [...found].sort((a, b) => b[1] - a[1]);
  if (best === undefined || best[1] <= unprefixed) return undefined;
  const words = best[0].slice(0, -1).split(".");
  return { prefix: best[0], writtenBy: [...new Set(words.map((word) => WRAPPERS.get(word) ?? word))].join(" and ") };
}

function lastWord(name: string, end: number): string {
  return name.slice(name.lastIndexOf(".", end - 1) + 1, end);
}

interface Shaped {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * Renames that would give missing tensors to the network, as shapes say: the file has exactly one unused tensor of that
 * last name and shape, and everything else below the same name fits too. Suggested, never applied.
 */
export function suggestRenames(missing: readonly Shaped[], unexpected: readonly Shaped[]): Rename[] {
  const candidates = new Map<string, Rename>();
  const offered = groupByLook(unexpected);
  for (const [look, wanted] of groupByLook(missing)) {
    const [want, anotherWant] = wanted;
    const [offer, anotherOffer] = offered.get(look) ?? [];
    if (want === undefined || offer === undefined || anotherWant !== undefined || anotherOffer !== undefined) continue;
    const rename = withoutCommonEnd(offer.name, want.name);
    candidates.set(`${rename.from}=${rename.to}`, rename);
  }
  const shapes = new Map(missing.map(({ name, shape }) => [name, String(shape)]));
  return [...candidates.values()].slice(0, 32).filter((rename) => {
    for (const { name, shape } of unexpected) {
      const to = renamed(name, rename);
      if (to !== undefined && shapes.get(to) !== String(shape)) return false;
    }
    return true;
  });
}

function groupByLook(tensors: readonly Shaped[]): Map<string, Shaped[]> {
  const groups = new Map<string, Shaped[]>();
  for (const tensor of tensors) {
    const look = `${tensor.name.slice(tensor.name.lastIndexOf(".") + 1)} ${tensor.shape.join("x")}`;
    const group = groups.get(look);
    if (group === undefined) groups.set(look, [tensor]);
    else group.push(tensor);
  }
  return groups;
}

function withoutCommonEnd(from: string, to: string): Rename {
  const fromWords = from.split(".");
  const toWords = to.split(".");
  while (fromWords.length > 0 && toWords.length > 0 && fromWords.at(-1) === toWords.at(-1)) {
    fromWords.pop();
    toWords.pop();
  }
  return { from: fromWords.join("."), to: toWords.join(".") };
}
