import { nativeEngine } from "./tfjs-native.ts";

/** TensorFlow.js on libtensorflow with CUDA; where no GPU is found, the same library computes on the CPU. */
export const tfjsNodeGpu = nativeEngine({
  name: "tfjs-node-gpu",
  title: "TensorFlow.js for Node.js with a GPU",
  packageName: "@tensorflow/tfjs-node-gpu",
  withoutGpu: [
    "It found no GPU it can use and computes on the CPU: the libtensorflow 2.9 it installs needs CUDA 11.2 and cuDNN 8.1, and a GPU older than Hopper.",
    "`TF_CPP_MIN_LOG_LEVEL=0` shows what TensorFlow looked for.",
  ],
});
