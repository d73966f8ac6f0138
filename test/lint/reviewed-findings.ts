/** What rules may find in the standard library, looked at one by one. */
export interface Reviewed {
  readonly rule: string;
  /** The networks, each; `all` for remarks that are only shown when they are asked for. */
  readonly networks: readonly string[] | "all";
  /** Why the finding is right although the network stays as it is. */
  readonly reason: string;
}

export const REVIEWED: readonly Reviewed[] = [
  { rule: "rf-too-small", networks: "all", reason: "True of them: 8 layers on images of 32 pixels, 26 on images of 224. Both are the small members of families that see the whole image." },
  { rule: "uneven-padding", networks: "all", reason: "Published so: padding 1 (3 in the stem) and stride 2 on even sizes. 33 and 225 pixels would fit; the published nets take 32 and 224." },
  { rule: "stride-1x1-discard", networks: "all", reason: "The paper's projections are 1x1 with stride 2, and so is the first convolution of its bottlenecks (`v1`). Option D is the library's answer." },
  { rule: "aliased-downsampling", networks: "all", reason: "Published without a blur." },
  { rule: "zero-gamma", networks: "all", reason: "The paper begins with scales of 1. Zeros are a later recipe, which changes neither counts nor names." },
  {
    rule: "activation-on-shortcut",
    networks: ["ResNet110", "ResNet1202", "ResNet110B", "ResNet1202B", "ResNet110C", "ResNet1202C"],
    reason: "The paper's own form, ReLU after the sum. Its nets of 1202 layers are worse than those of 110 (7.93 % against 6.43 % error on CIFAR-10); `std.preact` has the answer of 2016.",
  },
  {
    rule: "activation-on-shortcut",
    networks: ["ResNet101", "ResNet152", "ResNet101A", "ResNet152A", "ResNet101C", "ResNet152C", "ResNet101v1", "ResNet152v1", "ResNet101v1A", "ResNet152v1A", "ResNet101v1C", "ResNet152v1C"],
    reason: "The paper's own form, ReLU after the sum. On ImageNet 101 and 152 layers are still better than 50 (22.85, 21.75, 21.43 % top-1 error); the pre-activation nets of the same depths are in `std.preact`.",
  },
  {
    rule: "activation-on-shortcut",
    networks: ["ResNet101Backbone", "FPN", "ResNet101os8", "ResNet101AnySize", "ResNet152AnySize", "ResNet101ScoreMap", "ResNet152ScoreMap", "Ensemble6"],
    reason: "They are the paper's nets for other uses, and load their weights.",
  },
  {
    rule: "activation-on-shortcut",
    networks: ["ResNet101D", "ResNeXt101_32x8d", "ResNeXt101_64x4d", "SEResNet101", "SEResNet152", "StochasticDepth110", "WRN101_2"],
    reason: "Published so, after the paper's nets, with ReLU after the sum.",
  },
  { rule: "bottleneck-ratio", networks: "all", reason: "The published widths of ResNeXt-29 for CIFAR: 64 channels a group, 8 and 16 groups." },
  {
    rule: "option-c-bottleneck",
    networks: ["ResNet50C", "ResNet101C", "ResNet152C", "ResNet50v1C", "ResNet101v1C", "ResNet152v1C"],
    reason: "Here to be compared with: the paper leaves option C out of its bottleneck nets for their size (section 4.1).",
  },
  { rule: "option-a-cost", networks: "all", reason: "Option A is the paper's choice for CIFAR, and half of its comparison on ImageNet." },
  { rule: "large-dense-head", networks: "all", reason: "VGG's published classifier of 4096, 4096 and 1000." },
  { rule: "deep-plain", networks: ["Plain32", "Plain44", "Plain56", "Plain110", "Plain34"], reason: "The paper's plain nets: that they get worse with depth is its experiment." },
];
