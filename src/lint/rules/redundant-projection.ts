import { groupDigits } from "../../base/digits.ts";
import type { Node, Value } from "../../ir/graph.ts";
import { sameShape } from "../../ir/tensor-type.ts";
import { numberOf, operand, result } from "../../ops/families/attributes.ts";
import { dataInputs, isNormalisation, isWeighted } from "../analysis/layers.ts";
import { windowOfNode } from "../analysis/maps.ts";
import { hidesOperator } from "../analysis/names.ts";
import { insteadOfBranch, stepOf } from "../analysis/steps.ts";
import { defineRule } from "../rule.ts";
import type { NetworkContext } from "../rule.ts";

export const redundantProjection = defineRule({
  code: "RL37",
  name: "redundant-projection",
  severity: "warning",
  summary: "A 1x1 convolution written as the shortcut of a sum although it changes neither channels nor size.",
  why: `A shortcut needs weights only where the shapes of the two paths differ. Between equal shapes the identity does the same for nothing: the
signal and its gradient pass unchanged, which is what makes deep networks trainable. A projection there has parameters, takes time, and
scales or mixes what should pass.`,
  evidence: "He et al. 2015, arXiv 1512.03385, section 3.3; He et al. 2016, arXiv 1603.05027, Table 1: 1x1 shortcuts in all blocks of ResNet-110 raise the error from 6.61 to 12.22 %",
  exceptions: `What a shortcut policy inserts (RL35 speaks of that). Sums that have an identity or a lone normalisation beside it: there the 1x1 is
one of several parallel convolutions.`,
  wrong: `block unit(width: int) {
  sum {
    | conv(3x3, width) -> bn -> relu -> conv(3x3, width) -> bn
    | conv(1x1, width) -> bn
  }
  relu
}
network Projected {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  layer1: 3 x unit(16)
  globalavgpool -> fc: linear(10)
}
`,
  right: `block unit(width: int) {
  residual {
    conv(3x3, width) -> bn -> relu -> conv(3x3, width) -> bn
  }
  relu
}
network Straight {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu
  layer1: 3 x unit(16)
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    for (const sum of context.graph.nodes) {
      const instance = sum.origin?.instance;
      if (sum.op !== "sum" || instance?.kind !== "join" || instance.residual !== undefined) continue;
      const projection = redundantBranch(context, sum);
      if (projection === undefined) continue;
      const { module } = context;
      const written = stepOf(module, projection);
      const edit = written && !hidesOperator(module, "identity") ? insteadOfBranch(module, written, "identity") : undefined;
      context.report({
        at: projection,
        message: "a projection between equal shapes: the identity does the same without weights",
        notes: [`It has ${groupDigits(context.nodes[projection.id]?.params ?? 0)} parameters${macsText(context.nodes[projection.id]?.macs)}.`],
        help: ["write `identity` for this branch, or `residual { … }` for the sum"],
        ...(edit ? { fixes: [{ title: "Make the shortcut the identity", edits: [edit] }] } : {}),
      });
    }
  },
});

const macsText = (macs: number | undefined): string => (macs === undefined ? "" : ` and ${groupDigits(macs)} multiply-adds`);

/** The convolution of a branch that is nothing but a projection, where another branch from the same value does the work. */
function redundantBranch(context: NetworkContext, sum: Node): Node | undefined {
  const instance = sum.origin?.instance;
  if (instance === undefined) return undefined;
  const inside = new Set(context.nodesOf(instance));
  const branches = dataInputs(sum);
  for (const branch of branches) {
    const projection = projectionOf(context, branch, inside);
    if (projection === undefined) continue;
    const from = operand(projection);
    const others = branches.filter((other) => other !== branch).map((other) => layersBetween(from, other, inside));
    const isParallel = others.some((layers) => layers !== undefined && !layers.some(({ op }) => isWeighted(op)));
    const works = others.some((layers) => layers !== undefined && (layers.filter(({ op }) => isWeighted(op)).length > 1 || layers.some((node) => isWeighted(node.op) && windowOfNode(node)?.kernel.some((size) => size > 1))));
    if (works && !isParallel) return projection;
  }
  return undefined;
}

/** The 1x1 convolution that ends a branch, but for normalisation, and returns the shape it received. */
function projectionOf({ graph, consumersOf }: NetworkContext, branch: Value, inside: ReadonlySet<Node>): Node | undefined {
  let value = branch;
  while (value.producer.kind === "node" && inside.has(value.producer.node) && consumersOf(value).length === 1) {
    const { node } = value.producer;
    if (node.op === "conv") {
      const window = windowOfNode(node);
      const isPointwise = window !== undefined && [...window.kernel, ...window.stride].every((number) => number === 1) && window.pads.every((pad) => pad === 0);
      return isPointwise && numberOf(node.attributes, "groups") === 1 && sameShape(operand(node).type.shape, result(node).type.shape, graph.facts) ? node : undefined;
    }
    if (!isNormalisation(node.op)) return undefined;
    value = operand(node);
  }
  return undefined;
}

/** The layers of a join between a value and the end of a branch; `undefined` where the branch starts elsewhere. */
function layersBetween(from: Value, to: Value, inside: ReadonlySet<Node>): readonly Node[] | undefined {
  const found = new Set<Node>();
  const queue = [to];
  let reached = false;
  for (let value = queue.pop(); value; value = queue.pop()) {
    if (value === from) reached = true;
    else if (value.producer.kind === "node" && inside.has(value.producer.node) && !found.has(value.producer.node)) {
      found.add(value.producer.node);
      queue.push(...dataInputs(value.producer.node));
    }
  }
  return reached ? [...found] : undefined;
}
