"use strict";
// Loads a package of TensorFlow.js for Node and lets it multiply and train: `node prove.cjs @tensorflow/tfjs-node`. Writes one
// line of JSON. The numbers are exact: a 1x1 convolution with weight w over ones gives w everywhere, so the mean of its
// squares is w², the gradient 2w, and a step at rate 1/4 from w = 2 ends at 1.
const { strictEqual } = require("node:assert");
process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
try {
  const tf = require(process.argv[2]);
  strictEqual(tf.getBackend(), "tensorflow", "the backend is not libtensorflow");
  strictEqual(tf.tidy(() => tf.matMul(tf.ones([3, 5]), tf.fill([5, 2], 2)).dataSync().join()), "10,10,10,10,10,10", "a product of matrices");
  const weight = tf.variable(tf.fill([1, 1, 1, 1], 2));
  const loss = tf.train.sgd(0.25).minimize(() => tf.mean(tf.square(tf.conv2d(tf.ones([1, 4, 4, 1]), weight, 1, "valid"))), true);
  strictEqual(loss.dataSync()[0], 4, "the loss");
  strictEqual(weight.dataSync()[0], 1, "the weight after a step");
  console.log(JSON.stringify({ version: tf.version["tfjs-node"], libtensorflow: tf.backend().binding.TF_Version }));
} catch (error) {
  // Whoever runs this shows why in a line or two; the stack is this file's and the loader's.
  console.error(error.message.split("\nRequire stack:")[0]);
  process.exitCode = 1;
}
