import { groupDigits } from "../../base/digits.ts";
import type { Node, Value } from "../../ir/graph.ts";
import type { Instance } from "../../ir/origin.ts";
import { sameShape } from "../../ir/tensor-type.ts";
import { result } from "../../ops/families/attributes.ts";
import { residualOf } from "../../program/stages.ts";
import { dataInputs, isWeighted } from "../analysis/layers.ts";
import { percentText } from "../analysis/words.ts";
import { defineRule } from "../rule.ts";
import type { NetworkContext } from "../rule.ts";

export const optionCBottleneck = defineRule({
  code: "RL35",
  name: "option-c-bottleneck",
  severity: "warning",
  summary: "A shortcut policy that puts weighted layers around bottlenecks also where input and output have the same shape.",
  why: `A bottleneck is cheap because its large convolution works on few channels; both ends of its shortcut have many, four times as many in the
paper. A projection there costs more than the block: option C makes ResNet-50 14.6 million parameters (57 %) larger and its
multiply-adds 60 % more. The paper keeps the identity for this reason; for two-layer blocks, where C is affordable, it gained
0.33 points over B (ResNet-34, 24.52 to 24.19 % top-1 error).`,
  evidence: "He et al. 2015, arXiv 1512.03385, sections 3.3 and 4.1, Table 3; the costs are counted by rnc",
  exceptions: "Projections where channels or size change, which some shortcut must make; blocks that are no narrower inside than outside.",
  wrong: `use std.blocks { bottleneck, stage }
use std.shortcuts { C }

network Costly {
  input image: float32[N, 3, 64, 64]
  shortcuts C
  conv(3x3, 64) -> bn -> relu
  layer1: stage(3, bottleneck(64))
  globalavgpool -> fc: linear(10)
}
`,
  right: `use std.blocks { bottleneck, stage }
use std.shortcuts { B }

network Frugal {
  input image: float32[N, 3, 64, 64]
  shortcuts B
  conv(3x3, 64) -> bn -> relu
  layer1: stage(3, bottleneck(64))
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    const inserted = insertedLayers(context);
    const needless = [...inserted].filter(([instance, layers]) => layers.some(({ op }) => isWeighted(op)) && changesNothing(context, instance, layers) && isBottleneck(context, instance));
    const [first] = needless;
    if (first === undefined) return;
    const [at, { length: residuals }] = [first[0], context.instances.filter(({ residual }) => residual !== undefined)];
    const layers = needless.flatMap(([, own]) => own);
    const params = layers.reduce((sum, { id }) => sum + (context.nodes[id]?.params ?? 0), 0);
    const macs = layers.reduce((sum, { id }) => sum + (context.nodes[id]?.macs ?? 0), 0);
    const { total } = context;
    context.report({
      at,
      message: `shortcut ${at.residual?.policy ?? ""} projects around bottlenecks where nothing changes`,
      label: "input and output have the same shape",
      notes: [
        `${needless.length} of ${residuals} shortcuts are weighted layers between equal shapes.`,
        `They have ${groupDigits(params)} parameters, ${percentText(params, total.params - params)} more than the network has without them${total.macs === undefined ? "" : `, and ${groupDigits(macs)} multiply-adds, ${percentText(macs, total.macs - macs)} more`}.`,
      ],
      help: ["use a policy that is the identity there: `if channels != in.channels or stride != 1 { … }`, as option B of the paper"],
    });
  },
});

/** What the policy made, by residual. */
function insertedLayers({ graph }: NetworkContext): ReadonlyMap<Instance, readonly Node[]> {
  const inserted = new Map<Instance, Node[]>();
  for (const node of graph.nodes) {
    const holder = node.origin?.inserted === true ? residualOf(node) : undefined;
    if (holder === undefined) continue;
    const known = inserted.get(holder);
    if (known) known.push(node);
    else inserted.set(holder, [node]);
  }
  return inserted;
}

/** True where what the policy made returns the shape that it received. */
function changesNothing({ graph }: NetworkContext, { residual }: Instance, layers: readonly Node[]): boolean {
  const own = new Set(layers);
  const from = layers.flatMap(dataInputs).find(({ producer }) => producer.kind !== "node" || !own.has(producer.node));
  const to: Value | undefined = layers.at(-1) && result(layers.at(-1) as Node);
  return from !== undefined && to !== undefined && residual?.stride.every((step) => step === 1) === true && sameShape(from.type.shape, to.type.shape, graph.facts);
}

/** True where a convolution of F makes fewer channels than F as a whole. */
function isBottleneck({ nodes, nodesOf }: NetworkContext, instance: Instance): boolean {
  return nodesOf(instance).some((node) => {
    const channels = result(node).type.shape[1];
    return node.op === "conv" && node.origin?.inserted !== true && nodes[node.id]?.receptiveField !== undefined && typeof channels === "number" && channels < (instance.residual?.channels ?? 0);
  });
}
