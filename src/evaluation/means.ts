/** Averages several answers to each of many images. */
export interface Means {
  /**
   * @param image its place, from 0
   * @param probabilities [classes]
   * @returns their mean with the last of the image's answers, else nothing; valid until the next call
   */
  add(image: number, probabilities: Float64Array): Float64Array | undefined;
}

/**
 * @param answers how many there will be to each image; for one alone nothing is kept, for more 4 bytes for each image and class.
 *   An image that gets fewer has no mean.
 */
export function createMeans(images: number, classes: number, answers: number): Means {
  if (answers === 1) return { add: (_image, probabilities) => probabilities };
  const sums = new Float32Array(images * classes);
  const counts = new Uint16Array(images);
  const mean = new Float64Array(classes);
  return {
    add(image, probabilities) {
      const row = sums.subarray(image * classes, (image + 1) * classes);
      probabilities.forEach((probability, index) => (row[index] = (row[index] as number) + probability / answers));
      counts[image] = (counts[image] as number) + 1;
      if (counts[image] !== answers) return undefined;
      mean.set(row);
      return mean;
    },
  };
}
