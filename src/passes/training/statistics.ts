import { InputError } from "../../base/input-error.ts";
import { spanLocation } from "../../base/source-file.ts";
import { substituteDim } from "../../ir/dim.ts";
import type { Node, Parameter } from "../../ir/graph.ts";
import type { Sizes } from "./tape.ts";

const isStatistic = (parameter: Parameter): boolean => parameter.role === "running_mean" || parameter.role === "running_var";

/** Running statistics that a node reads. */
export function statisticsOf(node: Node): readonly Parameter[] {
  return node.inputs.flatMap(({ producer }) => (producer.kind === "parameter" && isStatistic(producer.parameter) ? [producer.parameter] : []));
}

/** Whether a node normalises by its running statistics in a training, too: all of them are frozen. */
export function isFixed(node: Node, frozen: (parameter: Parameter) => boolean): boolean {
  const statistics = statisticsOf(node);
  return statistics.length > 0 && statistics.every(frozen);
}

/**
 * Refuses nodes that would measure the statistics of one value a channel: it has no variance, and what comes out does not depend
 * on what went in. PyTorch refuses that, too.
 *
 * @throws {@link InputError} that names the node
 */
export function refuseSingleValues(nodes: readonly Node[], sizes: Sizes, frozen: (parameter: Parameter) => boolean): void {
  for (const node of nodes) {
    const [of] = node.inputs;
    if (of === undefined || statisticsOf(node).length === 0 || isFixed(node, frozen)) continue;
    if (!of.type.shape.every((dim, axis) => axis === 1 || substituteDim(dim, sizes) === 1)) continue;
    throw new InputError(`\`${node.name}\` (\`${node.op}\`) would normalise a single value of each channel: a batch of 1 and a map of one position have no variance`, {
      notes: node.origin ? [`It stands at ${spanLocation(node.origin.span)}.`] : [],
      help: ["Train with more images at a time: `--batch 2` or more.", "Or let it keep its running statistics: `--freeze` with its name."],
    });
  }
}
