/**
 * ResNets as TensorFlow.js users write them by hand, with `tf.layers`: the peer for forward passes and training steps.
 *
 * `padding: "same"` is what that library suggests, and at stride 1 it is what the papers have. At stride 2 it puts the odd pixel
 * at the end only, which is another network; `strided: "exact"` pads on both sides there, by a layer of its own, and computes
 * what rnc's model computes; `strided: "same"` is the shorter habit, with the same shapes and parameters and fewer layers.
 * Layers are called as in torchvision, so that weights can be handed over by name.
 */

/** @typedef {{ classes: number, strided: "exact" | "same" }} Settings */

/** @param tf TensorFlow.js, any flavour */
function layersOf(tf, { strided }) {
  const { layers } = tf;
  const conv = (x, filters, kernelSize, strides, name) => {
    const explicit = strides > 1 && kernelSize > 1 && strided === "exact";
    const pad = (kernelSize - 1) / 2;
    const input = explicit ? layers.zeroPadding2d({ padding: pad }).apply(x) : x;
    const padding = explicit ? "valid" : "same";
    return layers.conv2d({ filters, kernelSize, strides, padding, useBias: false, kernelInitializer: "heNormal", name }).apply(input);
  };
  const norm = (x, name) => layers.batchNormalization({ momentum: 0.9, epsilon: 1e-5, name }).apply(x);
  const relu = (x) => layers.reLU().apply(x);
  const add = (a, b) => relu(layers.add().apply([a, b]));
  const head = (x, units, softmax) => {
    const pooled = layers.globalAveragePooling2d({ dataFormat: "channelsLast" }).apply(x);
    return layers.dense({ units, name: "fc", ...(softmax ? { activation: "softmax" } : {}) }).apply(pooled);
  };
  return { conv, norm, relu, add, head };
}

/** Channels of zeros after the input's own: no built-in layer is made for it, so users write this one. */
function padChannels(tf) {
  class PadChannels extends tf.layers.Layer {
    constructor(config) {
      super(config);
      this.channels = config.channels;
    }

    computeOutputShape([batch, height, width]) {
      return [batch, height, width, this.channels];
    }

    call(inputs) {
      const x = Array.isArray(inputs) ? inputs[0] : inputs;
      return tf.pad(x, [[0, 0], [0, 0], [0, 0], [0, this.channels - x.shape[3]]]);
    }

    getConfig() {
      return { ...super.getConfig(), channels: this.channels };
    }

    static get className() {
      return "PadChannels";
    }
  }
  return (x, channels) => new PadChannels({ channels }).apply(x);
}

/**
 * ResNet-20 for CIFAR-10 with option A; ends in a softmax.
 * An average pool over windows of one takes every second pixel: of what has a gradient in TensorFlow.js, the fastest forward.
 *
 * @param {Settings} settings
 */
export function resnet20(tf, settings) {
  const { conv, norm, relu, add, head } = layersOf(tf, settings);
  const pad = padChannels(tf);
  const unit = (x, width, stride, name) => {
    const y = relu(norm(conv(x, width, 3, stride, `${name}.conv1`), `${name}.bn1`));
    const z = norm(conv(y, width, 3, 1, `${name}.conv2`), `${name}.bn2`);
    return add(z, stride === 1 ? x : pad(tf.layers.averagePooling2d({ poolSize: 1, strides: stride }).apply(x), width));
  };
  const image = tf.input({ shape: [32, 32, 3] });
  let x = relu(norm(conv(image, 16, 3, 1, "conv1"), "bn1"));
  [16, 32, 64].forEach((width, stage) => {
    for (let place = 0; place < 3; place++) x = unit(x, width, stage > 0 && place === 0 ? 2 : 1, `layer${stage + 1}.${place}`);
  });
  return tf.model({ inputs: image, outputs: head(x, settings.classes, true) });
}

/**
 * ResNet-50 for images of 224x224 pixels, the stride of a bottleneck in its 3x3; ends in logits.
 * Max pooling with "same" sees no padding, but its windows begin one pixel later than those of the paper.
 *
 * @param {Settings} settings
 */
export function resnet50(tf, settings) {
  const { conv, norm, relu, add, head } = layersOf(tf, settings);
  const exact = settings.strided === "exact";
  const unit = (x, width, stride, name) => {
    let y = relu(norm(conv(x, width, 1, 1, `${name}.conv1`), `${name}.bn1`));
    y = relu(norm(conv(y, width, 3, stride, `${name}.conv2`), `${name}.bn2`));
    y = norm(conv(y, 4 * width, 1, 1, `${name}.conv3`), `${name}.bn3`);
    const grows = x.shape[3] !== 4 * width;
    return add(y, grows ? norm(conv(x, 4 * width, 1, stride, `${name}.downsample.0`), `${name}.downsample.1`) : x);
  };
  const image = tf.input({ shape: [224, 224, 3] });
  let x = relu(norm(conv(image, 64, 7, 2, "conv1"), "bn1"));
  const edged = exact ? tf.layers.zeroPadding2d({ padding: 1 }).apply(x) : x;
  x = tf.layers.maxPooling2d({ poolSize: 3, strides: 2, padding: exact ? "valid" : "same" }).apply(edged);
  [3, 4, 6, 3].forEach((count, stage) => {
    for (let place = 0; place < count; place++) x = unit(x, 64 * 2 ** stage, stage > 0 && place === 0 ? 2 : 1, `layer${stage + 1}.${place}`);
  });
  return tf.model({ inputs: image, outputs: head(x, settings.classes, false) });
}
