/**
 * Published counts of networks of the standard library. Each row names its source; MACs are multiply-adds of convolutions and linear
 * layers for one image. Where a source prints rounded MACs, the exact figure is that of the same definition counted by hand-written
 * PyTorch nets (`test/oracle/nets.py`, compared in `test/oracle/logits.test.ts`) and the rounded one is tested beside it.
 */
export interface CountRow {
  readonly network: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly sizes?: readonly (readonly number[])[];
  readonly params: number;
  readonly buffers?: number;
  readonly macs?: number;
}

export interface CountTable {
  readonly source: string;
  readonly rows: readonly CountRow[];
}

const row = (network: string, params: number, macs?: number, buffers?: number, settings?: CountRow["settings"]): CountRow => ({
  network,
  params,
  ...(macs === undefined ? {} : { macs }),
  ...(buffers === undefined ? {} : { buffers }),
  ...(settings ? { settings } : {}),
});

const A = { option: "A" };
const C = { option: "C" };
const none = { option: "none" };

const torchvision: CountTable = {
  source: "torchvision: num_params in the metadata of its weights, running statistics from its state_dict; MACs whose rounding its _ops are",
  rows: [
    row("ResNet18", 11_689_512, 1_814_073_344, 9_600),
    row("ResNet34", 21_797_672, 3_663_761_408, 17_024),
    row("ResNet50", 25_557_032, 4_089_184_256, 53_120),
    row("ResNet101", 44_549_160, 7_801_405_440, 105_344),
    row("ResNet152", 60_192_808, 11_513_626_624, 151_424),
    row("ResNeXt50_32x4d", 25_028_904, 4_230_479_872),
    row("ResNeXt101_32x8d", 88_791_336, 16_414_015_488),
    row("ResNeXt101_64x4d", 83_455_272, 15_460_270_080),
    row("WRN50_2", 68_883_240, 11_398_021_120),
    row("WRN101_2", 126_886_696, 22_753_050_624),
    row("VGG16", 138_357_544, 15_470_264_320, 0),
    row("VGG19", 143_667_240, 19_632_062_464, 0),
    row("GoogLeNetTorchvision", 6_624_904, 1_498_376_192),
  ],
};

const paperStride: CountTable = {
  source: "He et al. 2015, Table 1: the stride in the first 1x1 (as the authors' Caffe models); parameters as torchvision's",
  rows: [
    row("ResNet50v1", 25_557_032, 3_857_973_248, 53_120),
    row("ResNet101v1", 44_549_160, 7_570_194_432, 105_344),
    row("ResNet152v1", 60_192_808, 11_282_415_616, 151_424),
  ],
};

const options: CountTable = {
  source: "He et al. 2015, section 4.1: option A adds nothing to the plain net, C a projection to every shortcut (convolution and BN, as fb.resnet.torch)",
  rows: [
    ...[none, A].flatMap((settings) => [
      row("ResNet18", 11_515_688, 1_794_805_760, undefined, settings),
      row("ResNet34", 21_623_848, 3_644_493_824, undefined, settings),
      row("ResNet50", 22_780_456, 3_729_522_688, undefined, settings),
      row("ResNet101", 41_772_584, 7_441_743_872, undefined, settings),
      row("ResNet152", 57_416_232, 11_153_965_056, undefined, settings),
      row("ResNet50v1", 22_780_456, 3_498_311_680, undefined, settings),
      row("ResNet101v1", 41_772_584, 7_210_532_864, undefined, settings),
      row("ResNet152v1", 57_416_232, 10_922_754_048, undefined, settings),
    ]),
    row("ResNet18", 12_043_816, 1_878_298_624, undefined, C),
    row("ResNet34", 22_716_840, 3_830_747_136, undefined, C),
    row("ResNet50", 40_128_552, 6_555_435_008, undefined, C),
    row("ResNet101", 76_981_288, 13_761_511_424, undefined, C),
    row("ResNet152", 107_335_720, 20_967_587_840, undefined, C),
    row("ResNet50v1", 40_128_552, 6_324_224_000, undefined, C),
    row("ResNet101v1", 76_981_288, 13_530_300_416, undefined, C),
    row("ResNet152v1", 107_335_720, 20_736_376_832, undefined, C),
    row("Plain18", 11_515_688, 1_794_805_760),
    row("Plain34", 21_623_848, 3_644_493_824),
    row("ResNet18A", 11_515_688),
    row("ResNet34A", 21_623_848),
    row("ResNet50A", 22_780_456),
    row("ResNet101A", 41_772_584),
    row("ResNet152A", 57_416_232),
    row("ResNet18C", 12_043_816),
    row("ResNet34C", 22_716_840),
    row("ResNet50C", 40_128_552),
    row("ResNet101C", 76_981_288),
    row("ResNet152C", 107_335_720),
  ],
};

