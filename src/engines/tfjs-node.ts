import { nativeEngine } from "./tfjs-native.ts";

/** TensorFlow.js on libtensorflow, on the processor. */
export const tfjsNode = nativeEngine({ name: "tfjs-node", title: "TensorFlow.js for Node.js", packageName: "@tensorflow/tfjs-node", withoutGpu: [] });
