import { InputError } from "../base/input-error.ts";
import { nearest } from "../base/suggest.ts";
import type { Graph, Parameter } from "../ir/graph.ts";
import { isLearned } from "../passes/gradient.ts";

/**
 * What patterns freeze. A pattern is the name of a parameter or of a running statistic, or the path of a layer above some:
 * `conv1.weight`, `layer1`, `layer1.0.bn1`. A `*` stands for any characters, dots too: `conv1.*`, `*.running_mean`, `*.bn*`.
 *
 * @param statistics whether running statistics that a pattern fits stay, too
 * @throws {@link InputError} for a pattern that fits nothing, with names near to it
 */
export function frozenBy(network: Graph, patterns: readonly string[], statistics: boolean): (parameter: Parameter) => boolean {
  const frozen = new Set<Parameter>();
  for (const pattern of patterns) {
    const fits = matcher(pattern);
    const found = network.parameters.filter(({ name }) => pathsOf(name).some(fits));
    if (found.length === 0) throw fitsNothing(network, pattern);
    found.forEach((parameter) => frozen.add(parameter));
  }
  return (parameter) => frozen.has(parameter) && (statistics || isLearned(parameter));
}

function matcher(pattern: string): (path: string) => boolean {
  if (!pattern.includes("*")) return (path) => path === pattern;
  const expression = new RegExp(`^${pattern.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&")).join(".*")}$`, "u");
  return (path) => expression.test(path);
}

/** `layer1.0.conv1.weight` and all paths above it. */
function pathsOf(name: string): readonly string[] {
  const parts = name.split(".");
  return parts.map((_, index) => parts.slice(0, index + 1).join("."));
}

function fitsNothing(network: Graph, pattern: string): InputError {
  const paths = new Set(network.parameters.flatMap(({ name }) => pathsOf(name)));
  // A pattern is near to what its fixed part is near to.
  const near = nearest(pattern.replace(/(\.?\*)+/g, ""), paths).slice(0, 3);
  return new InputError(`\`--freeze ${pattern}\` fits no parameter of \`${network.name}\``, {
    notes: near.length > 0 ? [`Near to it: ${near.map((path) => `\`${path}\``).join(", ")}.`] : [],
    help: ["A pattern is the name of a parameter or the path of a layer; `*` stands for any characters: `--freeze \"layer1.*\"`."],
  });
}
