import type { Dim } from "../../ir/dim.ts";
import type { Instance } from "../../ir/origin.ts";
import { isWeighted } from "../analysis/layers.ts";
import type { ResidualUnit } from "../analysis/residuals.ts";
import { defineRule } from "../rule.ts";
import type { NetworkContext } from "../rule.ts";

/** The sides of the maps of the three stages. */
const SIDES = [32, 16, 8] as const;

export const unequalStages = defineRule({
  code: "RL42",
  name: "unequal-stages",
  severity: "warning",
  summary: "A network of the CIFAR form has stages with unlike numbers of blocks.",
  why: `The CIFAR-10 networks of the paper have three stages of n blocks each, on maps of 32, 16 and 8 pixels: 6n+2 layers with blocks of two layers, 9n+2
with bottlenecks. A depth that is none of these, 30 or 42, gives stages of unlike length, and its results stand beside no published ones.`,
  evidence: "He et al. 2015 (arXiv 1512.03385), section 4.2; nobody has measured that unlike stages are worse.",
  exceptions: `Only for an input of 32x32, residual blocks on maps of 32, 16 and 8 and on no others, all with the same number of layers, one convolution before
them and one linear layer after them.`,
  wrong: `block unit(width: int, stride: int = 1) {
  residual { conv(3x3, width, stride=stride) -> bn -> relu -> conv(3x3, width) -> bn }
  relu
}
block zeros(channels: int, stride: int[]) {
  if stride != 1 { subsample(stride) -> padchannels(channels) }
}
network Small {
  input image: float32[N, 3, 32, 32]
  shortcuts zeros
  conv(3x3, 16) -> bn -> relu
  layer1: 4 x unit(16)
  layer2: { unit(32, stride=2) -> 4 x unit(32) }
  layer3: { unit(64, stride=2) -> 4 x unit(64) }
  globalavgpool -> fc: linear(10)
}
`,
  right: `block unit(width: int, stride: int = 1) {
  residual { conv(3x3, width, stride=stride) -> bn -> relu -> conv(3x3, width) -> bn }
  relu
}
block zeros(channels: int, stride: int[]) {
  if stride != 1 { subsample(stride) -> padchannels(channels) }
}
network Small {
  input image: float32[N, 3, 32, 32]
  shortcuts zeros
  conv(3x3, 16) -> bn -> relu
  layer1: 5 x unit(16)
  layer2: { unit(32, stride=2) -> 4 x unit(32) }
  layer3: { unit(64, stride=2) -> 4 x unit(64) }
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    const form = cifarForm(context);
    if (form === undefined || !context.graph.instance) return;
    const { counts, layers } = form;
    const blocks = counts.reduce((sum, count) => sum + count, 0);
    if (counts.every((count) => count === counts[0])) return;
    const depth = (n: number): number => SIDES.length * layers * n + 2;
    const below = Math.max(1, Math.floor(blocks / SIDES.length));
    const above = Math.ceil(blocks / SIDES.length);
    const near = above === below ? [below] : [below, above];
    context.report({
      at: context.graph.instance,
      message:
        above === below
          ? `stages of ${counts.join(", ")} blocks, where the form with ${context.total.depth} = ${SIDES.length * layers}n+2 layers has ${above} in each`
          : `stages of ${counts.join(", ")} blocks: ${context.total.depth} layers are not of the form ${SIDES.length * layers}n+2`,
      notes: ["The CIFAR-10 networks of the paper have three stages of n blocks each (section 4.2)."],
      help: [`${above === below ? "With as many blocks" : "The nearest"}: ${near.map((n) => `${n} blocks a stage, ${depth(n)} layers`).join(", or ")}.`],
    });
  },
});

/** How many blocks stand on maps of 32, 16 and 8, and the layers of each; `undefined` for a network of any other form. */
function cifarForm(context: NetworkContext): { readonly counts: readonly number[]; readonly layers: number } | undefined {
  const { graph, total } = context;
  const [input, second] = graph.inputs;
  if (second || !input || !isSquare(input.type.shape, SIDES[0])) return undefined;
  const units = context.residuals.filter(({ instance }) => !isInResidual(instance));
  const stages = units.map(({ result }) => SIDES.findIndex((side) => result !== undefined && isSquare(result.type.shape, side)));
  const counts = SIDES.map((_, stage) => stages.filter((each) => each === stage).length);
  if (stages.includes(-1) || counts.includes(0)) return undefined;
  const layers = layersOf(units[0]);
  if (layers < 2 || units.some((unit) => layersOf(unit) !== layers)) return undefined;
  return total.depth === layers * units.length + 2 ? { counts, layers } : undefined;
}

const layersOf = (unit: ResidualUnit | undefined): number => unit?.branch.filter(({ op }) => isWeighted(op)).length ?? 0;

function isSquare(shape: readonly Dim[], side: number): boolean {
  return shape.length === 4 && shape[2] === side && shape[3] === side;
}

function isInResidual(instance: Instance): boolean {
  for (let at = instance.parent; at; at = at.parent) if (at.residual) return true;
  return false;
}
