/** A network of the standard library and the same one as `nets.py` writes it. */
export interface OracleCase {
  readonly network: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** What `build` of `nets.py` takes. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** The network's own input, for counting. */
  readonly size: number;
  /** Side of the square images on which answers are compared; the network is built for it. None: counted only. */
  readonly runs?: number;
  /** What differs in `spec` for images of that side. */
  readonly runSpec?: Readonly<Record<string, unknown>>;
}

const basic = { net: "resnet", unit: "Basic" };
const bottleneck = { net: "resnet", unit: "Bottleneck" };
const at18 = { ...basic, depths: [2, 2, 2, 2] };
const at34 = { ...basic, depths: [3, 4, 6, 3] };
const at50 = { ...bottleneck, depths: [3, 4, 6, 3] };
const at101 = { ...bottleneck, depths: [3, 4, 23, 3] };
const at152 = { ...bottleneck, depths: [3, 8, 36, 3] };
const small = { net: "resnet", widths: [16, 32, 64], stem: "3x3", stem_width: 16, classes: 10 };
const wide = (k: number) => ({ ...small, unit: "PreBasic", widths: [16 * k, 32 * k, 64 * k] });

type More = Pick<OracleCase, "runs" | "runSpec" | "settings">;
const large = (network: string, spec: OracleCase["spec"], more: More = {}): OracleCase => ({ network, spec, size: 224, ...more });
const cifar = (network: string, spec: OracleCase["spec"], more: More = {}): OracleCase => ({ network, spec, size: 32, ...more });
const three = (n: number) => [n, n, n];

const options = ["A", "C", "none"] as const;
const depths = [["ResNet18", at18], ["ResNet34", at34], ["ResNet50", at50], ["ResNet101", at101], ["ResNet152", at152]] as const;

/** Answered by ONNX Runtime and by PyTorch with the same calibrated weights, and counted by both. */
export const answered: readonly OracleCase[] = [
  large("ResNet18", at18, { runs: 224 }),
  large("ResNet18A", { ...at18, option: "A" }, { runs: 64 }),
  large("ResNet18C", { ...at18, option: "C" }, { runs: 64 }),
  large("ResNet50", at50, { runs: 224 }),
  large("ResNet50A", { ...at50, option: "A" }, { runs: 64 }),
  large("ResNet50C", { ...at50, option: "C" }, { runs: 64 }),
  large("ResNet50v1", { ...at50, v1: true }, { runs: 64 }),
  large("Plain34", { ...at34, option: "none" }, { runs: 64 }),
  cifar("ResNet20", { ...small, unit: "Basic", depths: three(3), option: "A" }, { runs: 32 }),
  cifar("ResNet20ASplit", { ...small, unit: "Basic", depths: three(3), option: "A split" }, { runs: 32 }),
  cifar("ResNet20B", { ...small, unit: "Basic", depths: three(3) }, { runs: 32 }),
  cifar("ResNet20C", { ...small, unit: "Basic", depths: three(3), option: "C" }, { runs: 32 }),
  cifar("Plain20", { ...small, unit: "Basic", depths: three(3), option: "none" }, { runs: 32 }),
  cifar("Single11", { ...small, unit: "Single", depths: three(3) }, { runs: 32 }),
  cifar("StochasticDepth", { ...small, unit: "Basic", depths: three(3), option: "A" }, { runs: 32, settings: { n: "3" } }),
  cifar("PreAct110", { ...small, unit: "PreBasic", depths: three(18) }, { runs: 32 }),
  cifar("PreActCifar", { ...small, unit: "PreBottleneck", depths: three(3), v1: true }, { runs: 32, settings: { n: "3" } }),
  cifar("PreAct164", { ...small, unit: "PreBottleneck", depths: three(18), v1: true }, { runs: 32 }),
  cifar("PreAct1001", { ...small, unit: "PreBottleneck", depths: three(111), v1: true }, { runs: 32 }),
  cifar("ResNet1202", { ...small, unit: "Basic", depths: three(200), option: "A" }, { runs: 32 }),
  large("PreActResNet18", { net: "resnet", unit: "PreBasic", depths: [2, 2, 2, 2] }, { runs: 64 }),
  large("PreActResNet50", { net: "resnet", unit: "PreBottleneck", depths: [3, 4, 6, 3] }, { runs: 64 }),
  cifar("WRN", { ...wide(4), depths: three(2) }, { runs: 32, settings: { depth: "16", k: "4", drop: "0.3" } }),
  large("ResNeXt50_32x4d", { ...at50, groups: 32, base: 4 }, { runs: 64 }),
  cifar("ResNeXt29_32x4d", { ...small, unit: "Bottleneck", widths: [64, 128, 256], stem_width: 64, depths: three(3), groups: 32, base: 4 }, { runs: 32 }),
  large("SEResNet50", { ...at50, se: 16 }, { runs: 64 }),
  cifar("SEResNet20", { ...small, unit: "Basic", depths: three(3), se: 16 }, { runs: 32 }),
  large("ResNet50DeepStem", { ...at50, stem: [32, 32] }, { runs: 64 }),
  large("ResNet50D", { ...at50, stem: [32, 32], option: "D" }, { runs: 72 }),
  large("ResNet50T", { ...at50, stem: [24, 32], option: "D" }, { runs: 64 }),
  large("VGG16", { net: "vgg", repeats: [2, 2, 3, 3, 3] }, { runs: 32, runSpec: { side: 1 } }),
  large("GoogLeNet", { net: "googlenet" }, { runs: 112 }),
  large("GoogLeNetTorchvision", { net: "googlenet", third: 3, last_pool: 2, norm: true }, { runs: 112 }),
  large("ResNet50os8", { ...at50, output_stride: 8, head: "none" }, { runs: 64 }),
  large("ResNet50os16", { ...at50, output_stride: 16, head: "none" }, { runs: 64 }),
  large("ResNet18AnySize", at18, { runs: 72 }),
  large("ResNet18ScoreMap", { ...at18, head: "map" }, { runs: 96 }),
  large("ResNet18Backbone", { ...at18, head: "stages" }, { runs: 72 }),
  large("FPN", { net: "fpn" }, { runs: 64 }),
  large("GoogLeNetAuxiliary", { net: "googlenet", auxiliary: true }, { runs: 224 }),
  cifar("SmallImageResNet18", { ...at18, stem: "3x3", classes: 10 }, { runs: 32 }),
];