/** n, then params, MACs, running statistics with option A; params, MACs with B; params, MACs with C. */
const cifarRows: readonly (readonly number[])[] = [
  [3, 269_722, 40_551_040, 1_376, 272_474, 40_813_184, 283_962, 42_648_192],
  [5, 464_154, 68_862_592, 2_272, 466_906, 69_124_736, 489_594, 72_532_608],
  [7, 658_586, 97_174_144, 3_168, 661_338, 97_436_288, 695_226, 102_417_024],
  [9, 853_018, 125_485_696, 4_064, 855_770, 125_747_840, 900_858, 132_301_440],
  [18, 1_727_962, 252_887_680, 8_096, 1_730_714, 253_149_824, 1_826_202, 266_781_312],
  [200, 19_421_274, 2_829_238_912, 89_632, 19_424_026, 2_829_501_056, 20_538_714, 2_986_263_168],
];

const cifar: CountTable = {
  source:
    "akamaster/pytorch_resnet_cifar10, README (option A: 269,722 … 19,421,274 parameters); osmr/imgclsmob, CIFAR-10 table (option B); He et al. 2015, Table 6, rounded",
  rows: [
    ...cifarRows.flatMap(([n, a, aMacs, aBuffers, b, bMacs, c, cMacs]) => [
      row("CifarResNet", a!, aMacs, aBuffers, { n: `${n}` }),
      row("CifarResNetOfDepth", a!, aMacs, aBuffers, { depth: `${6 * n! + 2}` }),
      row("CifarResNet", a!, aMacs, aBuffers, { n: `${n}`, option: "none" }),
      row("CifarPlain", a!, aMacs, aBuffers, { n: `${n}` }),
      row("CifarPlainOfDepth", a!, aMacs, aBuffers, { depth: `${6 * n! + 2}` }),
      row("CifarResNet", a!, aMacs, aBuffers, { n: `${n}`, option: 'A(where="split")' }),
      row("CifarResNet", b!, bMacs, undefined, { n: `${n}`, option: "B" }),
      row("CifarResNet", c!, cMacs, undefined, { n: `${n}`, option: "C" }),
      row("CifarResNet", a! + 5_850, aMacs! + 5_760, undefined, { n: `${n}`, classes: "100" }),
    ]),
    row("ResNet8", 75_290, 12_239_488),
    row("ResNet14", 172_506, 26_395_264),
  ],
};

const variants: CountTable = {
  source: "timm's resnet18d … resnet50t and resnet26, MMPretrain's CIFAR nets; exact MACs as PyTorch nets count",
  rows: [
    row("ResNet18D", 11_708_744, 2_053_713_920),
    row("ResNet34D", 21_816_904, 3_903_401_984),
    row("ResNet50DeepStem", 25_576_264, 4_328_824_832),
    row("ResNet50D", 25_576_264, 4_328_824_832),
    row("ResNet50T", 25_573_728, 4_297_213_952),
    row("ResNet101D", 44_568_392, 8_041_046_016),
    row("ResNet26", 15_995_176, 2_342_256_640),
    row("SmallImageResNet18", 11_173_962, 555_422_720),
    row("SmallImageResNet34", 21_282_122, 1_159_402_496),
    row("SmallImageResNet50", 23_520_842, 1_297_829_888),
  ],
};

/** The Gluon nets that imgclsmob converted begin stage 1 with a second BN of 64 channels; the paper's appendix has one. */
const SECOND_BN = 2 * 64;

const imgclsmob: CountTable = {
  source: "osmr/imgclsmob, tables of ImageNet-1K and CIFAR-10 models",
  rows: [
    row("SEResNet50", 28_088_024, 4_091_699_200),
    row("SEResNet20", 274_847),
    row("SEResNet56", 862_889),
    row("PreActCifar", 272_282, undefined, undefined, { n: "3", unit: "preact" }),
    row("PreActCifar", 855_578, undefined, undefined, { n: "9", unit: "preact" }),
    row("PreAct110", 1_730_522),
    row("PreAct164", 1_703_258),
    row("PreActCifar", 2_816_090, undefined, undefined, { n: "30" }),
    row("PreAct1001", 10_327_706),
    row("PreActCifar", 19_423_834, undefined, undefined, { n: "200", unit: "preact" }),
    row("PreActResNet18", 11_687_848 - SECOND_BN),
    row("PreActResNet34", 21_796_008 - SECOND_BN),
    row("PreActResNet50", 25_549_480 - SECOND_BN),
    row("PreActResNet101", 44_541_608 - SECOND_BN),
    row("PreActResNet152", 60_185_256 - SECOND_BN),
    row("PreActResNet200", 64_666_280 - SECOND_BN),
    row("ResNeXt29_32x4d", 4_775_754),
    row("ResNeXt29_16x64d", 68_155_210),
    row("WRN16_10", 17_116_634),
    row("WRN28_10", 36_479_194),
    row("WRN40_8", 35_748_314),
  ],
};

