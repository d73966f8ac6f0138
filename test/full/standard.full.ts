import { describeStandard } from "../support/standard-suite.ts";
import { fullSide, standardNetworks } from "../support/standard-networks.ts";

describeStandard(
  "every network of the standard library on images of its own size: TensorFlow.js answers as ONNX Runtime does",
  standardNetworks().map((network) => ({ network, side: fullSide(network) })),
);
