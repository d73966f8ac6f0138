// What is done to an image: { width, height, values }, values [3, height, width].

/**
 * Takes an image through the steps of a recipe.
 *
 * @param draws of each step, or nothing: then nothing is drawn, and crops are from the middle
 */
export function prepare(image, steps, { index, draws, statistics }) {
  return steps.reduce((now, step, place) => STEPS[step.step](now, step, { index, draws: draws?.[place], statistics }), image);
}

/** The shorter side that an image is read with, where the recipe begins with `resize`. */
export function shorterSide([first], index, draws) {
  if (first?.step !== "resize") return undefined;
  const [low, high] = [first.shorter].flat();
  if (high === undefined) return low;
  return draws ? low + draws[0].whole(index, 0, high - low + 1) : Math.round((low + high) / 2);
}

const STEPS = {
  // Done when the image was read.
  resize: (image) => image,
  pad: (image, { width: by }) => windowOf(image, -by, -by, image.width + 2 * by, image.height + 2 * by),
  crop(image, size, { index, draws }) {
    if (!draws) return STEPS.center_crop(image, size);
    const [right, below] = roomFor(image, size);
    return windowOf(image, draws.whole(index, 0, right + 1), draws.whole(index, 1, below + 1), size.width, size.height);
  },
  center_crop(image, size) {
    const [right, below] = roomFor(image, size);
    return windowOf(image, middle(right), middle(below), size.width, size.height);
  },
  hflip: (image, { rate }, { index, draws }) => (draws && draws.unit(index, 0) < rate ? mirrored(image) : image),
  subtract_mean(image, { per }, { statistics }) {
    const plane = image.width * image.height;
    const means = per === "pixel" && statistics.mean.length === image.values.length;
    return { ...image, values: image.values.map((value, at) => value - (means ? statistics.mean[at] : Math.fround(statistics.channels[Math.floor(at / plane)]))) };
  },
  normalize(image, { mean, std }) {
    const plane = image.width * image.height;
    return { ...image, values: image.values.map((value, at) => (value / 255 - mean[Math.floor(at / plane)]) / std[Math.floor(at / plane)]) };
  },
  pca_color(image, { sigma }, { index, draws, statistics }) {
    if (!draws) return image;
    const plane = image.width * image.height;
    const amounts = statistics.colours.map(({ variance }, component) => draws.normal(index, component) * sigma * variance * 255);
    const shift = [0, 1, 2].map((channel) => statistics.colours.reduce((sum, { direction }, component) => sum + amounts[component] * direction[channel], 0));
    return { ...image, values: image.values.map((value, at) => value + shift[Math.floor(at / plane)]) };
  },
};

/** How far a window can move. */
function roomFor(image, { width, height }) {
  if (image.width < width || image.height < height) throw new Error(`an image has ${image.width}x${image.height} pixels, and a window of ${width}x${height} is to be cut from it`);
  return [image.width - width, image.height - height];
}

/** Where there is no middle pixel, halves go to the even number. */
function middle(room) {
  const half = Math.floor(room / 2);
  return room % 2 === 0 ? half : half + (half % 2);
}

/** A part of an image; beyond its edges there are zeros. */
function windowOf({ width, height, values }, left, top, columns, rows) {
  const cut = new Float32Array(3 * rows * columns);
  for (let channel = 0; channel < 3; channel++) {
    for (let row = Math.max(0, -top); row < Math.min(rows, height - top); row++) {
      const [first, end] = [Math.max(0, -left), Math.min(columns, width - left)];
      const from = (channel * height + top + row) * width + left;
      cut.set(values.subarray(from + first, from + end), (channel * rows + row) * columns + first);
    }
  }
  return { width: columns, height: rows, values: cut };
}

function mirrored({ width, height, values }) {
  const turned = new Float32Array(values.length);
  for (let row = 0; row < values.length; row += width) turned.set(values.slice(row, row + width).reverse(), row);
  return { width, height, values: turned };
}
