import { at } from "../../ops/families/attributes.ts";
import { extent } from "../../ops/families/axes.ts";
import { isWeighted } from "../analysis/layers.ts";
import { windowOfNode } from "../analysis/maps.ts";
import { kernelText, percentText } from "../analysis/words.ts";
import { defineRule } from "../rule.ts";

export const stride1x1Discard = defineRule({
  code: "RL15",
  name: "stride-1x1-discard",
  severity: "info",
  summary: "A convolution whose stride is larger than its kernel: most positions of its map are never read.",
  why: `A 1x1 convolution with stride 2 reads one position of four and throws the other three away. In the main path the stride of a
bottleneck can move to its 3x3 (76.21 to 76.66 % top-1 accuracy for ResNet-50); in a projection an average before it, and stride 1 in
it, keep every position (76.87 to 77.16 %).`,
  evidence: "He, Zhang, Zhang, Zhang, Xie, Li: Bag of Tricks, arXiv 1812.01187, Table 5",
  exceptions: "The paper's own bottlenecks and projections do it. A first layer that cuts the image into patches reads all of it, as its kernel is as large as its stride.",
  wrong: `block narrow(width: int, stride: int = 1) {
  conv(1x1, width, stride=stride) -> bn -> relu
  conv(3x3, width) -> bn -> relu
}
network Halving {
  input image: float32[N, 3, 33, 33]
  conv(3x3, 16) -> bn -> relu
  narrow(32, stride=2)
  globalavgpool -> fc: linear(10)
}
`,
  right: `block narrow(width: int, stride: int = 1) {
  conv(1x1, width) -> bn -> relu
  conv(3x3, width, stride=stride) -> bn -> relu
}
network Halving {
  input image: float32[N, 3, 33, 33]
  conv(3x3, 16) -> bn -> relu
  narrow(32, stride=2)
  globalavgpool -> fc: linear(10)
}
`,
  checkNetwork({ graph, report }) {
    for (const node of graph.nodes) {
      const window = isWeighted(node.op) ? windowOfNode(node) : undefined;
      if (window === undefined) continue;
      const read = window.kernel.reduce((share, size, axis) => share * Math.min(1, size / at(window.stride, axis)), 1);
      const leaves = window.kernel.some((size, axis) => extent(size, at(window.dilation, axis)) < at(window.stride, axis));
      if (!leaves) continue;
      report({
        at: node,
        message: `a convolution of ${kernelText(window.kernel)} with stride ${[...new Set(window.stride)].join("x")} never reads ${percentText(1 - read, 1)} of its map`,
        help:
          node.origin?.inserted === true
            ? ["a shortcut option that averages first keeps every position: `avgpool(stride, ceil=true, pad=0) -> conv(1x1, channels)`"]
            : ["give the stride to a convolution with a larger kernel beside it, or average first: `avgpool(2x2) -> conv(1x1, …)`"],
      });
    }
  },
});