/** Counted by both. */
export const counted: readonly OracleCase[] = [
  ...depths.flatMap(([network, spec]) => [
    large(network, spec),
    ...options.map((option) => large(network, { ...spec, option }, { settings: { option } })),
  ]),
  ...depths.slice(2).flatMap(([network, spec]) => [
    large(`${network}v1`, { ...spec, v1: true }),
    ...options.map((option) => large(`${network}v1`, { ...spec, v1: true, option }, { settings: { option } })),
  ]),
  ...[1, 2, 3, 5, 7, 9, 18, 200].flatMap((n) =>
    ["A", "B", "C", "none"].map((option) => cifar("CifarResNet", { ...small, unit: "Basic", depths: three(n), option }, { settings: { n: `${n}`, option } })),
  ),
  large("ResNet26", { ...bottleneck, depths: [2, 2, 2, 2] }),
  large("ResNet18D", { ...at18, stem: [32, 32], option: "D" }),
  large("ResNet34D", { ...at34, stem: [32, 32], option: "D" }),
  large("ResNet101D", { ...at101, stem: [32, 32], option: "D" }),
  large("ResNeXt101_32x8d", { ...at101, groups: 32, base: 8 }),
  large("ResNeXt101_64x4d", { ...at101, groups: 64, base: 4 }),
  large("WRN50_2", { ...at50, base: 128 }),
  large("WRN101_2", { ...at101, base: 128 }),
  cifar("WRN28_10", { ...wide(10), depths: three(4) }),
  cifar("WRN16_10", { ...wide(10), depths: three(2) }),
  cifar("WRN40_8", { ...wide(8), depths: three(6) }),
  large("SEResNet101", { ...at101, se: 16 }),
  large("SEResNet152", { ...at152, se: 16 }),
  cifar("SEResNet56", { ...small, unit: "Basic", depths: three(9), se: 16 }),
  cifar("ResNeXt29_8x64d", { ...small, unit: "Bottleneck", widths: [64, 128, 256], stem_width: 64, depths: three(3), groups: 8 }),
  cifar("ResNeXt29_16x64d", { ...small, unit: "Bottleneck", widths: [64, 128, 256], stem_width: 64, depths: three(3), groups: 16 }),
  cifar("SmallImageResNet34", { ...at34, stem: "3x3", classes: 10 }),
  cifar("SmallImageResNet50", { ...at50, stem: "3x3", classes: 10 }),
  large("PreActResNet34", { net: "resnet", unit: "PreBasic", depths: [3, 4, 6, 3] }),
  large("PreActResNet101", { net: "resnet", unit: "PreBottleneck", depths: [3, 4, 23, 3] }),
  large("PreActResNet152", { net: "resnet", unit: "PreBottleneck", depths: [3, 8, 36, 3] }),
  large("PreActResNet200", { net: "resnet", unit: "PreBottleneck", depths: [3, 24, 36, 3] }),
  large("VGG19", { net: "vgg", repeats: [2, 2, 4, 4, 4] }),
  large("ResNet101os8", { ...at101, output_stride: 8, head: "none" }),
];