const others: CountTable = {
  source:
    "GoogLeNet: Netscope and others list 6,998,552 for the BVLC deploy file, its caffemodel with both heads holds 13,378,280 floats; backbones: torchvision's nets less fc",
  rows: [
    row("GoogLeNet", 6_998_552, undefined, 0),
    row("GoogLeNetAuxiliary", 13_378_280, undefined, 0),
    row("ResNet18Backbone", 11_689_512 - 513_000),
    row("ResNet34Backbone", 21_797_672 - 513_000),
    row("ResNet50Backbone", 25_557_032 - 2_049_000),
    row("ResNet101Backbone", 44_549_160 - 2_049_000),
    row("ResNet50os8", 25_557_032 - 2_049_000),
    row("ResNet50os16", 25_557_032 - 2_049_000),
    row("ResNet101os8", 44_549_160 - 2_049_000),
    row("ResNet50AnySize", 25_557_032),
    row("ResNet50ScoreMap", 25_557_032),
    row("VGG16ScoreMap", 138_357_544),
    row("StochasticDepth110", 1_727_962, 252_887_680),
    row("Ensemble6", 21_797_672 + 25_557_032 + 2 * 44_549_160 + 2 * 60_192_808),
    { ...row("ResNet50AnySize", 25_557_032, 4_089_184_256), sizes: [[1, 3, 224, 224]] },
    { ...row("ResNet18ScoreMap", 11_689_512, 1_814_073_344 + 48 * 512_000), sizes: [[1, 3, 224, 224]] },
    { ...row("VGG16ScoreMap", 138_357_544, 15_470_264_320), sizes: [[1, 3, 224, 224]] },
  ],
};

export const countTables: readonly CountTable[] = [torchvision, paperStride, options, cifar, variants, imgclsmob, others];

/** MACs as printed: [network, in 10^9, digits after the point, who]. */
export const roundedMacs: readonly (readonly [string, number, number, string])[] = [
  ...([["ResNet18", 1.8], ["ResNet34", 3.6], ["ResNet50v1", 3.8], ["ResNet101v1", 7.6], ["ResNet152v1", 11.3]] as const).map(
    ([name, macs]) => [name, macs, 1, "He et al. 2015, Table 1"] as const,
  ),
  ...([
    ["ResNet18", 1.814],
    ["ResNet34", 3.664],
    ["ResNet50", 4.089],
    ["ResNet101", 7.801],
    ["ResNet152", 11.514],
    ["ResNeXt50_32x4d", 4.23],
    ["ResNeXt101_32x8d", 16.414],
    ["ResNeXt101_64x4d", 15.46],
    ["WRN50_2", 11.398],
    ["WRN101_2", 22.753],
    ["VGG16", 15.47],
    ["VGG19", 19.632],
    ["GoogLeNetTorchvision", 1.498],
  ] as const).map(([name, macs]) => [name, macs, 3, "torchvision, _ops"] as const),
];

/** Structure of the nets of Table 1: numbers of convolutions, batch norms, additions; projections, identities; numbers out of all convolutions. */
export const structures: readonly {
  readonly network: string;
  readonly convs: number;
  readonly additions: number;
  readonly projections: number;
  readonly identities: number;
  /** timm's "Activations (M)", exactly. */
  readonly convOutputs: number;
}[] = [
  { network: "ResNet18", convs: 20, additions: 8, projections: 3, identities: 5, convOutputs: 2_483_712 },
  { network: "ResNet34", convs: 36, additions: 16, projections: 3, identities: 13, convOutputs: 3_738_112 },
  { network: "ResNet50", convs: 53, additions: 16, projections: 4, identities: 12, convOutputs: 11_113_984 },
  { network: "ResNet101", convs: 104, additions: 33, projections: 4, identities: 29, convOutputs: 16_231_936 },
  { network: "ResNet152", convs: 155, additions: 50, projections: 4, identities: 46, convOutputs: 22_554_112 },
];

/** Number of projections with option C: one for each residual. */
export const projectionsOfC: readonly (readonly [string, number])[] = [
  ["ResNet18C", 8],
  ["ResNet34C", 16],
  ["ResNet50C", 16],
  ["ResNet101C", 33],
  ["ResNet152C", 50],
];
