import type { Fix } from "../../diagnostics/problem.ts";
import type { Node } from "../../ir/graph.ts";
import { at } from "../../ops/families/attributes.ts";
import { extent } from "../../ops/families/axes.ts";
import { inserted, replaced, textOf } from "../analysis/edits.ts";
import { windowOfNode } from "../analysis/maps.ts";
import { hidesOperator } from "../analysis/names.ts";
import { argumentNamed, stepOf } from "../analysis/steps.ts";
import { defineRule } from "../rule.ts";
import type { NetworkContext } from "../rule.ts";

export const aliasedDownsampling = defineRule({
  code: "RL18",
  name: "aliased-downsampling",
  severity: "info",
  summary: "A max pool or a convolution with a stride thins the map out without a blur before it.",
  why: `Taking every second position of a map that varies from one to the next makes the answer depend on where an object stands: shifted by
one pixel, an image may get another class. A fixed blur before the thinning raised ResNet-50 from 76.16 to 77.04 % top-1 accuracy,
and the share of shifted images with the same answer from 89.2 to 91.3 %.`,
  evidence: "Zhang: Making Convolutional Networks Shift-Invariant Again, arXiv 1904.11486; the figures are those of its published code, filter Bin-5",
  exceptions: "All networks of the paper do it. Average pools blur by themselves; strides larger than the kernel are RL15; what is subsampled in a shortcut is the policy's choice.",
  wrong: `network Sharp {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu -> maxpool(2x2)
  conv(3x3, 32) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  right: `network Blurred {
  input image: float32[N, 3, 32, 32]
  conv(3x3, 16) -> bn -> relu -> maxpool(2x2, stride=1) -> blurpool(stride=2)
  conv(3x3, 32) -> bn -> relu
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork(context) {
    for (const node of context.graph.nodes) {
      const isPool = node.op === "maxpool";
      const window = isPool || node.op === "conv" ? windowOfNode(node) : undefined;
      if (window === undefined || node.origin?.inserted === true || !window.stride.some((step) => step > 1)) continue;
      if (window.kernel.some((size, axis) => extent(size, at(window.dilation, axis)) < at(window.stride, axis))) continue;
      const stride = [...new Set(window.stride)].join("x");
      const fix = isPool ? blurFix(context, node, window.stride) : undefined;
      context.report({
        at: node,
        message: `\`${node.op}\` with stride ${stride} thins the map out without a blur`,
        help: [isPool ? `write \`maxpool(…, stride=1) -> blurpool(stride=${stride})\`` : `write \`conv(…) -> bn -> relu -> blurpool(stride=${stride})\`, at ${window.stride.reduce((product, step) => product * step, 1)} times the multiply-adds of this layer`],
        ...(fix ? { fixes: [fix] } : {}),
      });
    }
  },
});

/** The pool with stride 1 and a blur behind it, where its stride is written as a number or not at all. */
function blurFix({ module }: NetworkContext, node: Node, steps: readonly number[]): Fix | undefined {
  const step = stepOf(module, node);
  const last = step?.call?.arguments.at(-1);
  // A label names what the pool makes; behind a blur that would be another value.
  if (!step || !last || step.element.label !== undefined || argumentNamed(step, "ceil") || hidesOperator(module, "blurpool")) return undefined;
  const stride = argumentNamed(step, "stride");
  if (stride && stride.value.kind !== "number" && stride.value.kind !== "size") return undefined;
  const { source } = module;
  const unstrided = stride ? replaced(source, stride.value, "1") : inserted(source, last.end, ", stride=1");
  const written = stride ? textOf(module, stride.value) : new Set(steps).size === 1 ? String(steps[0]) : steps.join("x");
  return { title: "Pool with stride 1, then blur and thin out", edits: [unstrided, inserted(source, step.element.end, ` -> blurpool(stride=${written})`)] };
}
