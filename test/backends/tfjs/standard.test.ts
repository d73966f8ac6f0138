import { describeStandard } from "../../support/standard-suite.ts";
import { fullSide, smallSide, standardNetworks } from "../../support/standard-networks.ts";

/** One of each kind on images of its own size; `npm run test:full` has all of them so. */
const FULL: ReadonlySet<string> = new Set(["ResNet50", "ResNet18A", "VGG16", "ResNet110", "PreActResNet50", "SEResNet50", "ResNeXt50_32x4d"]);

const networks = standardNetworks();
for (const name of FULL) if (!networks.some((network) => network.name === name)) throw new Error(`the library has no ${name}`);

describeStandard(
  "every network of the standard library: TensorFlow.js answers as ONNX Runtime does",
  networks.map((network) => ({ network, side: FULL.has(network.name) ? fullSide(network) : smallSide(network) })),
);
