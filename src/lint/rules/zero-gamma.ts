import type { Fix } from "../../diagnostics/problem.ts";
import type { Node } from "../../ir/graph.ts";
import { callOf, elementAt } from "../../syntax/elements.ts";
import { inserted } from "../analysis/edits.ts";
import { isWeighted, nodeBefore, producerOf } from "../analysis/layers.ts";
import { defineRule } from "../rule.ts";
import type { NetworkContext } from "../rule.ts";

export const zeroGamma = defineRule({
  code: "RL26",
  name: "zero-gamma",
  severity: "info",
  summary: "The last batch norm of a residual branch does not begin with a scale of 0.",
  why: `With \`bn(zero=true)\` at the end of F every block begins as its shortcut, and the network as a shallow one; the first steps are steadier, above
all with large batches. torchvision, whose \`zero_init_residual\` does the same, gives 0.2 to 0.3 points of ImageNet accuracy.`,
  evidence: "Goyal et al. 2017 (arXiv 1706.02677), section 5.1.",
  exceptions: "Changes how training begins and nothing else: weights that are loaded overwrite it. A branch that ends in a `gain` or `scale` has its own beginning.",
  wrong: `block unit(width: int) {
  residual { conv(3x3, width) -> bn -> relu -> conv(3x3, width) -> bn }
  relu
}
network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  layer1: 3 x unit(16)
  globalavgpool -> fc: linear(10)
}
`,
  right: `block unit(width: int) {
  residual { conv(3x3, width) -> bn -> relu -> conv(3x3, width) -> bn(zero=true) }
  relu
}
network Small {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  layer1: 3 x unit(16)
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    for (const { sum, result, branch } of context.residuals) {
      const norm = sum && lastNorm(producerOf(result), branch);
      if (norm === undefined || norm.attributes["zero"] === true) continue;
      context.report({
        at: norm,
        message: "the last batch norm of this branch begins with a scale of 1",
        help: ["`bn(zero=true)` lets the block begin as its shortcut."],
        fixes: fixOf(context, norm),
      });
    }
  },
});

/** The batch norm at the end of a branch, with nothing but single layers without weights behind it. */
function lastNorm(end: Node | undefined, branch: readonly Node[]): Node | undefined {
  const own = new Set(branch);
  for (let node = end; node && own.has(node) && !isWeighted(node.op) && node.op !== "gain" && node.op !== "scale"; node = nodeBefore(node)) {
    if (node.op === "bn") return node;
  }
  return undefined;
}

function fixOf({ module }: NetworkContext, norm: Node): readonly Fix[] {
  const element = norm.origin && elementAt(module, norm.origin.span)?.element;
  if (element?.kind !== "layer" || element.repeated) return [];
  const call = callOf(element);
  const title = "let its scale begin at 0";
  if (call === undefined) return element.callee.kind === "name" && element.callee.name === "bn" ? [{ title, edits: [inserted(module.source, element.end, "(zero=true)")] }] : [];
  const last = call.arguments.at(-1);
  if (last === undefined || call.arguments.some(({ name }) => name?.name === "zero")) return [];
  return [{ title, edits: [inserted(module.source, last.end, ", zero=true")] }];
}
